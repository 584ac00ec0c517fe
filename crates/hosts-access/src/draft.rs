//! Edits of both files in the making.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sshmend_lossless::{Edit, EditSet, Origin};

use crate::check::closing;
use crate::owner::Owned;
use crate::permit::{Edited, Note, Offer};
use crate::table::{State, Table, Tables};

/// The tables and what is to be changed in them.
pub(crate) struct Draft<'a> {
    pub(crate) before: &'a Tables,
    edits: BTreeMap<PathBuf, Vec<Edit>>,
    notes: Vec<Note>,
    offers: Vec<Offer>,
    owned: Vec<Owned>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(before: &'a Tables) -> Self {
        Self { before, edits: BTreeMap::new(), notes: Vec::new(), offers: Vec::new(), owned: Vec::new() }
    }

    pub(crate) fn note(&mut self, origin: Option<Origin>, text: String) {
        self.notes.push(Note { origin, text });
    }

    /// Offers an edit instead of making it.
    pub(crate) fn offer(&mut self, offer: Offer) {
        self.offers.push(offer);
    }

    /// Leaves a rule to the program that wrote it.
    pub(crate) fn leave(&mut self, owned: Owned) {
        self.owned.push(owned);
    }

    /// Makes the edits, except those that collide with an earlier one: they are offered.
    pub(crate) fn take_all(&mut self, offers: Vec<Offer>) {
        let mut joined = self.edits.clone();
        for offer in &offers {
            joined.entry(offer.origin.path.clone()).or_default().extend(offer.edits.iter().cloned());
        }
        if joined.values().all(|edits| EditSet::new(edits.iter().cloned()).is_ok()) {
            self.edits = joined;
            self.notes.extend(offers.into_iter().map(|offer| Note { origin: Some(offer.origin), text: offer.text }));
        } else {
            offers.into_iter().for_each(|offer| self.take(offer));
        }
    }

    /// Makes one edit, or offers it when it collides with an earlier one.
    pub(crate) fn take(&mut self, offer: Offer) {
        let edits = self.edits.entry(offer.origin.path.clone()).or_default();
        let joined: Vec<Edit> = edits.iter().chain(offer.edits.iter()).cloned().collect();
        if EditSet::new(joined.iter().cloned()).is_ok() {
            *edits = joined;
            self.note(Some(offer.origin), offer.text);
        } else {
            self.offers.push(offer);
        }
    }

    /// Takes back the newline that was to end the last line of a file.
    pub(crate) fn drop_newline(&mut self, table: &Table) {
        let end = table.bytes.len();
        if let Some(edits) = self.edits.get_mut(&table.path) {
            edits.retain(|edit| edit.range != (end..end));
        }
    }

    /// A second draft with the same edits, to try something out.
    pub(crate) fn trial(&self) -> Self {
        Self { edits: self.edits.clone(), ..Self::new(self.before) }
    }

    /// The tables with all edits so far.
    pub(crate) fn preview(&self) -> Tables {
        self.before.with(&self.contents())
    }

    /// The edits so far of one file.
    pub(crate) fn edits(&self, table: &Table) -> EditSet {
        let edits = self.edits.get(&table.path).cloned().unwrap_or_default();
        EditSet::new(edits).unwrap_or_default()
    }

    /// Adds whole lines before the line that begins at `at`, or at the end of the file, where the last line is ended first.
    pub(crate) fn insert_lines(&mut self, table: &Table, at: usize, text: &[u8]) {
        let edits = self.edits.entry(table.path.clone()).or_default();
        let at_end = at == table.bytes.len();
        let open = table.lines.last().filter(|line| at_end && !line.line.terminated);
        match edits.iter_mut().find(|edit| edit.range == (at..at)) {
            Some(edit) if at_end => edit.text.extend_from_slice(text),
            Some(edit) => edit.text = [text, &edit.text].concat(),
            None => {
                let newline = open.map_or(Vec::new(), |line| closing(table, line.line.span.start));
                edits.push(Edit::insert(at, [&newline, text].concat()));
            }
        }
    }

    fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let changed = self.before.both().into_iter().filter(|table| self.edits.contains_key(&table.path));
        let applied = changed.map(|table| (table.path.clone(), self.edits(table).apply(&table.bytes)));
        applied
            .filter(|(path, bytes)| self.before.both().iter().any(|table| table.path == *path && table.bytes != *bytes))
            .collect()
    }

    pub(crate) fn finish(self) -> Edited {
        let contents = self.contents();
        let after = self.before.with(&contents);
        let (mut edits, mut creates) = (BTreeMap::new(), BTreeMap::new());
        for table in self.before.both() {
            let Some(bytes) = contents.get(&table.path) else { continue };
            if table.state == State::Read {
                edits.insert(table.path.clone(), self.edits(table));
            } else {
                creates.insert(table.path.clone(), bytes.clone());
            }
        }
        Edited { edits, creates, notes: self.notes, offers: self.offers, owned: self.owned, after }
    }
}
