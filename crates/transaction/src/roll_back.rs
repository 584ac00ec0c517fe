//! Rolling back: a transaction of its own, which leads to what was before another.

use sshmend_lossless::FileChange;

use crate::captured::Captured;
use crate::disk::Disk;
use crate::error::{Cause, JournalError, RecoverError, RollBackError};
use crate::id::Id;
use crate::journal::{Past, damaged};
use crate::record::{Intent, Record, State};
use crate::store::Store;

/// Which transaction to roll back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The newest change; when that is rolled back already, nothing more.
    Latest,
    /// The one of this name; of a rollback too, which is then taken back.
    Id(Id),
}

/// How a transaction was rolled back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolledBack {
    /// It was already.
    Already(Id),
    /// Its files were old already: only the journal had to learn it, or the rest of a cut off transaction was
    /// cleared away.
    Found {
        /// The transaction.
        id: Id,
        /// Why the journal does not know it, where it could not be told; the next recovery tells it.
        unnoted: Option<Box<Cause>>,
    },
    /// Its files were changed back.
    Now {
        /// The transaction that was rolled back.
        id: Id,
        /// The name of the transaction that did it.
        by: Id,
        /// Why the journal does not know it, where it could not be told; the next recovery tells it.
        unnoted: Option<Box<Cause>>,
    },
}

impl<D: Disk> Store<'_, D> {
    /// Makes every file of a transaction what it was before.
    ///
    /// # Errors
    /// When files were edited since, none is touched, and the error holds all three versions. Otherwise as
    /// [`Store::prepare`] and [`crate::Prepared::commit`].
    pub fn roll_back(&self, which: &Which, intent: &Intent) -> Result<RolledBack, RollBackError> {
        let record = match which {
            Which::Id(id) => self.journal.record(id)?,
            Which::Latest => self.latest()?.ok_or(RollBackError::Nothing)?,
        };
        self.roll_back_record(record, intent)
    }

    fn latest(&self) -> Result<Option<Record>, JournalError> {
        for past in self.journal.newest_first()? {
            match past? {
                Past::Record(record) if record.rolls_back.is_none() => return Ok(Some(record)),
                _ => {}
            }
        }
        Ok(None)
    }

    pub(crate) fn roll_back_record(
        &self,
        mut record: Record,
        intent: &Intent,
    ) -> Result<RolledBack, RollBackError> {
        let id = record.id.clone();
        match record.state {
            State::RolledBack => return Ok(RolledBack::Already(id)),
            State::Preparing | State::Prepared => {
                let way = self.undo_cut_off(&mut record);
                way.map_err(|cause| RecoverError::Failed {
                    id: id.clone(),
                    cause,
                })?;
                let unnoted = self.note_undone(&mut record).err().map(Box::new);
                return Ok(RolledBack::Found { id, unnoted });
            }
            State::Committed | State::PendingConfirm | State::Done => {}
        }
        let way = self.way_back(&record, record.files.len())?;
        if !way.edited.is_empty() {
            return Err(RollBackError::Edited(way.edited));
        }
        match captured(way.changes, &id)? {
            Some(captured) => {
                let prepared = self.prepare_as(captured, intent, Some(id.clone()))?;
                let by = prepared.id().clone();
                let unnoted = prepared
                    .commit()?
                    .finish()
                    .err()
                    .map(|error| Box::new(error.into()));
                Ok(RolledBack::Now { id, by, unnoted })
            }
            None => {
                let unnoted = self
                    .turn(record, State::RolledBack)
                    .err()
                    .map(|error| Box::new(error.into()));
                Ok(RolledBack::Found { id, unnoted })
            }
        }
    }

    /// Notes that a transaction is done, and of the one that it rolls back that it is rolled back.
    pub(crate) fn settle(&self, record: &mut Record) -> Result<(), JournalError> {
        if let Some(id) = &record.rolls_back {
            self.turn(self.journal.record(id)?, State::RolledBack)?;
        }
        self.journal.mark(record, State::Done)
    }

    /// Who rolls back a rollback brings the first transaction into force again, and so on.
    pub(crate) fn turn(&self, mut record: Record, state: State) -> Result<(), JournalError> {
        let rolled_back = state == State::RolledBack;
        if rolled_back {
            self.remove_directories(&record)?;
            record.back = None;
        }
        if let Some(id) = &record.rolls_back {
            let state = if rolled_back {
                State::Done
            } else {
                State::RolledBack
            };
            self.turn(self.journal.record(id)?, state)?;
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
