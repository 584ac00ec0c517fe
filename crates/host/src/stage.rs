//! Changes one file so that it is wholly old or wholly new at every moment, in two steps.
//!
//! *Staging* does everything that can fail for lack of space or permission: afterwards the new
//! content is on disk beside the target, with mode, owner and extended attributes. *Publishing* is
//! one rename, durable once the directory is synced.
//!
//! Syncing waits for the disk, and one file after the other waits each time. Changes that belong
//! together are therefore staged together ([`Machine::stage_all`]) and their directories synced once
//! ([`sync_all`]): the file system commits them together.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata as Stat};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::slice;

use rustix::fs::{
    Access, AtFlags, Gid, IFlags, Mode, OFlags, RenameFlags, StatVfsMountFlags, StatxAttributes,
    StatxFlags, Uid, accessat, fchmod, fchown, fstatvfs, ioctl_getflags, openat, renameat,
    renameat_with, statx, unlinkat,
};
use rustix::io::Errno;
use sshmend_lossless::{Attributes, Bytes, FileChange, Metadata};

use crate::attributes::{metadata, set_xattrs};
use crate::directory::Directory;
use crate::durable::{
    ToSync, Unsynced, begin_writing, directories, sync_all, sync_together, write_pieces,
};
use crate::failure::{FileError, Why};
use crate::machine::Machine;
use crate::path::Root;
use crate::trust::{Purpose, Trust};
use crate::walk::{Stop, open_node};

/// The mode with which a file is created, before it gets its own.
const CREATED: Mode = Mode::RUSR.union(Mode::WUSR);

/// The change of a file.
#[derive(Debug, Clone, Copy)]
pub enum Change<'a> {
    /// New content, and mode and owner if given; otherwise the file keeps its own. Extended
    /// attributes are always kept.
    Replace(&'a [u8], Option<Attributes>),
    /// The same, with the content of a change, which is written piece by piece.
    Edit(&'a Bytes, Option<Attributes>),
    /// It is created with this content, and with the mode, owner and extended attributes given.
    Create(&'a [u8], &'a Metadata),
    /// It is removed.
    Remove,
}

impl<'a> From<&'a FileChange> for Change<'a> {
    fn from(change: &'a FileChange) -> Self {
        match (&change.before, &change.after) {
            (Some(_), Some(bytes)) => Self::Edit(bytes, change.give),
            (None, Some(bytes)) => Self::Create(bytes, &change.create),
            (_, None) => Self::Remove,
        }
    }
}

/// A remark about a file that does not prevent its change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// The file has other names, which keep the old content.
    #[error("{}: {partners} other hard link(s) to it keep the old content", path.display())]
    HardLinked {
        /// The file.
        path: PathBuf,
        /// The number of its other names.
        partners: u64,
    },
    /// An editor seems to have the file open and would overwrite the change when it saves.
    #[error("{}: an editor seems to have it open ({})", path.display(), by.display())]
    OpenInEditor {
        /// The file.
        path: PathBuf,
        /// The file in the same directory that shows this.
        by: PathBuf,
    },
    /// A group other than root's may write to the directory, and so replace the file.
    #[error("{}: group {gid} may write into its directory", path.display())]
    GroupWritable {
        /// The file.
        path: PathBuf,
        /// The group.
        gid: u32,
    },
}

/// One of several changes that are staged together.
#[derive(Debug, Clone, Copy)]
pub struct Staging<'a> {
    /// The path of the file.
    pub path: &'a Path,
    /// Its change.
    pub change: Change<'a>,
    /// The name under which the new content waits in the same directory.
    pub temporary: &'a str,
}

/// A change that is ready: one rename (or unlink) away. If it is dropped unpublished, it leaves
/// nothing behind.
#[derive(Debug)]
#[must_use = "nothing has changed until it is published"]
pub struct Staged {
    site: Site,
    temporary: Option<OsString>,
    /// The new content, until it is synced.
    unsynced: Option<File>,
}

/// The place of a change: an open directory, and the file of that name as it was when examined.
#[derive(Debug)]
struct Site {
    directory: Directory,
    name: OsString,
    original: Option<Original>,
}

#[derive(Debug)]
struct Original {
    file: File,
    stat: Stat,
}

impl Machine {
    /// Checks whether a change of the file at `path` could be staged, as far as that can be checked
    /// without writing.
    ///
    /// # Errors
    /// As for [`Machine::stage`], except lack of space.
    pub fn preflight(&self, path: &Path, change: Change<'_>) -> Result<Vec<Warning>, FileError> {
        let path = match change {
            Change::Create(..) => self.first_missing(path),
            Change::Replace(..) | Change::Edit(..) | Change::Remove => path,
        };
        Site::open(&self.root, path, change).map(|site| site.warnings())
    }

