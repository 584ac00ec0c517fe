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

use clap::error::ContextValue;
use clap::{CommandFactory, Parser};

use crate::output::escape::line;

/// Parses the arguments, runs the command and says what came of it.
pub fn run() -> ExitCode {
    match cli::Cli::try_parse() {
        Ok(arguments) => command::dispatch(arguments).map_or_else(ExitCode::from, ExitCode::from),
        Err(error) => misused(error),
    }
}

/// Prints help, or what is wrong with the command line, in which every word is the caller's and may be hostile.
fn misused(mut error: clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return output::help(&error.render().to_string())
            .map_or(ExitCode::from(2), |()| ExitCode::SUCCESS);
    }
    let words: Vec<_> = error
        .context()
        .map(|(kind, value)| (kind, harmless(value)))
        .collect();
    for (kind, value) in words {
        error.insert(kind, value);
    }
    output::say(&error.render().to_string());
    ExitCode::from(2)
}

/// A word with a line break in it would pass for lines of ours.
fn harmless(value: &ContextValue) -> ContextValue {
    match value {
        ContextValue::String(word) => ContextValue::String(line(word)),
        ContextValue::Strings(words) => {
            ContextValue::Strings(words.iter().map(|word| line(word)).collect())
        }
        other => other.clone(),
    }
}

/// The command line as data, for manual pages and completions.
pub fn definition() -> clap::Command {
    cli::Cli::command()
}

/// The JSON schemas of all documents, by name.
pub fn schemas() -> Vec<(&'static str, String)> {
    let text =
        |schema: schemars::Schema| serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    vec![
        (
            "sshmend.change-1",
            text(schemars::schema_for!(json::change::Change)),
        ),
        (
            "sshmend.diagnosis-1",
            text(schemars::schema_for!(json::diagnosis::Diagnosis)),
        ),
        (
            "sshmend.effective-1",
            text(schemars::schema_for!(json::effective::Effective)),
        ),
        (
            "sshmend.logs-1",
            text(schemars::schema_for!(json::logs::Logs)),
        ),
        (
            "sshmend.recovery-1",
            text(schemars::schema_for!(json::history::Recovery)),
        ),
        (
            "sshmend.history-1",
            text(schemars::schema_for!(json::history::History)),
        ),
    ]
}
