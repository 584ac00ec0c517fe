//! The handful of effects that a transaction is made of, so that a test can count them and let each one fail.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use sshmend_host::{Change, Compared, FileError, Lock, LockError, Machine, Staged};
use sshmend_lossless::{FileImage, Metadata};

/// Where files are read and changed. [`Machine`] is the real one.
pub trait Disk {
    /// A change that is one rename away; dropped, it leaves nothing behind.
    type Staged;
    /// Held as long as nobody else may work on the same state directory.
    type Lock: std::fmt::Debug;

    /// Takes the lock of a state directory that exists.
    ///
    /// # Errors
    /// When someone else holds it.
    fn lock(&self, directory: &Path, holder: &str) -> Result<Self::Lock, LockError>;

    /// Reads a file through all links; `None` when nothing stands there.
    ///
    /// # Errors
    /// When it is not a regular file or cannot be read.
    fn read(&self, path: &Path) -> Result<Option<FileImage>, FileError>;

    /// Compares what stands at a path with a captured file, without holding its content a second time.
    ///
    /// # Errors
    /// As [`Disk::read`].
    fn compare(&self, path: &Path, captured: &FileImage) -> Result<Compared, FileError>;

    /// The names in a directory; `None` when it is missing.
    ///
    /// # Errors
    /// When it is not a directory or cannot be read.
    fn names(&self, path: &Path) -> Result<Option<Vec<OsString>>, FileError>;

    /// Reads a file of the state folder; `None` when nothing stands there.
    ///
    /// # Errors
    /// As [`Disk::read`], and when another user could have made or written it.
    fn read_kept(&self, path: &Path) -> Result<Option<FileImage>, FileError>;

    /// The names in a directory of the state folder; `None` when it is missing.
    ///
    /// # Errors
    /// As [`Disk::names`], and when another user could have made it or written into it.
    fn kept_names(&self, path: &Path) -> Result<Option<Vec<OsString>>, FileError>;

    /// Gives a captured file a second name in the state folder; false where it has to be copied.
    ///
    /// # Errors
    /// When the operating system refuses.
    fn keep_inode(
        &self,
        path: &Path,
        captured: &FileImage,
        state: &Self,
        to: &Path,
    ) -> Result<bool, FileError>;

    /// Gets a change of the file to which `path` leads ready beside it, under the name `temporary`.
    ///
    /// # Errors
    /// Whenever the change would not be possible, as far as that is known now.
    fn stage(
        &self,
        path: &Path,
        change: Change<'_>,
        temporary: &str,
    ) -> Result<Self::Staged, FileError>;

    /// Makes a change that is ready, durably.
    ///
    /// # Errors
    /// When the file is no longer what it was; after any error the file is wholly old or wholly new.
    fn publish(&self, staged: Self::Staged) -> Result<(), FileError>;

    /// Removes what an attempt that was cut off has left beside `path`.
    ///
    /// # Errors
    /// When the operating system refuses.
    fn discard(&self, path: &Path, temporary: &str) -> Result<(), FileError>;

    /// Makes a directory and those above it that are missing; says which were made, the outermost first.
    ///
    /// # Errors
    /// When something else stands there.
    fn make_directories(
        &self,
        path: &Path,
        attributes: &Metadata,
    ) -> Result<Vec<PathBuf>, FileError>;

    /// Removes an empty directory; false when it is missing or not empty.
    ///
    /// # Errors
    /// When the operating system refuses.
    fn remove_directory(&self, path: &Path) -> Result<bool, FileError>;
}

impl Disk for Machine {
    type Staged = Staged;
    type Lock = Lock;

    fn lock(&self, directory: &Path, holder: &str) -> Result<Lock, LockError> {
        Self::lock(self, directory, holder)
    }

    fn read(&self, path: &Path) -> Result<Option<FileImage>, FileError> {
        Self::read(self, path)
    }

    fn compare(&self, path: &Path, captured: &FileImage) -> Result<Compared, FileError> {
        Self::compare(self, path, captured)
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
    ) -> Result<bool, FileError> {
        Self::keep_inode(self, path, captured, state, to)
    }

    fn stage(&self, path: &Path, change: Change<'_>, temporary: &str) -> Result<Staged, FileError> {
        Self::stage(self, path, change, temporary)
    }

    fn publish(&self, staged: Staged) -> Result<(), FileError> {
        staged.publish()
    }

    fn discard(&self, path: &Path, temporary: &str) -> Result<(), FileError> {
        Self::discard(self, path, temporary)
    }

    fn make_directories(
        &self,
        path: &Path,
        attributes: &Metadata,
    ) -> Result<Vec<PathBuf>, FileError> {
        Self::make_directories(self, path, attributes)
    }

    fn remove_directory(&self, path: &Path) -> Result<bool, FileError> {
        Self::remove_directory(self, path)
    }
}
