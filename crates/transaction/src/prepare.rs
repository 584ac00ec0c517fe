//! Where transactions begin: compared once more with the disk, and journaled.

use std::collections::BTreeSet;
use std::path::PathBuf;

use sshmend_host::{Care, FileError};
use sshmend_lossless::FileChange;

use crate::apply::check;
use crate::captured::Captured;
use crate::commit::Prepared;
use crate::disk::Disk;
use crate::error::{Cause, JournalError, PrepareError};
use crate::id::Id;
use crate::record::{Intent, Record, State, VERSION};
use crate::store::Store;

impl<'a, D: Disk> Store<'a, D> {
    /// Journals a transaction; no file has changed afterwards. A power failure before the commit may
    /// still lose the kept bytes, which nothing needs until then.
    ///
    /// # Errors
    /// If a file has changed since it was captured, an earlier transaction was interrupted, or the
    /// journal cannot be written. Then nothing has changed.
    pub fn prepare(
        &self,
        captured: Captured,
        intent: &Intent,
    ) -> Result<Prepared<'_, 'a, D>, PrepareError> {
        self.prepare_as(captured, intent, None)
    }

    pub(crate) fn prepare_as(
        &self,
        captured: Captured,
        intent: &Intent,
        rolls_back: Option<&Id>,
    ) -> Result<Prepared<'_, 'a, D>, PrepareError> {
        let settled = self.refuse_unfinished(rolls_back)?;
        let cleared = self.journal.clear_marks(&settled);
        cleared.map_err(|error| Cause::from(JournalError::from(error)))?;
        let (record, names) = self.journal_changes(&captured, intent, rolls_back.cloned())?;
        Ok(Prepared {
            store: self,
            record,
            names,
            captured,
        })
    }

    fn journal_changes(
        &self,
        captured: &Captured,
        intent: &Intent,
        rolls_back: Option<Id>,
    ) -> Result<(Record, Vec<D::Unsynced>), Cause> {
        let changes = captured.changes();
        // Before the first rename every byte is compared. Here it only saves a journal of a change
        // that will be refused, and reading a long file a second time takes long.
        check(self.files, changes, Care::Surface)?;
        let id = Id::after(self.journal.ids()?.next().as_ref(), intent.when);
        let record = record(
            id,
            captured,
            intent,
            rolls_back,
            self.missing_directories(changes)?,
        );
        match self.journal.write(self.files, &record, changes) {
            Ok(names) => Ok((record, names)),
            Err(error) => {
                // It may have its record already, and would block the next change until it is
                // recovered. If that fails too, nothing but the journal is out of date.
                drop(self.journal.erase(&record.id));
                drop(self.journal.clear_marks([&record.id]));
                Err(error.into())
            }
        }
    }

    /// The directories that new files need, the outermost first.
    fn missing_directories(&self, changes: &[FileChange]) -> Result<Vec<PathBuf>, FileError> {
        let mut missing = BTreeSet::new();
        for change in changes.iter().filter(|change| change.before.is_none()) {
            for directory in change.path.ancestors().skip(1) {
                if missing.contains(directory) || self.files.names(directory)?.is_some() {
                    break;
                }
                missing.insert(directory.to_owned());
            }
        }
        Ok(missing.into_iter().collect())
    }
}

fn record(
    id: Id,
    captured: &Captured,
    intent: &Intent,
    rolls_back: Option<Id>,
    directories: Vec<PathBuf>,
) -> Record {
    Record {
        version: VERSION,
        id,
        state: State::Prepared,
        when: intent.when,
        why: intent.why.clone(),
        argv: intent.argv.clone(),
        rolls_back,
        directories,
        who: intent.who.clone(),
        aftermath: intent.aftermath.clone(),
        back: intent.back.clone(),
        policy: intent.policy.clone(),
        files: captured.files().to_vec(),
    }
}
