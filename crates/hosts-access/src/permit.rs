//! Lets clients in: where the rule goes, what else is mended, and the proof that it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use sshmend_lossless::{EditSet, Origin};

use crate::draft::Draft;
use crate::evaluate::Access;
use crate::mend::mend;
use crate::owner::Owned;
use crate::place::add_rules;
use crate::problem::{Problem, ProblemKind};
use crate::removal::remove_denials;
use crate::table::{State, Tables};
use crate::wanted::Wanted;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// Who is to be let in; empty: mend only.
    pub patterns: Vec<Wanted>,
    /// At which daemon.
    pub daemon: String,
    /// Which kinds of problems to mend on the way; the others are offered.
    pub mend: BTreeSet<ProblemKind>,
    /// Whether to mend even what costs somebody the access that he has, rather than offer it: a rule that libwrap never
    /// read may deny, and a word behind `#` may let in.
    pub at_any_cost: bool,
    /// Whether rules that deny exactly one of the patterns are removed, rather than offered for removal.
    pub remove_exact_deny: bool,
}

impl Permit {
    /// Lets the patterns in at `sshd`, and mends the damage that hides rules.
    pub fn new(patterns: Vec<Wanted>) -> Self {
        let mend = ProblemKind::DAMAGE.into();
        Self { patterns, daemon: "sshd".to_owned(), mend, at_any_cost: false, remove_exact_deny: false }
    }
}

/// The edits of both files, and what there is to say about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The edits of files that exist.
    pub edits: BTreeMap<PathBuf, EditSet>,
    /// The content of files that do not exist yet.
    pub creates: BTreeMap<PathBuf, Vec<u8>>,
    /// What is done, and what was corrected on the way.
    pub notes: Vec<Note>,
    /// What could be mended besides.
    pub offers: Vec<Offer>,
    /// Denials of the patterns that another program wrote: they are left to it.
    pub owned: Vec<Owned>,
    /// Both files as they are afterwards.
    pub after: Tables,
}

/// Something to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The line that it is about, in the file as it was.
    pub origin: Option<Origin>,
    /// A sentence fragment.
    pub text: String,
}

/// An edit that was not asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What it would do.
    pub remedy: Remedy,
    /// The line that it is about.
    pub origin: Origin,
    /// What is wrong, and what the edit makes of it.
    pub text: String,
    /// The edit, in the file of the line.
    pub edits: EditSet,
}

/// What an [`Offer`] would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remedy {
    /// Mend a problem of this kind.
    Mend(ProblemKind),
    /// Remove a rule that denies exactly what is to be let in.
    RemoveDeny,
}

/// Why nothing can be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The daemon's name is none.
    #[error("`{0}` is no name of a daemon")]
    Daemon(String),
    /// The file cannot be read, or is none.
    #[error("{}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A problem that was to be mended would remain.
    #[error("{origin}: {problem}")]
    NotMended {
        /// Where it would stand.
        origin: Origin,
        /// What it is.
        problem: String,
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
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Daemon(_) => "name one daemon, such as sshd",
            Self::Unreadable { .. } => "run it as root, and see that the path names a regular file",
            Self::NotMended { .. } => "mend the file by hand first",
            Self::NotGranted { .. } => "look at the rules above and at the problems of the file first",
        }
    }
}

impl Tables {
    /// Makes the edits that let the patterns in, and proves them by evaluating the files as they will be.
    ///
    /// Nothing is added for a pattern that a rule grants already, whoever the client's name server may say it is.
    ///
    /// # Errors
    /// [`Refusal`], and then nothing was made.
    pub fn permit(&self, order: &Permit) -> Result<Edited, Refusal> {
        let daemon = daemon_name(&order.daemon)?;
        if let State::Unknown(why) = &self.allow.state {
            return Err(Refusal::Unreadable { path: self.allow.path.clone(), why: why.clone() });
        }
        if self.allow.state == State::Directory {
            let why = "a directory stands where the file should be".to_owned();
            return Err(Refusal::Unreadable { path: self.allow.path.clone(), why });
        }
        let mut draft = Draft::new(self);
        if daemon != order.daemon {
            draft.note(None, format!("OpenSSH asks as `{daemon}`, never as `{}`", order.daemon));
        }
        mend(&mut draft, &order.mend, daemon, order.at_any_cost);
        remove_denials(&mut draft, &order.patterns, daemon, order.remove_exact_deny);
        add_rules(&mut draft, &order.patterns, daemon);
        let edited = draft.finish();
        prove_mended(&edited, &order.mend)?;
        prove_granted(&edited.after, &order.patterns, daemon)?;
        Ok(edited)
    }
}

/// One plain name; those of OpenSSH's other programs become `sshd`.
fn daemon_name(name: &str) -> Result<&str, Refusal> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    match name {
        "sshd-session" | "sshd-auth" | "ssh" | "openssh" => Ok("sshd"),
        _ if !plain
            || name.is_empty()
            || name.len() > 127
            || name.eq_ignore_ascii_case("ALL")
            || name.eq_ignore_ascii_case("EXCEPT") =>
        {
            Err(Refusal::Daemon(name.to_owned()))
        }
        _ => Ok(name),
    }
}

/// No line is left at which libwrap would stop reading, except one that no edit can mend or whose mending is only offered.
fn prove_mended(edited: &Edited, mend: &BTreeSet<ProblemKind>) -> Result<(), Refusal> {
    let stops = [ProblemKind::MissingNewline, ProblemKind::TooLong];
    let offered = |problem: &Problem| {
        let same =
            |offer: &Offer| offer.remedy == Remedy::Mend(problem.kind) && offer.origin.path == problem.origin.path;
        edited.offers.iter().any(same)
    };
    let left =
        |problem: &Problem| stops.contains(&problem.kind) && mend.contains(&problem.kind) && problem.repair.is_some();
    match edited.after.problems().into_iter().find(|problem| left(problem) && !offered(problem)) {
        Some(problem) => Err(Refusal::NotMended { origin: problem.origin, problem: problem.message }),
        None => Ok(()),
    }
}

fn prove_granted(after: &Tables, patterns: &[Wanted], daemon: &str) -> Result<(), Refusal> {
    for wanted in patterns {
        for client in wanted.examples() {
            let addr = client.addr;
            let verdict = after.evaluate(&client.at(daemon));
            if verdict.access != Access::Granted {
                let line = verdict.origin.map_or_else(String::new, |origin| format!("{origin}: "));
                let why = format!("{line}{} (asked for {addr})", verdict.reason);
                return Err(Refusal::NotGranted { pattern: wanted.word().to_owned(), why });
            }
        }
    }
    Ok(())
}
