//! Rollback: a separate transaction that restores the state before another.

use sshmend_lossless::FileChange;

use crate::captured::Captured;
use crate::commit::Prepared;
use crate::disk::Disk;
use crate::error::{Cause, JournalError, PrepareError, RollBackError};
use crate::id::Id;
use crate::journal::damaged;
use crate::record::{Intent, Record, State};
use crate::store::Store;

impl<'a, D: Disk> Store<'a, D> {
    /// Journals the undo of a transaction: exactly the changes that were shown, as computed by
    /// [`crate::Journal::way_back`]. It is committed, confirmed and undone like any other
    /// transaction.
    ///
    /// # Errors
    /// As for [`Store::prepare`], and if a file has changed since it was shown.
    pub fn roll_back(
        &self,
        id: &Id,
        shown: Captured,
        intent: &Intent,
    ) -> Result<Prepared<'_, 'a, D>, PrepareError> {
        self.prepare_as(shown, intent, Some(id))
    }

    /// Records that the files of a transaction are already old.
    ///
    /// # Errors
    /// If another transaction is in the way, as for [`Store::prepare`], or the journal cannot be
    /// written.
    pub fn found_old(&self, id: &Id) -> Result<(), PrepareError> {
        self.refuse_unfinished(Some(id))?;
        let record = self.journal.record(id).map_err(Cause::from)?;
        if record.state != State::RolledBack {
            self.turn(record, State::RolledBack).map_err(Cause::from)?;
        }
        Ok(())
    }

    /// Makes every file of a failed transaction old again. Returns the error that kept the journal
    /// from being updated, if any.
    pub(crate) fn undo_committed(
        &self,
        record: Record,
        intent: &Intent,
    ) -> Result<Option<Cause>, RollBackError> {
        let id = record.id.clone();
        let way = self.way_back(&record)?;
        if !way.edited.is_empty() {
            return Err(RollBackError::Edited(way.edited));
        }
        let noted = match captured(way.changes, &id)? {
            Some(captured) => {
                let committed = self.roll_back(&id, captured, intent)?.commit()?;
                committed.finish().map(drop)
            }
            None => self.turn(record, State::RolledBack),
        };
        Ok(noted.err().map(Cause::from))
    }

    /// Records that a transaction is done, and that the one it rolls back is rolled back.
    pub(crate) fn settle(&self, record: &mut Record) -> Result<(), JournalError> {
        if let Some(id) = &record.rolls_back {
            self.turn(self.journal.record(id)?, State::RolledBack)?;
        }
        self.journal.mark(record, State::Done)
    }

    /// Rolling back a rollback puts the first transaction into force again, and so on.
    pub(crate) fn turn(&self, mut record: Record, state: State) -> Result<(), JournalError> {
        let rolled_back = state == State::RolledBack;
        if rolled_back {
            self.clear_away(&record)?;
            record.back = None;
        }
        if let Some(id) = &record.rolls_back {
            let earlier = self.journal.record(id)?;
            // A rollback that was not confirmed or failed has not yet changed the state of the one
            // before it.
            if !rolled_back {
                self.turn(earlier, State::RolledBack)?;
            } else if earlier.state == State::RolledBack {
                self.turn(earlier, State::Done)?;
            }
        }
        self.journal.mark(&mut record, state)
    }
}

pub(crate) fn captured(
    changes: Vec<FileChange>,
    id: &Id,
) -> Result<Option<Captured>, JournalError> {
    Captured::new(changes).map_err(|error| damaged(id, id.as_str(), &error.to_string()).into())
}
