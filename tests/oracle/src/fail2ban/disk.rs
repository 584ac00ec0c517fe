//! Trees on the disk: captured for our reader, and changed as it says.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sshmend_fail2ban::{Config, Edited, Release};
use sshmend_lossless::{Entry, FileImage, Kind, Listed, Metadata, Request, Snapshot, Unread};

/// Answers from the disk the lookups of our reader, including those for repairing the first line.
pub(super) fn capture(directory: &Path, release: Release) -> Snapshot {
    let judge = |snapshot: &Snapshot| {
        let config = Config::read(snapshot, directory, Some(release));
        let first = config
            .mendable()
            .map(|problem| problem.origin.clone())
            .next();
        first.map(|origin| config.mend(&[origin]))
    };
    let mut snapshot = Snapshot::default();
    snapshot.fill(judge, |requests, snapshot, _| {
        for request in requests {
            match request {
                Request::Read(path) | Request::List(path) | Request::Stat(path) => {
                    snapshot.insert(path.clone(), entry(path));
                }
                other => panic!("{other:?} was not expected"),
            }
        }
    });
    snapshot
}

fn entry(path: &Path) -> Entry {
    let Ok(metadata) = fs::metadata(path) else {
        return if path.symlink_metadata().is_ok() {
            Entry::Dangling
        } else {
            Entry::Missing
        };
    };
    if metadata.is_dir() {
        let listed = fs::read_dir(path).into_iter().flatten().flatten();
        let mut names: Vec<Listed> = listed
            .map(|entry| Listed {
                name: entry.file_name(),
                directory: entry.path().is_dir(),
            })
            .collect();
        names.sort();
        return Entry::Directory(
            names,
            Metadata {
                kind: Kind::Directory,
                ..Metadata::default()
            },
        );
    }
    match fs::read(path) {
        Ok(bytes) => Entry::File(FileImage {
            bytes: bytes.into(),
            meta: Metadata::default(),
            target: path.to_owned(),
        }),
        Err(error) => Entry::Unreadable(Unread::Failed(error.to_string())),
    }
}

/// Writes a change and returns the previous files.
pub(super) fn write(edited: &Edited, directory: &Path) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut originals = Vec::new();
    for (path, edits) in &edited.edits {
        let before = fs::read(path)?;
        fs::write(path, edits.apply(&before))?;
        originals.push((path.clone(), before));
    }
    for (path, content) in &edited.creates {
        fs::create_dir_all(path.parent().unwrap_or(directory))?;
        fs::write(path, content)?;
        originals.push((path.clone(), Vec::new()));
    }
    Ok(originals)
}

/// The files before and after, for messages.
pub(super) fn diff(originals: &[(PathBuf, Vec<u8>)], directory: &Path) -> String {
    let shown = |bytes: &[u8]| bytes.escape_ascii().to_string().replace("\\n", "\n");
    let files = originals.iter().map(|(path, before)| {
        let after = fs::read(path).unwrap_or_default();
        let name = path.strip_prefix(directory).unwrap_or(path).display();
        format!(
            "  {name} was\n{}\n  and is\n{}\n",
            shown(before),
            shown(&after)
        )
    });
    files.collect()
}