    /// Checks whether this process has the right to stage it.
    ///
    /// # Errors
    /// If it has not; what cannot be checked is left to [`Machine::stage`].
    pub fn may_stage(&self, path: &Path, change: Change<'_>) -> Result<(), FileError> {
        let first = match change {
            Change::Create(..) => self.first_missing(path),
            Change::Replace(..) | Change::Edit(..) | Change::Remove => path,
        };
        let (directory, _) = Site::place(&self.root, first)?;
        match accessat(&directory.file, ".", Access::WRITE_OK, AtFlags::EACCESS) {
            Err(errno @ (Errno::ACCESS | Errno::PERM | Errno::ROFS)) => {
                Err(FileError::at(path)(errno))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// For a file to be created, the outermost directory that must be created for it, else the file
    /// itself.
    fn first_missing<'p>(&self, path: &'p Path) -> &'p Path {
        let missing = |path: &&Path| {
            let directory = path.parent();
            directory.is_some_and(|directory| matches!(self.names(directory), Ok(None)))
        };
        let ways = path.ancestors().zip(path.ancestors().skip(1));
        ways.take_while(|(path, _)| missing(path))
            .last()
            .map_or(path, |(_, directory)| directory)
    }

    /// Prepares a change of the file at `path`; nothing that a program would read has changed
    /// afterwards.
    ///
    /// Follows the links of `path`, checks each of them and its target, and changes the file at the
    /// end. `temporary` is the name under which the new content waits in the same directory; it
    /// must not match a pattern by which a program reads files. An existing file of that name is
    /// considered a leftover of an earlier attempt.
    ///
    /// # Errors
    /// If the file is missing or not regular (or exists, if it is to be created), is immutable or
    /// itself a mount point, if root cannot trust the path, and whenever the operating system
    /// refuses.
    pub fn stage(
        &self,
        path: &Path,
        change: Change<'_>,
        temporary: &str,
    ) -> Result<Staged, FileError> {
        let staging = Staging {
            path,
            change,
            temporary,
        };
        let mut staged = self.write_staged(staging)?;
        make_durable(slice::from_mut(&mut staged), &[])?;
        Ok(staged)
    }

    /// Prepares several changes as [`Machine::stage`] does, but for the last step: their contents
    /// are on the way to the disk, and durable after [`make_durable`].
    ///
    /// # Errors
    /// As for [`Machine::stage`]; then nothing is left of any of them.
    pub fn stage_all(&self, changes: &[Staging<'_>]) -> Result<Vec<Staged>, FileError> {
        let staged = changes.iter().map(|staging| self.write_staged(*staging));
        let staged: Vec<Staged> = staged.collect::<Result<_, _>>()?;
        for file in staged.iter().filter_map(|staged| staged.unsynced.as_ref()) {
            begin_writing(file, 0);
        }
        Ok(staged)
    }

    fn write_staged(&self, staging: Staging<'_>) -> Result<Staged, FileError> {
        let Staging {
            path,
            change,
            temporary,
        } = staging;
        let mut staged = Staged {
            site: Site::open(&self.root, path, change)?,
            temporary: None,
            unsynced: None,
        };
        staged
            .prepare(change, temporary)
            .map_err(|why| FileError::new(path, why))?;
        Ok(staged)
    }

    /// Removes what an interrupted attempt has left in the directory of `path`, if anything.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn discard(&self, path: &Path, temporary: &str) -> Result<(), FileError> {
        let (directory, _) = match Directory::holding(&self.root, path) {
            Err(error) if error.why == Why::Missing => return Ok(()),
            other => other?,
        };
        match unlinkat(&directory.file, temporary, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(FileError::at(&directory.path.join(temporary))(errno)),
        }
    }
}

impl Staged {
    /// Makes the change, durably.
    ///
    /// # Errors
    /// If the file has changed since the change was staged, or the operating system refuses. Only
    /// if the very last step fails (`fsync` of the directory) has the file changed nevertheless.
    pub fn publish(self) -> Result<(), FileError> {
        sync_all(&[self.place()?])
    }

    /// Makes the change; it is durable once the directory is synced. A name never comes before its
    /// content.
    ///
    /// # Errors
    /// If the file has changed since the change was staged, or the operating system refuses. Then
    /// it has not changed.
    pub fn place(mut self) -> Result<Unsynced, FileError> {
        make_durable(slice::from_mut(&mut self), &[])?;
        let path = self.site.path();
        let directory = self.site.directory.again().map_err(FileError::at(&path))?;
        self.swap().map_err(|why| FileError::new(path, why))?;
        Ok(Unsynced(directory))
    }

