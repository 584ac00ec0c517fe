//! Every way to fail, with its text, its hint and its exit code.

use std::fmt::Write as _;
use std::process::ExitCode;

use sshmend_host::{FileError, LockError, Why};
use sshmend_plan::Refusal;
use sshmend_policy::{Excerpt, NotAPolicy};
use sshmend_transaction::{
    Cause, CommitError, ConfirmError, Id, JournalError, PrepareError, Record, RecoverError,
    RollBackError, State,
};

use crate::json::failure::Trouble;
use crate::output::times::moment;
use crate::same_machine::with_options;

/// The beginning of every message after which nothing has changed.
const UNCHANGED: &str = "nothing was changed: ";

/// The result of a command, from which its exit code follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing to repair, or repaired.
    Fine,
    /// Findings, or changes that a dry run would make.
    Findings,
    /// The input was printed with a guess at its nature; there is no answer.
    NotUnderstood,
    /// Nothing was found, and most checks need root.
    NeedsRoot,
    /// Nothing was found, and most checks could not be made.
    Unread,
    /// A connection failed, and nothing was found that explains it.
    Unexplained,
}

impl Outcome {
    /// The error of a document without an answer; `None` if it has one.
    pub(crate) fn trouble(self) -> Option<Trouble> {
        match self {
            Self::Fine | Self::Findings => None,
            Self::NotUnderstood => {
                let message = "the input contains no answer: it shows no known failure, and no cause is ruled out";
                Some(Failure::trouble(message).trouble_json())
            }
            Self::NeedsRoot => {
                let message = "nothing was found, but most checks need root";
                let failure = Failure::trouble(message).with_hint("run it with sudo");
                Some(failure.trouble_json())
            }
            Self::Unread => {
                let message = "nothing was found, but most checks could not be made";
                let failure = Failure::trouble(message);
                Some(
                    failure
                        .with_hint("`unchecked` has the reasons")
                        .trouble_json(),
                )
            }
            Self::Unexplained => {
                let message = "a connection failed, and no known cause explains it";
                let failure = Failure::trouble(message).with_hint("ssh -vvv shows how far it gets");
                Some(failure.trouble_json())
            }
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Fine => Self::SUCCESS,
            Outcome::Findings => Self::from(1),
            Outcome::NotUnderstood
            | Outcome::NeedsRoot
            | Outcome::Unread
            | Outcome::Unexplained => Self::from(Severity::Trouble as u8),
        }
    }
}

/// The severity of a failure, which determines the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    /// Usage error, I/O error or refusal: nothing was changed.
    Trouble = 2,
    /// Changed and rolled back; the earlier state is in force again.
    RolledBack = 3,
    /// A recovery or a rollback failed.
    Broken = 4,
    /// Changed, in force and verified, but the journal or the report could not be written.
    Unnoted = 5,
}

/// An error as people and programs see it.
#[derive(Debug)]
pub(crate) struct Failure {
    severity: Severity,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
}

impl Failure {
    /// A failure after which nothing has changed.
    pub(crate) fn trouble(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Trouble,
            message: message.into(),
            causes: Vec::new(),
            hint: None,
        }
    }

    /// The same failure with another severity.
    pub(crate) fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Adds the line that says what to do about it.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, with the options that name the machine in the commands of its hint.
    pub(crate) fn for_machine(mut self, options: &str) -> Self {
        self.hint = self.hint.map(|hint| with_options(&hint, options));
        self
    }

    /// Wraps an error of a library, with the chain of its causes.
    pub(crate) fn caused(message: impl Into<String>, error: &dyn std::error::Error) -> Self {
        let chain = std::iter::successors(Some(error), |error| error.source());
        let mut failure = Self::trouble(message);
        failure.causes = chain.map(ToString::to_string).collect();
        failure
    }

    /// Adds an earlier failure as the first cause.
    pub(crate) fn after(mut self, earlier: &Self) -> Self {
        self.causes.push(earlier.message.clone());
        self.causes.extend(earlier.causes.iter().cloned());
        self
    }

    /// The change is made and in force; the journal does not know it.
    pub(crate) fn unnoted(what: &str, cause: &Cause) -> Self {
        let earlier = Self::from_cause(cause);
        let room = earlier
            .hint
            .as_ref()
            .map(|hint| format!("{hint}; then "))
            .unwrap_or_default();
        Self::trouble(format!("{what}, but that could not be recorded"))
            .with_severity(Severity::Unnoted)
            .with_hint(format!(
                "{room}sshmend recover proves it again and records it"
            ))
            .after(&earlier)
    }

    /// The change is made and in force; its report could not be printed.
    pub(crate) fn unprinted(error: &std::io::Error) -> Self {
        Self::caused("it is done, but that could not be printed", error)
            .with_severity(Severity::Unnoted)
    }

    /// The same, about a line of a policy.
    pub(crate) fn of_policy(mut self, place: &Excerpt) -> Self {
        let why = self
            .message
            .strip_prefix(UNCHANGED)
            .unwrap_or(&self.message);
        self.message = format!("{UNCHANGED}{place}: {why}\n{}", place.lines());
        self
    }

    /// The severity.
    pub(crate) fn severity(&self) -> Severity {
        self.severity
    }

    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        self.severity as u8
    }

    /// The text for a person: the message, its causes, the hint. `paint` formats the first word.
    pub(crate) fn render(&self, paint: impl Fn(&str) -> String) -> String {
        let mut text = format!("{} {}", paint("error:"), below(&self.message));
        for cause in &self.causes {
            write!(text, "\ncaused by: {}", below(cause))
                .expect("writing to a string does not fail");
        }
        if let Some(hint) = &self.hint {
            write!(text, "\nhint: {}", below(hint)).expect("writing to a string does not fail");
        }
        text
    }

    /// The JSON form.
    pub(crate) fn trouble_json(&self) -> Trouble {
        let message = std::iter::once(&self.message)
            .chain(&self.causes)
            .cloned()
            .collect::<Vec<_>>()
            .join(": ");
        Trouble {
            message,
            hint: self.hint.clone(),
            exit_code: self.code(),
        }
    }
}

