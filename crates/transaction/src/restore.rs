//! The undo: plans the changes that make the files of a transaction old again, and undoes an
//! interrupted one.

use std::path::Path;

use sshmend_host::FileError;
use sshmend_lossless::{Attributes, Bytes, EditSet, FileChange, FileImage, Metadata};

use crate::apply::{Ready, apply, apply_with, temporary};
use crate::disk::Disk;
use crate::error::{Cause, Edited, JournalError};
use crate::journal::{Journal, Side};
use crate::record::{FileRecord, Image, Record, State};
use crate::store::Store;

/// The changes that bring all files of a transaction to one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The changes of the files on the other side; those already on this side need none.
    pub changes: Vec<FileChange>,
    /// Those that are on neither side.
    pub edited: Vec<Edited>,
}

impl Way {
    /// Whether all files are on the other side, except those edited since.
    pub(crate) fn is_whole(&self, record: &Record) -> bool {
        self.changes.len() + self.edited.len() == record.files.len()
    }
}

impl<D: Disk> Journal<'_, D> {
    /// Compares the files of a transaction on disk with the record and plans the changes that make
    /// them old again. Preview and commit of an undo share this one computation.
    ///
    /// A later change of mode or owner is not an edit: the content is restored and the rest stays
    /// as it is. If the transaction itself had changed them, they are compared like the content.
    ///
    /// # Errors
    /// If a file cannot be read, or its saved copy is missing or damaged, or none was kept.
    pub fn way_back(&self, files: &D, record: &Record) -> Result<Way, Cause> {
        self.way(files, record, record.files.len(), Side::Before, &[])
    }

    /// The same towards the new files.
    ///
    /// # Errors
    /// As for [`Journal::way_back`].
    pub fn way_forward(&self, files: &D, record: &Record) -> Result<Way, Cause> {
        self.way(files, record, record.files.len(), Side::After, &[])
    }

    /// The same for the first `count` files, to either side. The captured changes hold the content
    /// of a private key, of which no copy is kept.
    fn way(
        &self,
        files: &D,
        record: &Record,
        count: usize,
        to: Side,
        captured: &[FileChange],
    ) -> Result<Way, Cause> {
        let mut way = Way {
            changes: Vec::new(),
            edited: Vec::new(),
        };
        for (number, file) in record.files.iter().enumerate().take(count) {
            let now = files.read(&file.path)?;
            if is(file, to.of(file), now.as_ref()) {
                continue;
            }
            if is(file, to.other().of(file), now.as_ref()) {
                let bytes = self.bytes_at_hand(record, number, to, now.as_ref(), captured)?;
                way.changes.push(change(file, to, now, bytes));
            } else {
                let bytes = self.shown(record, number, to)?;
                let other = self.shown(record, number, to.other())?;
                let (before, after) = if to == Side::Before {
                    (bytes, other)
                } else {
                    (other, bytes)
                };
                way.edited.push(Edited {
                    path: file.path.clone(),
                    before,
                    after,
                    now,
                    modes: modes(file),
                });
            }
        }
        Ok(way)
    }

    /// The content of one side. The content of a private key is read from the file itself, if only
    /// the mode or the owner differs.
    fn bytes_at_hand(
        &self,
        record: &Record,
        number: usize,
        side: Side,
        now: Option<&FileImage>,
        captured: &[FileChange],
    ) -> Result<Option<Bytes>, Cause> {
        let file = &record.files[number];
        let image = side.of(file).filter(|_| file.withheld);
        let captured = captured.get(number).and_then(|change| match side {
            Side::Before => change.before.as_ref().map(|image| &image.bytes),
            Side::After => change.after.as_ref(),
        });
        let at_hand = now.map(|now| &now.bytes).into_iter().chain(captured);
        let found = image.and_then(|image| at_hand.into_iter().find(|bytes| image.has(bytes)));
        match found {
            Some(bytes) => Ok(Some(bytes.clone())),
            None => Ok(self.bytes(record, number, side)?.map(Bytes::from)),
        }
    }

    /// The same for display, as far as a copy is kept.
    fn shown(
        &self,
        record: &Record,
        number: usize,
        side: Side,
    ) -> Result<Option<Vec<u8>>, JournalError> {
        match self.bytes(record, number, side) {
            Err(JournalError::Withheld(_)) => Ok(None),
            bytes => bytes,
        }
    }
}

