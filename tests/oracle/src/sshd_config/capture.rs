//! A directory in place of `/`, captured through the model's lookups.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sshmend_lossless::{Entry, FileImage, Kind, Listed, Metadata, Request, Snapshot, Unread};
use sshmend_sshd_config::Tree;

/// Captures everything that the model looks up; `at` maps a path of the machine to its path here,
/// and `seen` maps that back, after all links.
pub(super) fn capture(
    main: &Path,
    at: impl Fn(&Path) -> PathBuf,
    seen: impl Fn(PathBuf) -> PathBuf,
) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let judge = |snapshot: &Snapshot| drop(Tree::read(snapshot, main, &[]));
    snapshot.fill(judge, |requests, snapshot, _| {
        for request in requests {
            if let Request::Read(path) | Request::List(path) | Request::Stat(path) = request {
                snapshot.insert(path, look(&at(path), &seen));
            }
        }
    });
    snapshot
}

fn look(path: &Path, seen: &impl Fn(PathBuf) -> PathBuf) -> Entry {
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => {
            list(path).unwrap_or_else(|error| Entry::Unreadable(Unread::Failed(error.to_string())))
        }
        Ok(_) => match fs::read(path) {
            Ok(bytes) => Entry::File(FileImage {
                bytes: bytes.into(),
                meta: Metadata::default(),
                target: seen(target(path)),
            }),
            Err(error) => Entry::Unreadable(Unread::Failed(error.to_string())),
        },
        Err(_) if fs::symlink_metadata(path).is_ok() => Entry::Dangling,
        Err(_) => Entry::Missing,
    }
}

fn target(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn list(path: &Path) -> io::Result<Entry> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let directory = fs::metadata(entry.path()).is_ok_and(|meta| meta.is_dir());
        names.push(Listed {
            name: entry.file_name(),
            directory,
        });
    }
    names.sort();
    Ok(Entry::Directory(
        names,
        Metadata {
            kind: Kind::Directory,
            ..Metadata::default()
        },
    ))
}
