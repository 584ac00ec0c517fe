//! Edits as data: disjoint replacements of byte ranges.

use std::ops::Range;

/// The replacement of one byte range of an original document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The replaced range, in bytes of the original; empty for an insertion.
    pub range: Range<usize>,
    /// The replacement.
    pub text: Vec<u8>,
}

impl Edit {
    /// Replaces `range` by `text`.
    pub fn replace(range: Range<usize>, text: impl Into<Vec<u8>>) -> Self {
        Self {
            range,
            text: text.into(),
        }
    }

    /// Inserts `text` before the byte at `at`.
    pub fn insert(at: usize, text: impl Into<Vec<u8>>) -> Self {
        Self::replace(at..at, text)
    }

    /// Deletes `range`.
    pub fn delete(range: Range<usize>) -> Self {
        Self::replace(range, Vec::new())
    }
}

/// Two edits of the same bytes, for which no order can be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two edits overlap: bytes {}..{} and {}..{}", first.range.start, first.range.end, second.range.start, second.range.end)]
pub struct Overlap {
    /// The edit that begins first.
    pub first: Edit,
    /// The edit that begins inside it, or inserts at the same place.
    pub second: Edit,
}

/// Edits of one document: sorted by position and disjoint, which the constructor checks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EditSet {
    edits: Vec<Edit>,
}

impl EditSet {
    /// Sorts the edits and checks that no two of them touch the same bytes.
    ///
    /// # Errors
    /// [`Overlap`] names the first two edits that share a byte, or that insert different text at the same place.
    pub fn new(edits: impl IntoIterator<Item = Edit>) -> Result<Self, Overlap> {
        let mut edits: Vec<Edit> = edits.into_iter().collect();
        edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        edits.dedup();
        for pair in edits.windows(2) {
            if collide(&pair[0], &pair[1]) {
                return Err(Overlap {
                    first: pair[0].clone(),
                    second: pair[1].clone(),
                });
            }
        }
        Ok(Self { edits })
    }

    /// A single edit.
    pub fn one(edit: Edit) -> Self {
        Self { edits: vec![edit] }
    }

    /// Joins two sets of the same document; an edit contained in both counts once.
    ///
    /// # Errors
    /// As for [`EditSet::new`].
    pub fn union(&self, other: &Self) -> Result<Self, Overlap> {
        Self::new(self.edits.iter().chain(&other.edits).cloned())
    }

    /// The edits in document order.
    pub fn iter(&self) -> std::slice::Iter<'_, Edit> {
        self.edits.iter()
    }

    /// True when nothing would change.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The document after the edits.
    ///
    /// # Panics
    /// If a range lies outside `original`, that is, if the edits were made for another document.
    pub fn apply(&self, original: &[u8]) -> Vec<u8> {
        let whole = 0..original.len();
        self.apply_within(original, std::slice::from_ref(&whole))
    }

    /// The same in pieces, without copying.
    ///
    /// # Panics
    /// As for [`EditSet::apply`].
    pub fn pieces<'d>(&'d self, original: &'d [u8]) -> Vec<&'d [u8]> {
        let mut pieces = Vec::with_capacity(2 * self.edits.len() + 1);
        let mut at = 0;
        for edit in &self.edits {
            pieces.push(&original[at..edit.range.start]);
            pieces.push(&edit.text);
            at = edit.range.end;
        }
        pieces.push(&original[at..]);
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }

    /// The same for some parts of the document, one after the other; they are sorted, do not touch,
    /// and contain every edit.
    ///
    /// # Panics
    /// As for [`EditSet::apply`], and if an edit is in none of the parts.
    pub fn apply_within(&self, original: &[u8], parts: &[Range<usize>]) -> Vec<u8> {
        let length: usize = parts.iter().map(ExactSizeIterator::len).sum();
        let mut out = Vec::with_capacity(length + 64);
        let mut edits = self.edits.iter().peekable();
        for part in parts {
            let mut at = part.start;
            while let Some(edit) = edits.next_if(|edit| edit.range.end <= part.end) {
                out.extend_from_slice(&original[at..edit.range.start]);
                out.extend_from_slice(&edit.text);
                at = edit.range.end;
            }
            out.extend_from_slice(&original[at..part.end]);
        }
        assert!(edits.next().is_none(), "an edit lies in none of the parts");
        out
    }

    /// Whole lines of the document around every edit, with `around` bytes on either side, and the
    /// given lines: sorted parts that do not touch.
    pub fn surroundings(
        &self,
        original: &[u8],
        around: usize,
        lines: impl IntoIterator<Item = Range<usize>>,
    ) -> Vec<Range<usize>> {
        let start = |at: usize| memchr::memrchr(b'\n', &original[..at]).map_or(0, |feed| feed + 1);
        let end = |at: usize| {
            memchr::memchr(b'\n', &original[at..]).map_or(original.len(), |feed| at + feed + 1)
        };
        let near = self.edits.iter().map(|edit| {
            let last = (edit.range.end + around).min(original.len());
            start(edit.range.start.saturating_sub(around))..end(last)
        });
        let mut all: Vec<Range<usize>> = near.chain(lines).collect();
        all.sort_by_key(|part| part.start);
        let mut parts: Vec<Range<usize>> = Vec::new();
        for part in all {
            match parts.last_mut() {
                Some(last) if part.start <= last.end => last.end = last.end.max(part.end),
                _ => parts.push(part),
            }
        }
        parts
    }
}

