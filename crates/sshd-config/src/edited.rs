//! The result of an edit of the configuration: what is written, where it may be written, and notes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sshmend_lossless::{EditSet, Origin};

/// The place where a value is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At the line that decides; else beside the commented default; else where the line takes
    /// effect.
    Best,
    /// In `sshd_config.d/00-sshmend.conf` next to the main file, or where only a later file wins in `zz-sshmend.conf`
    /// there, and nowhere else.
    DropIn,
}

/// The changes to write, and notes about them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edited {
    /// The edits of files that exist, by the path under which sshd opens them.
    pub edits: BTreeMap<PathBuf, EditSet>,
    /// The files to create, with their content.
    pub creates: BTreeMap<PathBuf, Vec<u8>>,
    /// Notes for the person.
    pub notes: Vec<Note>,
}

/// A remark about a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The line that it is about.
    pub origin: Option<Origin>,
    /// A lower-case fragment.
    pub message: String,
}

/// Lines that one value may have to be written to.
pub(crate) const MAX_LINES: usize = 64;
