//! The marks of what may not have come to its end, so that nobody has to read all of the past to know it.
//!
//! A mark is made before a transaction is journaled and cleared away by a later one that finds it settled: a mark too
//! many is read in vain, a mark too few would hide what was cut off.

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
    /// The transactions that may have something ahead of them, the newest last: those that were cut off, that wait for a
    /// confirmation or that end by themselves; some that came to their end as well.
    ///
    /// # Errors
    /// When the journal cannot be listed.
    pub fn open(&self) -> Result<Vec<Past>, FileError> {
        let marked = self.marks()?;
        let reads_all = marked.is_none();
        let mut open = BTreeMap::new();
        // An older sshmend leaves no mark, and begins nothing on top of what was cut off: all that is newer than the last
        // one that came to its end is looked at.
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

    /// The marked ones; `None` where no sshmend that leaves marks has been here yet.
    fn marks(&self) -> Result<Option<Vec<Id>>, FileError> {
        let names = self.disk.kept_names(&self.path_of_marks())?;
        Ok(names.map(|names| {
            names
                .iter()
                .filter_map(|name| name.to_str()?.parse().ok())
                .collect()
        }))
    }

    /// Says durably that a transaction has something ahead of it.
    pub(crate) fn open_mark(&self, id: &Id) -> Result<(), JournalError> {
        self.disk
            .make_directories(&self.path_of_marks(), &own(0o700))?;
        self.create(&self.path_of_marks().join(id.as_str()), b"")
    }

    /// Takes the marks of those away that have nothing ahead of them any more.
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
    /// Its name, where it has one.
    pub fn id(&self) -> Option<&Id> {
        match self {
            Self::Record(record) => Some(&record.id),
            Self::Abandoned(id) | Self::Forgotten(id) => Some(id),
            Self::Damaged(damaged) => damaged.id.as_ref(),
        }
    }

    /// Whether nothing is ahead of it any more.
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
