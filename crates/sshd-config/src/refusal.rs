//! The reasons why a value cannot be set, and what to do instead.

use std::path::{Path, PathBuf};

use sshmend_lossless::{Origin, Snapshot};

use crate::look_up::nearest_keyword;
use crate::owner::Foreign;
use crate::problem::Unseen;
use crate::release::Release;

/// A change that is refused: nothing would be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No release knows the keyword.
    #[error("unknown keyword \"{key}\"")]
    UnknownKeyword {
        /// The keyword as asked for.
        key: String,
    },
    /// This release does not know the keyword.
    #[error("{release} does not know {key}")]
    NotInRelease {
        /// The keyword.
        key: String,
        /// The release of this sshd.
        release: Release,
        /// The first release that knows it.
        since: Release,
    },
    /// The release is unknown, and old ones do not know the keyword.
    #[error("the release of sshd is unknown, and only {since} and later know {key}")]
    PerhapsNotInRelease {
        /// The keyword.
        key: String,
        /// The first release that knows it.
        since: Release,
    },
    /// The keyword has no effect in any release in use.
    #[error("sshd ignores {key}")]
    Ignored {
        /// The keyword.
        key: String,
    },
    /// Elements are added to lists and taken from them, and this keyword has one value.
    #[error("{key} has one value: there is no list to add to or to remove from")]
    NotAList {
        /// The keyword.
        key: String,
    },
    /// Without its last element the list would revert to its default.
    #[error("without a {key} line sshd takes its default, which is not the requested value")]
    LastElement {
        /// The keyword.
        key: String,
    },
    /// There already is another element of that name.
    #[error("one with that name already exists: {key} {element}")]
    NameTaken {
        /// The keyword.
        key: String,
        /// The existing element.
        element: String,
    },
    /// sshd accepts the line.
    #[error("{line} is a line that sshd accepts")]
    Accepted {
        /// The line.
        line: Origin,
    },
    /// A line that other lines hang on is not commented out.
    #[error(
        "{line} is a {keyword} line: without it the lines that depend on it mean something else"
    )]
    HoldsOthers {
        /// The line.
        line: Origin,
        /// `Match` or `Include`.
        keyword: String,
    },
    /// The configuration has no such line.
    #[error("{line} is not a line of this configuration")]
    NoSuchLine {
        /// The line.
        line: Origin,
    },
    /// The keyword is not a setting (Match, Include).
    #[error("{key} is not a setting")]
    NotASetting {
        /// The keyword.
        key: String,
    },
    /// sshd would refuse the value.
    #[error("{key} {value}: {message}")]
    BadValue {
        /// The keyword.
        key: String,
        /// The value as asked for.
        value: String,
        /// What is wrong with it.
        message: String,
        /// The form of a valid value.
        hint: String,
    },
    /// The command line of the daemon sets the keyword, which beats every file.
    #[error("the daemon was started with {option}, which overrides every file")]
    Overridden {
        /// The keyword.
        key: String,
        /// The option.
        option: String,
    },
    /// There is no file to change.
    #[error("{} cannot be read: {why}", path.display())]
    NoFile {
        /// The file.
        path: PathBuf,
        /// The reason why it cannot be read.
        why: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// Part of the configuration could not be read, so that it is unknown which line decides.
    #[error("{0}")]
    Unseen(Unseen),
    /// The line that decides is in a file with another owner, and no other place overrides it.
    #[error("{} decides {key} and is not edited: {}", foreign.path.display(), foreign.packager.describes())]
    Foreign {
        /// The keyword.
        key: String,
        /// The file.
        foreign: Foreign,
    },
    /// No Include line outside the Match blocks reads the drop-in.
    #[error("no Include line outside the Match blocks reads {}", path.display())]
    NotRead {
        /// The drop-in.
        path: PathBuf,
    },
    /// Another line decides, so that the drop-in would have no effect.
    #[error("a line in {} would have no effect: {winner} decides {key}", path.display())]
    WouldLose {
        /// The keyword.
        key: String,
        /// The drop-in.
        path: PathBuf,
        /// The line that decides.
        winner: Origin,
    },
    /// sshd would refuse the whole for what other lines say.
    #[error("sshd would not start with this {key}: {message}")]
    Contradiction {
        /// The keyword.
        key: String,
        /// The error that sshd would report.
        message: String,
        /// What to do first.
        hint: String,
    },
    /// No place was found where a line would have its effect and no other.
    #[error("no place was found where {key} would take effect without changing anything else")]
    NoPlace {
        /// The keyword.
        key: String,
    },
}

impl Refusal {
    /// The refusal of a file that cannot be edited because it cannot be read.
    pub(crate) fn no_file(snapshot: &Snapshot, path: &Path) -> Self {
        let (why, hint) = match snapshot.read(path) {
            Ok(_) => ("it does not exist".to_owned(), None),
            Err(why) => (why.to_string(), why.hint()),
        };
        Self::NoFile {
            path: path.to_owned(),
            why,
            hint: hint.unwrap_or("create the file"),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::UnknownKeyword { key } => match nearest_keyword(key) {
                Some(name) if name.eq_ignore_ascii_case(key) => {
                    "only patched builds such as Debian's know it: if this is one, give its release, such as --release \"OpenSSH_9.2p1 Debian-2\""
                        .to_owned()
                }
                Some(name) => format!("did you mean {name}?"),
                None => "see sshd_config(5) for the keywords".to_owned(),
            },
            Self::NotInRelease { since, .. } => format!("upgrade to {since} or later"),
            Self::PerhapsNotInRelease { .. } => {
                "give the release that reads the file with --release, or add the keyword once by hand"
                    .to_owned()
            }
            Self::Ignored { .. } => "leave it out".to_owned(),
            Self::NotAList { key } => {
                format!(
                    "{key}=VALUE sets it; sshd itself reads +NAME and -NAME in lists of algorithms"
                )
            }
            Self::LastElement { key } => format!("give the value to use instead: {key}=VALUE"),
            Self::NameTaken { key, .. } => {
                format!(
                    "remove it first with {key}-=NAME, or set the whole list with {key}=VALUE"
                )
            }
            Self::Accepted { .. } => {
                "only a line that sshd refuses, or one of a Match block, is commented out: change it with KEY=VALUE or --unset KEY"
                    .to_owned()
            }
            Self::HoldsOthers { .. } => "correct the line by hand".to_owned(),
            Self::NoSuchLine { .. } => {
                "give the file and the line as sshd -t names them, such as /etc/ssh/sshd_config:12"
                    .to_owned()
            }
            Self::NotASetting { .. } => "edit the file by hand".to_owned(),
            Self::BadValue { hint, .. } | Self::Contradiction { hint, .. } => hint.clone(),
            Self::Overridden { .. } => {
                "change the unit or the defaults file from which the daemon is started".to_owned()
            }
            Self::NoFile { hint, .. } => (*hint).to_owned(),
            Self::Unseen(unseen) => unseen.hint().to_owned(),
            Self::Foreign { foreign, .. } => foreign.hint(),
            Self::NotRead { .. } => {
                "set the value in the main file, or add an Include line at its top".to_owned()
            }
            Self::WouldLose { winner, .. } => {
                format!(
                    "set the value in {}, which decides it",
                    winner.path.display()
                )
            }
            Self::NoPlace { key } if key == "kbdinteractiveauthentication" => {
                "up to 8.6 ChallengeResponseAuthentication decides: set that".to_owned()
            }
            Self::NoPlace { .. } => "first correct what sshd refuses in the file".to_owned(),
        }
    }
}
