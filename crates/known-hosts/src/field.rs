//! A part of a line and where it lies.

use std::ops::Range;

/// A part of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The bytes.
    pub text: &'a [u8],
    /// Their start in the document.
    pub start: usize,
}

impl Field<'_> {
    /// The byte range in the document.
    pub fn span(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}
