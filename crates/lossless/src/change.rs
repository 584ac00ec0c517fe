//! One file, before and after.

use std::path::PathBuf;

use crate::edit::EditSet;
use crate::snapshot::{FileImage, Metadata};

/// The change of one file: what the preview shows and what the transaction commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// The path as the program names it.
    pub path: PathBuf,
    /// The file as captured; `None` when it is to be created.
    pub before: Option<FileImage>,
    /// The edits that lead from `before` (or from nothing) to `after`.
    pub edits: EditSet,
    /// The content afterwards; `None` when the file is to be removed.
    pub after: Option<Vec<u8>>,
    /// Mode and owner of a file that is created; an existing file keeps its own.
    pub create: Metadata,
}

impl FileChange {
    /// Edits a captured file.
    pub fn edit(path: impl Into<PathBuf>, before: FileImage, edits: EditSet) -> Self {
        let after = Some(edits.apply(&before.bytes));
        Self { path: path.into(), before: Some(before), edits, after, create: Metadata::default() }
    }

    /// Creates a file with this content, mode and owner.
    pub fn create(path: impl Into<PathBuf>, content: Vec<u8>, create: Metadata) -> Self {
        Self { path: path.into(), before: None, edits: EditSet::default(), after: Some(content), create }
    }

    /// Removes a captured file.
    pub fn remove(path: impl Into<PathBuf>, before: FileImage) -> Self {
        let (edits, create) = (EditSet::default(), Metadata::default());
        Self { path: path.into(), before: Some(before), edits, after: None, create }
    }

    /// True when the bytes afterwards are those before.
    pub fn is_noop(&self) -> bool {
        self.before.as_ref().map(|image| &image.bytes) == self.after.as_ref()
    }
}
