//! After a crash or a power cut: every transaction that was cut off comes to an end that is proved.

use std::path::PathBuf;

use crate::disk::Disk;
use crate::error::{Cause, Files, JournalError, RecoverError};
use crate::id::Id;
use crate::journal::Past;
use crate::record::{Back, Record, State};
use crate::restore::Way;
use crate::store::Store;

/// What a recovery did about one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// Its files are what they were before it.
    RolledBack {
        /// The transaction.
        id: Id,
        /// The files that had to be changed back.
        files: Vec<PathBuf>,
        /// Files that were edited since and left as they are; only when no other had to be changed back.
        left: Vec<PathBuf>,
    },
    /// Its files are as it made them, and that is in force.
    Finished {
        /// The transaction.
        id: Id,
        /// The files that had to be changed for it: those of a way back that was cut off in the middle.
        files: Vec<PathBuf>,
    },
    /// It was cut off before it had changed anything, and was cleared away.
    Abandoned(Id),
}

/// Brings into force what the files of a transaction say, which are all on one side, and proves it; false when it could
/// not be proved. Can be called for a side that is in force already.
pub type Prove<'p> = &'p mut dyn FnMut(&Record, Files) -> bool;

impl<D: Disk> Store<'_, D> {
    /// Brings every transaction that was cut off to its end, the newest first; can be repeated.
    ///
    /// One whose files are not all new goes back. One whose files are new is proved to be in force, else goes back. A way
    /// back is finished, never undone.
    ///
    /// # Errors
    /// When a transaction cannot be read, files cannot be brought to one side or were edited since, or what they say
    /// cannot be proved to be in force. It stays unfinished, and nothing that is older is looked at.
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

    /// Reads the record anew: the end of a way back is the end of what it leads back from.
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
            let way = self.complete_cut_off(&record).map_err(failed)?;
            return self.finish(record, &way, prove).map(Some);
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

    /// Gives up a transaction that cannot be brought to its end: its files stay as they are, and so does what was kept
    /// of them.
    ///
    /// # Errors
    /// When it came to its end or never began, or the journal cannot be written.
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
    /// Whether recovery makes all its files new, and not old: it is a way back that was cut off.
    pub fn is_finished_forward(&self) -> bool {
        self.rolls_back.is_some() && self.stays()
    }

    /// Nobody was told that one waits for a confirmation, and nobody will be: it goes back, a rollback too.
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
