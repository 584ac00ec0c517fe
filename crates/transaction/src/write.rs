//! Writes a transaction into the journal.
//!
//! Every wait for the disk costs a commit of the file system, so a transaction waits only where the
//! order matters after a power failure, which may lose any name that is not synced yet and keep any
//! other:
//!
//! 1. The contents of the record and of the kept bytes, under temporary names. What is lost now is
//!    a transaction that was never begun.
//! 2. The record under its name, and all directories on the way to it. No bytes have their own name
//!    before: without a record they would be a damaged transaction.
//! 3. The names of the kept bytes, with the contents of the new files and of the next record. If
//!    the record arrives without its bytes, it is undone without them, because no file has changed.
//!
//! Two more follow in [`crate::commit`]: the names of the new files, and that of the next record.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use sshmend_host::{Change, LONG, Staging, may_keep_inode, own};
use sshmend_lossless::{FileChange, FileImage};

use crate::disk::Disk;
use crate::edits;
use crate::error::JournalError;
use crate::journal::{Journal, Side, TEMPORARY, TOGETHER, temporary, text};
use crate::record::Record;

/// A file to be created in the journal, with its content.
type Copy<'c> = (PathBuf, Cow<'c, [u8]>);

impl<D: Disk> Journal<'_, D> {
    /// Writes a transaction. Returns the directories that must be synced before its first file
    /// changes.
    pub(crate) fn write(
        &self,
        files: &D,
        record: &Record,
        changes: &[FileChange],
    ) -> Result<Vec<D::Unsynced>, JournalError> {
        let copies = self.copies(record, changes);
        let mut unsynced = Vec::new();
        let begun = self.begin(record, &copies, &mut unsynced);
        // Also after an error: the folders stay, and the next transaction takes those it finds for
        // durable.
        let synced = self.disk.sync(unsynced);
        let kept = begun?;
        synced?;
        let mut names = BTreeMap::new();
        for ((path, _), staged) in copies.iter().zip(kept) {
            names.insert(path.parent(), self.disk.place(staged)?);
        }
        let linked = self.link(files, record, changes)?;
        Ok(names.into_values().chain(linked).collect())
    }

    /// Makes the directories and the mark, and the record and the copies durable; only the copies
    /// have no name yet.
    fn begin(
        &self,
        record: &Record,
        copies: &[Copy<'_>],
        unsynced: &mut Vec<D::Unsynced>,
    ) -> Result<Vec<D::Staged>, JournalError> {
        let directory = self.directory_of(&record.id);
        let sides = [Side::Before, Side::After].map(|side| directory.join(side.name()));
        for folder in [self.path_of_marks()].iter().chain(&sides) {
            unsynced.extend(self.disk.make_directories(folder, &own(0o700))?);
        }
        let mut staged = self.stage(record, copies)?;
        for named in staged.split_off(copies.len()) {
            unsynced.push(self.disk.place(named)?);
        }
        Ok(staged)
    }

    /// Stages the copies, then the mark, then the record.
    fn stage(&self, record: &Record, copies: &[Copy<'_>]) -> Result<Vec<D::Staged>, JournalError> {
        let own = own(0o600);
        let temporary: Vec<String> = (0..copies.len()).map(temporary).collect();
        let create = |path, bytes, temporary| Staging {
            path,
            change: Change::Create(bytes, &own),
            temporary,
        };
        let mut staging: Vec<Staging<'_>> = copies
            .iter()
            .zip(&temporary)
            .map(|((path, bytes), temporary)| create(path, bytes, temporary))
            .collect();
        let (mark, text) = (self.path_of_mark(&record.id), text(record)?);
        let path = self.path_of_record(&record.id);
        staging.push(create(&mark, b"", TEMPORARY));
        staging.push(create(&path, text.as_bytes(), TEMPORARY));
        let mut all = Vec::new();
        for some in staging.chunks(TOGETHER) {
            let mut staged = self.disk.stage(some)?;
            self.disk.make_durable(&mut staged, &[])?;
            all.extend(staged);
        }
        Ok(all)
    }

    /// The bytes of which a copy is kept.
    fn copies<'c>(&self, record: &Record, changes: &'c [FileChange]) -> Vec<Copy<'c>> {
        let mut copies = Vec::new();
        for (number, change) in changes.iter().enumerate() {
            let path = |side| self.path_of_bytes(&record.id, number, side);
            if let Some(image) = kept_before(change, record)
                && !may_keep_inode(&image.meta)
            {
                copies.push((path(Side::Before), Cow::Borrowed(image.bytes.as_slice())));
            }
            if let Some(bytes) = &change.after
                && is_kept(change, Side::After, record)
            {
                copies.push(match kept_edits(change) {
                    Some(edits) => (edits::path_of(&path(Side::After)), Cow::Owned(edits)),
                    None => (path(Side::After), Cow::Borrowed(bytes.as_slice())),
                });
            }
        }
        copies
    }

    /// Keeps old contents as a second name of their inodes. One of which that is not possible, as
    /// on another file system, is copied.
    fn link(
        &self,
        files: &D,
        record: &Record,
        changes: &[FileChange],
    ) -> Result<Vec<D::Unsynced>, JournalError> {
        let mut unsynced = Vec::new();
        for (number, change) in changes.iter().enumerate() {
            let Some(image) =
                kept_before(change, record).filter(|image| may_keep_inode(&image.meta))
            else {
                continue;
            };
            let to = self.path_of_bytes(&record.id, number, Side::Before);
            match files.keep_inode(&change.path, image, self.disk, &to)? {
                Some(holder) => unsynced.push(holder),
                None => unsynced.extend(self.put(&[Staging {
                    path: &to,
                    change: Change::Create(&image.bytes, &own(0o600)),
                    temporary: TEMPORARY,
                }])?),
            }
        }
        Ok(unsynced)
    }
}

/// The old file, if its content is kept.
fn kept_before<'c>(change: &'c FileChange, record: &Record) -> Option<&'c FileImage> {
    let image = change.before.as_ref()?;
    is_kept(change, Side::Before, record).then_some(image)
}

/// Whether the content of one side of a change is kept. Of a private key only the minimum for
/// recovery is kept: the file itself holds its old or its new bytes, and undoing its creation
/// deletes it.
fn is_kept(change: &FileChange, side: Side, record: &Record) -> bool {
    let needed = side == Side::Before
        && record.rolls_back.is_none()
        && change.before.as_ref().map(|image| &image.bytes) != change.after.as_ref();
    needed || !change.is_secret()
}

/// The edits of a change of a long file, if they are much smaller than the file: a durable copy
/// takes time. Of a shorter one both versions are kept for people to read.
fn kept_edits(change: &FileChange) -> Option<Vec<u8>> {
    let length = |bytes: &[u8]| bytes.len() as u64;
    let is_long = length(&change.before.as_ref()?.bytes) >= LONG;
    let whole = is_long && change.after.is_some() && !change.edits.is_empty();
    let edits = whole.then(|| edits::write(&change.edits))?;
    (length(&edits) < LONG / 2).then_some(edits)
}
