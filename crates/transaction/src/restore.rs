//! The way back: what would make the files of a transaction old again, and the undoing of one that was cut off.

use std::path::PathBuf;

use sshmend_host::FileError;
use sshmend_lossless::{Attributes, EditSet, FileChange, FileImage, Metadata};

use crate::apply::{apply, temporary};
use crate::disk::Disk;
use crate::error::Cause;
use crate::journal::Side;
use crate::record::{FileRecord, Image, Record, State};
use crate::store::Store;

/// A file that was edited after a transaction, with all three versions; `None` where there is no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The file, by the path as the program names it.
    pub path: PathBuf,
    /// What rolling back would bring back.
    pub before: Option<Vec<u8>>,
    /// What the transaction had made of it.
    pub after: Option<Vec<u8>>,
    /// What it is now.
    pub now: Option<FileImage>,
}

/// What would make the files of a transaction old again.
#[derive(Debug)]
pub(crate) struct WayBack {
    /// The changes of those that are new; those that are old already need none.
    pub(crate) changes: Vec<FileChange>,
    /// Those that are neither.
    pub(crate) edited: Vec<Edited>,
}

impl<D: Disk> Store<'_, D> {
    /// Compares the first `count` files with the record.
    ///
    /// Who changed the mode or the owner since has edited nothing: bytes come back, and the rest stays as it is. Where
    /// the transaction itself had changed them, they count as the bytes do.
    pub(crate) fn way_back(&self, record: &Record, count: usize) -> Result<WayBack, Cause> {
        let mut way = WayBack { changes: Vec::new(), edited: Vec::new() };
        for (number, file) in record.files.iter().enumerate().take(count) {
            let now = self.files.read(&file.path)?;
            if is(file, file.before.as_ref(), now.as_ref()) {
                continue;
            }
            let before = self.journal.bytes(record, number, Side::Before)?;
            if is(file, file.after.as_ref(), now.as_ref()) {
                way.changes.push(change(file, now, before));
            } else {
                let after = self.journal.bytes(record, number, Side::After)?;
                way.edited.push(Edited { path: file.path.clone(), before, after, now });
            }
        }
        Ok(way)
    }

    /// Undoes a transaction that stopped at its own file number `touched` (counted from 1; 0 when none was renamed).
    ///
    /// The files behind it were never ours, and the last may have been edited by the one who made it stop.
    pub(crate) fn undo_stopped(&self, record: &mut Record, touched: usize) -> Result<(), Cause> {
        let mut way = self.way_back(record, touched)?;
        let last = touched.checked_sub(1).and_then(|last| record.files.get(last)).map(|file| file.path.clone());
        way.edited.retain(|edited| Some(&edited.path) != last.as_ref());
        if way.edited.is_empty() { self.undo(record, &way.changes) } else { Err(Cause::Edited(way.edited)) }
    }

    /// Undoes a transaction that was cut off somewhere, and says what was found. Can be repeated.
    ///
    /// When no file is new there is nothing to bring back, whatever else was edited since.
    pub(crate) fn undo_cut_off(&self, record: &mut Record) -> Result<WayBack, Cause> {
        let way = self.way_back(record, record.files.len())?;
        if !way.changes.is_empty() && !way.edited.is_empty() {
            return Err(Cause::Edited(way.edited));
        }
        self.undo(record, &way.changes)?;
        Ok(way)
    }

    /// The disk may say already that the transaction is committed; it is not while files are being changed back.
    fn undo(&self, record: &mut Record, changes: &[FileChange]) -> Result<(), Cause> {
        if record.state != State::Prepared {
            self.journal.mark(record, State::Prepared)?;
        }
        apply(self.files, &record.id, changes).map_err(|stopped| stopped.cause)?;
        for file in &record.files {
            self.files.discard(&file.target, &temporary(&record.id, &file.target))?;
        }
        self.remove_directories(record)?;
        Ok(self.journal.mark(record, State::RolledBack)?)
    }

    /// Removes the directories that a transaction has made, as far as nothing else is in them.
    pub(crate) fn remove_directories(&self, record: &Record) -> Result<(), FileError> {
        for directory in record.directories.iter().rev() {
            self.files.remove_directory(directory)?;
        }
        Ok(())
    }
}

/// A file that is created has no target until it exists.
fn is(file: &FileRecord, image: Option<&Image>, now: Option<&FileImage>) -> bool {
    match (image, now) {
        (None, None) => true,
        (Some(image), Some(now)) => {
            let attributes = !file.gives() || image.attributes() == Attributes::of(&now.meta);
            image.has(&now.bytes) && attributes && (file.before.is_none() || now.target == file.target)
        }
        _ => false,
    }
}

fn change(file: &FileRecord, now: Option<FileImage>, before: Option<Vec<u8>>) -> FileChange {
    let create = match (&now, &file.before) {
        (None, Some(image)) => image.metadata(),
        _ => Metadata::default(),
    };
    let give = file.before.as_ref().filter(|_| now.is_some() && file.gives()).map(Image::attributes);
    let path = if now.is_none() { file.target.clone() } else { file.path.clone() };
    FileChange { path, before: now, edits: EditSet::default(), after: before, create, give }
}
