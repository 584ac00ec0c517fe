//! Removes old transactions that no rollback can need.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::disk::Disk;
use crate::error::JournalError;
use crate::id::Id;
use crate::journal::{Journal, Past};
use crate::record::{Record, State};
use crate::store::Store;

impl<D: Disk> Journal<'_, D> {
    /// The transactions that began before this time and that nothing needs any more, the oldest
    /// first.
    ///
    /// The following are kept: transactions that are unfinished or unreadable, the newest change in
    /// force of each file, which a rollback may undo, and whatever one of those rolls back. Because
    /// it is not known what an unreadable one rolls back, everything older than it is kept.
    ///
    /// # Errors
    /// If the journal cannot be listed.
    pub fn prunable(&self, before: Timestamp) -> Result<Vec<Record>, JournalError> {
        let (mut old, mut needed) = (Vec::new(), BTreeSet::new());
        let mut changed = BTreeSet::<PathBuf>::new();
        for past in self.history()?.into_iter().rev() {
            let settled = past.is_settled();
            let record = match past {
                Past::Record(record) => record,
                Past::Damaged(damaged) if damaged.id.is_some() => break,
                Past::Damaged(_) | Past::Abandoned(_) | Past::Forgotten(_) => continue,
            };
            let mut newest = false;
            if record.state == State::Done {
                for file in &record.files {
                    newest |= changed.insert(file.target.clone());
                }
            }
            if settled && !newest && !needed.contains(&record.id) && record.when < before {
                old.push(record);
            } else {
                needed.extend(record.rolls_back);
            }
        }
        old.reverse();
        Ok(old)
    }
}

impl<D: Disk> Store<'_, D> {
    /// Removes the transactions that began before this time and that nothing needs any more;
    /// returns them.
    ///
    /// # Errors
    /// If the journal cannot be read or written. What was removed until then is gone.
    pub fn prune(&self, before: Timestamp) -> Result<Vec<Id>, JournalError> {
        let old = self.journal.prunable(before)?;
        // The remains of an interrupted removal: nothing of it is kept, and nobody else works here.
        for past in self.journal.history()? {
            if let Past::Abandoned(id) = past {
                self.journal.clear_marks([&id])?;
                self.journal.erase(&id)?;
            }
        }
        let mut pruned = Vec::new();
        for record in old {
            self.journal.clear_marks([&record.id])?;
            self.journal.erase(&record.id)?;
            pruned.push(record.id);
        }
        Ok(pruned)
    }
}
