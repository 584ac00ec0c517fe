//! Three answers to every read: it exists, it does not exist, or that is unknown for a reason.

/// The type of an entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    #[default]
    File,
    /// A directory.
    Directory,
    /// Anything else: device, socket, pipe.
    Other,
}

/// An answer of the machine, or the reason why there is none. Absence is an answer too:
/// `Known<Option<T>>`.
pub type Known<T> = Result<T, Unread>;

/// The reason why something is unknown. None of these means that it does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// It was not requested.
    #[error("it was not looked at")]
    NotAsked,
    /// The operating system does not permit it to this user (`EACCES`, `EPERM`); root and its daemons may read it.
    #[error("permission denied")]
    Denied,
    /// A symbolic link whose target does not exist.
    #[error("a link to nothing")]
    Dangling,
    /// Links that lead in a circle (`ELOOP`).
    #[error("its links form a loop")]
    Loop,
    /// A directory, device, socket or pipe in place of a regular file.
    #[error("not a regular file, but {}", kind_name(*.0))]
    NotAFile(Kind),
    /// Longer than the limit for reading; a limit of this program, not a fault of the file.
    #[error("longer than the {mib} MiB that are read")]
    TooLong {
        /// The limit in MiB.
        mib: u64,
    },
    /// Another user could have redirected root there; the sentence says where.
    #[error("{0}")]
    Untrusted(String),
    /// Any other error; the sentence is the operating system's.
    #[error("{0}")]
    Failed(String),
}

impl Unread {
    /// What to do about it, if anything.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Denied => Some("run it with sudo"),
            Self::Dangling | Self::Loop => Some("look where the link leads (namei -l PATH)"),
            Self::NotAFile(_) => Some("put a regular file in its place, or name another file"),
            Self::Untrusted(_) => Some("run it as the user whom it belongs to"),
            Self::Failed(why) if why.starts_with("Too many open files") => {
                Some("raise the limit of open files (ulimit -n, fs.file-max)")
            }
            Self::Failed(_) => Some("look at the disk and at the kernel log (dmesg)"),
            Self::NotAsked | Self::TooLong { .. } => None,
        }
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "a file",
        Kind::Directory => "a directory",
        Kind::Other => "a device, socket or pipe",
    }
}
