//! The errors of a transaction, and the state in which each leaves the files.

use std::path::PathBuf;

use sshmend_host::{Compared, FileError, LockError};
use sshmend_lossless::FileImage;

use crate::id::{Id, NotAnId};
use crate::record::{Record, State};

/// The respect in which a file differs from the captured one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// It did not exist and does now.
    #[error("it was created")]
    Created,
    /// It existed and is gone.
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

/// A file that has changed since it was captured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {difference} since it was looked at", path.display())]
pub struct Stale {
    /// The file, by the path as the program names it.
    pub path: PathBuf,
    /// The respect in which it differs.
    pub difference: Difference,
}

/// The journal could not be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// An error about one of its files.
    #[error(transparent)]
    File(#[from] FileError),
    /// What was to be recorded is recorded, but its name is not known to be on the disk.
    #[error("{0}: a power failure may lose what was recorded")]
    Unsynced(#[source] FileError),
    /// The lock of its directory.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The record cannot be understood.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// It does not name a transaction.
    #[error(transparent)]
    NotAnId(#[from] NotAnId),
    /// No transaction has a name that begins so.
    #[error("no transaction whose name begins with {0:?}")]
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
    /// There is no transaction with this name.
    #[error("no transaction {0}")]
    Unknown(Id),
    /// The content is a private key, of which no copy is kept.
    #[error("{}: it was a private key, of which no copy is kept", .0.display())]
    Withheld(PathBuf),
    /// It is not in a state in which it could be abandoned.
    #[error("transaction {0} was not interrupted: there is nothing to abandon")]
    Ended(Id),
}

/// The reason why a transaction was not begun. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// An obstacle.
    #[error(transparent)]
    Cause(#[from] Cause),
    /// An earlier transaction was interrupted and must be recovered first.
    #[error("transaction {0} was interrupted before its end")]
    Unfinished(Id),
    /// A change waits for confirmation, and is undone without it.
    #[error("transaction {} waits until {} for its confirmation: {}", .0.id, until(.0), .0.why)]
    Pending(Box<Record>),
    /// It cannot be read whether an earlier transaction is finished.
    #[error("an earlier transaction cannot be read: {0}")]
    Damaged(Damaged),
}

/// The reason why a transaction was not committed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// An error occurred. Every file is as it was: those that had been changed were changed back.
    #[error("{cause}; every file is as it was")]
    RolledBack {
        /// The transaction.
        id: Id,
        /// Whether any had been changed.
        changed: bool,
        /// The error.
        cause: Box<Cause>,
        /// The error that kept the journal from being updated, if any; the next recovery updates
        /// it.
        unnoted: Option<Box<Cause>>,
    },
    /// An error occurred, and the changes already made could not be reverted.
    #[error(
        "ROLLBACK FAILED, files may be in a mixed state: {rollback}; it was to be rolled back because: {cause}"
    )]
    RollbackFailed {
        /// The transaction.
        id: Id,
        /// The first error.
        cause: Box<Cause>,
        /// The reason why it could not be rolled back.
        rollback: Box<Cause>,
    },
}

/// The reason why files could not be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// A file has changed since it was captured.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// A file could not be changed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The journal could not be written or read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Files were edited since, so that restoring the old ones would lose the edits.
    #[error("{}", edited(.0))]
    Edited(Vec<Edited>),
    /// The transaction could not be begun.
    #[error(transparent)]
    Begun(Box<PrepareError>),
}

impl Cause {
    /// Whether something in the journal is missing or damaged.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Journal(JournalError::Damaged(_)))
    }
}

/// The reason why nothing was confirmed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmError {
    /// No transaction waits for confirmation.
    #[error("no transaction waits for a confirmation")]
    Nothing,
    /// The named transaction is not waiting.
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

/// The reason why a transaction was not rolled back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RollBackError {
    /// Files were edited since; none was changed. Each is listed with all three versions.
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

/// The reason why an interrupted transaction may still be neither old nor new: the most serious
/// error there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecoverError {
    /// The transactions cannot be listed.
    #[error(transparent)]
    Journal(#[from] FileError),
    /// It cannot be read whether a transaction is finished, and what its files were.
    #[error("RECOVERY FAILED, what transaction {id} changed cannot be read: {damaged}")]
    Damaged {
        /// The transaction.
        id: Id,
        /// The reason.
        damaged: Damaged,
    },
    /// A transaction could be neither finished nor undone.
    #[error("RECOVERY FAILED, the files of transaction {id} may be in a mixed state: {cause}")]
    Failed {
        /// The transaction.
        id: Id,
        /// The obstacle.
        cause: Cause,
    },
    /// It was to be undone, and its files are as it made them, or as they were edited since.
    #[error("transaction {id} was to be undone, and is not: {cause}")]
    Stays {
        /// The transaction.
        id: Id,
        /// The obstacle.
        cause: Cause,
    },
    /// Its files are wholly old or wholly new, but it could not be verified that they are in force.
    #[error(
        "RECOVERY FAILED, the files of transaction {id} are {state}, which could not be proved to be in force"
    )]
    Unproved {
        /// The transaction.
        id: Id,
        /// The side they are on.
        state: Files,
    },
    /// Its files are in order; only the journal could not be updated.
    #[error("the files of transaction {id} are {state}, but that could not be recorded: {cause}")]
    Unnoted {
        /// The transaction.
        id: Id,
        /// The side they are on.
        state: Files,
        /// The obstacle.
        cause: Cause,
    },
}

/// The side that all files of a transaction are on.
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

/// A file that was edited after a transaction, with all three versions; `None` if there is no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The file, by the path as the program names it.
    pub path: PathBuf,
    /// The version before the transaction.
    pub before: Option<Vec<u8>>,
    /// The version that the transaction made.
    pub after: Option<Vec<u8>>,
    /// The current version.
    pub now: Option<FileImage>,
    /// The permission bits before and after, if the transaction changed them or the owner.
    pub modes: Option<[u32; 2]>,
}

/// A transaction whose record cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {why}", path.display())]
pub struct Damaged {
    /// The transaction; `None` if no transaction has such a name.
    pub id: Option<Id>,
    /// Its directory, or the file in it.
    pub path: PathBuf,
    /// The reason.
    pub why: String,
}

/// The point at which changing the files stopped.
pub(crate) struct Stopped {
    /// The error.
    pub(crate) cause: Cause,
    /// The number of files that may be new; whether the last of them is, is not known.
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

/// The respect in which a file differs from the captured one; the time of the last change and the
/// inode do not count.
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
