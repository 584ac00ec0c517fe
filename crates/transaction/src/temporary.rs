//! Changes that are undone automatically: unless they are confirmed, or because they are temporary.

use jiff::Timestamp;

use crate::apply::apply;
use crate::disk::Disk;
use crate::error::{
    Cause, CommitError, ConfirmError, Files, JournalError, PrepareError, RecoverError, Stopped,
};
use crate::id::Id;
use crate::journal::Past;
use crate::record::{Back, Intent, Record, State, Who};
use crate::recover::{Prove, Recovered};
use crate::roll_back::captured;
use crate::store::Store;

/// The moment for which expiry is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Today {
    /// The time now.
    pub now: Timestamp,
    /// The present boot.
    pub boot: String,
}

impl Record {
    /// Whether its files are new, in force, and will be undone unless confirmed.
    pub fn waits_for_confirmation(&self) -> bool {
        self.state == State::PendingConfirm
    }

    /// The pending automatic undo, if any.
    pub fn goes_back(&self) -> Option<&Back> {
        let ahead = matches!(
            self.state,
            State::PendingConfirm | State::Committed | State::Done
        );
        self.back.as_ref().filter(|_| ahead)
    }

    /// Whether it is to be undone now. After a reboot nobody can have confirmed it, so its time
    /// does not matter: the session in which it was made is gone.
    pub fn is_due(&self, today: &Today) -> bool {
        self.goes_back().is_some_and(|back| {
            back.at <= today.now || back.unless_confirmed && back.boot != today.boot
        })
    }

    /// The intent of the transaction that undoes this one.
    pub fn way_back(&self, when: Timestamp, who: Who, argv: Vec<String>) -> Intent {
        let why = if self.waits_for_confirmation() {
            "undo unconfirmed"
        } else {
            "undo"
        };
        Intent {
            when,
            who,
            why: format!("{why} {}: {}", self.id, self.why),
            argv,
            aftermath: self.aftermath.turned(),
            back: None,
            policy: None,
        }
    }
}

impl<D: Disk> Store<'_, D> {
    /// Confirms a change that waits for confirmation; if none is named, the only one that waits.
    ///
    /// # Errors
    /// If none is waiting, or the journal cannot be written.
    pub fn confirm(&self, id: Option<&Id>) -> Result<Record, ConfirmError> {
        let mut record = match id {
            Some(id) => self.journal.record(id)?,
            None => self.pending()?.ok_or(ConfirmError::Nothing)?,
        };
        match record.state {
            State::PendingConfirm => {}
            State::Done => return Ok(record),
            state => return Err(ConfirmError::Ended(record.id, state)),
        }
        record.back = None;
        self.settle(&mut record)?;
        Ok(record)
    }

    fn pending(&self) -> Result<Option<Record>, ConfirmError> {
        let mut temporary = self.temporary()?.into_iter();
        Ok(temporary.find(Record::waits_for_confirmation))
    }

    /// The temporary changes in force, the newest first.
    ///
    /// # Errors
    /// If the journal cannot be listed, or one that may be such a change cannot be read.
    pub fn temporary(&self) -> Result<Vec<Record>, JournalError> {
        let open = self.journal.open()?.into_iter().rev();
        let mut temporary = Vec::new();
        for past in open {
            match past {
                Past::Record(record) if record.goes_back().is_some() => temporary.push(record),
                Past::Damaged(damaged) if damaged.id.is_some() => return Err(damaged.into()),
                Past::Record(_) | Past::Abandoned(_) | Past::Forgotten(_) | Past::Damaged(_) => {}
            }
        }
        Ok(temporary)
    }

    /// Undoes a temporary change. The rollback is a separate transaction and not done before
    /// `prove` succeeds. If the journal cannot be written, as on a full disk, the files are
    /// restored without one: nobody may be there to make room.
    ///
    /// # Errors
    /// If files of it were edited since: all stay as they are. Also if the old files cannot be
    /// restored or activated: the rollback is then interrupted, and [`Store::recover`] finishes it,
    /// or it is undone in turn.
    pub fn expire(
        &self,
        record: Record,
        intent: &Intent,
        prove: Prove<'_>,
    ) -> Result<Recovered, RecoverError> {
        let id = record.id.clone();
        let stays = |cause: Cause| RecoverError::Stays {
            id: id.clone(),
            cause,
        };
        let way = self.way_back(&record).map_err(stays)?;
        if !way.edited.is_empty() {
            return Err(stays(Cause::Edited(way.edited)));
        }
        let files: Vec<_> = way
            .changes
            .iter()
            .map(|change| change.path.clone())
            .collect();
        let captured = captured(way.changes, &id).map_err(|error| stays(error.into()))?;
        let unproved = |id: Id| RecoverError::Unproved {
            id,
            state: Files::Old,
        };
        let noted = match captured {
            None if !prove(&record, Files::Old) => return Err(unproved(id)),
            None => self.turn(record, State::RolledBack),
            Some(captured) => match self.roll_back(&id, captured.clone(), intent) {
                Ok(prepared) => {
                    let committed = prepared.commit().map_err(|error| failed(&id, error))?;
                    if !prove(&record, Files::Old) {
                        return Err(unproved(id));
                    }
                    committed.finish().map(drop)
                }
                Err(error) if is_unwritten(&error) => {
                    // The next recovery compares the files with the record again, however far this
                    // one came.
                    let applied = apply(self.files, &id, captured.changes());
                    applied.map_err(|stopped| failed_at(&id, stopped))?;
                    if !prove(&record, Files::Old) {
                        return Err(unproved(id));
                    }
                    self.turn(record, State::RolledBack)
                }
                Err(error) => return Err(stays(begun(error))),
            },
        };
        noted.map_err(|error| RecoverError::Unnoted {
            id: id.clone(),
            state: Files::Old,
            cause: error.into(),
        })?;
        let left = Vec::new();
        Ok(Recovered::RolledBack { id, files, left })
    }

    /// Records that the timer of a change was set again in this boot.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub fn armed_again(&self, mut record: Record, today: &Today) -> Result<(), JournalError> {
        if let Some(back) = &mut record.back {
            back.boot.clone_from(&today.boot);
        }
        let state = record.state;
        self.journal.mark(&mut record, state)
    }
}

/// Whether a file of the journal could not be written.
fn is_unwritten(error: &PrepareError) -> bool {
    matches!(
        error,
        PrepareError::Cause(Cause::Journal(JournalError::File(_)))
    )
}

fn failed_at(id: &Id, stopped: Stopped) -> RecoverError {
    let (id, cause) = (id.clone(), stopped.cause);
    if stopped.touched == 0 {
        RecoverError::Stays { id, cause }
    } else {
        RecoverError::Failed { id, cause }
    }
}

fn begun(error: PrepareError) -> Cause {
    match error {
        PrepareError::Cause(cause) => cause,
        other => Cause::Begun(Box::new(other)),
    }
}

fn failed(id: &Id, error: CommitError) -> RecoverError {
    match error {
        CommitError::RolledBack { cause, .. } => RecoverError::Stays {
            id: id.clone(),
            cause: *cause,
        },
        CommitError::RollbackFailed { rollback, .. } => RecoverError::Failed {
            id: id.clone(),
            cause: *rollback,
        },
    }
}
