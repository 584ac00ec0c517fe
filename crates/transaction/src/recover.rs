//! After a crash or a power cut: what was cut off is made wholly old.

use std::path::PathBuf;

use crate::disk::Disk;
use crate::error::{Cause, RecoverError};
use crate::id::Id;
use crate::journal::Past;
use crate::record::{Record, State};
use crate::restore::WayBack;
use crate::store::{Store, is_unfinished};

/// What a recovery did about one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// It was cut off in the middle: its files are what they were before it.
    RolledBack {
        /// The transaction.
        id: Id,
        /// The files that had to be changed back.
        files: Vec<PathBuf>,
        /// Files that were edited since and left as they are; only when no other had to be changed back.
        left: Vec<PathBuf>,
    },
    /// It was a rollback and had come to its end; only the journal did not know.
    Finished(Id),
    /// It was cut off before it had changed anything, and was cleared away.
    Abandoned(Id),
}

impl<D: Disk> Store<'_, D> {
    /// Brings every transaction that was cut off wholly to its old state, the newest first; can be repeated.
    ///
    /// Damaged transactions are left alone: [`crate::Journal::history`] tells of them.
    ///
    /// # Errors
    /// When files cannot be brought back, or were edited since; the transaction stays unfinished, and nothing that
    /// is older is looked at.
    pub fn recover(&self) -> Result<Vec<Recovered>, RecoverError> {
        let mut recovered = Vec::new();
        for past in self.journal.history()?.into_iter().rev() {
            match past {
                Past::Record(record) if is_unfinished(&record) => recovered.push(self.recover_one(record)?),
                Past::Abandoned(id) => {
                    self.journal
                        .erase(&id)
                        .map_err(|error| RecoverError::Failed { id: id.clone(), cause: error.into() })?;
                    recovered.push(Recovered::Abandoned(id));
                }
                Past::Record(_) | Past::Damaged(_) => {}
            }
        }
        Ok(recovered)
    }

    fn recover_one(&self, mut record: Record) -> Result<Recovered, RecoverError> {
        let id = record.id.clone();
        let done = if record.state == State::Prepared {
            self.undo_cut_off(&mut record).map(|way| rolled_back(&id, &way))
        } else {
            self.settle(&mut record).map(|()| Recovered::Finished(id.clone())).map_err(Cause::from)
        };
        done.map_err(|cause| RecoverError::Failed { id, cause })
    }
}

fn rolled_back(id: &Id, way: &WayBack) -> Recovered {
    let files = way.changes.iter().map(|change| change.path.clone()).collect();
    let left = way.edited.iter().map(|edited| edited.path.clone()).collect();
    Recovered::RolledBack { id: id.clone(), files, left }
}
