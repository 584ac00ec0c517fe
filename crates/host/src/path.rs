//! Where paths are looked up: on the running machine, or below the mount point of a disk.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat};

use crate::walk::{Walked, walk};

/// The root of all paths.
#[derive(Debug)]
pub(crate) enum Root {
    /// The running machine: the kernel resolves, also the magic links of /proc.
    Live,
    /// A directory, opened once: every path is walked inside it.
    Below(File),
}

/// Something found at a path, not opened for reading yet.
pub(crate) struct Located {
    pub(crate) node: File,
    pub(crate) meta: Metadata,
    /// The path after all links, as the root sees it.
    pub(crate) target: PathBuf,
    by: By,
}

/// How to open it a second time, for its content.
enum By {
    Path(PathBuf),
    Walk(Box<Walked>),
}

impl Root {
    /// Finds what stands at `path`, through all links.
    pub(crate) fn locate(&self, path: &Path) -> io::Result<Located> {
        match self {
            Self::Live => locate_live(path),
            Self::Below(root) => {
                let walked = walk(root.as_fd(), path, true, &mut |_| ())?;
                let (node, meta) = (walked.node.try_clone()?, walked.meta.clone());
                Ok(Located { node, meta, target: walked.path.clone(), by: By::Walk(Box::new(walked)) })
            }
        }
    }

    /// Whether `path` itself is a symbolic link, wherever it leads.
    pub(crate) fn is_link(&self, path: &Path) -> bool {
        match self {
            Self::Live => path.is_symlink(),
            Self::Below(root) => walk(root.as_fd(), path, false, &mut |_| ()).is_ok_and(|it| it.meta.is_symlink()),
        }
    }

    /// The directory from which a walk begins.
    pub(crate) fn directory(&self) -> io::Result<File> {
        match self {
            Self::Live => {
                Ok(openat(CWD, "/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?.into())
            }
            Self::Below(root) => root.try_clone(),
        }
    }
}

fn locate_live(path: &Path) -> io::Result<Located> {
    let node = File::from(openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?);
    let meta = node.metadata()?;
    let target = fs::read_link(format!("/proc/self/fd/{}", node.as_raw_fd())).or_else(|_| fs::canonicalize(path))?;
    Ok(Located { node, meta, target, by: By::Path(path.to_owned()) })
}

impl Located {
    /// Opens the same thing for reading; a device or pipe is never opened, for that alone can have effects.
    pub(crate) fn open(&self) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = match &self.by {
            By::Path(path) => openat(CWD, path, flags, Mode::empty())?,
            By::Walk(walked) => openat(&walked.parent, &walked.name, flags | OFlags::NOFOLLOW, Mode::empty())?,
        };
        let file = File::from(opened);
        let now = file.metadata()?;
        if (now.dev(), now.ino()) == (self.meta.dev(), self.meta.ino()) {
            return Ok(file);
        }
        Err(io::Error::other("it was replaced while it was looked at"))
    }
}
