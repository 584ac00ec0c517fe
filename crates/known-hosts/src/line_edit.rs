//! Edits of single lines, collected into one set.

use std::collections::{BTreeMap, BTreeSet};

use sshmend_lossless::{Edit, EditSet, Line, LineEnding, Overlap, dominant_ending};

use crate::document::{KnownHosts, Record};
use crate::found::{Compared, How, Lookup, Reason, compare};
use crate::hosts::{HostList, ListMatch};
use crate::key::{HostKey, KeyType};
use crate::line::Entry;
use crate::name::Name;

/// The reason why an edit was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The file has no line with this number.
    #[error("no line {0}")]
    NoSuchLine(usize),
    /// The line has changed since.
    #[error("line {0} is not the line that was named")]
    LineChanged(usize),
    /// Two edits change the same bytes.
    #[error(transparent)]
    Overlap(#[from] Overlap),
    /// The edited file does not have the intended content when read back.
    #[error("the edited file would not have the requested content for {0}")]
    NotReadBack(String),
}

/// The part of a plain entry that belongs to the names being edited.
#[derive(Debug, Clone)]
pub(crate) struct Owned<'a> {
    pub(crate) line: Line,
    pub(crate) entry: Entry<'a>,
    /// The names that the entry holds.
    pub(crate) names: Vec<Name>,
    /// The patterns that are these names; empty for a hashed name.
    indexes: Vec<usize>,
    /// True when the entry holds nothing but these names.
    pub(crate) alone: bool,
}

impl<'a> Owned<'a> {
    /// The plain entries that contain a name, in plain text or hashed, in the order of the file;
    /// `lookup` is the result for these names, so that no name is hashed again for each line.
    pub(crate) fn all(known: &KnownHosts<'a>, names: &[Name], lookup: &Lookup) -> Vec<Self> {
        let unreadable = lookup
            .passed_over
            .iter()
            .filter(|passed| matches!(passed.reason, Reason::UnreadableKey(..)));
        let named = lookup
            .found
            .iter()
            .map(|found| found.line)
            .chain(unreadable.map(|passed| passed.line));
        let named: BTreeSet<usize> = named.collect();
        let lines = lookup.lines.iter();
        let lines = lines.filter(|line| named.contains(&line.number)).cloned();
        let records = known.records_of(lines).into_iter();
        let entries = records.filter_map(Record::into_entry);
        let plain = entries.filter(|(_, entry)| entry.marker.is_none());
        plain
            .filter_map(|(line, entry)| Self::of(line, entry, names))
            .collect()
    }

    fn of(line: Line, entry: Entry<'a>, names: &[Name]) -> Option<Self> {
        let holds = |name: &&Name| {
            matches!(
                compare(&entry, name),
                Compared::Yes(How::Exact(_) | How::Hashed)
            )
        };
        let names: Vec<Name> = names
            .iter()
            .filter(|name| name.is_owned())
            .filter(holds)
            .cloned()
            .collect();
        let ours = |text: &[u8]| {
            names
                .iter()
                .any(|name| text.eq_ignore_ascii_case(name.as_str().as_bytes()))
        };
        let patterns = || entry.list().patterns().enumerate();
        let indexes: Vec<usize> = patterns()
            .filter(|(_, p)| !p.negated && ours(p.text))
            .map(|(index, _)| index)
            .collect();
        let others = || {
            patterns()
                .filter(|(index, p)| !indexes.contains(index) && !p.negated && !p.text.is_empty())
        };
        let alone = entry.is_hashed() || others().next().is_none();
        (!names.is_empty()).then_some(Self {
            line,
            entry,
            names,
            indexes,
            alone,
        })
    }

    pub(crate) fn key_type(&self) -> KeyType {
        self.entry.key_type
    }

    /// True when the entry would match one of its names by a wildcard even without the names themselves.
    pub(crate) fn stays_by_wildcard(&self) -> bool {
        let list = self.entry.list();
        let compare = |name: &Name| list.compare_without(&self.indexes, name.as_str().as_bytes());
        !self.alone
            && self
                .names
                .iter()
                .any(|name| matches!(compare(name), ListMatch::Wildcard(_)))
    }
}

/// Collects the edits of one file.
#[derive(Debug)]
pub(crate) struct LineEditor<'k, 'a> {
    known: &'k KnownHosts<'a>,
    edits: Vec<Edit>,
    inserted: BTreeMap<usize, Vec<u8>>,
    last_line_goes: bool,
}

impl<'k, 'a> LineEditor<'k, 'a> {
    pub(crate) fn new(known: &'k KnownHosts<'a>) -> Self {
        Self {
            known,
            edits: Vec::new(),
            inserted: BTreeMap::new(),
            last_line_goes: false,
        }
    }

    /// Takes the names out of their line, and the line out of the file when it holds nothing else.
    pub(crate) fn take_out(&mut self, owned: &Owned<'_>) {
        if owned.alone {
            return self.delete_line(&owned.line);
        }
        self.edits
            .extend(without(owned.entry.list(), &owned.indexes));
    }