    /// Leaves what was prepared where it is, as the end of the process would.
    pub fn leave(mut self) {
        self.temporary = None;
    }

    fn prepare(&mut self, change: Change<'_>, temporary: &str) -> Result<(), Why> {
        match (change, &self.site.original) {
            (Change::Replace(bytes, give), Some(original)) => {
                let given = original.meta_with(give);
                self.write(&[bytes], &given, true, temporary)
            }
            (Change::Edit(bytes, give), Some(original)) => {
                let given = original.meta_with(give);
                self.write(&bytes.pieces(), &given, true, temporary)
            }
            (Change::Create(bytes, given), _) => {
                self.write(&[bytes], given, !given.xattrs.is_empty(), temporary)
            }
            (Change::Replace(..) | Change::Edit(..) | Change::Remove, _) => Ok(()),
        }
    }

    /// Writes the new content beside the target. With `exact` the extended attributes are exactly
    /// those of `given`, otherwise whatever the directory adds is kept.
    fn write(
        &mut self,
        pieces: &[&[u8]],
        given: &Metadata,
        exact: bool,
        temporary: &str,
    ) -> Result<(), Why> {
        let mut file = self.site.create(temporary)?;
        self.temporary = Some(temporary.into());
        write_pieces(&mut file, pieces)?;
        let given_away = give_owner(&file, given)?;
        if exact {
            set_xattrs(&file, &given.xattrs)?;
        }
        let mode = Mode::from_raw_mode(given.mode);
        fchmod(&file, mode)?;
        // An empty file that is as it was created comes with its name, or not at all.
        let is_as_created = !exact && !given_away && mode == CREATED;
        if !is_as_created || pieces.iter().any(|piece| !piece.is_empty()) {
            self.unsynced = Some(file);
        }
        Ok(())
    }

    fn swap(&mut self) -> Result<(), Why> {
        self.site.check_unchanged()?;
        let (dir, name) = (self.site.directory.file.as_fd(), self.site.name.as_os_str());
        match (&self.temporary, &self.site.original) {
            (None, _) => unlinkat(dir, name, AtFlags::empty())?,
            (Some(temporary), Some(_)) => renameat(dir, temporary.as_os_str(), dir, name)?,
            (Some(temporary), None) => rename_to_new(&self.site.directory.file, temporary, name)?,
        }
        self.temporary = None;
        Ok(())
    }
}

/// Makes the contents of prepared changes durable, and the names in these directories.
///
/// # Errors
/// If the operating system refuses, as when the disk is full.
pub fn make_durable(staged: &mut [Staged], names: &[Unsynced]) -> Result<(), FileError> {
    let contents = staged.iter().filter_map(|one| {
        let file = one.unsynced.as_ref()?;
        Some((file, one.site.path()))
    });
    let unsynced: Vec<ToSync<'_>> = contents.chain(directories(names)?).collect();
    sync_together(&unsynced)?;
    for one in staged {
        one.unsynced = None;
    }
    Ok(())
}

impl Site {
    fn open(root: &Root, path: &Path, change: Change<'_>) -> Result<Self, FileError> {
        let (directory, name) = Self::place(root, path)?;
        let original =
            Original::open(&directory, &name).map_err(|why| FileError::new(path, why))?;
        let site = Self {
            directory,
            name,
            original,
        };
        site.check(change)
            .map_err(|why| FileError::new(path, why))?;
        Ok(site)
    }

