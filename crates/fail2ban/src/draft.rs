//! A document that is edited several times, and the edits of its original that come to the same.

use std::ops::Range;

use sshmend_lossless::{Edit, EditSet};

/// A document in the making.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    original: Vec<u8>,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Piece {
    /// A stretch of the original.
    Kept(Range<usize>),
    /// Text that was put in.
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

impl Draft {
    pub(crate) fn new(original: &[u8]) -> Self {
        Self {
            original: original.to_vec(),
            pieces: vec![Piece::Kept(0..original.len())],
        }
    }

    /// Applies edits of the document as it is now, in one pass over its pieces.
    pub(crate) fn apply(&mut self, edits: &EditSet) {
        let mut cutter = Cutter {
            pieces: std::mem::take(&mut self.pieces).into_iter(),
            rest: None,
            at: 0,
        };
        for edit in edits.iter() {
            self.pieces.extend(cutter.until(edit.range.start));
            self.pieces.push(Piece::New(edit.text.clone()));
            // What the edit replaces is dropped.
            cutter.until(edit.range.end);
        }
        self.pieces.extend(cutter.rest);
        self.pieces.extend(cutter.pieces);
        self.pieces.retain(|piece| piece.len() > 0);
    }

    /// The document as it is now.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let bytes = self.pieces.iter().map(|piece| match piece {
            Piece::Kept(range) => &self.original[range.clone()],
            Piece::New(text) => text,
        });
        bytes.collect::<Vec<_>>().concat()
    }

    /// The edits that lead from the original to the document as it is now.
    pub(crate) fn edits(&self) -> EditSet {
        let mut edits = Vec::new();
        let (mut at, mut text) = (0, Vec::new());
        let end = Piece::Kept(self.original.len()..self.original.len());
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

/// Hands out the pieces of a document up to one offset after the other.
struct Cutter {
    pieces: std::vec::IntoIter<Piece>,
    /// What is left of a piece that was cut.
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

    #[test]
    fn many_edits_come_to_the_same_as_one_set_of_them() {
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..2_000 {
            let original: Vec<u8> = (0..random.usize(0..30))
                .map(|_| random.u8(b'a'..=b'z'))
                .collect();
            let (mut draft, mut plain) = (Draft::new(&original), original.clone());
            for _ in 0..random.usize(0..6) {
                let start = random.usize(0..=plain.len());
                let end = random.usize(start..=plain.len());
                let text = b"XYZ"[..random.usize(0..4)].to_vec();
                let edits = EditSet::new([Edit::replace(start..end, text)]).expect("one edit");
                plain = edits.apply(&plain);
                draft.apply(&edits);
            }
            assert_eq!(draft.bytes(), plain);
            assert_eq!(draft.edits().apply(&original), plain);
        }
    }
}
