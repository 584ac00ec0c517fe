//! Resolves paths on the running machine, or below the mount point of a disk.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat};

use crate::failure::Why;
use crate::trust::{Purpose, Trust};
use crate::walk::{Stop, Visit, Walked, walk};

/// The root of all paths.
#[derive(Debug)]
pub(crate) enum Root {
    /// The running machine.
    Live,
    /// A directory, opened once: every path is resolved inside it.
    Below(File),
}

/// An entry found at a path, not yet opened for reading.
pub(crate) struct Located {
    pub(crate) node: File,
    pub(crate) meta: Metadata,
    /// The path after all links, as the root sees it.
    pub(crate) target: PathBuf,
    by: By,
}

/// The means of opening it again for its content.
enum By {
    Path(PathBuf),
    /// The directory that holds it, and its name in there.
    Name(File, OsString),
}

impl Root {
    /// Whether it is that of the running machine.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self, Self::Live)
    }

    /// Resolves `path` through all links, if root may go there for this purpose.
    pub(crate) fn locate(&self, path: &Path, purpose: Purpose) -> Result<Located, Why> {
        let mut trust = Trust::new(self.is_live(), purpose);
        match self.walk(path, true, &mut |step| trust.visit(step)) {
            Ok(walked) => {
                trust.end(&walked.path, &walked.node, &walked.meta)?;
                Ok(Located {
                    node: walked.node,
                    meta: walked.meta,
                    target: walked.path,
                    by: By::Name(walked.parent, walked.name),
                })
            }
            Err(Stop::Magic) if matches!(self, Self::Live) && trust.is_unshared() => {
                Ok(locate_live(path)?)
            }
            Err(stop) => Err(stop.into()),
        }
    }

    /// Whether `path` itself is a symbolic link, to whatever target.
    pub(crate) fn is_link(&self, path: &Path) -> bool {
        self.walk(path, false, &mut |_| Ok(()))
            .is_ok_and(|found| found.meta.is_symlink())
    }

    /// Resolves a path as [`walk`] does; a relative one on the running machine starts in the
    /// current directory.
    pub(crate) fn walk(
        &self,
        path: &Path,
        follow_last: bool,
        visit: Visit<'_>,
    ) -> Result<Walked, Stop> {
        match self {
            Self::Live => {
                let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
                let root = File::from(openat(CWD, "/", flags, Mode::empty())?);
                let here = if path.is_absolute() {
                    PathBuf::new()
                } else {
                    env::current_dir().unwrap_or_default()
                };
                walk(&root, &here.join(path), follow_last, visit)
            }
            Self::Below(root) => walk(root, path, follow_last, visit),
        }
    }
}

/// Lets the kernel resolve the path, because only it knows the targets of links in /proc; for
/// reading only.
fn locate_live(path: &Path) -> io::Result<Located> {
    let node = File::from(openat(
        CWD,
        path,
        OFlags::PATH | OFlags::CLOEXEC,
        Mode::empty(),
    )?);
    let meta = node.metadata()?;
    let target = fs::read_link(format!("/proc/self/fd/{}", node.as_raw_fd()))
        .or_else(|_| fs::canonicalize(path))?;
    Ok(Located {
        node,
        meta,
        target,
        by: By::Path(path.to_owned()),
    })
}

impl Located {
    /// Opens the same object for reading; a device or pipe is never opened, because opening alone
    /// can have effects.
    pub(crate) fn open(&self) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = match &self.by {
            By::Path(path) => openat(CWD, path, flags, Mode::empty())?,
            By::Name(parent, name) => {
                openat(parent, name, flags | OFlags::NOFOLLOW, Mode::empty())?
            }
        };
        let file = File::from(opened);
        let now = file.metadata()?;
        if (now.dev(), now.ino()) == (self.meta.dev(), self.meta.ino()) {
            return Ok(file);
        }
        Err(io::Error::other("it was replaced while it was looked at"))
    }
}
