//! Changes one file so that it is wholly old or wholly new at every moment, in two steps.
//!
//! *Staging* does everything that can fail for want of space or permission: the new content stands beside the target,
//! with mode, owner and extended attributes, on the disk. *Publishing* is one rename.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata as Stat};
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, Gid, IFlags, Mode, OFlags, RenameFlags, StatxAttributes, StatxFlags, Uid, fchmod, fchown, fsync,
    ioctl_getflags, openat, renameat, renameat_with, statx, unlinkat,
};
use rustix::io::Errno;
use sshmend_lossless::Metadata;

use crate::attributes::{metadata, set_xattrs};
use crate::directory::Directory;
use crate::failure::{FileError, Why};
use crate::machine::Machine;
use crate::walk::open_node;

/// What becomes of a file.
#[derive(Debug, Clone, Copy)]
pub enum Change<'a> {
    /// It gets this content and keeps mode, owner and extended attributes.
    Replace(&'a [u8]),
    /// It is created with this content, and with the mode, owner and extended attributes given.
    Create(&'a [u8], &'a Metadata),
    /// It is removed.
    Remove,
}

/// Something about a file that does not prevent its change and should be known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// The file has other names, which keep the old content.
    #[error("{}: {partners} other hard link(s) to it keep the old content", path.display())]
    HardLinked {
        /// The file.
        path: PathBuf,
        /// How many other names it has.
        partners: u64,
    },
    /// A group other than root's may write into the directory, and so replace the file.
    #[error("{}: group {gid} may write into its directory", path.display())]
    GroupWritable {
        /// The file.
        path: PathBuf,
        /// The group.
        gid: u32,
    },
}

/// A change that is ready: one rename (or unlink) away. Dropped instead of published, it leaves nothing behind.
#[derive(Debug)]
#[must_use = "nothing has changed until it is published"]
pub struct Staged {
    directory: Directory,
    name: OsString,
    original: Option<Original>,
    temporary: Option<OsString>,
    warnings: Vec<Warning>,
}

/// The file as it stood when the change was staged.
#[derive(Debug)]
struct Original {
    file: File,
    stat: Stat,
}

impl Machine {
    /// Gets a change of the file at `path` ready; nothing that a program would read has changed afterwards.
    ///
    /// `path` is followed no further when a link stands at its end: pass the target. `temporary` is the name under
    /// which the new content waits in the same directory; it must not match a pattern by which a program reads files.
    ///
    /// # Errors
    /// When the file is missing or not regular (or exists, if it is to be created), is immutable or mounted on its
    /// own, when root cannot trust the path, and whenever the operating system refuses.
    pub fn stage(&self, path: &Path, change: Change<'_>, temporary: &str) -> Result<Staged, FileError> {
        let (directory, name) = Directory::holding(&self.root, path)?;
        let original = Original::open(&directory, &name).map_err(|why| FileError::new(path, why))?;
        let mut staged = Staged { directory, name, original, temporary: None, warnings: Vec::new() };
        staged.check(change).map_err(|why| FileError::new(path, why))?;
        match (change, &staged.original) {
            (Change::Replace(bytes), Some(original)) => {
                let kept = metadata(&original.file, &original.stat);
                staged.write(bytes, &kept, true, temporary)
            }
            (Change::Create(bytes, given), _) => staged.write(bytes, given, !given.xattrs.is_empty(), temporary),
            (Change::Replace(_) | Change::Remove, _) => Ok(()),
        }
        .map_err(|why| FileError::new(path, why))?;
        Ok(staged)
    }
}

impl Staged {
    /// What should be known about the file.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Makes the change, durably.
    ///
    /// # Errors
    /// When the file is no longer what it was when the change was staged, or the operating system refuses. Only when
    /// the very last step fails (`fsync` of the directory) has the file changed all the same.
    pub fn publish(mut self) -> Result<(), FileError> {
        let path = self.path();
        self.swap().and_then(|()| Ok(self.directory.sync()?)).map_err(|why| FileError::new(path, why))
    }

    fn path(&self) -> PathBuf {
        self.directory.path.join(&self.name)
    }

    fn check(&mut self, change: Change<'_>) -> Result<(), Why> {
        refuse_flags(&self.directory.file)?;
        match (change, &self.original) {
            (Change::Create(..), None) => {}
            (Change::Create(..), Some(_)) => return Err(Why::Exists),
            (_, None) => return Err(Why::Missing),
            (_, Some(original)) => original.check()?,
        }
        self.warn();
        Ok(())
    }

