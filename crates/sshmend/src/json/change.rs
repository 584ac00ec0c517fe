//! `sshmend.change/1`.

use serde::Serialize;

use super::failure::Trouble;
use super::origin::Origin;

/// `sshmend.change/1`: what `fix`, `rollback` and `recover` did, or would do.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Change {
    /// Always `sshmend.change/1`.
    pub schema: &'static str,
    /// Whether a file was changed or a program run that changes something; in a dry run, whether that would happen.
    pub changed: bool,
    /// In a dry run: whether a file would be changed or a program run that changes something; null
    /// otherwise.
    pub would_change: Option<bool>,
    /// The transaction's id; null in a dry run and if nothing changed.
    pub transaction: Option<String>,
    /// Whether this was a dry run.
    pub dry_run: bool,
    /// The files, in path order.
    pub files: Vec<File>,
    /// Changes in effect.
    pub effects: Vec<Effect>,
    /// The answers of the real programs.
    pub checks: Vec<Check>,
    /// The units that were, or in a dry run would be, reloaded.
    pub reloaded: Vec<String>,
    /// The seconds after which it is undone unless it is confirmed; null if it stays.
    pub confirm_within: Option<u64>,
    /// The change that waits for confirmation; null if none does.
    pub pending: Option<Pending>,
    /// Remarks about the change.
    pub notices: Vec<Notice>,
    /// The error, if it ended in trouble.
    pub error: Option<Trouble>,
}

/// A change in force that is undone unless it is confirmed.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Pending {
    /// The time at which it is undone, as in RFC 3339.
    pub until: String,
    /// The command line that keeps it.
    pub confirm: Vec<String>,
}

impl Default for Change {
    fn default() -> Self {
        Self {
            schema: "sshmend.change/1",
            changed: false,
            would_change: None,
            transaction: None,
            dry_run: false,
            files: Vec::new(),
            effects: Vec::new(),
            checks: Vec::new(),
            reloaded: Vec::new(),
            confirm_within: None,
            pending: None,
            notices: Vec::new(),
            error: None,
        }
    }
}

/// One changed file.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct File {
    /// The file's path.
    pub path: String,
    /// The state before; null if it did not exist.
    pub before: Option<State>,
    /// The state after, actual or planned; null if it was deleted.
    pub after: Option<State>,
    /// The unified diff.
    pub diff: String,
}

/// A file's state.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct State {
    /// Digest of the content.
    pub sha256: String,
    /// Size in bytes.
    pub size: u64,
    /// Permission bits, such as `0644`.
    pub mode: String,
}

/// A value that is replaced by another one.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Effect {
    /// The name of the value.
    pub what: String,
    /// The value before.
    pub before: String,
    /// The value afterwards.
    pub after: String,
}

/// The verdict of a real program.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Check {
    /// The command that was run.
    pub program: String,
    /// Whether the answer was the required one.
    pub ok: bool,
    /// The output.
    pub output: String,
}

/// A remark.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Notice {
    /// Its name.
    pub name: String,
    /// The text.
    pub text: String,
    /// The line it is about.
    pub origin: Option<Origin>,
}
