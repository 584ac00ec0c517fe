//! A tree while it is edited: every edit is in force in the tree at once.

use std::path::Path;

use sshmend_lossless::{self as lossless, Edit, EditSet, Entry};

use crate::COMMAND_LINE;
use crate::directives::Directive;
use crate::edited::{Edited, Note};
use crate::keyword::Keyword;
use crate::refusal::Refusal;
use crate::tree::Tree;

/// A tree with its differences from the one that was read.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// The tree as it would be.
    pub(crate) tree: Tree,
    written: lossless::Draft,
}

impl Draft {
    pub(crate) fn new(tree: Tree) -> Self {
        Self {
            tree,
            written: lossless::Draft::default(),
        }
    }

    /// The content of a file.
    pub(crate) fn bytes(&self, path: &Path) -> Option<&[u8]> {
        let image = self.tree.snapshot.read(path).ok().flatten();
        image.map(|image| image.bytes.as_slice())
    }

    /// Replaces a range of the current version of a file, under every path that leads to it.
    pub(crate) fn apply(&mut self, path: &Path, edit: Edit) {
        let edits = EditSet::one(edit);
        let snapshot = self.tree.snapshot_to_edit();
        self.written.edit(snapshot, path, &edits);
    }

    /// Adds a file to a known directory; false if the directory is not known, or if the path
    /// exists.
    pub(crate) fn create(&mut self, path: &Path, bytes: Vec<u8>) -> bool {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return false;
        };
        let Some(Entry::Directory(names, _)) = self.tree.snapshot.entry(parent) else {
            return false;
        };
        if names.iter().any(|listed| listed.name == name) {
            return false;
        }
        let snapshot = self.tree.snapshot_to_edit();
        self.written.create(snapshot, path, bytes);
        true
    }

    /// The changes that turn the files into those of the draft.
    pub(crate) fn finish(self, notes: Vec<Note>) -> Edited {
        let lossless::Written { edits, creates } = self.written.finish(&self.tree.snapshot);
        Edited {
            edits,
            creates,
            notes,
        }
    }
}

/// Refuses to write what an option on the command line of sshd decides.
///
/// # Errors
/// Names the option.
pub(crate) fn overridden(tree: &Tree, keyword: &Keyword, line: &Directive) -> Result<(), Refusal> {
    if line.origin.path.as_os_str() != COMMAND_LINE {
        return Ok(());
    }
    let given = line
        .origin
        .line
        .checked_sub(1)
        .and_then(|index| tree.overrides.get(index));
    let option = given.map_or_else(String::new, |given| given.option.clone());
    Err(Refusal::Overridden {
        key: keyword.key(),
        option,
    })
}
