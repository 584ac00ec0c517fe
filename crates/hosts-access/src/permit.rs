//! Allows clients: the place of the new rule, and the proof that it works and changes nothing else.

use sshmend_lossless::{Kind, Unread};

use crate::covers::AnyOf;
use crate::draft::Draft;
use crate::edited::{Edited, Refusal};
use crate::list::DaemonPattern;
use crate::note::NoteKind;
use crate::place::add_rules;
use crate::proof::{Asked, changes_nothing_else, granted, is_exactly};
use crate::removal::{remove_denials, remove_grants};
use crate::table::{State, Table, Tables};
use crate::wanted::Wanted;

/// The clients to allow.
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
    /// Allows the patterns at `sshd`.
    pub fn new(patterns: Vec<Wanted>) -> Self {
        Self {
            patterns,
            daemon: "sshd".to_owned(),
            remove_exact_deny: false,
        }
    }
}

impl Tables {
    /// Makes the edits that allow the patterns, and proves on the resulting files that they are
    /// allowed and that no other answer changes, for any client at any daemon.
    ///
    /// Nothing is added for a pattern that is already allowed, whatever the client's name server
    /// may claim. hosts.deny is consulted last, so it is edited only to remove a denial, and no
    /// other repairs are made.
    ///
    /// # Errors
    /// [`Refusal`]; then nothing is changed.
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
                    "{} cannot be read: {why}; hosts.allow is read first",
                    self.deny.path.display()
                );
                draft.note(NoteKind::Unread, None, text);
            }
            _ => {}
        }
        if daemon != order.daemon {
            let text = format!("OpenSSH uses the name `{daemon}`, never `{}`", order.daemon);
            draft.note(NoteKind::Corrected, None, text);
        }
        let any_of = AnyOf::new(&order.patterns);
        remove_denials(&mut draft, &any_of, daemon, order.remove_exact_deny);
        add_rules(&mut draft, &order.patterns, daemon);
        let edited = draft.finish()?;
        let asked = Asked {
            patterns: &order.patterns,
            any_of: &any_of,
            daemon,
        };
        granted(&edited.after, asked)?;
        changes_nothing_else(self, &edited.after, asked)?;
        Ok(edited)
    }
}

impl Tables {
    /// Removes clients from the rules of hosts.allow that allow exactly these, at exactly this
    /// daemon: the rules that [`Tables::permit`] adds. Makes no edit if there is no such rule.
    ///
    /// # Errors
    /// [`Refusal`]; then nothing is changed.
    pub fn withdraw(&self, patterns: &[Wanted], daemon: &str) -> Result<Edited, Refusal> {
        let daemon = daemon_name(daemon)?;
        writable(&self.allow)?;
        let mut draft = Draft::new(self);
        remove_grants(&mut draft, patterns, daemon);
        draft.finish()
    }
}

/// Whether a file can be edited, or created if missing.
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
///
/// # Errors
/// If it is not the name of one daemon.
pub fn daemon_name(name: &str) -> Result<&str, Refusal> {
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