    fn warn(&mut self) {
        let path = self.path();
        if let Some(links) = self.original.as_ref().map(|original| original.stat.nlink()).filter(|&links| links > 1) {
            self.warnings.push(Warning::HardLinked { path: path.clone(), partners: links - 1 });
        }
        if let Ok(stat) = self.directory.file.metadata()
            && stat.mode() & 0o020 != 0
            && stat.gid() != 0
        {
            self.warnings.push(Warning::GroupWritable { path, gid: stat.gid() });
        }
    }

    fn write(&mut self, bytes: &[u8], given: &Metadata, exact: bool, temporary: &str) -> Result<(), Why> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.directory.file, temporary, flags, Mode::RUSR | Mode::WUSR)?);
        self.temporary = Some(temporary.into());
        file.write_all(bytes)?;
        give_owner(&file, given)?;
        if exact {
            set_xattrs(&file, &given.xattrs)?;
        }
        fchmod(&file, Mode::from_raw_mode(given.mode))?;
        Ok(fsync(&file)?)
    }

    fn swap(&mut self) -> Result<(), Why> {
        self.check_unchanged()?;
        let (dir, name) = (self.directory.file.as_fd(), self.name.as_os_str());
        match (&self.temporary, &self.original) {
            (None, _) => unlinkat(dir, name, AtFlags::empty())?,
            (Some(temporary), Some(_)) => renameat(dir, temporary.as_os_str(), dir, name)?,
            (Some(temporary), None) => rename_to_new(&self.directory.file, temporary, name)?,
        }
        self.temporary = None;
        Ok(())
    }

    fn check_unchanged(&self) -> Result<(), Why> {
        let now = match open_node(self.directory.file.as_fd(), &self.name) {
            Ok(node) => Some(node.metadata()?),
            Err(Errno::NOENT) => None,
            Err(errno) => return Err(errno.into()),
        };
        match (&self.original, now) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(Why::Exists),
            (Some(_), None) => Err(Why::Changed("it is gone")),
            (Some(original), Some(now)) if version(&original.stat) == version(&now) => Ok(()),
            (Some(_), Some(_)) => Err(Why::Changed("someone else wrote to it")),
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = unlinkat(&self.directory.file, temporary.as_os_str(), AtFlags::empty());
        }
    }
}

impl Original {
    fn open(directory: &Directory, name: &OsStr) -> Result<Option<Self>, Why> {
        let node = match open_node(directory.file.as_fd(), name) {
            Ok(node) => node,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        };
        if !node.metadata()?.is_file() {
            return Err(Why::WrongKind("a regular file"));
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&directory.file, name, flags, Mode::empty())?);
        let stat = file.metadata()?;
        if stat.is_file() { Ok(Some(Self { file, stat })) } else { Err(Why::WrongKind("a regular file")) }
    }

    fn check(&self) -> Result<(), Why> {
        refuse_flags(&self.file)?;
        let found = statx(&self.file, "", AtFlags::EMPTY_PATH, StatxFlags::empty());
        match found {
            Ok(found) if found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT) => Err(Why::Mounted),
            _ => Ok(()),
        }
    }
}

/// Not every file system has these attributes; one without them refuses nothing.
fn refuse_flags(file: &File) -> Result<(), Why> {
    let flags = ioctl_getflags(file).unwrap_or(IFlags::empty());
    match () {
        () if flags.contains(IFlags::IMMUTABLE) => Err(Why::Immutable),
        () if flags.contains(IFlags::APPEND) => Err(Why::AppendOnly),
        () => Ok(()),
    }
}

/// Changes with every write, chmod, chown and link, and when another file takes the name.
fn version(stat: &Stat) -> impl PartialEq {
    (stat.dev(), stat.ino(), stat.size(), stat.ctime(), stat.ctime_nsec())
}

fn give_owner(file: &File, given: &Metadata) -> Result<(), Why> {
    let now = file.metadata()?;
    if (now.uid(), now.gid()) != (given.uid, given.gid) {
        fchown(file, Some(Uid::from_raw(given.uid)), Some(Gid::from_raw(given.gid)))?;
    }
    Ok(())
}

/// Where the file system does not know `RENAME_NOREPLACE`, the look a moment ago has to do.
fn rename_to_new(directory: &File, temporary: &OsStr, name: &OsStr) -> Result<(), Errno> {
    match renameat_with(directory, temporary, directory, name, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => renameat(directory, temporary, directory, name),
        other => other,
    }
}
