//! Recovery after a crash or a power failure: every interrupted transaction is finished or undone,
//! and the result verified.

use std::path::PathBuf;

use crate::disk::Disk;
use crate::error::{Cause, Files, JournalError, RecoverError};
use crate::id::Id;
use crate::journal::Past;
use crate::record::{Back, Record, State};
use crate::restore::Way;
use crate::store::Store;

/// The outcome of a recovery for one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// Its files are as they were before it.
    RolledBack {
        /// The transaction.
        id: Id,
        /// The files that had to be changed back.
        files: Vec<PathBuf>,
        /// Files that were edited since and left as they are; only if no other file had to be
        /// changed back.
        left: Vec<PathBuf>,
    },
    /// Its files are as it made them, and in force.
    Finished {
        /// The transaction.
        id: Id,
        /// The files that had to be changed: those of a rollback that was interrupted in the
        /// middle.
        files: Vec<PathBuf>,
    },
    /// It was interrupted before it had changed anything, and was removed.
    Abandoned(Id),
}

/// Activates the files of a transaction, which are all on one side, and verifies the result; false
/// if that failed. May be called for a side that is already in force.
pub type Prove<'p> = &'p mut dyn FnMut(&Record, Files) -> bool;

impl<D: Disk> Store<'_, D> {
    /// Finishes or undoes every interrupted transaction, the newest first; can be repeated.
    ///
    /// A transaction whose files are not all new is undone. One whose files are new is verified to
    /// be in force, else undone. A rollback is finished, never undone, unless it was interrupted
    /// before its bytes were kept and has changed nothing.
    ///
    /// # Errors
    /// If a transaction cannot be read, files cannot be brought to one side or were edited since,
    /// or it cannot be verified that they are in force. It stays unfinished, and older ones are not
    /// examined.
    pub fn recover(&self, prove: Prove<'_>) -> Result<Vec<Recovered>, RecoverError> {
        let mut recovered = Vec::new();
        for past in self.journal.open()?.into_iter().rev() {
            match past {
                Past::Record(record) if record.is_unfinished() => {
                    recovered.extend(self.recover_one(&record.id, prove)?);
                }
                Past::Abandoned(id) => {
                    let erased = self.journal.erase(&id);
                    let erased = erased.and_then(|()| self.journal.clear_marks([&id]));
                    erased.map_err(|cause| unnoted(id.clone(), Files::Old)(cause.into()))?;
                    recovered.push(Recovered::Abandoned(id));
                }
                Past::Damaged(damaged) => {
                    if let Some(id) = damaged.id.clone() {
                        return Err(RecoverError::Damaged { id, damaged });
                    }
                }
                Past::Record(_) | Past::Forgotten(_) => {}
            }
        }
        Ok(recovered)
    }

    /// Reads the record again, because finishing a rollback also settles the transaction that it
    /// rolls back.
    fn recover_one(&self, id: &Id, prove: Prove<'_>) -> Result<Option<Recovered>, RecoverError> {
        let failed = |cause: Cause| RecoverError::Failed {
            id: id.clone(),
            cause,
        };
        let record = self
            .journal
            .record(id)
            .map_err(|error| failed(error.into()))?;
        if !record.is_unfinished() {
            return Ok(None);
        }
        if record.is_finished_forward() {
            return match self.complete_cut_off(&record) {
                Ok(way) => self.finish(record, &way, prove).map(Some),
                Err(cause) if cause.is_damage() && self.has_changed_nothing(&record) => {
                    self.go_back(record, prove).map(Some)
                }
                Err(cause) => Err(failed(cause)),
            };
        }
        let way = self.way_back(&record).map_err(failed)?;
        if record.stays()
            && record.state == State::Committed
            && way.is_whole(&record)
            && prove(&record, Files::New)
        {
            return self.finish_proved(record, Vec::new()).map(Some);
        }
        self.go_back(record, prove).map(Some)
    }

    /// Whether no file has changed yet. A rollback whose kept bytes did not arrive is recognised by
    /// that: they are durable before its first file changes.
    fn has_changed_nothing(&self, record: &Record) -> bool {
        let way = self.way_back(record);
        way.is_ok_and(|way| way.changes.is_empty() && way.edited.is_empty())
    }

    fn finish(
        &self,
        record: Record,
        way: &Way,
        prove: Prove<'_>,
    ) -> Result<Recovered, RecoverError> {
        if !prove(&record, Files::New) {
            return Err(RecoverError::Unproved {
                id: record.id,
                state: Files::New,
            });
        }
        self.finish_proved(record, paths(way))
    }

    fn finish_proved(
        &self,
        mut record: Record,
        files: Vec<PathBuf>,
    ) -> Result<Recovered, RecoverError> {
        let id = record.id.clone();
        self.settle(&mut record)
            .map_err(|error| unnoted(id.clone(), Files::New)(error.into()))?;
        Ok(Recovered::Finished { id, files })
    }

    fn go_back(&self, mut record: Record, prove: Prove<'_>) -> Result<Recovered, RecoverError> {
        let id = record.id.clone();
        let was_new = record.state == State::Committed;
        let way = self.undo_cut_off(&mut record);
        let way = way.map_err(|cause| RecoverError::Failed {
            id: id.clone(),
            cause,
        })?;
        let cleared = self.clear_away(&record);
        if (was_new || !way.changes.is_empty()) && !prove(&record, Files::Old) {
            return Err(RecoverError::Unproved {
                id,
                state: Files::Old,
            });
        }
        let noted = cleared
            .map_err(Cause::from)
            .and_then(|()| Ok(self.journal.mark(&mut record, State::RolledBack)?));
        noted.map_err(unnoted(id.clone(), Files::Old))?;
        let left = way
            .edited
            .iter()
            .map(|edited| edited.path.clone())
            .collect();
        Ok(Recovered::RolledBack {
            id,
            files: paths(&way),
            left,
        })
    }

    /// Abandons a transaction that can be neither finished nor undone: its files and their saved
    /// copies stay as they are.
    ///
    /// # Errors
    /// If it is finished or never began, or the journal cannot be written.
    pub fn forget(&self, id: &Id) -> Result<(), JournalError> {
        let found = self.journal.find(id)?;
        match &found {
            Past::Record(record) if record.is_unfinished() => self.discard(record)?,
            Past::Record(record) if record.goes_back().is_some() => {
                let mut record = record.clone();
                record.back = None;
                return self.settle(&mut record);
            }
            Past::Damaged(_) => {}
            Past::Record(_) | Past::Abandoned(_) | Past::Forgotten(_) => {
                return Err(JournalError::Ended(id.clone()));
            }
        }
        self.journal.forget(id)
    }
}

impl Record {
    /// Whether recovery makes all its files new instead of old, because it is an interrupted
    /// rollback.
    pub fn is_finished_forward(&self) -> bool {
        self.rolls_back.is_some() && self.stays()
    }

    /// Whether the change is to stay. One that waits for confirmation is undone, a rollback too,
    /// because nobody was told to confirm it.
    fn stays(&self) -> bool {
        let waits = |back: &Back| back.unless_confirmed;
        !self.back.as_ref().is_some_and(waits)
    }
}

fn paths(way: &Way) -> Vec<PathBuf> {
    way.changes
        .iter()
        .map(|change| change.path.clone())
        .collect()
}

fn unnoted(id: Id, state: Files) -> impl FnOnce(Cause) -> RecoverError {
    move |cause| RecoverError::Unnoted { id, state, cause }
}
