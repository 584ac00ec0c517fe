//! `sshmend.change/1`.

use serde::Serialize;

use super::Origin;
use super::failure::Trouble;

/// `sshmend.change/1`: what `fix`, `rollback` and `recover` did, or would do.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Change {
    /// Always `sshmend.change/1`.
    pub schema: &'static str,
    /// Whether a file was changed or a program run that changes something; in a dry run, whether that would happen.
    pub changed: bool,
    /// In a dry run: whether a file would be changed or a program run that changes something; null where it is not a dry run.
    pub would_change: Option<bool>,
    /// The transaction's id; null in a dry run and where nothing changed.
    pub transaction: Option<String>,
    /// Whether nothing was to be written.
    pub dry_run: bool,
    /// The files, in path order.
    pub files: Vec<File>,
    /// What changes in effect.
    pub effects: Vec<Effect>,
    /// What the real programs said.
    pub checks: Vec<Check>,
    /// The units that were, or in a dry run would be, reloaded.
    pub reloaded: Vec<String>,
    /// After how many seconds it is undone unless it is confirmed; null where it stays.
    pub confirm_within: Option<u64>,
    /// What waits for a confirmation now; null where nothing does.
    pub pending: Option<Pending>,
    /// What there is to know.
    pub notices: Vec<Notice>,
    /// The error, where it ended in trouble.
    pub error: Option<Trouble>,
}

/// A change that is in force and goes back unless it is confirmed.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Pending {
    /// When it goes back, as in RFC 3339.
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
    /// What it was; null when it did not exist.
    pub before: Option<State>,
    /// What it is, or would be; null when it is gone.
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

/// A value that another one replaces.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Effect {
    /// What it is the value of.
    pub what: String,
    /// The value before.
    pub before: String,
    /// The value afterwards.
    pub after: String,
}

/// The verdict of a real program.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Check {
    /// What was run.
    pub program: String,
    /// Whether it said what it had to.
    pub ok: bool,
    /// What it said.
    pub output: String,
}

/// Something to know.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Notice {
    /// Its name.
    pub name: String,
    /// What there is to know.
    pub text: String,
    /// The line it is about.
    pub origin: Option<Origin>,
}
