//! Edits of both files under construction.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sshmend_lossless::{Edit, EditSet, Origin};

use crate::edited::{Edited, Refusal};
use crate::note::{Note, NoteKind};
use crate::owner::Owned;
use crate::table::{State, Table, Tables};

/// The tables and the pending edits.
pub(crate) struct Draft<'a> {
    pub(crate) before: &'a Tables,
    edits: BTreeMap<PathBuf, Vec<Edit>>,
    notes: Vec<Note>,
    owned: Vec<Owned>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(before: &'a Tables) -> Self {
        Self {
            before,
            edits: BTreeMap::new(),
            notes: Vec::new(),
            owned: Vec::new(),
        }
    }

    pub(crate) fn note(&mut self, kind: NoteKind, origin: Option<Origin>, text: impl Into<String>) {
        self.notes.push(Note {
            kind,
            origin,
            text: text.into(),
        });
    }

    /// Leaves a rule to the program that wrote it.
    pub(crate) fn leave(&mut self, owned: Owned) {
        self.owned.push(owned);
    }

    /// Adds edits of one file; whether they collide is asked once, at the end.
    pub(crate) fn edit(&mut self, table: &Table, edits: impl IntoIterator<Item = Edit>) {
        self.edits
            .entry(table.path.clone())
            .or_default()
            .extend(edits);
    }

    /// The edits, and both files after them.
    pub(crate) fn finish(self) -> Result<Edited, Refusal> {
        let (mut edits, mut creates, mut contents) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (path, made) in self.edits {
            let Some(table) = self
                .before
                .both()
                .into_iter()
                .find(|table| table.path == path)
            else {
                continue;
            };
            let made = EditSet::new(made).map_err(|_| Refusal::Collides { path: path.clone() })?;
            let bytes = made.apply(&table.bytes);
            if bytes == table.bytes {
                continue;
            }
            contents.insert(path.clone(), bytes.clone());
            if table.state == State::Read {
                edits.insert(path, made);
            } else {
                creates.insert(path, bytes);
            }
        }
        let after = self.before.with(&contents);
        Ok(Edited {
            edits,
            creates,
            notes: self.notes,
            owned: self.owned,
            after,
        })
    }
}
