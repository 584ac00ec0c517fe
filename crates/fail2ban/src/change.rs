//! A change of the configuration, or the reason why there is none.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sshmend_lossless::{EditSet, Origin, Unread, nearest};

use crate::address::Address;
use crate::problem::Problem;

/// Edits of existing files, and files to create.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edited {
    /// By the path under which fail2ban opens the file.
    pub edits: BTreeMap<PathBuf, EditSet>,
    /// Content by path; to be created with mode 0644, owned by root.
    pub creates: BTreeMap<PathBuf, Vec<u8>>,
    /// Remarks for a person.
    pub notes: Vec<Note>,
}

/// A remark on a change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The kind of remark: `own-list`, `copied`, `file-owned-by` or `mended`.
    pub name: &'static str,
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

/// The most existing jails to name: Debian ships 92.
const NAMED: usize = 12;

/// The hint that names existing jails in place of an unknown one.
pub fn jails_instead(name: &str, known: &[String]) -> String {
    if let Some(meant) = nearest(name, known.iter().map(String::as_str)) {
        return format!("did you mean {meant}?");
    }
    let named = known
        .iter()
        .take(NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match known.len().saturating_sub(NAMED) {
        0 => format!("the jails are {named}"),
        more => format!("the jails are {named} and {more} more"),
    }
}

/// The reason why a change is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// fail2ban does not run on this configuration; the worst problem comes first.
    #[error("fail2ban does not start with this configuration: {}", first(.0))]
    Broken(Vec<Problem>),
    /// No section has this name.
    #[error("there is no jail {name:?}")]
    NoSuchJail {
        /// The name that was asked for.
        name: String,
        /// The jails there are.
        known: Vec<String>,
    },
    /// Wherever the address is written, the jail does not ignore it.
    #[error("no place was found from which jail {jail} takes {address}")]
    NoPlace {
        /// The jail.
        jail: String,
        /// The address.
        address: Address,
        /// What the owner of a file that we must not write would do.
        hint: Option<String>,
    },
    /// It is not known what fail2ban reads.
    #[error("{}: {why}", path.display())]
    Unread {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        why: Unread,
    },
    /// There is more than one possible repair of the line, or its file is not ours to write.
    #[error(
        "{origin}: there is more than one way to mend this line, or its file is not the administrator's"
    )]
    NotMendable {
        /// The line.
        origin: Origin,
        /// The lines that can be repaired.
        known: Vec<Origin>,
    },
    /// Two lines would be edited in the same place, or one repair leaves another problem in its
    /// place.
    #[error("{origin}: mending it does not remove the problem")]
    NotMended {
        /// The line.
        origin: Origin,
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
    #[error("{address} cannot be removed from {origin} only for jail {jail}")]
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
            Self::Broken(problems) => problems
                .first()
                .map_or_else(String::new, |problem| problem.hint.clone()),
            Self::NoSuchJail { name, known } => jails_instead(name, known),
            Self::NoPlace {
                hint: Some(hint), ..
            } => hint.clone(),
            Self::NoPlace { .. } => {
                "add it by hand where this jail's ignoreip is decided".to_owned()
            }
            Self::Unread { why, .. } => why.hint().unwrap_or("make the file shorter").to_owned(),
            Self::NotMendable { known, .. } if known.is_empty() => {
                "no line can be mended".to_owned()
            }
            Self::NotMendable { known, .. } => {
                format!("the lines that can be mended are {}", list(known))
            }
            Self::NotMended { .. } => "mend it by hand, or name one line at a time".to_owned(),
            Self::StillCovered { .. } => "remove that word, or keep the address".to_owned(),
            Self::NotRemovable { .. } => {
                "override ignoreip in a section of the jail in jail.local".to_owned()
            }
        }
    }
}

fn list(lines: &[Origin]) -> String {
    lines
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn first(problems: &[Problem]) -> String {
    let short = |problem: &Problem| format!("{}: {}", problem.origin, problem.message);
    problems.first().map_or_else(String::new, short)
}
