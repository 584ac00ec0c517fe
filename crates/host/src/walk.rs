//! Walks a path component by component in user space, so that nothing leads out of a root.
//!
//! Each component is opened relative to the descriptor of the one before, never through a link; a
//! link is read and its text walked in turn, an absolute one from the root. This is what
//! `openat2(2)` does with `RESOLVE_IN_ROOT`, but works on every kernel and yields the canonical
//! path and every step.

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

/// One directory, link or file on the path.
pub(crate) struct Step<'a> {
    /// Its canonical path, as the root sees it.
    pub(crate) path: &'a Path,
    /// The entry itself, opened with `O_PATH`.
    pub(crate) node: &'a File,
    /// Its metadata; a link is not followed.
    pub(crate) meta: &'a Metadata,
    /// The metadata of the directory that contains it.
    pub(crate) parent: &'a Metadata,
}

/// The reason why a walk ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The operating system refused.
    Errno(Errno),
    /// The visitor refused.
    Refused(Why),
    /// A link of /proc, whose target is not its text.
    Magic,
}

/// The end of a walk.
pub(crate) struct Walked {
    /// The entry itself, opened with `O_PATH`.
    pub(crate) node: File,
    /// Its metadata.
    pub(crate) meta: Metadata,
    /// The directory that holds it; the root for the root itself.
    pub(crate) parent: File,
    /// Its name in there; `.` for the root itself.
    pub(crate) name: OsString,
    /// Its canonical path, as the root sees it.
    pub(crate) path: PathBuf,
}

/// Called with every step before it is taken; may refuse it.
pub(crate) type Visit<'v> = &'v mut dyn FnMut(&Step<'_>) -> Result<(), Why>;

struct Open {
    name: OsString,
    node: File,
    meta: Metadata,
}

struct Walk<'r, 'v> {
    root: &'r File,
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

/// Walks `path` below `root` and passes every step to `visit` before it is taken; a link at the end
/// is followed if `follow_last` is set.
pub(crate) fn walk(
    root: &File,
    path: &Path,
    follow_last: bool,
    visit: Visit<'_>,
) -> Result<Walked, Stop> {
    let pending = components(path).collect();
    let mut walk = Walk {
        root,
        root_meta: stat(root)?,
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

/// The components of a path: `/` and `..` are kept, `.` is dropped.
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

    /// If opened as a directory, the mount point of an automounter is mounted (open(2), `O_PATH`).
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
            .map_or(self.root.as_fd(), |open| open.node.as_fd())
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
        let parent = match self.opened.pop() {
            Some(open) => open.node,
            None => open_node(self.root.as_fd(), OsStr::new("."))?,
        };
        Ok(Walked {
            node: last.node,
            meta: last.meta,
            parent,
            name: last.name,
            path,
        })
    }

    fn root_itself(&self) -> Result<Open, Errno> {
        let node = open_node(self.root.as_fd(), OsStr::new("."))?;
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

/// Opens a name in a directory for its path only, and not through a link.
pub(crate) fn open_node(dir: BorrowedFd<'_>, name: &OsStr) -> Result<File, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(dir, name, flags, Mode::empty()).map(File::from)
}
