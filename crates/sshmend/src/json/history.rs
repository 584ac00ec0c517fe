//! `sshmend.history/1`.

use serde::Serialize;
use sshmend_transaction::{Id, Record, Versions};

use super::failure::Trouble;
use crate::output::past::{diffs, state};

/// `sshmend.history/1`: past transactions.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct History {
    /// Always `sshmend.history/1`.
    pub schema: &'static str,
    /// The transactions, newest last.
    pub transactions: Vec<Transaction>,
    /// Folders that cannot be read as transactions.
    pub damaged: Vec<Damaged>,
}

/// `sshmend.transaction/1`: one transaction and its changes.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Full {
    /// Always `sshmend.transaction/1`.
    pub schema: &'static str,
    /// The transaction.
    #[serde(flatten)]
    pub transaction: Transaction,
}

/// One transaction.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Transaction {
    /// Its name.
    pub id: String,
    /// `cut-off`, `committed`, `pending-confirm`, `done` or `rolled-back`.
    pub state: &'static str,
    /// The time at which it began, as in RFC 3339.
    pub when: String,
    /// The purpose.
    pub why: String,
    /// The command line.
    pub argv: Vec<String>,
    /// The transaction that it rolls back.
    pub rolls_back: Option<String>,
    /// The user who did it.
    pub uid: u32,
    /// The user who called sudo, if any.
    pub sudo_user: Option<String>,
    /// `SSH_CONNECTION` of the session, if there was one.
    pub ssh_connection: Option<String>,
    /// The time at which it is undone automatically, if that is pending, as in RFC 3339.
    pub goes_back: Option<String>,
    /// The paths of its files.
    pub files: Vec<String>,
    /// The unified diffs of its files, if one transaction was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diffs: Option<Vec<String>>,
}

/// `sshmend.pruned/1`: the transactions that were removed, or would be.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Pruned {
    /// Always `sshmend.pruned/1`.
    pub schema: &'static str,
    /// Whether this was a dry run.
    pub dry_run: bool,
    /// Their names, the oldest first.
    pub transactions: Vec<String>,
}

impl Pruned {
    /// Converts the names to JSON.
    pub(crate) fn new(ids: &[Id], dry_run: bool) -> Self {
        Self {
            schema: "sshmend.pruned/1",
            dry_run,
            transactions: ids.iter().map(ToString::to_string).collect(),
        }
    }
}

/// A folder that cannot be read as a transaction.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Damaged {
    /// The folder.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// `sshmend.recovery/1`: what was or would be recovered.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Recovery {
    /// Always `sshmend.recovery/1`.
    pub schema: &'static str,
    /// Whether this was a dry run.
    pub dry_run: bool,
    /// One sentence for each transaction.
    pub transactions: Vec<String>,
    /// The error, if it ended in trouble.
    pub error: Option<Trouble>,
}

impl Default for History {
    fn default() -> Self {
        Self {
            schema: "sshmend.history/1",
            transactions: Vec::new(),
            damaged: Vec::new(),
        }
    }
}

impl Damaged {
    /// Converts it to JSON.
    pub(crate) fn new(damaged: &sshmend_transaction::Damaged) -> Self {
        Self {
            path: damaged.path.display().to_string(),
            reason: damaged.why.clone(),
        }
    }
}

impl Full {
    /// Converts a record and its files to JSON.
    pub(crate) fn new(record: &Record, versions: &[Versions]) -> Self {
        Self {
            schema: "sshmend.transaction/1",
            transaction: Transaction::new(record, Some(versions)),
        }
    }
}

impl Transaction {
    /// Converts a record to JSON.
    pub(crate) fn new(record: &Record, versions: Option<&[Versions]>) -> Self {
        Self {
            id: record.id.to_string(),
            state: state(record.state),
            when: record.when.to_string(),
            why: record.why.clone(),
            argv: record.argv.clone(),
            rolls_back: record.rolls_back.as_ref().map(ToString::to_string),
            uid: record.who.uid,
            sudo_user: record.who.sudo_user.clone(),
            ssh_connection: record.who.ssh_connection.clone(),
            goes_back: record.goes_back().map(|back| back.at.to_string()),
            files: record
                .files
                .iter()
                .map(|file| file.path.display().to_string())
                .collect(),
            diffs: versions.map(|versions| diffs(record, versions)),
        }
    }
}
