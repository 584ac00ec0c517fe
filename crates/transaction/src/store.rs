//! The state directory, taken by this process.

use std::path::Path;

use sshmend_host::own;

use crate::disk::Disk;
use crate::error::{Cause, JournalError, PrepareError};
use crate::id::Id;
use crate::journal::{Journal, Past};

/// A locked state directory, and the disk whose files its history covers.
#[derive(Debug)]
pub struct Store<'a, D: Disk> {
    pub(crate) files: &'a D,
    pub(crate) journal: Journal<'a, D>,
    _lock: D::Lock,
}

impl<'a, D: Disk> Store<'a, D> {
    /// Creates the state directory if it is missing, accessible to its owner only, and takes its
    /// lock; `holder` is shown to others that try meanwhile. Files and state may be on different
    /// disks, as with a mounted disk and `--state`.
    ///
    /// # Errors
    /// If another process holds the lock, which is named, or the directory cannot be created.
    pub fn open(
        files: &'a D,
        state: &'a D,
        directory: &Path,
        holder: &str,
    ) -> Result<Self, JournalError> {
        let lock = Self::lock(state, directory, holder)?;
        Ok(Self::locked(files, state, directory, lock))
    }

    /// Makes the state directory if it is missing, and takes its lock alone, for [`Store::locked`].
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn lock(state: &D, directory: &Path, holder: &str) -> Result<D::Lock, JournalError> {
        state.sync(state.make_directories(directory, &own(0o700))?)?;
        Ok(state.lock(directory, holder)?)
    }

    /// The state directory whose lock this process has already.
    pub fn locked(files: &'a D, state: &'a D, directory: &Path, lock: D::Lock) -> Self {
        Self {
            files,
            journal: Journal::new(state, directory),
            _lock: lock,
        }
    }

    /// Past transactions.
    pub fn journal(&self) -> &Journal<'a, D> {
        &self.journal
    }

    /// Refuses to begin on top of an unfinished transaction, except to roll it back. Returns the
    /// transactions that are settled.
    pub(crate) fn refuse_unfinished(
        &self,
        rolled_back: Option<&Id>,
    ) -> Result<Vec<Id>, PrepareError> {
        let left = self.left_by(rolled_back).map_err(Cause::from)?;
        let mut settled = Vec::new();
        for past in self.journal.open().map_err(Cause::from)? {
            if past.is_settled() {
                settled.extend(past.id().cloned());
                continue;
            }
            match past {
                Past::Record(record)
                    if record.waits_for_confirmation() && !left.contains(&record.id) =>
                {
                    return Err(PrepareError::Pending(Box::new(record)));
                }
                Past::Record(record) if record.is_unfinished() && !left.contains(&record.id) => {
                    return Err(PrepareError::Unfinished(record.id));
                }
                Past::Damaged(damaged) if damaged.id.is_some() => {
                    return Err(PrepareError::Damaged(damaged));
                }
                _ => {}
            }
        }
        Ok(settled)
    }

    /// The transactions that a rollback undoes: one, and the one before it if that one is a
    /// rollback too.
    fn left_by(&self, rolled_back: Option<&Id>) -> Result<Vec<Id>, JournalError> {
        let (mut left, mut next) = (Vec::new(), rolled_back.cloned());
        while let Some(id) = next {
            next = self.journal.record(&id)?.rolls_back;
            left.push(id);
        }
        Ok(left)
    }
}
