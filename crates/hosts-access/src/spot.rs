//! A line of a file, and the problems and edits at a place of its text.

use std::ops::Range;

use sshmend_lossless::{Edit, Origin, dominant_ending};

use crate::problem::{Problem, ProblemKind};
use crate::table::{Table, TableLine};

/// One line in its file.
#[derive(Clone, Copy)]
pub(crate) struct Spot<'a> {
    pub(crate) table: &'a Table,
    pub(crate) line: &'a TableLine,
}

impl<'a> Spot<'a> {
    pub(crate) fn text(self) -> &'a [u8] {
        &self.line.line.text
    }

    pub(crate) fn ending(self) -> &'static [u8] {
        dominant_ending(&self.table.bytes).as_bytes()
    }

    /// A problem at an offset of the line's text.
    pub(crate) fn problem(
        self,
        kind: ProblemKind,
        at: usize,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Problem {
        let offset = self.line.line.source(at..at).start;
        let before =
            &self.table.bytes[self.line.line.span.start..offset.max(self.line.line.span.start)];
        let feeds = memchr::memchr_iter(b'\n', before).count();
        let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |feed| feed + 1) + 1;
        let origin = Origin::new(&self.table.path, self.line.line.first + feeds);
        Problem {
            kind,
            origin,
            column,
            message: message.into(),
            hint: hint.into(),
            repair: None,
        }
    }

    pub(crate) fn replace(self, at: Range<usize>, text: impl Into<Vec<u8>>) -> Edit {
        Edit::replace(self.line.line.source(at), text)
    }
}

/// The offset at which a line may end after a word that ends at `end`: a backslash needs a blank
/// after it, or it would join the next line.
pub(crate) fn end_of_word(text: &[u8], end: usize) -> usize {
    if text[..end].ends_with(b"\\") {
        end + 1
    } else {
        end
    }
}
