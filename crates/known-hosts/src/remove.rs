//! Taking a name out of a file.

use sshmend_lossless::EditSet;

use crate::document::KnownHosts;
use crate::fingerprint::Fingerprint;
use crate::found::Lookup;
use crate::key::KeyType;
use crate::line_edit::{EditError, LineEditor, Owned};
use crate::name::Name;
use crate::notice::{LineNotice, LineNoticeKind};

/// The outcome of a removal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// The edits; empty when the file holds none of the names.
    pub edits: EditSet,
    /// The names removed, in the order of the file.
    pub removed: Vec<RemovedName>,
    /// The lines that name the host and stay, in the order of the file.
    pub left: Vec<LineNotice>,
    /// The edited file; of a long one only the lines that may mention the names, and the
    /// surroundings of each edit.
    pub after: Vec<u8>,
}

/// Names that went from a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedName {
    /// The line number before the edit, counted from 1.
    pub line: usize,
    /// The names, in lower case; empty for a line that was named by its number.
    pub names: Vec<String>,
    /// The key type, if the line is an entry.
    pub key_type: Option<KeyType>,
    /// The fingerprint of the key, if it can be read.
    pub fingerprint: Option<Fingerprint>,
    /// True when the whole line went, because it held nothing else.
    pub whole_line: bool,
    /// The reason why they were removed.
    pub why: Why,
}

/// The reason why a name was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Why {
    /// Its removal was asked for.
    #[error("asked for")]
    Asked,
    /// Another key of the same type was verified.
    #[error("another key of this type was verified")]
    Stale,
    /// The server offers another key of this type now; left in place, it would make `ssh` ask for that key and refuse it.
    #[error("the server offers another key of this type now")]
    Contradicted,
    /// The server offers only other keys now; while nothing but such keys is known, `ssh` calls every key changed.
    #[error("the server offers only other keys now")]
    NotOffered,
    /// The host has a new key of another type, and its current key of this type was not given. Left
    /// in place, the old one could make `ssh` ask for a key of this type and refuse it.
    #[error("recorded before the host got its new key, and not confirmed since")]
    Unconfirmed,
}

impl KnownHosts<'_> {
    /// Takes names out: one name of a list, or the line of a hashed or single name; of one key type only, if given.
    ///
    /// Lines that match by a wildcard, lines with a marker, and names of [`Role::WithoutPort`](crate::Role::WithoutPort)
    /// stay and are reported; a wildcard pattern goes when it is itself the name.
    ///
    /// # Errors
    /// [`EditError::NotReadBack`] when the names would still be found in the edited file.
    pub fn remove(&self, names: &[Name], key_type: Option<KeyType>) -> Result<Removed, EditError> {
        let wanted =
            |owned: &Owned<'_>| key_type.is_none_or(|key_type| key_type == owned.key_type());
        let before = self.find(names);
        let owned: Vec<_> = Owned::all(self, names, &before)
            .into_iter()
            .filter(wanted)
            .collect();
        let mut editor = LineEditor::new(self);
        for owned in &owned {
            editor.take_out(owned);
        }
        let edits = editor.finish()?;
        let edited = self.edited(&edits, &before.lines);
        if !edits.is_empty() {
            let after = KnownHosts::parse(&edited);
            if Owned::all(&after, names, &after.find(names))
                .iter()
                .any(wanted)
            {
                return Err(EditError::NotReadBack(joined(names)));
            }
        }
        let removed = owned
            .iter()
            .map(|owned| RemovedName::new(owned, Why::Asked))
            .collect();
        Ok(Removed {
            edits,
            removed,
            left: left(&before, &owned),
            after: edited,
        })
    }

    /// Removes one line, whatever its content, if its [digest](KnownHosts::line_digest) is this
    /// one.
    ///
    /// # Errors
    /// If there is no such line, or its digest differs.
    pub fn remove_line(&self, number: usize, digest: &str) -> Result<Removed, EditError> {
        let record = self.record(number).ok_or(EditError::NoSuchLine(number))?;
        let found = self.line_digest(number).unwrap_or_default();
        if !found.eq_ignore_ascii_case(digest) {
            return Err(EditError::LineChanged(number));
        }
        let mut editor = LineEditor::new(self);
        editor.delete_line(&record.line);
        let entry = record.entry();
        let removed = RemovedName {
            line: number,
            names: Vec::new(),
            key_type: entry.map(|entry| entry.key_type),
            fingerprint: entry
                .and_then(|entry| entry.key().ok())
                .map(|key| key.fingerprint()),
            whole_line: true,
            why: Why::Asked,
        };
        let edits = editor.finish()?;
        Ok(Removed {
            after: self.edited(&edits, &[]),
            edits,
            removed: vec![removed],
            left: Vec::new(),
        })
    }
}

impl RemovedName {
    pub(crate) fn new(owned: &Owned<'_>, why: Why) -> Self {
        Self {
            line: owned.line.number,
            names: owned
                .names
                .iter()
                .map(|name| name.as_str().to_owned())
                .collect(),
            key_type: Some(owned.key_type()),
            fingerprint: owned.entry.key().ok().map(|key| key.fingerprint()),
            whole_line: owned.alone,
            why,
        }
    }
}

/// The notices about the lines that stay when `taken` is removed.
pub(crate) fn left(before: &Lookup, taken: &[Owned<'_>]) -> Vec<LineNotice> {
    let gone = |line| taken.iter().any(|owned| owned.line.number == line);
    let wildcards = taken.iter().filter(|owned| owned.stays_by_wildcard());
    let wildcards = wildcards.map(|owned| LineNotice {
        line: owned.line.number,
        kind: LineNoticeKind::Wildcard,
    });
    let mut left: Vec<_> = before
        .notices()
        .into_iter()
        .filter(|notice| !gone(notice.line))
        .chain(wildcards)
        .collect();
    left.sort();
    left
}

/// The names as a host field.
pub(crate) fn joined(names: &[Name]) -> String {
    names.iter().map(Name::as_str).collect::<Vec<_>>().join(",")
}
