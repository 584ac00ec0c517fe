//! Marks of transactions that may be unfinished, so that finding them does not require reading the
//! whole history.
//!
//! A mark is made before a transaction is journaled, and removed by a later one that finds it
//! settled: a superfluous mark costs a read, a missing one would hide an interruption.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use sshmend_host::{Change, FileError, own};

use crate::disk::Disk;
use crate::error::JournalError;
use crate::id::Id;
use crate::journal::{Journal, Past, TEMPORARY};
use crate::record::{Record, State};

impl<D: Disk> Journal<'_, D> {
    /// The transactions that may be unfinished, the newest last: those that were interrupted, that
    /// wait for confirmation or that expire; some finished ones as well.
    ///
    /// # Errors
    /// If the journal cannot be listed.
    pub fn open(&self) -> Result<Vec<Past>, FileError> {
        let marked = self.marks()?;
        let reads_all = marked.is_none();
        let mut open = BTreeMap::new();
        // An older sshmend leaves no mark, and begins nothing on top of an interrupted transaction:
        // everything newer than the last settled one is examined.
        for id in self.ids()? {
            let past = self.past_of_id(id.clone())?;
            let ended = matches!(past, Past::Record(_)) && past.is_settled();
            open.insert(id, past);
            if ended && !reads_all {
                break;
            }
        }
        for id in marked.into_iter().flatten() {
            if let Entry::Vacant(place) = open.entry(id) {
                let past = self.past_of_id(place.key().clone())?;
                place.insert(past);
            }
        }
        Ok(open.into_values().collect())
    }

    /// The marked ones; `None` if no sshmend that leaves marks has run here yet.
    fn marks(&self) -> Result<Option<Vec<Id>>, FileError> {
        let names = self.disk.kept_names(&self.path_of_marks())?;
        Ok(names.map(|names| {
            names
                .iter()
                .filter_map(|name| name.to_str()?.parse().ok())
                .collect()
        }))
    }

    /// Records durably that a transaction is unfinished.
    pub(crate) fn open_mark(&self, id: &Id) -> Result<(), JournalError> {
        self.disk
            .make_directories(&self.path_of_marks(), &own(0o700))?;
        self.create(&self.path_of_marks().join(id.as_str()), b"")
    }

    /// Removes the marks of transactions that are settled.
    pub(crate) fn clear_marks<'p>(
        &self,
        settled: impl IntoIterator<Item = &'p Id>,
    ) -> Result<(), FileError> {
        let marked: BTreeSet<Id> = self.marks()?.into_iter().flatten().collect();
        for id in settled.into_iter().filter(|id| marked.contains(id)) {
            let mark = self.path_of_marks().join(id.as_str());
            self.disk
                .publish(self.disk.stage(&mark, Change::Remove, TEMPORARY)?)?;
        }
        Ok(())
    }

    fn path_of_marks(&self) -> PathBuf {
        self.directory.join("open")
    }
}

impl Past {
    /// Its name, if it has one.
    pub fn id(&self) -> Option<&Id> {
        match self {
            Self::Record(record) => Some(&record.id),
            Self::Abandoned(id) | Self::Forgotten(id) => Some(id),
            Self::Damaged(damaged) => damaged.id.as_ref(),
        }
    }

    /// Whether it is in a final state.
    pub(crate) fn is_settled(&self) -> bool {
        match self {
            Self::Record(record) => record.is_settled(),
            Self::Forgotten(_) => true,
            Self::Abandoned(_) | Self::Damaged(_) => false,
        }
    }
}

impl Record {
    fn is_settled(&self) -> bool {
        match self.state {
            State::RolledBack => true,
            State::Done => self.back.is_none(),
            State::Preparing | State::Prepared | State::Committed | State::PendingConfirm => false,
        }
    }
}
