//! The files and the wish in an input.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sshmend_lossless::{EditSet, Entry, FileImage, Metadata, Snapshot};

/// Ends one file and begins the next.
const SEPARATOR: u8 = 0x1e;

/// The first `N` files of an input; missing ones are empty.
pub(crate) fn files<const N: usize>(data: &[u8]) -> [&[u8]; N] {
    let mut parts = data.splitn(N, |&byte| byte == SEPARATOR);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

/// The byte with the wish, and the files.
pub(crate) fn wanted(data: &[u8]) -> (usize, &[u8]) {
    data.split_first()
        .map_or((0, data), |(first, rest)| (usize::from(*first), rest))
}

pub(crate) fn put(snapshot: &mut Snapshot, path: &str, bytes: &[u8]) {
    let meta = Metadata {
        mode: 0o644,
        size: bytes.len() as u64,
        ..Metadata::default()
    };
    snapshot.insert_new(
        path,
        Entry::File(FileImage {
            bytes: bytes.to_vec().into(),
            meta,
            target: path.into(),
        }),
    );
}

/// The snapshot after an edit.
pub(crate) fn after_edit(
    before: &Snapshot,
    edits: &BTreeMap<PathBuf, EditSet>,
    creates: &BTreeMap<PathBuf, Vec<u8>>,
) -> Snapshot {
    let mut after = before.clone();
    let mut write = |path: &Path, bytes: &[u8]| {
        put(&mut after, path.to_str().expect("our own paths"), bytes);
    };
    for (path, edits) in edits {
        let bytes = &before.read(path).ok().flatten().expect("a file").bytes;
        write(path, &edits.apply(bytes));
    }
    for (path, bytes) in creates {
        write(path, bytes);
    }
    after
}

/// The number of lines of a file, with any line endings.
pub(crate) fn line_count(bytes: &[u8]) -> usize {
    bytes.split(|byte| matches!(byte, b'\n' | b'\r')).count()
}
