//! A tree while it is edited: every edit is applied at once, and all of them are kept as edits of the original bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sshmend_lossless::{Bytes, Edit, EditSet, Entry, FileImage, Listed, Metadata, Overlap};

use crate::set::{Edited, Note};
use crate::tree::Tree;

/// A tree and how it differs from the one that was read.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// The tree as it would be.
    pub(crate) tree: Tree,
    edits: BTreeMap<PathBuf, Vec<Edit>>,
    created: Vec<PathBuf>,
}

impl Draft {
    pub(crate) fn new(tree: Tree) -> Self {
        Self {
            tree,
            edits: BTreeMap::new(),
            created: Vec::new(),
        }
    }

    /// The content of a file.
    pub(crate) fn bytes(&self, path: &Path) -> Option<&[u8]> {
        self.tree
            .snapshot
            .read(path)
            .ok()
            .flatten()
            .map(|image| image.bytes.as_slice())
    }

    /// Replaces a range of a file as it is now; every path that leads to the same file changes with it.
    pub(crate) fn apply(&mut self, path: &Path, edit: Edit) {
        let Some(image) = self.tree.snapshot.read(path).ok().flatten().cloned() else {
            return;
        };
        let mut bytes = image.bytes.to_vec();
        bytes
            .splice(edit.range.clone(), edit.text.iter().copied())
            .for_each(drop);
        let bytes: Bytes = bytes.into();
        let same =
            |entry: &Entry| matches!(entry, Entry::File(other) if other.target == image.target);
        let paths: Vec<PathBuf> = self
            .tree
            .snapshot
            .paths()
            .filter(|(_, entry)| same(entry))
            .map(|(path, _)| path.to_owned())
            .collect();
        let key = paths
            .first()
            .map_or_else(|| path.to_owned(), PathBuf::clone);
        if !self.created.contains(&key) {
            compose(self.edits.entry(key).or_default(), edit, &image.bytes);
        }
        for path in paths {
            self.tree.replace(
                path,
                Entry::File(FileImage {
                    bytes: bytes.clone(),
                    ..image.clone()
                }),
            );
        }
    }

    /// Adds a file to a directory that is known; false where the directory is not, or where something stands there.
    pub(crate) fn create(&mut self, path: &Path, bytes: Vec<u8>) -> bool {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return false;
        };
        let Some(Entry::Directory(names, meta)) = self.tree.snapshot.entry(parent) else {
            return false;
        };
        if names.iter().any(|listed| listed.name == name) {
            return false;
        }
        let (mut names, meta) = (names.clone(), meta.clone());
        names.push(Listed {
            name: name.to_owned(),
            directory: false,
        });
        names.sort();
        self.tree.replace(parent, Entry::Directory(names, meta));
        let image = FileImage {
            bytes: bytes.into(),
            meta: Metadata::default(),
            target: path.to_owned(),
        };
        self.tree.replace(path, Entry::File(image));
        self.created.push(path.to_owned());
        true
    }

    /// What has to be written for the files to become those of the draft.
    pub(crate) fn finish(self, notes: Vec<Note>) -> Result<Edited, Overlap> {
        let mut edited = Edited {
            notes,
            ..Edited::default()
        };
        for (path, list) in self.edits {
            edited.edits.insert(path, EditSet::new(list)?);
        }
        let content = |path: &PathBuf| {
            self.tree
                .snapshot
                .read(path)
                .ok()
                .flatten()
                .map(|image| (path.clone(), image.bytes.to_vec()))
        };
        edited.creates = self.created.iter().filter_map(content).collect();
        Ok(edited)
    }
}

/// Adds an edit of the current bytes to edits of the original; edits that touch each other become one.
fn compose(edits: &mut Vec<Edit>, new: Edit, current: &[u8]) {
    let mut merged = new;
    let mut kept = Vec::new();
    // How far the current bytes are ahead of the original ones, at the place looked at.
    let (mut ahead, mut ahead_of_merged) = (0isize, 0isize);
    let mut original: Option<(usize, usize)> = None;
    for edit in edits.drain(..) {
        let start = edit.range.start.saturating_add_signed(ahead);
        let end = start + edit.text.len();
        let growth = edit.text.len().cast_signed() - edit.range.len().cast_signed();
        if end < merged.range.start {
            ahead_of_merged += growth;
            kept.push(edit);
        } else if start > merged.range.end {
            kept.push(edit);
        } else {
            let left = start.min(merged.range.start);
            let right = end.max(merged.range.end);
            let mut text = current[left..merged.range.start].to_vec();
            text.extend_from_slice(&merged.text);
            text.extend_from_slice(&current[merged.range.end..right]);
            let from = original.map_or_else(|| edit.range.start - (start - left), |(from, _)| from);
            original = Some((from, edit.range.end + (right - end)));
            merged = Edit {
                range: left..right,
                text,
            };
        }
        ahead += growth;
    }
    let (from, to) = original.unwrap_or_else(|| {
        let back = |at: usize| at.saturating_add_signed(-ahead_of_merged);
        (back(merged.range.start), back(merged.range.end))
    });
    kept.push(Edit {
        range: from..to,
        text: merged.text,
    });
    kept.sort_by_key(|edit| edit.range.start);
    *edits = kept;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composed_edits_do_to_the_original_what_was_done_step_by_step() {
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..20_000 {
            let original: Vec<u8> = (0..random.u8(0..30)).collect();
            let (mut current, mut edits) = (original.clone(), Vec::new());
            for _ in 0..random.usize(1..6) {
                let start = random.usize(0..=current.len());
                let end = random.usize(start..=current.len().min(start + 6));
                let text = vec![b'x'; random.usize(0..5)];
                compose(
                    &mut edits,
                    Edit::replace(start..end, text.clone()),
                    &current,
                );
                current.splice(start..end, text).for_each(drop);
            }
            let edits = EditSet::new(edits).expect("they are disjoint");
            assert_eq!(edits.apply(&original), current);
        }
    }
}
