//! A path walked by hand, one component after the other, so that nothing leads out of a root.
//!
//! Each component is opened from the descriptor of the one before, never through a link; a link is read and its
//! text walked in turn, an absolute one from the root. What `openat2(2)` does with `RESOLVE_IN_ROOT`, on every
//! kernel and with the canonical path and every step on the way known.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags, PROC_SUPER_MAGIC, fstatfs, openat, readlinkat};
use rustix::io::Errno;

use crate::failure::Why;

/// The kernel's own limit (`MAXSYMLINKS`).
const MAX_LINKS: usize = 40;

/// One directory, link or file met on the way.
pub(crate) struct Step<'a> {
    /// Its canonical path, as the root sees it.
    pub(crate) path: &'a Path,
    /// It itself, opened with `O_PATH`.
    pub(crate) node: &'a File,
    /// What the system says about it; a link is not followed.
    pub(crate) meta: &'a Metadata,
    /// What the system says about the directory that it is in.
    pub(crate) parent: &'a Metadata,
}

/// Why a walk did not come to its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The operating system refused.
    Errno(Errno),
    /// The visitor did.
    Refused(Why),
    /// A link of /proc, which leads where its text does not say.
    Magic,
}

/// Where a walk ended.
pub(crate) struct Walked {
    /// The thing itself, opened with `O_PATH`.
    pub(crate) node: File,
    /// What the system says about it.
    pub(crate) meta: Metadata,
    /// The directory that holds it; the root for the root itself.
    pub(crate) parent: File,
    /// Its name in there; `.` for the root itself.
    pub(crate) name: OsString,
    /// Its canonical path, as the root sees it.
    pub(crate) path: PathBuf,
}

/// Is shown every step before it is taken, and may refuse it.
pub(crate) type Visit<'v> = &'v mut dyn FnMut(&Step<'_>) -> Result<(), Why>;

struct Open {
    name: OsString,
    node: File,
    meta: Metadata,
}

struct Walk<'r, 'v> {
    root: BorrowedFd<'r>,
    root_meta: Metadata,
    opened: Vec<Open>,
    pending: VecDeque<OsString>,
    links: usize,
    follow_last: bool,
    visit: Visit<'v>,
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<Stop> for Why {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Errno(errno) => errno.into(),
            Stop::Refused(why) => why,
            Stop::Magic => Self::Other("a link of /proc leads there".to_owned()),
        }
    }
}

/// Walks `path` below `root` and shows every step before it is taken; a link at the end is followed when `follow_last`
/// says so.
pub(crate) fn walk(
    root: BorrowedFd<'_>,
    path: &Path,
    follow_last: bool,
    visit: Visit<'_>,
) -> Result<Walked, Stop> {
    let pending = components(path).collect();
    let root_meta = stat(&open_node(root, OsStr::new("."))?)?;
    let mut walk = Walk {
        root,
        root_meta,
        opened: Vec::new(),
        pending,
        links: 0,
        follow_last,
        visit,
    };
    while let Some(name) = walk.pending.pop_front() {
        walk.step(name)?;
    }
    walk.finish()
}

/// `/` and `..` stay as they are; `.` is dropped.
fn components(path: &Path) -> impl DoubleEndedIterator<Item = OsString> {
    path.components()
        .filter(|part| *part != Component::CurDir)
        .map(|part| part.as_os_str().to_owned())
}

impl Walk<'_, '_> {
    fn step(&mut self, name: OsString) -> Result<(), Stop> {
        match name.as_bytes() {
            b"/" => self.opened.clear(),
            b".." => drop(self.opened.pop()),
            _ => self.enter(name)?,
        }
        Ok(())
    }

    fn enter(&mut self, name: OsString) -> Result<(), Stop> {
        let (node, meta) = self.open(&name)?;
        let path = self.path().join(&name);
        let parent = self
            .opened
            .last()
            .map_or(&self.root_meta, |open| &open.meta);
        (self.visit)(&Step {
            path: &path,
            node: &node,
            meta: &meta,
            parent,
        })
        .map_err(Stop::Refused)?;
        if meta.is_symlink() && (self.follow_last || !self.pending.is_empty()) {
            return self.follow(&node);
        }
        if !meta.is_dir() && !self.pending.is_empty() {
            return Err(Errno::NOTDIR.into());
        }
        self.opened.push(Open { name, node, meta });
        Ok(())
    }

    /// Asked for as a directory, a mount point of an automounter is mounted (open(2), `O_PATH`).
    fn open(&self, name: &OsStr) -> Result<(File, Metadata), Errno> {
        let as_directory = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::DIRECTORY;
        let node = match openat(self.top(), name, as_directory, Mode::empty()) {
            Err(Errno::NOTDIR) => open_node(self.top(), name)?,
            other => other?.into(),
        };
        let meta = stat(&node)?;
        Ok((node, meta))
    }

    fn follow(&mut self, link: &File) -> Result<(), Stop> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(Errno::LOOP.into());
        }
        if fstatfs(link).is_ok_and(|system| system.f_type == PROC_SUPER_MAGIC) {
            return Err(Stop::Magic);
        }
        let text = readlinkat(link, "", Vec::new())?;
        for name in components(Path::new(OsStr::from_bytes(text.as_bytes()))).rev() {
            self.pending.push_front(name);
        }
        Ok(())
    }

    fn top(&self) -> BorrowedFd<'_> {
        self.opened
            .last()
            .map_or(self.root, |open| open.node.as_fd())
    }

    fn path(&self) -> PathBuf {
        let mut path = PathBuf::from("/");
        path.extend(self.opened.iter().map(|open| &open.name));
        path
    }

    fn finish(mut self) -> Result<Walked, Stop> {
        let path = self.path();
        let last = match self.opened.pop() {
            Some(last) => last,
            None => self.root_itself()?,
        };
        let parent = open_node(self.top(), OsStr::new("."))?;
        Ok(Walked {
            node: last.node,
            meta: last.meta,
            parent,
            name: last.name,
            path,
        })
    }

    fn root_itself(&self) -> Result<Open, Errno> {
        let node = open_node(self.root, OsStr::new("."))?;
        let meta = stat(&node)?;
        Ok(Open {
            name: OsString::from("."),
            node,
            meta,
        })
    }
}

fn stat(node: &File) -> Result<Metadata, Errno> {
    node.metadata()
        .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
}

/// Opens a name in a directory for looking at only, and not through a link.
pub(crate) fn open_node(dir: BorrowedFd<'_>, name: &OsStr) -> Result<File, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(dir, name, flags, Mode::empty()).map(File::from)
}
