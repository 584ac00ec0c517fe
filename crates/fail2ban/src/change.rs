//! What a change of the configuration consists of, and why there may be none.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sshmend_lossless::{EditSet, Origin};

use crate::address::Address;
use crate::problem::Problem;

/// Edits of existing files, and files to create.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edited {
    /// By the path under which fail2ban opens the file.
    pub edits: BTreeMap<PathBuf, EditSet>,
    /// Content by path; to be created with mode 0644, owned by root.
    pub creates: BTreeMap<PathBuf, Vec<u8>>,
    /// What a person should know about it.
    pub notes: Vec<Note>,
}

/// A remark on a change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The line it is about.
    pub origin: Option<Origin>,
    /// The remark, a fragment.
    pub text: String,
}

impl Edited {
    /// True when nothing would change.
    pub fn is_empty(&self) -> bool {
        self.creates.is_empty() && self.edits.values().all(EditSet::is_empty)
    }
}

/// Why a change is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// fail2ban does not run on this configuration, and there is more than one way to mend it.
    #[error("fail2ban does not run on this configuration: {}", first(.0))]
    Broken(Vec<Problem>),
    /// No section has this name.
    #[error("there is no jail {name:?}")]
    NoSuchJail {
        /// The name that was asked for.
        name: String,
        /// The jails there are.
        known: Vec<String>,
    },
    /// Wherever the address is written, the jail does not take it.
    #[error("no place was found from which jail {jail} takes {address}")]
    NoPlace {
        /// The jail.
        jail: String,
        /// The address.
        address: Address,
    },
    /// Another word covers the address.
    #[error("{word} still covers {address} in jail {jail}")]
    StillCovered {
        /// The address.
        address: Address,
        /// The jail.
        jail: String,
        /// The word.
        word: String,
        /// Its line.
        origin: Option<Origin>,
    },
    /// The line is not ours to change, or other jails share it.
    #[error("{address} cannot be taken out of {origin} for jail {jail} alone")]
    NotRemovable {
        /// The address.
        address: Address,
        /// The jail.
        jail: String,
        /// The line.
        origin: Origin,
    },
}

impl Refusal {
    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            Self::Broken(problems) => problems.first().map_or_else(String::new, |problem| problem.hint.clone()),
            Self::NoSuchJail { known, .. } => format!("the jails are {}", known.join(", ")),
            Self::NoPlace { .. } => "add it by hand where this jail's ignoreip is decided".to_owned(),
            Self::StillCovered { .. } => "take that word out, or leave the address".to_owned(),
            Self::NotRemovable { .. } => "override ignoreip in a section of the jail in jail.local".to_owned(),
        }
    }
}

fn first(problems: &[Problem]) -> String {
    let short = |problem: &Problem| format!("{}: {}", problem.origin, problem.message);
    problems.first().map_or_else(String::new, short)
}
