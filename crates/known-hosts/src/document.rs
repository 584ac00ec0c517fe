//! A known_hosts file as records.

use sha2::{Digest, Sha256};
use sshmend_lossless::{Line, lines};

use crate::line::{self, Content, Entry};

/// A known_hosts file.
#[derive(Debug, Clone)]
pub struct KnownHosts<'a> {
    text: &'a [u8],
    records: Vec<Record<'a>>,
}

/// One line and what it is.
#[derive(Debug, Clone)]
pub struct Record<'a> {
    /// Where the line lies.
    pub line: Line,
    /// What it is.
    pub content: Content<'a>,
}

impl<'a> KnownHosts<'a> {
    /// Reads a file; never fails.
    pub fn parse(text: &'a [u8]) -> Self {
        // A record is larger than its line: growing step by step would copy and touch twice the memory.
        let mut records = Vec::with_capacity(memchr::memchr_iter(b'\n', text).count() + 1);
        records.extend(lines(text).map(|line| Record {
            content: line::read(text, &line),
            line,
        }));
        Self { text, records }
    }

    /// All lines, in order.
    pub fn records(&self) -> &[Record<'a>] {
        &self.records
    }

    /// The bytes that were read.
    pub fn text(&self) -> &'a [u8] {
        self.text
    }

    /// The SHA-256 digest of a line without its ending, in hexadecimal: names a line together with its number.
    pub fn line_digest(&self, number: usize) -> Option<String> {
        let record = self.record(number)?;
        let digest = Sha256::digest(record.line.text(self.text));
        Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The line with this number, counted from 1.
    pub fn record(&self, number: usize) -> Option<&Record<'a>> {
        self.records.get(number.checked_sub(1)?)
    }

    /// The entries with their records, in order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&Record<'a>, &Entry<'a>)> {
        self.records
            .iter()
            .filter_map(|record| Some((record, record.entry()?)))
    }
}

impl<'a> Record<'a> {
    /// The entry, where the line is one.
    pub fn entry(&self) -> Option<&Entry<'a>> {
        match &self.content {
            Content::Entry(entry) => Some(entry),
            _ => None,
        }
    }
}