    pub(crate) fn delete_line(&mut self, line: &Line) {
        self.last_line_goes |= line.span.end == self.known.text().len();
        self.edits.push(Edit::delete(line.span.clone()));
    }

    /// Replaces the key of the entry; the type is rewritten only if it differs.
    pub(crate) fn replace_key(&mut self, entry: &Entry<'_>, key: &HostKey) {
        if entry.key_type != key.key_type() {
            self.edits.push(Edit::replace(
                entry.key_type_text.span(),
                key.key_type().to_string(),
            ));
        }
        self.edits
            .push(Edit::replace(entry.blob.span(), key.to_base64()));
    }

    /// Adds a line below that of `owned`, in its style.
    pub(crate) fn insert_below(&mut self, owned: &Owned<'_>, hosts: &str, key: &HostKey) {
        let style = Style::of(self.known, &owned.line, &owned.entry);
        self.insert(owned.line.span.end, &style, hosts, key);
    }

    /// Adds a line at the end of the file, in the style of its last entry; completes an unfinished line before it.
    pub(crate) fn append(&mut self, hosts: &str, key: &HostKey) {
        let text = self.known.text();
        let sibling = self
            .known
            .entries()
            .last()
            .map(|(line, entry)| Style::of(self.known, &line, &entry));
        let style = Style {
            ending: dominant_ending(text),
            ..sibling.unwrap_or_default()
        };
        self.insert(text.len(), &style, hosts, key);
    }

    pub(crate) fn finish(mut self) -> Result<EditSet, EditError> {
        self.edits.extend(
            self.inserted
                .into_iter()
                .map(|(at, text)| Edit::insert(at, text)),
        );
        Ok(EditSet::new(self.edits)?)
    }

    fn insert(&mut self, at: usize, style: &Style<'_>, hosts: &str, key: &HostKey) {
        let unfinished =
            self.known.text()[..at].last().is_some_and(|&b| b != b'\n') && !self.last_line_goes;
        let text = self.inserted.entry(at).or_default();
        if unfinished && text.is_empty() {
            text.extend_from_slice(style.ending.as_bytes());
        }
        style.write(text, hosts, key);
    }
}

/// The layout of a line.
#[derive(Debug, Clone)]
struct Style<'a> {
    indentation: &'a [u8],
    before_type: &'a [u8],
    before_key: &'a [u8],
    ending: LineEnding,
}

impl Default for Style<'_> {
    fn default() -> Self {
        Self {
            indentation: b"",
            before_type: b" ",
            before_key: b" ",
            ending: LineEnding::Lf,
        }
    }
}

impl<'a> Style<'a> {
    fn of(known: &KnownHosts<'a>, line: &Line, entry: &Entry<'_>) -> Self {
        let text = known.text();
        let blanks = line
            .text(text)
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t'))
            .count();
        let start = line.content.start;
        let ending = match line.ending {
            LineEnding::None => dominant_ending(text),
            ending => ending,
        };
        Self {
            indentation: &text[start..start + blanks],
            before_type: &text[entry.hosts.span().end..entry.key_type_text.start],
            before_key: &text[entry.key_type_text.span().end..entry.blob.start],
            ending,
        }
    }

    fn write(&self, text: &mut Vec<u8>, hosts: &str, key: &HostKey) {
        let (key_type, blob) = (key.key_type().to_string(), key.to_base64());
        let parts: [&[u8]; 7] = [
            self.indentation,
            hosts.as_bytes(),
            self.before_type,
            key_type.as_bytes(),
            self.before_key,
            blob.as_bytes(),
            self.ending.as_bytes(),
        ];
        for part in parts {
            text.extend_from_slice(part);
        }
    }
}

/// Deletes the patterns of these indexes, each with one comma; at least one other pattern must remain.
fn without(list: HostList<'_>, indexes: &[usize]) -> Vec<Edit> {
    let patterns: Vec<_> = list.patterns().collect();
    let kept = |index: &usize| !indexes.contains(index);
    let first_kept = (0..patterns.len()).find(kept).unwrap_or_default();
    let last_kept = (0..patterns.len()).rev().find(kept).unwrap_or_default();
    let mut edits: Vec<Edit> = indexes
        .iter()
        .filter(|&&index| index < last_kept)
        .map(|&index| Edit::delete(patterns[index].span.start..patterns[index + 1].span.start))
        .collect();
    if let Some(last) = patterns.last().filter(|_| last_kept + 1 < patterns.len()) {
        edits.push(Edit::delete(patterns[last_kept].span.end..last.span.end));
    }
    let first = &patterns[first_kept];
    if !first.negated && matches!(first.text.first(), Some(b'|' | b'@' | b'#')) {
        keep_comma(&mut edits, first.span.start);
    }
    edits
}

/// Leaves the comma before `at`: without it, the pattern there would begin the line as a hash, a marker or a comment.
fn keep_comma(edits: &mut [Edit], at: usize) {
    if let Some(edit) = edits
        .iter_mut()
        .find(|edit| edit.range.end == at && !edit.range.is_empty())
    {
        edit.range.end -= 1;
    }
}
