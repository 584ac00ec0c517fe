//! What can go wrong with a transaction, and in which state it leaves the files.

use std::path::PathBuf;

use sshmend_host::{Compared, FileError, LockError};
use sshmend_lossless::FileImage;

use crate::id::{Id, NotAnId};
use crate::record::{Record, State};

/// In what a file differs from the captured one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// It was not there and is now.
    #[error("it was created")]
    Created,
    /// It was there and is gone.
    #[error("it was removed")]
    Removed,
    /// Its content.
    #[error("its content was edited")]
    Content,
    /// The place to which its path leads.
    #[error("its path leads to another file")]
    Target,
    /// Its permission bits.
    #[error("its mode was changed")]
    Mode,
    /// Its owner or group.
    #[error("its owner was changed")]
    Owner,
    /// Its extended attributes.
    #[error("its extended attributes were changed")]
    Attributes,
}

/// A file that is no longer the captured one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {difference} since it was looked at", path.display())]
pub struct Stale {
    /// The file, by the path as the program names it.
    pub path: PathBuf,
    /// In what it differs.
    pub difference: Difference,
}

/// The journal could not be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// A file of it.
    #[error(transparent)]
    File(#[from] FileError),
    /// The lock of its directory.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// What it says makes no sense.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// It names no transaction.
    #[error(transparent)]
    NotAnId(#[from] NotAnId),
    /// No transaction's name begins so.
    #[error("no transaction whose name begins with {0}")]
    Unnamed(String),
    /// Several do.
    #[error("several transactions have names that begin with {begins}: {first} and {second}")]
    Ambiguous {
        /// The beginning.
        begins: String,
        /// One of them.
        first: Id,
        /// Another.
        second: Id,
    },
    /// There is no transaction of this name.
    #[error("no transaction {0}")]
    Unknown(Id),
    /// Its bytes are those of a private key, of which no copy is kept.
    #[error("{}: it was a private key, of which no copy is kept", .0.display())]
    Withheld(PathBuf),
    /// It is not one that could be given up.
    #[error("transaction {0} was not cut off: there is nothing to give up")]
    Ended(Id),
}

/// Why a transaction was not begun. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// Something was in the way.
    #[error(transparent)]
    Cause(#[from] Cause),
    /// An earlier transaction was cut off and has to be recovered first.
    #[error("transaction {0} was cut off before its end")]
    Unfinished(Id),
    /// A change waits for its confirmation, and is undone without one.
    #[error("transaction {} waits until {} for its confirmation: {}", .0.id, until(.0), .0.why)]
    Pending(Box<Record>),
    /// Whether an earlier transaction came to its end cannot be read.
    #[error("a transaction of the past cannot be read: {0}")]
    Damaged(Damaged),
}

/// Why a transaction was not committed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Something was in the way. Every file is as it was: those that had been changed were changed back.
    #[error("{cause}; every file is as it was")]
    RolledBack {
        /// The transaction.
        id: Id,
        /// Whether any had been changed.
        changed: bool,
        /// What was in the way.
        cause: Box<Cause>,
        /// Why the journal does not know it, where it could not be told; the next recovery tells it.
        unnoted: Option<Box<Cause>>,
    },
    /// Something was in the way, and what had been changed could not be changed back.
    #[error(
        "ROLLBACK FAILED, files may be in a mixed state: {rollback}; it was to be rolled back because: {cause}"
    )]
    RollbackFailed {
        /// The transaction.
        id: Id,
        /// What was in the way first.
        cause: Box<Cause>,
        /// Why it could not be rolled back.
        rollback: Box<Cause>,
    },
}

/// What was in the way of changing files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// A file is no longer the one that was seen.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// A file could not be changed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The journal could not be written or read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Files were edited since, so that bringing back the old ones would lose the edits.
    #[error("{}", edited(.0))]
    Edited(Vec<Edited>),
    /// The transaction could not be begun.
    #[error(transparent)]
    Begun(Box<PrepareError>),
}

/// Why nothing was confirmed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmError {
    /// No transaction waits for it.
    #[error("no transaction waits for a confirmation")]
    Nothing,
    /// The one that was named does not wait.
    #[error("transaction {0} does not wait for a confirmation")]
    Ended(Id, State),
    /// The journal could not be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl From<FileError> for ConfirmError {
    fn from(error: FileError) -> Self {
        Self::Journal(error.into())
    }
}

