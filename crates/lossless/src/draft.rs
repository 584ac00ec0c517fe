//! Files of a snapshot under edit: steps are applied one after the other, each to the files as the
//! earlier ones left them, and the result is one set of edits of the original bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::bytes::Bytes;
use crate::change::FileChange;
use crate::edit::{Edit, EditSet};
use crate::snapshot::{Entry, FileImage, Metadata, Snapshot};

/// The differences between the files of a snapshot and those that were captured.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    edited: BTreeMap<PathBuf, Pieces>,
    created: BTreeSet<PathBuf>,
}

/// The changes that turn the captured files into those of a draft.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The edits of each file that was captured.
    pub edits: BTreeMap<PathBuf, EditSet>,
    /// The content of each new file.
    pub creates: BTreeMap<PathBuf, Vec<u8>>,
}

impl Draft {
    /// Edits the current version of a file, under every path that leads to it; false if the
    /// snapshot has no such file.
    pub fn edit(&mut self, snapshot: &mut Snapshot, path: &Path, edits: &EditSet) -> bool {
        let Ok(Some(image)) = snapshot.read(path) else {
            return false;
        };
        let length = image.bytes.len();
        let bytes = Bytes::from(edits.apply(&image.bytes));
        let first = snapshot.rewrite(path, &bytes);
        if !self.created.contains(&first) {
            let pieces = self
                .edited
                .entry(first)
                .or_insert_with(|| Pieces::whole(length));
            pieces.apply(edits);
        }
        true
    }

    /// Adds a new file.
    pub fn create(&mut self, snapshot: &mut Snapshot, path: &Path, bytes: Vec<u8>) {
        let image = FileImage {
            bytes: bytes.into(),
            meta: Metadata::default(),
            target: path.to_owned(),
        };
        snapshot.insert_new(path, Entry::File(image));
        self.created.insert(path.to_owned());
    }

    /// The changes from the captured files to those of the snapshot; unchanged files are left out.
    pub fn finish(self, snapshot: &Snapshot) -> Written {
        let edited = self.edited.into_iter();
        let edits = edited
            .map(|(path, pieces)| (path, pieces.edits()))
            .filter(|(_, edits)| !edits.is_empty());
        let content = |path: PathBuf| {
            let image = snapshot.read(&path).ok().flatten()?;
            Some((path, image.bytes.to_vec()))
        };
        Written {
            edits: edits.collect(),
            creates: self.created.into_iter().filter_map(content).collect(),
        }
    }
}

impl Snapshot {
    /// The machine as it will be after these changes.
    #[must_use]
    pub fn after(&self, changes: &[FileChange]) -> Self {
        let mut after = self.clone();
        for change in changes {
            match &change.after {
                None => after.remove(&change.path),
                Some(bytes) => after.put(change, bytes),
            }
        }
        after
    }

    fn put(&mut self, change: &FileChange, bytes: &Bytes) {
        if let (Ok(Some(_)), Some(_)) = (self.read(&change.path), &change.before) {
            self.rewrite(&change.path, bytes);
            return;
        }
        let image = FileImage {
            bytes: bytes.clone(),
            meta: change
                .before
                .as_ref()
                .map_or(&change.create, |before| &before.meta)
                .clone(),
            target: change.target().to_owned(),
        };
        self.insert_new(&change.path, Entry::File(image));
    }
}

/// A document under edit.
#[derive(Debug, Clone)]
struct Pieces {
    /// The length of the original.
    length: usize,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Piece {
    /// A range of the original.
    Kept(Range<usize>),
    /// Inserted text.
    New(Vec<u8>),
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Self::Kept(range) => range.len(),
            Self::New(text) => text.len(),
        }
    }

    /// The first bytes, and the rest.
    fn split(self, at: usize) -> (Self, Self) {
        match self {
            Self::Kept(kept) => {
                let middle = kept.start + at;
                (Self::Kept(kept.start..middle), Self::Kept(middle..kept.end))
            }
            Self::New(mut text) => {
                let rest = text.split_off(at);
                (Self::New(text), Self::New(rest))
            }
        }
    }
}

impl Pieces {
    fn whole(length: usize) -> Self {
        let pieces = vec![Piece::Kept(0..length)];
        Self { length, pieces }
    }

    /// Applies edits of the current document, in one pass over its pieces.
    fn apply(&mut self, edits: &EditSet) {
        let mut cutter = Cutter {
            pieces: std::mem::take(&mut self.pieces).into_iter(),
            rest: None,
            at: 0,
        };
        for edit in edits.iter() {
            self.pieces.extend(cutter.until(edit.range.start));
            self.pieces.push(Piece::New(edit.text.clone()));
            // Drops the part that the edit replaces.
            cutter.until(edit.range.end);
        }
        self.pieces.extend(cutter.rest);
        self.pieces.extend(cutter.pieces);
        self.pieces.retain(|piece| piece.len() > 0);
    }

