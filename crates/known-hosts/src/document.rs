//! A known_hosts file as records.

use sha2::{Digest, Sha256};
use sshmend_lossless::{EditSet, Line, lines};

use crate::line::{self, Content, Entry};

/// The size beyond which a file is read back only in part, in bytes.
const LONG: usize = 1 << 17;

/// The number of bytes read back on either side of an edit of a long file.
const AROUND: usize = 1 << 15;

/// A known_hosts file. Its lines are parsed on demand, so that a long file costs no more than its
/// bytes.
#[derive(Debug, Clone, Copy)]
pub struct KnownHosts<'a> {
    text: &'a [u8],
}

/// One line and its content.
#[derive(Debug, Clone)]
pub struct Record<'a> {
    /// The byte range of the line.
    pub line: Line,
    /// The parsed content.
    pub content: Content<'a>,
}

impl<'a> KnownHosts<'a> {
    /// Reads a file; never fails.
    pub fn parse(text: &'a [u8]) -> Self {
        Self { text }
    }

    /// All lines, in order.
    pub fn records(&self) -> impl Iterator<Item = Record<'a>> + use<'a> {
        let text = self.text;
        lines(text).map(|line| Record::read(text, line))
    }

    /// The bytes that were read.
    pub fn text(&self) -> &'a [u8] {
        self.text
    }

    /// The edited file; of a long one only the `named` lines, which can say anything of the names, and what stands around each edit.
    /// Lines are independent of each other, so that no more has to be read back.
    pub(crate) fn edited(&self, edits: &EditSet, named: &[Line]) -> Vec<u8> {
        if self.text.len() <= LONG {
            return edits.apply(self.text);
        }
        let spans = named.iter().map(|line| line.span.clone());
        let parts = edits.surroundings(self.text, AROUND, spans);
        edits.apply_within(self.text, &parts)
    }

    /// The SHA-256 digest of a line without its ending, in hexadecimal: names a line together with its number.
    pub fn line_digest(&self, number: usize) -> Option<String> {
        let record = self.record(number)?;
        let digest = Sha256::digest(record.line.text(self.text));
        Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The line with this number, counted from 1.
    pub fn record(&self, number: usize) -> Option<Record<'a>> {
        let line = lines(self.text).nth(number.checked_sub(1)?)?;
        Some(Record::read(self.text, line))
    }

    /// Parses lines that were found before.
    pub(crate) fn records_of(&self, lines: impl IntoIterator<Item = Line>) -> Vec<Record<'a>> {
        let lines = lines.into_iter();
        lines.map(|line| Record::read(self.text, line)).collect()
    }

    /// The entries with their lines, in order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (Line, Entry<'a>)> + use<'a> {
        self.records().filter_map(Record::into_entry)
    }
}

impl<'a> Record<'a> {
    /// The entry, if the line is one.
    pub fn entry(&self) -> Option<&Entry<'a>> {
        match &self.content {
            Content::Entry(entry) => Some(entry),
            _ => None,
        }
    }

    /// The line and the entry, if it is one.
    pub(crate) fn into_entry(self) -> Option<(Line, Entry<'a>)> {
        match self.content {
            Content::Entry(entry) => Some((self.line, entry)),
            _ => None,
        }
    }

    fn read(text: &'a [u8], line: Line) -> Self {
        Self {
            content: line::read(line.text(text), line.content.start),
            line,
        }
    }
}
