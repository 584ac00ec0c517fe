//! One file, before and after.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::bytes::Bytes;
use crate::edit::EditSet;
use crate::snapshot::{FileImage, Metadata, Snapshot};

/// The change of one file: what the preview shows and what the transaction commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// The path as the program names it.
    pub path: PathBuf,
    /// The file as captured; `None` if it is to be created.
    pub before: Option<FileImage>,
    /// The edits that lead from `before` (or from nothing) to `after`.
    pub edits: EditSet,
    /// The content afterwards; `None` if the file is to be removed.
    pub after: Option<Bytes>,
    /// Mode and owner of a file that is created.
    pub create: Metadata,
    /// Mode and owner for an existing file; `None` to keep its own.
    pub give: Option<Attributes>,
}

/// The permissions of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    /// Permission bits, `0o7777` at most.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

impl FileChange {
    /// Edits a captured file.
    pub fn edit(path: impl Into<PathBuf>, before: FileImage, edits: EditSet) -> Self {
        let after = Some(Bytes::edited(&before.bytes, edits.clone()));
        Self {
            path: path.into(),
            before: Some(before),
            edits,
            after,
            create: Metadata::default(),
            give: None,
        }
    }

    /// Turns edits of captured files and new files into changes, in path order; new files get the
    /// mode and owner of `new`.
    pub fn all(
        snapshot: &Snapshot,
        edits: &BTreeMap<PathBuf, EditSet>,
        creates: &BTreeMap<PathBuf, Vec<u8>>,
        new: &Metadata,
    ) -> Vec<Self> {
        let edited = edits.iter().filter_map(|(path, edits)| {
            let image = snapshot.read(path).ok().flatten()?;
            Some(Self::edit(path, image.clone(), edits.clone()))
        });
        let created = creates
            .iter()
            .map(|(path, bytes)| Self::create(path, bytes.clone(), new.clone()));
        let mut all: Vec<Self> = edited.chain(created).collect();
        all.retain(|change| !change.is_noop());
        all.sort_by(|a, b| a.path.cmp(&b.path));
        all
    }

    /// Creates a file with this content, mode and owner.
    pub fn create(path: impl Into<PathBuf>, content: impl Into<Bytes>, create: Metadata) -> Self {
        Self {
            path: path.into(),
            before: None,
            edits: EditSet::default(),
            after: Some(content.into()),
            create,
            give: None,
        }
    }

    /// Removes a captured file.
    pub fn remove(path: impl Into<PathBuf>, before: FileImage) -> Self {
        let (edits, create) = (EditSet::default(), Metadata::default());
        Self {
            path: path.into(),
            before: Some(before),
            edits,
            after: None,
            create,
            give: None,
        }
    }

    /// The same change, after which the captured file also has this mode and owner.
    #[must_use]
    pub fn giving(self, attributes: Attributes) -> Self {
        Self {
            give: Some(attributes),
            ..self
        }
    }

    /// The file that is actually written: the path after all symbolic links.
    pub fn target(&self) -> &Path {
        self.before
            .as_ref()
            .map_or(&self.path, |image| &image.target)
    }

    /// Whether it is a change of a private key, whose bytes are neither shown nor kept.
    pub fn is_secret(&self) -> bool {
        let before = self.before.as_ref().map(|image| &image.bytes);
        before
            .into_iter()
            .chain(&self.after)
            .any(Bytes::holds_private_key)
    }

    /// True if the file has the same bytes, mode and owner afterwards.
    pub fn is_noop(&self) -> bool {
        let same_bytes = self.before.as_ref().map(|image| &image.bytes) == self.after.as_ref();
        same_bytes
            && self
                .attributes_before()
                .is_none_or(|before| before == self.attributes_after())
    }

    /// Mode and owner of the captured file.
    pub fn attributes_before(&self) -> Option<Attributes> {
        self.before
            .as_ref()
            .map(|image| Attributes::of(&image.meta))
    }

    /// Mode and owner afterwards, unless the file is removed.
    pub fn attributes_after(&self) -> Attributes {
        self.give
            .or(self.attributes_before())
            .unwrap_or(Attributes::of(&self.create))
    }
}

impl Attributes {
    /// Those of a file.
    pub fn of(meta: &Metadata) -> Self {
        Self {
            mode: meta.mode,
            uid: meta.uid,
            gid: meta.gid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured() -> FileImage {
        let meta = Metadata {
            mode: 0o644,
            ..Metadata::default()
        };
        FileImage {
            bytes: b"key".to_vec().into(),
            meta,
            target: "/key".into(),
        }
    }

    #[test]
    fn a_different_mode_or_owner_is_a_change() {
        let same = Attributes::of(&captured().meta);
        let change = |give| FileChange::edit("/key", captured(), EditSet::default()).giving(give);
        assert!(change(same).is_noop());
        assert!(
            !change(Attributes {
                mode: 0o600,
                ..same
            })
            .is_noop()
        );
        assert!(!change(Attributes { uid: 1, ..same }).is_noop());
        assert_eq!(
            change(Attributes {
                mode: 0o600,
                ..same
            })
            .attributes_after()
            .mode,
            0o600
        );
    }

    #[test]
    fn an_existing_file_keeps_its_attributes_and_a_new_one_gets_the_given_ones() {
        let edit = FileChange::edit("/key", captured(), EditSet::default());
        assert_eq!(
            (edit.is_noop(), edit.attributes_after().mode),
            (true, 0o644)
        );
        let create = FileChange::create(
            "/key",
            Vec::new(),
            Metadata {
                mode: 0o600,
                ..Metadata::default()
            },
        );
        assert_eq!(
            (create.is_noop(), create.attributes_after().mode),
            (false, 0o600)
        );
    }
}