impl<D: Disk> Store<'_, D> {
    /// Plans the changes that make the files of a transaction old again.
    pub(crate) fn way_back(&self, record: &Record) -> Result<Way, Cause> {
        self.journal.way_back(self.files, record)
    }

    /// Undoes a transaction that stopped at its file number `touched` (counted from 1; 0 if none
    /// was renamed). Returns the error that kept the journal from being updated, if any.
    ///
    /// The files after it were never changed by us, and the last one may have been edited by
    /// whoever caused the error.
    pub(crate) fn undo_stopped(
        &self,
        record: &mut Record,
        captured: &[FileChange],
        touched: usize,
    ) -> Result<Option<Cause>, Cause> {
        let side = Side::Before;
        let mut way = self
            .journal
            .way(self.files, record, touched, side, captured)?;
        let last = touched
            .checked_sub(1)
            .and_then(|last| record.files.get(last))
            .map(|file| file.path.clone());
        way.edited
            .retain(|edited| Some(&edited.path) != last.as_ref());
        if !way.edited.is_empty() {
            return Err(Cause::Edited(way.edited));
        }
        self.undo(record, &way.changes)?;
        // A transaction that never changed a file is not part of the history.
        let noted = if touched == 0 {
            self.erase(record)
        } else {
            self.note_undone(record)
        };
        Ok(noted.err())
    }

    fn erase(&self, record: &Record) -> Result<(), Cause> {
        self.clear_away(record)?;
        self.journal.erase(&record.id)?;
        Ok(self.journal.clear_marks([&record.id])?)
    }

    /// Makes every file of an interrupted transaction old again, and returns what was found. Can be
    /// repeated.
    ///
    /// If no file is new there is nothing to restore, whatever else was edited since.
    pub(crate) fn undo_cut_off(&self, record: &mut Record) -> Result<Way, Cause> {
        let way = self.way_back(record)?;
        if !way.changes.is_empty() && !way.edited.is_empty() {
            return Err(Cause::Edited(way.edited));
        }
        self.undo(record, &way.changes)?;
        Ok(way)
    }

    /// Finishes a rollback that was interrupted. Can be repeated.
    pub(crate) fn complete_cut_off(&self, record: &Record) -> Result<Way, Cause> {
        let (count, side) = (record.files.len(), Side::After);
        let way = self.journal.way(self.files, record, count, side, &[])?;
        if !way.edited.is_empty() {
            return Err(Cause::Edited(way.edited));
        }
        let (names, staged) = (self.make_directories(&way.changes)?, Vec::new());
        let applied = apply_with(
            self.files,
            &record.id,
            &way.changes,
            Ready { names, staged },
        );
        applied.map_err(|stopped| stopped.cause)?;
        self.discard(record)?;
        Ok(way)
    }

    /// While files are being changed back the record on disk should not claim that all are new. If
    /// it cannot be updated, as on a full disk, the files are changed back nevertheless: recovery
    /// compares the files themselves.
    fn undo(&self, record: &mut Record, changes: &[FileChange]) -> Result<(), Cause> {
        if record.state != State::Prepared && !changes.is_empty() {
            drop(self.journal.mark(record, State::Prepared));
        }
        apply(self.files, &record.id, changes).map_err(|stopped| stopped.cause)
    }

    /// Removes the remains of a transaction that was undone, and records that.
    pub(crate) fn note_undone(&self, record: &mut Record) -> Result<(), Cause> {
        self.clear_away(record)?;
        Ok(self.journal.mark(record, State::RolledBack)?)
    }

    /// Removes the remains beside the files of a transaction that was undone.
    pub(crate) fn clear_away(&self, record: &Record) -> Result<(), FileError> {
        self.discard(record)?;
        self.remove_directories(record)
    }

    /// Removes staged content beside its targets.
    pub(crate) fn discard(&self, record: &Record) -> Result<(), FileError> {
        record.files.iter().try_for_each(|file| {
            self.files
                .discard(&file.target, &temporary(&record.id, &file.target))
        })
    }

    /// Creates the directories that new files need; they are durable once those returned are synced.
    pub(crate) fn make_directories(
        &self,
        changes: &[FileChange],
    ) -> Result<Vec<D::Unsynced>, FileError> {
        let mut unsynced = Vec::new();
        for change in changes.iter().filter(|change| change.before.is_none()) {
            // Private files are created in private directories, as ssh creates ~/.ssh.
            let is_private = change.create.mode & 0o077 == 0;
            let attributes = Metadata {
                mode: if is_private { 0o700 } else { 0o755 },
                ..change.create.clone()
            };
            let directory = change.path.parent().unwrap_or(Path::new("/"));
            unsynced.extend(self.files.make_directories(directory, &attributes)?);
        }
        Ok(unsynced)
    }

    /// Removes the directories that a transaction has created, unless something else is in them.
    pub(crate) fn remove_directories(&self, record: &Record) -> Result<(), FileError> {
        for directory in record.directories.iter().rev() {
            self.files.remove_directory(directory)?;
        }
        Ok(())
    }
}

/// Compares a file with one side; a file that is created has no target until it exists.
fn is(file: &FileRecord, image: Option<&Image>, now: Option<&FileImage>) -> bool {
    match (image, now) {
        (None, None) => true,
        (Some(image), Some(now)) => {
            let attributes = !file.gives() || image.attributes() == Attributes::of(&now.meta);
            image.has(&now.bytes)
                && attributes
                && (file.before.is_none() || now.target == file.target)
        }
        _ => false,
    }
}

fn modes(file: &FileRecord) -> Option<[u32; 2]> {
    let (before, after) = (file.before.as_ref()?, file.after.as_ref()?);
    file.gives().then_some([before.mode, after.mode])
}

fn change(file: &FileRecord, to: Side, now: Option<FileImage>, bytes: Option<Bytes>) -> FileChange {
    let image = to.of(file);
    let create = match (&now, image) {
        (None, Some(image)) => image.metadata(),
        _ => Metadata::default(),
    };
    let give = image
        .filter(|_| now.is_some() && file.gives())
        .map(Image::attributes);
    let path = if now.is_none() {
        file.target.clone()
    } else {
        file.path.clone()
    };
    FileChange {
        path,
        before: now,
        edits: EditSet::default(),
        after: bytes,
        create,
        give,
    }
}