/// Why a transaction was not rolled back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RollBackError {
    /// Files were edited since; none was touched. Each is told with all three versions.
    #[error("{}", edited(.0))]
    Edited(Vec<Edited>),
    /// It could not be begun. Nothing was changed.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// It could not be finished.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The journal could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl From<Cause> for RollBackError {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Edited(files) => Self::Edited(files),
            other => Self::Prepare(other.into()),
        }
    }
}

/// Why a transaction that was cut off is perhaps still neither old nor new: the loudest error there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecoverError {
    /// The transactions cannot be listed.
    #[error(transparent)]
    Journal(#[from] FileError),
    /// Whether a transaction came to its end, and what its files were, cannot be read.
    #[error("RECOVERY FAILED, what transaction {id} changed cannot be read: {damaged}")]
    Damaged {
        /// The transaction.
        id: Id,
        /// What is wrong with it.
        damaged: Damaged,
    },
    /// A transaction could not be brought to its end.
    #[error("RECOVERY FAILED, the files of transaction {id} may be in a mixed state: {cause}")]
    Failed {
        /// The transaction.
        id: Id,
        /// What is in the way.
        cause: Cause,
    },
    /// It was to be undone, and its files are as it made them, or as they were edited since.
    #[error("transaction {id} was to be undone, and is not: {cause}")]
    Stays {
        /// The transaction.
        id: Id,
        /// What is in the way.
        cause: Cause,
    },
    /// Its files are wholly old or wholly new, and what they say could not be proved to be in force.
    #[error(
        "RECOVERY FAILED, the files of transaction {id} are {state}, which could not be proved to be in force"
    )]
    Unproved {
        /// The transaction.
        id: Id,
        /// Which side they are on.
        state: Files,
    },
    /// Its files are in order; only the journal could not be told.
    #[error("the files of transaction {id} are {state}, but that could not be noted: {cause}")]
    Unnoted {
        /// The transaction.
        id: Id,
        /// Which side they are on.
        state: Files,
        /// What is in the way.
        cause: Cause,
    },
}

/// Which side all files of a transaction are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// As they were before it.
    Old,
    /// As it made them.
    New,
}

impl std::fmt::Display for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Old => "as they were before it",
            Self::New => "as it made them",
        })
    }
}

/// A file that was edited after a transaction, with all three versions; `None` where there is no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The file, by the path as the program names it.
    pub path: PathBuf,
    /// What rolling back would bring back.
    pub before: Option<Vec<u8>>,
    /// What the transaction had made of it.
    pub after: Option<Vec<u8>>,
    /// What it is now.
    pub now: Option<FileImage>,
    /// The permission bits before and after, where the transaction had changed them or the owner.
    pub modes: Option<[u32; 2]>,
}

/// A transaction of which the journal makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {why}", path.display())]
pub struct Damaged {
    /// The transaction; `None` where no transaction has such a name.
    pub id: Option<Id>,
    /// Its directory, or the file in it.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

/// Where changing files stopped.
pub(crate) struct Stopped {
    /// What was in the way.
    pub(crate) cause: Cause,
    /// How many files may be new; whether the last of them is, is not known.
    pub(crate) touched: usize,
}

fn until(record: &Record) -> String {
    record
        .back
        .as_ref()
        .map_or_else(|| "it comes".to_owned(), |back| back.at.to_string())
}

fn edited(files: &[Edited]) -> String {
    let paths: Vec<String> = files
        .iter()
        .map(|file| file.path.display().to_string())
        .collect();
    format!("edited since: {}", paths.join(", "))
}

/// In what a file differs from what was captured; the time of the last change and the inode do not count.
pub(crate) fn differs(captured: &FileImage, now: &Compared) -> Option<Difference> {
    let Compared::There { meta, target, same } = now else {
        return Some(Difference::Removed);
    };
    let old = &captured.meta;
    if captured.target != *target {
        Some(Difference::Target)
    } else if !same {
        Some(Difference::Content)
    } else if old.mode != meta.mode {
        Some(Difference::Mode)
    } else if (old.uid, old.gid) != (meta.uid, meta.gid) {
        Some(Difference::Owner)
    } else if old.xattrs != meta.xattrs {
        Some(Difference::Attributes)
    } else {
        None
    }
}
