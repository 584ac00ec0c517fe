//! The few effects of which a transaction consists, so that a test can count them and let each one
//! fail.

use std::ffi::OsString;
use std::path::Path;

use sshmend_host::{
    Care, Compared, FileError, Lock, LockError, Machine, Staged, Staging, Unsynced, make_durable,
    sync_all,
};
use sshmend_lossless::{FileImage, Metadata};

/// Reads and changes files. [`Machine`] is the real implementation.
pub trait Disk {
    /// A change that is one rename away; if dropped, it leaves nothing behind.
    type Staged;
    /// A directory whose names have changed, and must be synced.
    type Unsynced: std::fmt::Debug;
    /// Held while nobody else may work on the same state directory.
    type Lock: std::fmt::Debug;

    /// Takes the lock of a state directory that exists.
    ///
    /// # Errors
    /// If another process holds it.
    fn lock(&self, directory: &Path, holder: &str) -> Result<Self::Lock, LockError>;

    /// Reads a file, following all links; `None` if it does not exist.
    ///
    /// # Errors
    /// If it is not a regular file or cannot be read.
    fn read(&self, path: &Path) -> Result<Option<FileImage>, FileError>;

    /// Compares a file with its captured content, with the given care and without holding the
    /// content a second time.
    ///
    /// # Errors
    /// As for [`Disk::read`].
    fn compare(&self, path: &Path, captured: &FileImage, care: Care)
    -> Result<Compared, FileError>;

    /// The names in a directory; `None` if it is missing.
    ///
    /// # Errors
    /// If it is not a directory or cannot be read.
    fn names(&self, path: &Path) -> Result<Option<Vec<OsString>>, FileError>;

    /// Reads a file of the state folder; `None` if it does not exist.
    ///
    /// # Errors
    /// As for [`Disk::read`], and if another user could have created or written it.
    fn read_kept(&self, path: &Path) -> Result<Option<FileImage>, FileError>;

    /// The names in a directory of the state folder; `None` if it is missing.
    ///
    /// # Errors
    /// As for [`Disk::names`], and if another user could have created it or written to it.
    fn kept_names(&self, path: &Path) -> Result<Option<Vec<OsString>>, FileError>;

    /// Gives a captured file a second name in the state folder, which is durable once it is
    /// synced; `None` if the file must be copied.
    ///
    /// # Errors
    /// If the operating system refuses.
    fn keep_inode(
        &self,
        path: &Path,
        captured: &FileImage,
        state: &Self,
        to: &Path,
    ) -> Result<Option<Self::Unsynced>, FileError>;

    /// Prepares changes, each beside its file; the new contents are on the way to the disk.
    ///
    /// # Errors
    /// If one of them is not possible, as far as that can be determined now. Then nothing is left
    /// of any of them.
    fn stage(&self, changes: &[Staging<'_>]) -> Result<Vec<Self::Staged>, FileError>;

    /// Waits until the new contents are durable, which every change needs before it is made, and the
    /// names in these directories.
    ///
    /// # Errors
    /// If the operating system refuses, as when the disk is full.
    fn make_durable(
        &self,
        staged: &mut [Self::Staged],
        names: &[Self::Unsynced],
    ) -> Result<(), FileError>;

    /// Makes a prepared change; it is durable once it is synced.
    ///
    /// # Errors
    /// If the file has changed since. After any error the file is wholly old or wholly new.
    fn place(&self, staged: Self::Staged) -> Result<Self::Unsynced, FileError>;

    /// Makes the names in these directories durable.
    ///
    /// # Errors
    /// If the operating system refuses.
    fn sync(&self, unsynced: Vec<Self::Unsynced>) -> Result<(), FileError>;

    /// Removes what an interrupted attempt has left beside `path`.
    ///
    /// # Errors
    /// If the operating system refuses.
    fn discard(&self, path: &Path, temporary: &str) -> Result<(), FileError>;

    /// Creates a directory and its missing parents, which are durable once they are synced.
    ///
    /// # Errors
    /// If something other than a directory is in the way.
    fn make_directories(
        &self,
        path: &Path,
        attributes: &Metadata,
    ) -> Result<Vec<Self::Unsynced>, FileError>;

    /// Removes an empty directory; false if it is missing or not empty.
    ///
    /// # Errors
    /// If the operating system refuses.
    fn remove_directory(&self, path: &Path) -> Result<bool, FileError>;
}

impl Disk for Machine {
    type Staged = Staged;
    type Unsynced = Unsynced;
    type Lock = Lock;

    fn lock(&self, directory: &Path, holder: &str) -> Result<Lock, LockError> {
        Self::lock(self, directory, holder)
    }

    fn read(&self, path: &Path) -> Result<Option<FileImage>, FileError> {
        Self::read(self, path)
    }

    fn compare(
        &self,
        path: &Path,
        captured: &FileImage,
        care: Care,
    ) -> Result<Compared, FileError> {
        Self::compare(self, path, captured, care)
    }

    fn names(&self, path: &Path) -> Result<Option<Vec<OsString>>, FileError> {
        Self::names(self, path)
    }

    fn read_kept(&self, path: &Path) -> Result<Option<FileImage>, FileError> {
        Self::read_kept(self, path)
    }

    fn kept_names(&self, path: &Path) -> Result<Option<Vec<OsString>>, FileError> {
        Self::kept_names(self, path)
    }

    fn keep_inode(
        &self,
        path: &Path,
        captured: &FileImage,
        state: &Self,
        to: &Path,
    ) -> Result<Option<Unsynced>, FileError> {
        Self::keep_inode(self, path, captured, state, to)
    }

    fn stage(&self, changes: &[Staging<'_>]) -> Result<Vec<Staged>, FileError> {
        self.stage_all(changes)
    }

    fn make_durable(&self, staged: &mut [Staged], names: &[Unsynced]) -> Result<(), FileError> {
        make_durable(staged, names)
    }

    fn place(&self, staged: Staged) -> Result<Unsynced, FileError> {
        staged.place()
    }

    fn sync(&self, unsynced: Vec<Unsynced>) -> Result<(), FileError> {
        sync_all(&unsynced)
    }

    fn discard(&self, path: &Path, temporary: &str) -> Result<(), FileError> {
        Self::discard(self, path, temporary)
    }

    fn make_directories(
        &self,
        path: &Path,
        attributes: &Metadata,
    ) -> Result<Vec<Unsynced>, FileError> {
        self.make_folders(path, attributes)
    }

    fn remove_directory(&self, path: &Path) -> Result<bool, FileError> {
        Self::remove_directory(self, path)
    }
}