    /// The edits from the original to the current document; adjacent ones are joined.
    fn edits(&self) -> EditSet {
        let mut edits = Vec::new();
        let (mut at, mut text) = (0, Vec::new());
        let end = Piece::Kept(self.length..self.length);
        for piece in self.pieces.iter().chain([&end]) {
            match piece {
                Piece::New(new) => text.extend_from_slice(new),
                Piece::Kept(kept) => {
                    if at != kept.start || !text.is_empty() {
                        edits.push(Edit::replace(at..kept.start, std::mem::take(&mut text)));
                    }
                    at = kept.end;
                }
            }
        }
        EditSet::new(edits).expect("the pieces are in order")
    }
}

/// Returns the pieces of a document up to one offset after the other.
struct Cutter {
    pieces: std::vec::IntoIter<Piece>,
    /// The remainder of a piece that was cut.
    rest: Option<Piece>,
    at: usize,
}

impl Cutter {
    fn until(&mut self, end: usize) -> Vec<Piece> {
        let mut cut = Vec::new();
        while self.at < end {
            let Some(piece) = self.rest.take().or_else(|| self.pieces.next()) else {
                break;
            };
            let wanted = (end - self.at).min(piece.len());
            let (head, rest) = piece.split(wanted);
            self.at += wanted;
            self.rest = (rest.len() > 0).then_some(rest);
            cut.push(head);
        }
        cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::snapshot;

    fn edits(range: Range<usize>, text: &[u8]) -> EditSet {
        EditSet::new([Edit::replace(range, text)]).expect("one edit")
    }

    #[test]
    fn separate_edits_equal_one_combined_edit_set() {
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..2_000 {
            let length = random.usize(0..30);
            let original: String = std::iter::repeat_with(|| random.lowercase())
                .take(length)
                .collect();
            let mut machine = snapshot(&format!("//- /f\n{original}\n"));
            let captured = machine.clone();
            let image = captured.read(Path::new("/f")).ok().flatten();
            let image = image.expect("a file").clone();
            let (mut draft, mut plain) = (Draft::default(), image.bytes.clone());
            for _ in 0..random.usize(0..6) {
                let start = random.usize(0..=plain.len());
                let end = random.usize(start..=plain.len());
                let edits = edits(start..end, &b"XYZ"[..random.usize(0..4)]);
                plain = edits.apply(&plain).into();
                assert!(draft.edit(&mut machine, Path::new("/f"), &edits));
            }
            let now = machine.read(Path::new("/f")).ok().flatten();
            assert_eq!(now.map(|image| &image.bytes), Some(&plain));
            let written = draft.finish(&machine);
            let all = FileChange::all(
                &captured,
                &written.edits,
                &written.creates,
                &Metadata::default(),
            );
            let after = all
                .first()
                .map_or(Some(&image.bytes), |change| change.after.as_ref());
            assert_eq!(after, Some(&plain));
            assert_eq!(
                captured.after(&all).read(Path::new("/f")),
                machine.read(Path::new("/f"))
            );
        }
    }

    #[test]
    fn a_change_is_visible_at_every_path_of_the_file() {
        let mut machine = snapshot("//- /a\none\n//- /b\none\n//- /d\none\n");
        for path in ["/a", "/b"] {
            let image = machine.read(Path::new(path)).ok().flatten().cloned();
            let image = FileImage {
                target: "/c".into(),
                ..image.expect("a file")
            };
            machine.insert(path, Entry::File(image));
        }
        let mut draft = Draft::default();
        assert!(draft.edit(&mut machine, Path::new("/b"), &edits(0..3, b"two")));
        assert!(!draft.edit(&mut machine, Path::new("/x"), &edits(0..0, b"two")));
        let text = |machine: &Snapshot, path: &str| {
            let image = machine.read(Path::new(path)).ok().flatten();
            image.map(|image| String::from_utf8_lossy(&image.bytes).into_owned())
        };
        let all = ["/a", "/b", "/d"].map(|path| text(&machine, path).unwrap_or_default());
        assert_eq!(all, ["two\n", "two\n", "one\n"]);
        draft.create(&mut machine, Path::new("/n"), b"x".to_vec());
        assert!(draft.edit(&mut machine, Path::new("/n"), &edits(1..1, b"y")));
        let written = draft.finish(&machine);
        assert_eq!(written.edits.keys().collect::<Vec<_>>(), [Path::new("/a")]);
        assert_eq!(written.creates[Path::new("/n")], b"xy");
    }

    #[test]
    fn a_removed_file_is_missing_from_its_directory() {
        let machine = snapshot("//- /d/a.conf\nx\n//- /d/b.conf\n");
        let image = machine.read(Path::new("/d/a.conf")).ok().flatten();
        let change = FileChange::remove("/d/a.conf", image.expect("a file").clone());
        let after = machine.after(&[change]);
        assert_eq!(after.read(Path::new("/d/a.conf")), Ok(None));
        let found = after.glob(Path::new("/d/*.conf")).expect("it is listed");
        assert_eq!(found.paths, [Path::new("/d/b.conf")]);
    }
}
