//! The result of an edit of the two tables: the changes and the notes, or the reason for a refusal.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sshmend_lossless::{EditSet, Origin, Unread};

use crate::note::Note;
use crate::owner::Owned;
use crate::table::Tables;

/// The edits of both files, and notes about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The edits of files that exist.
    pub edits: BTreeMap<PathBuf, EditSet>,
    /// The content of files that do not exist yet.
    pub creates: BTreeMap<PathBuf, Vec<u8>>,
    /// What was changed, and what was left.
    pub notes: Vec<Note>,
    /// Denials of the patterns that another program wrote: they are left to it.
    pub owned: Vec<Owned>,
    /// Both files after the edit.
    pub after: Tables,
}

/// The reason why nothing can be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// This is not the name of one daemon.
    #[error("`{0}` is not the name of a daemon")]
    Daemon(String),
    /// The file is needed and cannot be read, or is not a regular file.
    #[error("{}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: Unread,
    },
    /// Two edits change the same bytes.
    #[error("{}: two of the edits overlap", path.display())]
    Collides {
        /// The file.
        path: PathBuf,
    },
    /// A line that was named is broken in a way for which no edit is safe.
    #[error("{origin}: {why}: no edit mends it without changing its meaning")]
    ByHand {
        /// The line.
        origin: Origin,
        /// What is wrong with it.
        why: String,
        /// What to do about it.
        hint: String,
    },
    /// A problem that was to be repaired would remain.
    #[error("{origin}: {problem}, after the repair as well")]
    NotMended {
        /// The line.
        origin: Origin,
        /// The problem.
        problem: String,
    },
    /// The edit would change an answer for others.
    #[error("the answer for {who} would change as well")]
    ChangesOthers {
        /// The client whose answer changes.
        who: String,
    },
    /// The new rule would not take effect.
    #[error("{pattern} would not be granted: {why}")]
    NotGranted {
        /// The pattern.
        pattern: String,
        /// Why.
        why: String,
    },
}

impl Refusal {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Daemon(_) => "name one daemon, such as sshd".to_owned(),
            Self::Unreadable { why, .. } => why.hint().unwrap_or("see what stands there: ls -l").to_owned(),
            Self::Collides { .. } => "mend one line at a time".to_owned(),
            Self::ByHand { hint, .. } => format!("{hint}, by hand"),
            Self::NotMended { .. } => "mend the line by hand".to_owned(),
            Self::ChangesOthers { .. } | Self::NotGranted { .. } => {
                "first check the rules above and the problems of the file: sshmend fix hosts-access --mend"
                    .to_owned()
            }
        }
    }
}
