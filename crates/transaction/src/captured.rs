//! Changes of captured files: the beginning of every transaction.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::thread;

use sshmend_lossless::{Attributes, FileChange, Metadata, beside};

use crate::record::{FileRecord, Image};

/// Changes that can go together: each changes something, and no two change the same file.
#[derive(Debug, Clone)]
pub struct Captured {
    changes: Vec<FileChange>,
    files: OnceLock<Vec<FileRecord>>,
}

/// Two changes of one file, through two of its names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} and {} are the same file", first.display(), second.display())]
pub struct SameTarget {
    /// One name.
    pub first: PathBuf,
    /// The other.
    pub second: PathBuf,
}

impl Captured {
    /// Collects changes in path order and leaves out those that change nothing; `None` if none is
    /// left.
    ///
    /// # Errors
    /// If two of them change the same file.
    pub fn new(changes: impl IntoIterator<Item = FileChange>) -> Result<Option<Self>, SameTarget> {
        let mut changes: Vec<FileChange> = changes
            .into_iter()
            .filter(|change| !change.is_noop())
            .collect();
        changes.sort_by(|a, b| a.target().cmp(b.target()));
        for pair in changes.windows(2) {
            if pair[0].target() == pair[1].target() {
                return Err(SameTarget {
                    first: pair[0].path.clone(),
                    second: pair[1].path.clone(),
                });
            }
        }
        let files = OnceLock::new();
        Ok((!changes.is_empty()).then_some(Self { changes, files }))
    }

    /// The changes, in the path order of their targets.
    pub fn changes(&self) -> &[FileChange] {
        &self.changes
    }

    /// Computes the digests of the old and new contents, which the record of a transaction has. It
    /// is done once, and may be done before, beside something that has to wait.
    pub fn digest(&self) {
        self.files();
    }

    /// The files as a record has them, in the same order.
    pub(crate) fn files(&self) -> &[FileRecord] {
        let record = || self.changes.iter().map(file_record).collect();
        self.files.get_or_init(record)
    }
}

fn file_record(change: &FileChange) -> FileRecord {
    let own = change
        .before
        .as_ref()
        .map_or(&change.create, |image| &image.meta);
    let Attributes { mode, uid, gid } = change.attributes_after();
    let after = Metadata {
        mode,
        uid,
        gid,
        ..own.clone()
    };
    // For a long file the digests take longer than starting a thread.
    let (before, after) = thread::scope(|scope| {
        let before = || {
            let image = change.before.as_ref()?;
            Some(Image::new(&image.bytes, &image.meta))
        };
        let before = beside(scope, before);
        let after = change.after.as_ref().map(|bytes| Image::new(bytes, &after));
        (before.join(), after)
    });
    FileRecord {
        path: change.path.clone(),
        target: change.target().to_owned(),
        before,
        after,
        withheld: change.is_secret(),
    }
}
