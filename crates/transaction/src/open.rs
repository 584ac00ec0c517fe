//! Marks of transactions that may be unfinished, so that finding them does not require reading the
//! whole history.
//!
//! A mark is durable before the first file changes, and removed by a later transaction that finds it
//! settled: a superfluous mark costs a read, a missing one would hide an interruption. One that a
//! power failure lost while the transaction was journaled is not missed: that transaction is the
//! newest, which is always examined.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use sshmend_host::FileError;

use crate::disk::Disk;
use crate::id::Id;
use crate::journal::{Journal, Past, removal};
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

    /// Removes the marks of transactions that are settled. A mark that a power failure brings back
    /// costs a read, so that nothing is synced.
    pub(crate) fn clear_marks<'p>(
        &self,
        settled: impl IntoIterator<Item = &'p Id>,
    ) -> Result<(), FileError> {
        let marked: BTreeSet<Id> = self.marks()?.into_iter().flatten().collect();
        for id in settled.into_iter().filter(|id| marked.contains(id)) {
            drop(self.put(&[removal(&self.path_of_mark(id))])?);
        }
        Ok(())
    }

    pub(crate) fn path_of_marks(&self) -> PathBuf {
        self.directory.join("open")
    }

    pub(crate) fn path_of_mark(&self, id: &Id) -> PathBuf {
        self.path_of_marks().join(id.as_str())
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
