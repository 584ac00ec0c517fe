//! Directories: opened to write in, created, removed, listed.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, Gid, Mode, OFlags, Uid, fchmod, fchown, fsync, mkdirat, openat, unlinkat,
};
use rustix::io::Errno;
use sshmend_lossless::{Entry, Metadata};

use crate::durable::{Unsynced, sync_all};
use crate::failure::{FileError, Why};
use crate::look::{Depth, look, see};
use crate::machine::Machine;
use crate::path::Root;
use crate::trust::{Purpose, Trust};
use crate::walk::Walked;

/// The mode with which a directory is created, before it gets its own.
const OWN: Mode = Mode::RWXU;

/// An open directory, so that everything happens in this one whatever its path leads to later.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) file: File,
    /// Its canonical path, as the root sees it.
    pub(crate) path: PathBuf,
}

impl Directory {
    /// Opens the directory at `path` for writing in it, if that is safe.
    pub(crate) fn open(root: &Root, path: &Path) -> Result<Self, FileError> {
        let mut trust = Trust::new(root.is_live(), Purpose::Write);
        let found = root
            .walk(path, true, &mut |step| trust.visit(step))
            .map_err(FileError::at(path))?;
        let file = open_directory(&found.node, ".").map_err(FileError::at(path))?;
        Ok(Self {
            file,
            path: found.path,
        })
    }

    /// The directory at which a walk ended.
    pub(crate) fn of(found: &Walked) -> Result<Self, Why> {
        let path = found.path.parent().unwrap_or(Path::new("/")).to_owned();
        Ok(Self {
            file: open_directory(&found.parent, ".")?,
            path,
        })
    }

    /// Opens the directory that contains `path`, and returns the name in it.
    pub(crate) fn holding(root: &Root, path: &Path) -> Result<(Self, OsString), FileError> {
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => Ok((Self::open(root, parent)?, name.to_owned())),
            _ => Err(FileError::new(path, Why::WrongKind("a regular file"))),
        }
    }

    pub(crate) fn sync(&self) -> Result<(), Errno> {
        fsync(&self.file)
    }

    /// The same directory, opened a second time.
    pub(crate) fn again(&self) -> std::io::Result<Self> {
        Ok(Self {
            file: self.file.try_clone()?,
            path: self.path.clone(),
        })
    }

    /// Creates a directory in it; its name is durable once this one is synced.
    fn make(&self, name: &OsString, attributes: &Metadata) -> Result<(), Errno> {
        mkdirat(&self.file, name.as_os_str(), OWN)?;
        let made = open_directory(&self.file, name)?;
        fchown(
            &made,
            Some(Uid::from_raw(attributes.uid)),
            Some(Gid::from_raw(attributes.gid)),
        )?;
        fchmod(&made, Mode::from_raw_mode(attributes.mode))?;
        // It is empty and needs no sync yet; its name becomes durable with its parent directory.
        if attributes.mode != OWN.as_raw_mode() {
            fsync(&made)?;
        }
        Ok(())
    }
}

fn open_directory(dir: &File, name: impl rustix::path::Arg) -> Result<File, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(dir, name, flags, Mode::empty()).map(File::from)
}

impl Machine {
    /// Creates a directory and its missing parents, durably; returns those created, the outermost
    /// first.
    ///
    /// All of them get the mode and owner of `attributes`. An existing directory is left as it is.
    ///
    /// # Errors
    /// If something other than a directory is in the way, or the operating system refuses.
    pub fn make_directories(
        &self,
        path: &Path,
        attributes: &Metadata,
    ) -> Result<Vec<PathBuf>, FileError> {
        let made = self.make_unsynced(path, attributes)?;
        let (made, unsynced): (Vec<_>, Vec<_>) = made.into_iter().unzip();
        sync_all(&unsynced)?;
        Ok(made)
    }

    /// Creates a directory and its missing parents as [`Machine::make_directories`] does; they are
    /// durable once the directories that are returned are synced.
    ///
    /// # Errors
    /// As for [`Machine::make_directories`].
    pub fn make_folders(
        &self,
        path: &Path,
        attributes: &Metadata,
    ) -> Result<Vec<Unsynced>, FileError> {
        let made = self.make_unsynced(path, attributes)?;
        Ok(made.into_iter().map(|(_, holder)| holder).collect())
    }

    /// The directories created, the outermost first, each with the one that holds it.
    fn make_unsynced(
        &self,
        path: &Path,
        attributes: &Metadata,
    ) -> Result<Vec<(PathBuf, Unsynced)>, FileError> {
        if look(&self.root, path, Depth::Surface) != Entry::Missing {
            return self.expect_directory(path).map(|()| Vec::new());
        }
        let parent = path.parent().unwrap_or(Path::new("/"));
        let mut made = self.make_unsynced(parent, attributes)?;
        let (directory, name) = Directory::holding(&self.root, path)?;
        match directory.make(&name, attributes) {
            Ok(()) => made.push((path.to_owned(), Unsynced(directory))),
            // Another process created it a moment ago; whether it can be trusted is checked when it
            // is used.
            Err(Errno::EXIST) => self.expect_directory(path)?,
            Err(errno) => return Err(FileError::at(path)(errno)),
        }
        Ok(made)
    }

    fn expect_directory(&self, path: &Path) -> Result<(), FileError> {
        match look(&self.root, path, Depth::Surface) {
            Entry::Seen(meta) if meta.kind == sshmend_lossless::Kind::Directory => Ok(()),
            Entry::Unreadable(why) => Err(FileError::new(path, why.into())),
            _ => Err(FileError::new(path, Why::WrongKind("a directory"))),
        }
    }

    /// Removes an empty directory; false if it is missing or not empty.
    ///
    /// # Errors
    /// If the operating system refuses for another reason.
    pub fn remove_directory(&self, path: &Path) -> Result<bool, FileError> {
        if look(&self.root, path, Depth::Surface) == Entry::Missing {
            return Ok(false);
        }
        let (directory, name) = Directory::holding(&self.root, path)?;
        match unlinkat(&directory.file, name.as_os_str(), AtFlags::REMOVEDIR) {
            Ok(()) => directory.sync().map(|()| true).map_err(FileError::at(path)),
            Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOENT) => Ok(false),
            Err(errno) => Err(FileError::at(path)(errno)),
        }
    }

    /// The names in a directory, sorted by bytes; `None` if it is missing.
    ///
    /// # Errors
    /// If it is not a directory or cannot be read.
    pub fn names(&self, path: &Path) -> Result<Option<Vec<OsString>>, FileError> {
        self.names_for(path, Purpose::Read)
    }

    /// The same for a directory of the state folder; refused if another user could have created it
    /// or written to it.
    ///
    /// # Errors
    /// As for [`Machine::names`], and if another user could have created it.
    pub fn kept_names(&self, path: &Path) -> Result<Option<Vec<OsString>>, FileError> {
        self.names_for(path, Purpose::Keep)
    }

    fn names_for(&self, path: &Path, purpose: Purpose) -> Result<Option<Vec<OsString>>, FileError> {
        match see(&self.root, path, Depth::Names, purpose) {
            Ok(Entry::Directory(names, _)) => {
                Ok(Some(names.into_iter().map(|listed| listed.name).collect()))
            }
            Ok(_) => Err(FileError::new(path, Why::WrongKind("a directory"))),
            Err(Why::Missing) => Ok(None),
            Err(why) => Err(FileError::new(path, why)),
        }
    }
}
