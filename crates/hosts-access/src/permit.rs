//! Lets clients in: where the rule goes, and the proof that it holds and changes nothing else.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sshmend_lossless::{EditSet, Kind, Origin, Unread};

use crate::draft::Draft;
use crate::list::DaemonPattern;
use crate::note::{Note, NoteKind};
use crate::owner::Owned;
use crate::place::add_rules;
use crate::proof::{Asked, changes_nothing_else, granted, is_exactly};
use crate::removal::{remove_denials, remove_grants};
use crate::table::{State, Table, Tables};
use crate::wanted::Wanted;

/// Who is to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// The clients.
    pub patterns: Vec<Wanted>,
    /// At which daemon.
    pub daemon: String,
    /// Whether rules that deny exactly one of the patterns at exactly this daemon are removed.
    pub remove_exact_deny: bool,
}

impl Permit {
    /// Lets the patterns in at `sshd`.
    pub fn new(patterns: Vec<Wanted>) -> Self {
        Self {
            patterns,
            daemon: "sshd".to_owned(),
            remove_exact_deny: false,
        }
    }
}

/// The edits of both files, and what there is to say about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The edits of files that exist.
    pub edits: BTreeMap<PathBuf, EditSet>,
    /// The content of files that do not exist yet.
    pub creates: BTreeMap<PathBuf, Vec<u8>>,
    /// What is done, and what is left.
    pub notes: Vec<Note>,
    /// Denials of the patterns that another program wrote: they are left to it.
    pub owned: Vec<Owned>,
    /// Both files as they are afterwards.
    pub after: Tables,
}

/// Why nothing can be done.
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
    /// Two edits want the same bytes.
    #[error("{}: two of the edits want the same bytes", path.display())]
    Collides {
        /// The file.
        path: PathBuf,
    },
    /// A line that was named is broken in a way for which no edit is sure.
    #[error("{origin}: {why}: no edit mends it without changing what it means")]
    ByHand {
        /// The line.
        origin: Origin,
        /// What is wrong with it.
        why: String,
        /// What to do.
        hint: String,
    },
    /// A problem that was to be mended would remain.
    #[error("{origin}: {problem}, after the repair as well")]
    NotMended {
        /// Where it stands.
        origin: Origin,
        /// What it is.
        problem: String,
    },
    /// The edit would change an answer that nobody asked to change.
    #[error("the answer for {who} would change as well")]
    ChangesOthers {
        /// Whose answer.
        who: String,
    },
    /// The rule would not do what it says.
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
            Self::Collides { .. } => "mend one line after the other".to_owned(),
            Self::ByHand { hint, .. } => format!("{hint}, by hand"),
            Self::NotMended { .. } => "mend the line by hand".to_owned(),
            Self::ChangesOthers { .. } | Self::NotGranted { .. } => {
                "look at the rules above and at the problems of the file first: sshmend fix hosts-access --mend"
                    .to_owned()
            }
        }
    }
}

impl Tables {
    /// Makes the edits that let the patterns in, and proves by the files as they will be that they are let in and that no
    /// other answer changes, for anybody, at any daemon.
    ///
    /// Nothing is added for a pattern that is let in already, whoever the client's name server may say it is. hosts.deny
    /// is asked last, so it is edited only to remove a denial, and nothing else is mended on the way.
    ///
    /// # Errors
    /// [`Refusal`], and then nothing was made.
    pub fn permit(&self, order: &Permit) -> Result<Edited, Refusal> {
        let daemon = daemon_name(&order.daemon)?;
        writable(&self.allow)?;
        let mut draft = Draft::new(self);
        match &self.deny.state {
            State::Unknown(why) if order.remove_exact_deny => {
                return Err(Refusal::Unreadable {
                    path: self.deny.path.clone(),
                    why: why.clone(),
                });
            }
            State::Unknown(why) => {
                let text = format!(
                    "{} cannot be read: {why}; hosts.allow is asked first",
                    self.deny.path.display()
                );
                draft.note(NoteKind::Unread, None, text);
            }
            _ => {}
        }
        if daemon != order.daemon {
            let text = format!("OpenSSH asks as `{daemon}`, never as `{}`", order.daemon);
            draft.note(NoteKind::Corrected, None, text);
        }
        remove_denials(&mut draft, &order.patterns, daemon, order.remove_exact_deny);
        add_rules(&mut draft, &order.patterns, daemon);
        let edited = draft.finish()?;
        let asked = Asked {
            patterns: &order.patterns,
            daemon,
        };
        granted(&edited.after, asked)?;
        changes_nothing_else(self, &edited.after, asked)?;
        Ok(edited)
    }
}

impl Tables {
    /// Makes the edits that take clients out of the rules of hosts.allow that let exactly these in, at exactly this daemon:
    /// what [`Tables::permit`] had put there. Nothing is edited where there is no such rule.
    ///
    /// # Errors
    /// [`Refusal`], and then nothing was made.
    pub fn withdraw(&self, patterns: &[Wanted], daemon: &str) -> Result<Edited, Refusal> {
        let daemon = daemon_name(daemon)?;
        writable(&self.allow)?;
        let mut draft = Draft::new(self);
        remove_grants(&mut draft, patterns, daemon);
        draft.finish()
    }
}

/// Whether a file can be edited, or made where there is none.
pub(crate) fn writable(table: &Table) -> Result<(), Refusal> {
    let why = match &table.state {
        State::Read | State::Missing => return Ok(()),
        State::Dangling => Unread::Dangling,
        State::Directory => Unread::NotAFile(Kind::Directory),
        State::Unknown(why) => why.clone(),
    };
    Err(Refusal::Unreadable {
        path: table.path.clone(),
        why,
    })
}

/// One plain name; those of OpenSSH's other programs become `sshd`.
fn daemon_name(name: &str) -> Result<&str, Refusal> {
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        && (1..=127).contains(&name.len());
    match name {
        "sshd-session" | "sshd-auth" | "ssh" | "openssh" => Ok("sshd"),
        _ if plain
            && !name.eq_ignore_ascii_case("EXCEPT")
            && is_exactly(&DaemonPattern::parse(name.as_bytes()), name) =>
        {
            Ok(name)
        }
        _ => Err(Refusal::Daemon(name.to_owned())),
    }
}
