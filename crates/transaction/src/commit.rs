//! From journaled to done.

use std::mem;

use crate::apply::{Ready, apply_with};
use crate::captured::Captured;
use crate::disk::Disk;
use crate::error::{Cause, CommitError, JournalError, RollBackError, Stopped};
use crate::id::Id;
use crate::record::{Back, Intent, Record, State};
use crate::store::Store;

/// A transaction that is journaled and has changed nothing yet. Dropped, it is undone by the next recovery.
#[derive(Debug)]
#[must_use = "nothing has changed until it is committed"]
pub struct Prepared<'s, 'a, D: Disk> {
    pub(crate) store: &'s Store<'a, D>,
    pub(crate) record: Record,
    /// The names of the kept bytes.
    pub(crate) names: Vec<D::Unsynced>,
    pub(crate) captured: Captured,
}

/// A transaction of which every file is new. The caller activates and verifies the change.
#[derive(Debug)]
#[must_use = "it is not done until it is finished or rolled back"]
pub struct Committed<'s, 'a, D: Disk> {
    store: &'s Store<'a, D>,
    record: Record,
}

impl<'s, 'a, D: Disk> Prepared<'s, 'a, D> {
    /// Its name.
    pub fn id(&self) -> &Id {
        &self.record.id
    }

    /// Changes every file, or none.
    ///
    /// # Errors
    /// If a file has changed since it was captured, or cannot be changed: those already changed are
    /// changed back at once, and the error says whether that worked.
    pub fn commit(mut self) -> Result<Committed<'s, 'a, D>, CommitError> {
        match self.change_files() {
            Ok(()) => Ok(Committed {
                store: self.store,
                record: self.record,
            }),
            Err(Stopped { cause, touched }) => Err(self.undo(touched, Box::new(cause))),
        }
    }

    /// Abandons it; no file has changed.
    pub fn abandon(mut self) {
        let undone = self.store.undo_stopped(&mut self.record, &[], 0);
        if undone.is_err() {
            // Only the journal is out of date: the next recovery updates it.
        }
    }

    fn undo(mut self, touched: usize, cause: Box<Cause>) -> CommitError {
        let id = self.record.id.clone();
        let changes = self.captured.changes();
        let undone = self.store.undo_stopped(&mut self.record, changes, touched);
        match undone {
            Ok(unnoted) => CommitError::RolledBack {
                id,
                changed: touched > 0,
                cause,
                unnoted: unnoted.map(Box::new),
            },
            // Only the journal is out of date: the next recovery updates it.
            Err(unnoted) if touched == 0 => CommitError::RolledBack {
                id,
                changed: false,
                cause,
                unnoted: Some(Box::new(unnoted)),
            },
            Err(rollback) => CommitError::RollbackFailed {
                id,
                cause,
                rollback: Box::new(rollback),
            },
        }
    }

    fn change_files(&mut self) -> Result<(), Stopped> {
        let names = mem::take(&mut self.names);
        let changes = self.captured.changes();
        let state = if self.record.is_done_with_its_file() {
            State::Done
        } else {
            State::Committed
        };
        let ready = self.ready(names, state);
        let ready = ready.map_err(|cause| Stopped { cause, touched: 0 })?;
        let marks = apply_with(self.store.files, &self.record.id, changes, ready)?;
        // Even if this fails the disk may have it.
        self.record.state = state;
        let marked = self.store.journal.place(marks);
        marked.map_err(|error| Stopped {
            cause: error.into(),
            touched: changes.len(),
        })
    }

    /// What becomes durable with the new contents: these names, the directories of new files, and
    /// the record of the state that follows.
    fn ready(&self, mut names: Vec<D::Unsynced>, state: State) -> Result<Ready<D>, Cause> {
        names.extend(self.store.make_directories(self.captured.changes())?);
        let staged = self.store.journal.stage_state(&self.record, state)?;
        Ok(Ready { names, staged })
    }
}

impl<D: Disk> Committed<'_, '_, D> {
    /// Its name.
    pub fn id(&self) -> &Id {
        &self.record.id
    }

    /// Records that all is done, or waits for confirmation.
    ///
    /// # Errors
    /// If the journal cannot be written; the files are new nevertheless.
    pub fn finish(mut self) -> Result<Record, JournalError> {
        if self.record.state == State::Done {
            return Ok(self.record);
        }
        let waits = |back: &Back| back.unless_confirmed;
        if self.record.back.as_ref().is_some_and(waits) {
            let state = State::PendingConfirm;
            self.store.journal.mark(&mut self.record, state)?;
        } else {
            self.store.settle(&mut self.record)?;
        }
        Ok(self.record)
    }

    /// Makes every file old again because the activation failed. Returns the error that kept the
    /// journal from being updated, if any; the next recovery updates it.
    ///
    /// # Errors
    /// If files were edited meanwhile: none is changed. Otherwise as for [`Store::roll_back`] and
    /// [`Prepared::commit`].
    pub fn roll_back(self, intent: &Intent) -> Result<Option<Cause>, RollBackError> {
        self.store.undo_committed(self.record, intent)
    }
}

impl Record {
    /// Whether nothing follows its only file, neither a program that judges or activates it nor a
    /// confirmation. Then nothing would be left to prove after an interruption, and the file is
    /// wholly old or wholly new whatever the record says.
    fn is_done_with_its_file(&self) -> bool {
        let follows = &self.aftermath;
        let programs = [&follows.judges, &follows.activation, &follows.undo];
        self.files.len() == 1
            && programs.iter().all(|steps| steps.is_empty())
            && self.back.is_none()
            && self.rolls_back.is_none()
    }
}