/// The refusal while another change waits for confirmation: who made it, and how to confirm or undo
/// it.
fn pending(record: &Record) -> Failure {
    let id = &record.id;
    let who = match (&record.who.sudo_user, &record.who.ssh_connection) {
        (Some(user), Some(from)) => format!("{user}, from {}", first_word(from)),
        (None, Some(from)) => format!("somebody from {}", first_word(from)),
        (Some(user), None) => user.clone(),
        (None, None) => "somebody at this machine".to_owned(),
    };
    let until = record
        .back
        .as_ref()
        .map_or_else(|| "it comes".to_owned(), |back| moment(back.at));
    let message = format!(
        "nothing was changed: {who}, has changed something that waits until {until} for its confirmation: {}",
        record.why
    );
    Failure::trouble(message).with_hint(format!(
        "`sshmend confirm {id}` keeps it, `sshmend rollback {id}` undoes it; once its time is over `sshmend recover` does"
    ))
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

fn give_up(id: Option<&Id>) -> String {
    let id = id.map_or("ID", Id::as_str);
    format!("`sshmend recover --forget {id}` shows what giving it up means, and asks")
}

/// Indents program output of several lines, so that none of them can pass for one of ours.
fn below(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join("\n    ")
}

/// The errors of each library: text, hint and severity.
impl Failure {
    /// The failure for a plan that was refused.
    pub(crate) fn from_refusal(refusal: &Refusal) -> Self {
        let Refusal::Refused { reason, hint } = refusal;
        Self {
            hint: hint.clone(),
            ..Self::trouble(format!("nothing was changed: {reason}"))
        }
    }

    /// A text is not a policy.
    pub(crate) fn from_policy(error: &NotAPolicy) -> Self {
        Self {
            hint: error.hint().map(str::to_owned),
            ..Self::trouble(format!("{UNCHANGED}{error}"))
        }
    }

    /// The failure if nothing can be shown, for commands that change nothing.
    pub(crate) fn from_refusal_to_show(refusal: &Refusal) -> Self {
        let Refusal::Refused { reason, hint } = refusal;
        Self {
            hint: hint.clone(),
            ..Self::trouble(reason)
        }
    }

    /// A file could not be read or changed.
    pub(crate) fn from_file(error: &FileError) -> Self {
        Self {
            hint: error.hint().map(str::to_owned),
            ..Self::trouble(error.to_string())
        }
    }

    /// A file named on the command line could not be read.
    pub(crate) fn from_named_file(error: &FileError) -> Self {
        let failure = Self::from_file(error);
        match error.why {
            Why::Missing => failure.with_hint("check the path"),
            Why::WrongKind(_) => failure.with_hint("name a file"),
            _ => failure,
        }
    }

    /// The same, with the purpose of the access as the message.
    pub(crate) fn from_file_of(message: &str, error: &FileError) -> Self {
        Self {
            hint: error.hint().map(str::to_owned),
            ..Self::caused(message, error)
        }
    }

    /// The state folder could not be used.
    pub(crate) fn from_journal(error: &JournalError) -> Self {
        match error {
            JournalError::File(file) => Self::from_file(file),
            JournalError::Unsynced(file) => Self {
                hint: Self::from_file(file).hint,
                ..Self::trouble(error.to_string()).with_severity(Severity::Unnoted)
            },
            JournalError::Lock(LockError::Held { .. }) => {
                Self::trouble(format!("nothing was changed: {error}"))
                    .with_hint("--wait 1m waits for it to end")
            }
            JournalError::Unknown(_) | JournalError::Unnamed(_) | JournalError::NotAnId(_) => {
                Self::trouble(error.to_string()).with_hint("sshmend history lists them")
            }
            JournalError::Ambiguous { .. } => Self::trouble(error.to_string())
                .with_hint("give more of the name: sshmend history lists them"),
            JournalError::Withheld(_) => Self::trouble(format!("nothing was changed: {error}"))
                .with_hint("sshmend fix host-keys makes another one"),
            _ => Self::trouble(error.to_string()),
        }
    }

    /// A transaction was not begun.
    pub(crate) fn from_prepare(error: &PrepareError) -> Self {
        match error {
            PrepareError::Cause(cause) => Self::from_cause(cause),
            PrepareError::Unfinished(_) => {
                Self::trouble(error.to_string()).with_hint("run sshmend recover first")
            }
            PrepareError::Pending(record) => pending(record),
            PrepareError::Damaged(damaged) => {
                Self::trouble(error.to_string()).with_hint(give_up(damaged.id.as_ref()))
            }
        }
    }

    /// Files could not be changed, or the necessary change could not be determined.
    pub(crate) fn from_cause(cause: &Cause) -> Self {
        match cause {
            Cause::File(file) => Self::from_file(file),
            Cause::Journal(journal) => Self::from_journal(journal),
            Cause::Stale(_) => Self::trouble(cause.to_string())
                .with_hint("someone else is editing it: look at it, then start again"),
            Cause::Edited(_) => Self::trouble(cause.to_string()),
            Cause::Begun(error) => Self::from_prepare(error),
        }
    }

    /// A transaction was not committed.
    pub(crate) fn from_commit(error: &CommitError) -> Self {
        match error {
            CommitError::RolledBack {
                cause,
                changed,
                unnoted,
                ..
            } => {
                let severity = if *changed {
                    Severity::RolledBack
                } else {
                    Severity::Trouble
                };
                let told = Self::from_cause(cause)
                    .after(&Self::trouble("every file is as it was"))
                    .with_severity(severity);
                match unnoted {
                    Some(unnoted) => told.after(&Self::trouble(format!(
                        "that could not be recorded: {unnoted}"
                    ))),
                    None => told,
                }
            }
            CommitError::RollbackFailed { .. } => {
                Self::trouble(error.to_string()).with_severity(Severity::Broken)
            }
        }
    }

    /// A transaction was not rolled back.
    pub(crate) fn from_roll_back(error: &RollBackError) -> Self {
        match error {
            RollBackError::Edited(_) => {
                Self::trouble(error.to_string()).with_hint("undo the change by hand")
            }
            RollBackError::Prepare(error) => Self::from_prepare(error),
            RollBackError::Commit(error) => Self::from_commit(error),
            RollBackError::Journal(error) => Self::from_journal(error),
        }
    }

    /// The failure of a confirmation.
    pub(crate) fn from_confirm(error: &ConfirmError) -> Self {
        match error {
            ConfirmError::Nothing => {
                Self::trouble(error.to_string()).with_hint("sshmend history lists what was done")
            }
            ConfirmError::Ended(_, State::RolledBack) => {
                Self::trouble(format!("{error}: it was undone"))
                    .with_hint("sshmend redo makes it again")
            }
            ConfirmError::Ended(_, State::Done) => Self::trouble(error.to_string()),
            ConfirmError::Ended(..) => Self::trouble(format!("{error}: it was interrupted"))
                .with_hint("run sshmend recover first"),
            ConfirmError::Journal(error) => Self::from_journal(error),
        }
    }

    /// A recovery failed.
    pub(crate) fn from_recover(error: &RecoverError) -> Self {
        let broken = Self::trouble(error.to_string()).with_severity(Severity::Broken);
        match error {
            RecoverError::Journal(file) if matches!(file.why, Why::Untrusted { .. }) => {
                Self::from_file(file)
            }
            RecoverError::Journal(file) => Self::from_file(file).with_severity(Severity::Broken),
            RecoverError::Damaged { id, .. } => broken.with_hint(give_up(Some(id))),
            RecoverError::Failed { id, cause } => {
                let hint = Self::from_cause(cause).hint;
                broken.with_hint(hint.unwrap_or_else(|| give_up(Some(id))))
            }
            RecoverError::Stays { id, cause } => {
                let hint = Self::from_cause(cause)
                    .hint
                    .unwrap_or_else(|| format!("undo it by hand; {}", give_up(Some(id))));
                broken.with_hint(hint)
            }
            RecoverError::Unproved { id, .. } => broken.with_hint(format!(
                "look at the daemon, then run sshmend recover again; {}",
                give_up(Some(id))
            )),
            // The files are in order: what remains is to free space, or to provide whatever else
            // the journal needs.
            RecoverError::Unnoted { cause, .. } => {
                let hint = Self::from_cause(cause)
                    .hint
                    .map(|hint| format!("{hint}; then run sshmend recover again"));
                Self {
                    hint,
                    ..Self::trouble(error.to_string()).with_severity(Severity::Unnoted)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_cause_and_hint_are_on_separate_lines() {
        let io = std::io::Error::other("no space");
        let failure = Failure::caused("cannot write /etc/a", &io).with_hint("free some");
        assert_eq!(
            failure.render(str::to_owned),
            "error: cannot write /etc/a\ncaused by: no space\nhint: free some"
        );
        assert_eq!(failure.code(), 2);
        let forged = Failure::trouble("no such file: /a\nhint: run this").render(str::to_owned);
        assert_eq!(forged, "error: no such file: /a\n    hint: run this");
    }
}