fn collide(first: &Edit, second: &Edit) -> bool {
    second.range.start < first.range.end || first.range == second.range
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_apply_in_document_order() {
        let edits =
            EditSet::new([Edit::insert(6, "!"), Edit::replace(0..5, "HELLO")]).expect("disjoint");
        assert_eq!(edits.apply(b"hello world"), b"HELLO !world");
    }

    #[test]
    fn overlapping_edits_are_refused_and_named() {
        let error =
            EditSet::new([Edit::delete(2..4), Edit::delete(0..3)]).expect_err("they share byte 2");
        assert_eq!(error.to_string(), "two edits overlap: bytes 0..3 and 2..4");
        assert!(EditSet::new([Edit::insert(1, "a"), Edit::insert(1, "b")]).is_err());
    }

    #[test]
    fn a_union_contains_a_common_edit_once() {
        let one = EditSet::new([Edit::insert(1, "a")]).expect("one edit");
        assert_eq!(one.union(&one).expect("the same edit"), one);
    }

    #[test]
    fn edits_by_part_equal_edits_of_the_whole_document() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..2_000 {
            let mut letters = || *random.choice(b"ab\n").expect("not empty");
            let original: Vec<u8> = std::iter::repeat_with(&mut letters).take(200).collect();
            let starts = [
                random.usize(..60),
                random.usize(80..120),
                random.usize(140..=200),
            ];
            let edits = starts.map(|start| {
                let end = (start + random.usize(..20)).min(original.len());
                Edit::replace(start..end, "X\n")
            });
            let edits = EditSet::new(edits).expect("apart");
            let line = random.usize(..200);
            let parts = edits.surroundings(&original, random.usize(..9), Some(line..line));
            let outside = |at: &usize| !parts.iter().any(|part| part.contains(at));
            // Bytes outside are copied unchanged, so masking them before or after gives the same.
            let marked: Vec<u8> = (0..original.len())
                .map(|at| if outside(&at) { b'-' } else { original[at] })
                .collect();
            let mut whole = edits.apply(&marked);
            whole.retain(|&byte| byte != b'-');
            assert_eq!(edits.apply_within(&original, &parts), whole);
        }
    }

    #[test]
    fn nothing_outside_the_ranges_changes() {
        let mut random = fastrand::Rng::with_seed(2);
        for _ in 0..2_000 {
            let original: Vec<u8> = (0..random.usize(0..40)).map(|_| random.u8(..)).collect();
            let start = random.usize(0..=original.len());
            let end = random.usize(start..=original.len());
            let edits = EditSet::new([Edit::replace(start..end, "new")]).expect("one edit");
            let after = edits.apply(&original);
            assert_eq!(after[..start], original[..start]);
            assert_eq!(after[start + 3..], original[end..]);
        }
    }
}
