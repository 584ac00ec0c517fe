//! The plan itself.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sshmend_facts::CauseName;
use sshmend_lossless::{FileChange, Origin, Step, Unread, managed, turned};

use crate::check::{Check, Proof};
use crate::lockout::Lockout;

/// Everything that one run would do, and the checks of it.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The purpose, in one line.
    pub purpose: String,
    /// The files, each before and after, in path order.
    pub files: Vec<FileChange>,
    /// The changes in effect, not only in text.
    pub effects: Vec<Effect>,
    /// Checks by the real programs on the future tree, before anything is written.
    pub rehearsal: Vec<Check>,
    /// A handshake with the future daemon that must succeed.
    pub handshake: Option<Check>,
    /// The same from the addresses of those who must not lose access.
    pub handshakes_from: Vec<Check>,
    /// Programs that bring the committed files into force, in order.
    pub activation: Vec<Step>,
    /// Programs that undo `activation`, in order; if there are none, `activation` activates the old
    /// files as well.
    pub undo: Vec<Step>,
    /// Steps that start a daemon again if it ended when it was reloaded.
    pub restart: Vec<Step>,
    /// The reason why it is unknown whether an sshd is running that would have to reload, if so.
    pub unseen: Option<String>,
    /// The units that `activation` reloads.
    pub reloaded: Vec<String>,
    /// Conditions that must hold afterwards.
    pub proof: Vec<Proof>,
    /// Remarks for the person.
    pub notices: Vec<Notice>,
    /// Whether the person at the keyboard still gets in.
    pub lockout: Lockout,
    /// The time after which it is undone automatically; `None` if it stays.
    pub lasts: Option<Duration>,
    /// What it puts in place for a policy, for the journal.
    pub for_policy: Option<ForPolicy>,
}

/// What a plan puts in place for a policy and what it removes, each in the journal's form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForPolicy {
    /// The name of the policy.
    pub name: String,
    /// The items, in words.
    pub put: Vec<Vec<String>>,
    /// The policy itself: a later policy leaves in place what this one wants.
    pub text: String,
}

impl Plan {
    /// All notices: first the owners of changed files, last the effect on the person's own access.
    pub fn notes(&self) -> Vec<Notice> {
        let owned = self
            .files
            .iter()
            .filter(|change| !change.is_noop())
            .filter_map(owned);
        let access = match &self.lockout {
            Lockout::Keeps => None,
            Lockout::Unknown(why) => {
                Some((format!("whether you keep your own access: {why}"), None))
            }
            Lockout::Loses { why, origin } => {
                Some((format!("you lose your own access: {why}"), origin.clone()))
            }
        };
        let notice = |(text, origin)| Notice {
            name: "own-access".to_owned(),
            text,
            origin,
        };
        owned
            .chain(self.notices.iter().cloned())
            .chain(access.map(notice))
            .collect()
    }

    /// The same plan, undone automatically after this time.
    #[must_use]
    pub(crate) fn for_a_while(mut self, lasts: Duration) -> Self {
        let time = spelled(lasts);
        self.lasts = Some(lasts);
        self.notices.push(Notice::new(
            "temporary",
            format!("a timer undoes it after {time}"),
        ));
        self
    }

    /// The same plan, undone automatically at this time.
    #[must_use]
    pub fn until(self, end: Timestamp, now: Timestamp) -> Self {
        match Duration::try_from(end.duration_since(now)) {
            Ok(time) => self.for_a_while(time),
            Err(_) => self,
        }
    }

    /// The steps of the undo, and those that undo it.
    pub fn turned_steps(&self) -> (Vec<Step>, Vec<Step>) {
        turned(&self.activation, &self.undo)
    }

    /// True when no file would change.
    pub fn changes_nothing(&self) -> bool {
        self.files.iter().all(FileChange::is_noop)
    }
}

/// A length of time in words.
pub fn spelled(time: Duration) -> String {
    let seconds = SignedDuration::from_secs(time.as_secs().try_into().unwrap_or(i64::MAX));
    format!("{seconds:#}")
}

/// The notice that a program will overwrite the file.
fn owned(change: &FileChange) -> Option<Notice> {
    let managed = managed(&change.path, &change.before.as_ref()?.bytes)?;
    let origin = Some(Origin::new(change.target(), managed.line));
    Some(Notice {
        name: CauseName::FileOwnedBy.to_string(),
        text: managed.notice(),
        origin,
    })
}

/// A value that another one replaces in effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The keyword, client or jail whose value changes.
    pub what: String,
    /// The value in force now.
    pub before: String,
    /// The future value.
    pub after: String,
}

/// A remark that is not an error but affects the value of the fix.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Notice {
    /// The name of the notice, such as `setting-shadowed`; one of the catalogue's, or of the format's own.
    pub name: String,
    /// The text, in one sentence.
    pub text: String,
    /// The line it is about.
    pub origin: Option<Origin>,
}

impl Notice {
    /// A notice about no line in particular.
    pub fn new(name: &str, text: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            text: text.into(),
            origin: None,
        }
    }
}

/// The reason why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It cannot be done, or must not.
    #[error("{reason}")]
    Refused {
        /// Why, in one sentence.
        reason: String,
        /// What to do instead.
        hint: Option<String>,
    },
}

impl Refusal {
    /// A refusal with what to do instead.
    pub fn refused(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Refused {
            reason: reason.into(),
            hint: Some(hint.into()),
        }
    }

    /// A refusal without a hint.
    pub(crate) fn plain(reason: impl Into<String>) -> Self {
        Self::Refused {
            reason: reason.into(),
            hint: None,
        }
    }

    /// A file or folder on which the plan hangs is not known.
    pub(crate) fn unread(path: &Path, why: &Unread) -> Self {
        let reason = format!("{}: {why}", path.display());
        Self::Refused {
            reason,
            hint: why.hint().map(str::to_owned),
        }
    }

    /// An error of a format, about one file.
    pub(crate) fn of_file(path: &Path, error: &dyn std::error::Error) -> Self {
        Self::Refused {
            reason: format!("{}: {error}", path.display()),
            hint: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sshmend_lossless::{Edit, EditSet, FileImage, Metadata};

    fn edit(text: &str, edits: EditSet) -> Plan {
        let (bytes, meta) = (text.as_bytes().to_vec(), Metadata::default());
        let image = FileImage {
            bytes: bytes.into(),
            meta,
            target: "/etc/behind-the-link".into(),
        };
        Plan {
            files: vec![FileChange::edit("/etc/x", image, edits)],
            ..Plan::default()
        }
    }

    #[test]
    fn the_manager_that_rewrites_a_file_is_named_first() {
        let edits = EditSet::new([Edit::insert(0, "a\n")]).expect("one edit");
        let mut plan = edit("# Ansible managed\n", edits);
        plan.notices.push(Notice::new("other", "something else"));
        let names: Vec<String> = plan.notes().into_iter().map(|note| note.name).collect();
        assert_eq!(names, ["file-owned-by", "other"]);
        assert_eq!(
            plan.notes()[0].origin,
            Some(Origin::new("/etc/behind-the-link", 1))
        );
        assert_eq!(
            edit("# Ansible managed\n", EditSet::default()).notes(),
            [],
            "nothing is written"
        );
    }
}
