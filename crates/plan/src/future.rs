//! What edits make of the files that were captured.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sshmend_lossless::{EditSet, Entry, FileChange, FileImage, Metadata, Snapshot};

type Edits = BTreeMap<PathBuf, EditSet>;
type Creates = BTreeMap<PathBuf, Vec<u8>>;

/// The machine as it would be after the edits, with everything else that was captured.
pub(crate) fn future(snapshot: &Snapshot, edits: &Edits, creates: &Creates) -> Snapshot {
    let mut future = snapshot.clone();
    for (path, edits) in edits {
        if let Some(image) = snapshot.read(path).ok().flatten() {
            let image = FileImage {
                bytes: edits.apply(&image.bytes).into(),
                ..image.clone()
            };
            future.insert(path, Entry::File(image));
        }
    }
    for (path, bytes) in creates {
        let image = FileImage {
            bytes: bytes.clone().into(),
            meta: Metadata::default(),
            target: path.clone(),
        };
        future.insert_new(path, Entry::File(image));
    }
    future
}

/// The changes that the edits amount to, in path order; files that are created get the mode and owner of `new`.
pub(crate) fn files(
    snapshot: &Snapshot,
    edits: &Edits,
    creates: &Creates,
    new: &Metadata,
) -> Vec<FileChange> {
    let edits = edits.iter().filter_map(|(path, edits)| {
        snapshot
            .read(path)
            .ok()
            .flatten()
            .map(|image| FileChange::edit(path, image.clone(), edits.clone()))
    });
    let creates = creates
        .iter()
        .map(|(path, bytes)| FileChange::create(path, bytes.clone(), new.clone()));
    let mut files: Vec<FileChange> = edits
        .chain(creates)
        .filter(|change| !change.is_noop())
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}
