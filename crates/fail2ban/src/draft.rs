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

    fn part(&self, range: Range<usize>) -> Self {
        match self {
            Self::Kept(kept) => Self::Kept(kept.start + range.start..kept.start + range.end),
            Self::New(text) => Self::New(text[range].to_vec()),
        }
    }
}

impl Draft {
    pub(crate) fn new(original: &[u8]) -> Self {
        Self { original: original.to_vec(), pieces: vec![Piece::Kept(0..original.len())] }
    }

    /// Applies edits of the document as it is now.
    pub(crate) fn apply(&mut self, edits: &EditSet) {
        for edit in edits.iter().collect::<Vec<_>>().into_iter().rev() {
            self.replace(edit);
        }
    }

    fn replace(&mut self, edit: &Edit) {
        let mut pieces = Vec::with_capacity(self.pieces.len() + 2);
        let mut at = 0;
        let mut pending = Some(Piece::New(edit.text.clone()));
        for piece in self.pieces.drain(..) {
            let (start, end) = (at, at + piece.len());
            at = end;
            let before = edit.range.start.clamp(start, end) - start;
            let after = edit.range.end.clamp(start, end) - start;
            pieces.push(piece.part(0..before));
            if end >= edit.range.start {
                pieces.extend(pending.take());
            }
            pieces.push(piece.part(after..piece.len()));
        }
        pieces.extend(pending);
        pieces.retain(|piece| piece.len() > 0);
        self.pieces = pieces;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_edits_come_to_the_same_as_one_set_of_them() {
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..2_000 {
            let original: Vec<u8> = (0..random.usize(0..30)).map(|_| random.u8(b'a'..=b'z')).collect();
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
