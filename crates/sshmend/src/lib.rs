//! The command `sshmend`: arguments, output, exit codes, and the order of the steps. It holds no decisions.
//!
//! Begin with `execute/mod.rs`: the way of data from preview to verification.

mod cli;
mod cli_wish;
mod command;
mod error;
mod execute;
pub mod json;
pub mod manual;
mod output;
mod session;

use std::process::ExitCode;

use clap::error::ContextValue;
use clap::{CommandFactory, FromArgMatches};

use crate::output::escape::line;

/// The version, with the commit and its date where this is a release build that knows them (`build.rs`).
const VERSION: &str = env!("SSHMEND_VERSION");

/// Parses the arguments, runs the command and says what came of it.
pub fn run() -> ExitCode {
    match parse() {
        Ok(arguments) => command::dispatch(arguments).map_or_else(ExitCode::from, ExitCode::from),
        Err(error) => misused(error),
    }
}

fn parse() -> Result<cli::Cli, clap::Error> {
    let mut command = definition().version(VERSION);
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    cli::Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
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
    manual::with_examples(cli::Cli::command())
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
            "sshmend.pruned-1",
            text(schemars::schema_for!(json::history::Pruned)),
        ),
        (
            "sshmend.history-1",
            text(schemars::schema_for!(json::history::History)),
        ),
    ]
}
