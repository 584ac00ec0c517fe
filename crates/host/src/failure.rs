//! Errors about files, worded for an administrator.

use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use sshmend_lossless::Unread;

/// The longest file that is read into memory, in MiB; exceeding it is an answer
/// ([`Unread::TooLong`]).
pub(crate) const MAX_MIB: u64 = 1024;

/// A file that could not be read, replaced, created or removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {why}", path.display())]
pub struct FileError {
    /// The path of the file on the machine it belongs to.
    pub path: PathBuf,
    /// The reason.
    pub why: Why,
}

/// The reason for an error about a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The path does not exist (`ENOENT`, `ENOTDIR`).
    #[error("no such file")]
    Missing,
    /// The path of a file to be created already exists.
    #[error("it exists already")]
    Exists,
    /// A directory, device, socket or pipe in place of a file, or a file in place of a directory.
    #[error("not {0}")]
    WrongKind(&'static str),
    /// The file is itself a mount point (`EBUSY`).
    #[error("it is mounted on its own and cannot be replaced")]
    Mounted,
    /// The file system is mounted read-only (`EROFS`).
    #[error("its file system is read-only")]
    ReadOnly,
    /// The attribute `i` of chattr(1) is set on the file or its directory.
    #[error("its immutable attribute is set")]
    Immutable,
    /// The attribute `a` of chattr(1) is set on the file or its directory.
    #[error("its append-only attribute is set")]
    AppendOnly,
    /// There is no space or quota left (`ENOSPC`, `EDQUOT`).
    #[error("no space left for it")]
    Full,
    /// The operating system does not permit it (`EACCES`, `EPERM`).
    #[error("permission denied")]
    Denied,
    /// The file has changed since it was captured.
    #[error("it changed meanwhile: {0}")]
    Changed(&'static str),
    /// A user other than root can redirect the path.
    #[error("not safe as root: {} {why}", at.display())]
    Untrusted {
        /// The directory or link on the path that others than root control.
        at: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A loop of links (`ELOOP`).
    #[error("its links form a loop")]
    Loop,
    /// The file is longer than the limit for reading.
    #[error("longer than {0} MiB")]
    TooLong(u64),
    /// An extended attribute could not be copied.
    #[error("its attribute {name} cannot be kept: {reason}")]
    Attribute {
        /// The name, such as `system.posix_acl_access`.
        name: String,
        /// The operating system's reason.
        reason: String,
    },
    /// Any other error of the operating system.
    #[error("{0}")]
    Other(String),
}

impl FileError {
    /// An error about a path.
    pub fn new(path: impl Into<PathBuf>, why: Why) -> Self {
        Self {
            path: path.into(),
            why,
        }
    }

    /// What to do about it, if anything.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self.why {
            Why::Mounted => {
                "it is a bind mount, as in containers: change the file where it is mounted from"
            }
            Why::ReadOnly => "remount the file system read-write first",
            Why::Immutable => "chattr -i takes the attribute away; find out first who set it",
            Why::AppendOnly => "chattr -a takes the attribute away; find out first who set it",
            Why::Full => "make room on the file system first",
            Why::Denied => "run it with sudo",
            Why::Changed(_) => "someone else is editing it: look at it, then start again",
            Why::Untrusted { .. } => {
                "run it as the user who can write there, or name a path that is root's alone from the first folder on"
            }
            Why::Attribute { .. } => {
                "run it with sudo, or on a file system that supports the attribute"
            }
            Why::Loop => "look where the link leads (namei -l PATH)",
            Why::Missing | Why::Exists | Why::WrongKind(_) | Why::TooLong(_) | Why::Other(_) => {
                return None;
            }
        })
    }

    pub(crate) fn at<E: Into<Why>>(path: &Path) -> impl FnOnce(E) -> Self {
        move |error| Self::new(path, error.into())
    }
}

impl From<Errno> for Why {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::ENOENT | Errno::ENOTDIR => Self::Missing,
            Errno::EEXIST => Self::Exists,
            Errno::EISDIR => Self::WrongKind("a regular file"),
            Errno::EBUSY => Self::Mounted,
            Errno::EROFS => Self::ReadOnly,
            Errno::ENOSPC | Errno::EDQUOT => Self::Full,
            Errno::EACCES | Errno::EPERM => Self::Denied,
            Errno::ELOOP => Self::Loop,
            other => Self::Other(reason(&other.into())),
        }
    }
}

impl From<Unread> for Why {
    fn from(why: Unread) -> Self {
        match why {
            Unread::Denied => Self::Denied,
            Unread::Loop => Self::Loop,
            Unread::NotAFile(_) => Self::WrongKind("a regular file"),
            Unread::TooLong { mib } => Self::TooLong(mib),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<rustix::io::Errno> for Why {
    fn from(errno: rustix::io::Errno) -> Self {
        Errno::from_raw(errno.raw_os_error()).into()
    }
}

impl From<io::Error> for Why {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(code) => Errno::from_raw(code).into(),
            None if error.kind() == io::ErrorKind::FileTooLarge => Self::TooLong(MAX_MIB),
            None => Self::Other(error.to_string()),
        }
    }
}

/// The text for an error as the C library has it, which is what people search for, without its
/// number.
pub(crate) fn reason(error: &io::Error) -> String {
    let mut text = error.to_string();
    if let (Some(_), Some(end)) = (error.raw_os_error(), text.rfind(" (os error ")) {
        text.truncate(end);
    }
    text
}
