//! The command `sshmend`: arguments, output, exit codes, and the order of the steps. It holds no decisions.
//!
//! Begin with `execute/mod.rs`: the way of data from preview to verification.

mod cli;
mod command;
mod error;
mod execute;
pub mod json;
mod output;
mod session;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

/// Parses the arguments, runs the command and says what came of it.
pub fn run() -> ExitCode {
    let arguments = cli::Cli::parse();
    match command::dispatch(arguments) {
        Ok(outcome) => outcome.into(),
        Err(code) => ExitCode::from(code),
    }
}

/// The command line as data, for manual pages and completions.
pub fn definition() -> clap::Command {
    cli::Cli::command()
}

/// The JSON schemas of all documents, by name.
pub fn schemas() -> Vec<(&'static str, String)> {
    let text = |schema: schemars::Schema| serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    vec![
        ("sshmend.change-1", text(schemars::schema_for!(json::change::Change))),
        ("sshmend.diagnosis-1", text(schemars::schema_for!(json::diagnosis::Diagnosis))),
        ("sshmend.effective-1", text(schemars::schema_for!(json::effective::Effective))),
        ("sshmend.logs-1", text(schemars::schema_for!(json::logs::Logs))),
        ("sshmend.recovery-1", text(schemars::schema_for!(json::history::Recovery))),
        ("sshmend.history-1", text(schemars::schema_for!(json::history::History))),
    ]
}