    /// Walks the path as it was named, because a link on it is part of the path; if nothing exists
    /// there, returns the directory for it.
    fn place(root: &Root, path: &Path) -> Result<(Directory, OsString), FileError> {
        let mut trust = Trust::new(root.is_live(), Purpose::Write);
        match root.walk(path, true, &mut |step| trust.visit(step)) {
            Ok(found) if found.meta.is_dir() => {
                Err(FileError::new(path, Why::WrongKind("a regular file")))
            }
            Ok(found) => Ok((
                Directory::of(&found).map_err(FileError::at(path))?,
                found.name,
            )),
            Err(Stop::Errno(Errno::NOENT)) => Directory::holding(root, path),
            Err(stop) => Err(FileError::at(path)(stop)),
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path.join(&self.name)
    }

    fn check(&self, change: Change<'_>) -> Result<(), Why> {
        refuse_flags(&self.directory.file)?;
        if fstatvfs(&self.directory.file)?
            .f_flag
            .contains(StatVfsMountFlags::RDONLY)
        {
            return Err(Why::ReadOnly);
        }
        match (change, &self.original) {
            (Change::Create(..), None) => Ok(()),
            (Change::Create(..), Some(_)) => Err(Why::Exists),
            (Change::Replace(..) | Change::Edit(..) | Change::Remove, None) => Err(Why::Missing),
            (Change::Replace(..) | Change::Edit(..) | Change::Remove, Some(original)) => {
                original.check()
            }
        }
    }

    fn warnings(&self) -> Vec<Warning> {
        let (path, mut warnings) = (self.path(), Vec::new());
        if let Some(links) = self
            .original
            .as_ref()
            .map(|original| original.stat.nlink())
            .filter(|&links| links > 1)
        {
            warnings.push(Warning::HardLinked {
                path: path.clone(),
                partners: links - 1,
            });
        }
        let by = self.open_in_editor();
        warnings.extend(by.map(|by| Warning::OpenInEditor {
            path: path.clone(),
            by,
        }));
        if let Ok(stat) = self.directory.file.metadata()
            && stat.mode() & 0o020 != 0
            && stat.gid() != 0
        {
            warnings.push(Warning::GroupWritable {
                path,
                gid: stat.gid(),
            });
        }
        warnings
    }

    /// The file that vim (its swap file) or Emacs (its lock) keeps beside an open file.
    fn open_in_editor(&self) -> Option<PathBuf> {
        let beside = |before: &str, after: &str| {
            let mut name = OsString::from(before);
            name.push(&self.name);
            name.push(after);
            let there = open_node(self.directory.file.as_fd(), &name).is_ok();
            there.then(|| self.directory.path.join(name))
        };
        beside(".", ".swp").or_else(|| beside(".#", ""))
    }

    fn create(&self, temporary: &str) -> Result<File, Errno> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let create = || openat(&self.directory.file, temporary, flags, CREATED);
        let made = match create() {
            Err(Errno::EXIST) => {
                unlinkat(&self.directory.file, temporary, AtFlags::empty())?;
                create()
            }
            other => other,
        };
        made.map(File::from)
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
            let _ = unlinkat(
                &self.site.directory.file,
                temporary.as_os_str(),
                AtFlags::empty(),
            );
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
        if stat.is_file() {
            Ok(Some(Self { file, stat }))
        } else {
            Err(Why::WrongKind("a regular file"))
        }
    }

    /// The metadata of the file, with this mode and owner if given.
    fn meta_with(&self, give: Option<Attributes>) -> Metadata {
        let own = metadata(&self.file, &self.stat);
        let Attributes { mode, uid, gid } = give.unwrap_or(Attributes::of(&own));
        Metadata {
            mode,
            uid,
            gid,
            ..own
        }
    }

    fn check(&self) -> Result<(), Why> {
        refuse_flags(&self.file)?;
        let found = statx(&self.file, "", AtFlags::EMPTY_PATH, StatxFlags::empty());
        match found {
            Ok(found) if found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT) => {
                Err(Why::Mounted)
            }
            _ => Ok(()),
        }
    }
}

/// Not every file system supports these attributes; without them nothing is refused.
fn refuse_flags(file: &File) -> Result<(), Why> {
    let flags = ioctl_getflags(file).unwrap_or(IFlags::empty());
    if flags.contains(IFlags::IMMUTABLE) {
        Err(Why::Immutable)
    } else if flags.contains(IFlags::APPEND) {
        Err(Why::AppendOnly)
    } else {
        Ok(())
    }
}

/// The version of a file, which changes with every write, chmod, chown and link, and when another
/// file takes the name.
fn version(stat: &Stat) -> impl PartialEq {
    (
        stat.dev(),
        stat.ino(),
        stat.size(),
        stat.ctime(),
        stat.ctime_nsec(),
    )
}

/// Whether it had another owner.
fn give_owner(file: &File, given: &Metadata) -> Result<bool, Why> {
    let now = file.metadata()?;
    let differs = (now.uid(), now.gid()) != (given.uid, given.gid);
    if differs {
        fchown(
            file,
            Some(Uid::from_raw(given.uid)),
            Some(Gid::from_raw(given.gid)),
        )?;
    }
    Ok(differs)
}

/// If the file system does not support `RENAME_NOREPLACE`, the check a moment ago must suffice.
fn rename_to_new(directory: &File, temporary: &OsStr, name: &OsStr) -> Result<(), Errno> {
    match renameat_with(
        directory,
        temporary,
        directory,
        name,
        RenameFlags::NOREPLACE,
    ) {
        Err(Errno::INVAL | Errno::NOSYS) => renameat(directory, temporary, directory, name),
        other => other,
    }
}
