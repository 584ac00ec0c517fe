//! Changes of captured files: the beginning of every transaction.

use std::path::PathBuf;

use sshmend_lossless::FileChange;

/// Changes that can go together: each changes something, and no two change the same file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    changes: Vec<FileChange>,
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
        Ok((!changes.is_empty()).then_some(Self { changes }))
    }

    /// The changes, in the path order of their targets.
    pub fn changes(&self) -> &[FileChange] {
        &self.changes
    }
}
