//! The command `sshmend`: arguments, output, exit codes, and the order of the steps. It holds no decisions.
//!
//! Begin with `execute/mod.rs`: the data flow from preview to verification.

mod cli;
mod cli_values;
mod cli_wish;
mod command;
mod error;
mod execute;
pub mod json;
pub mod manual;
mod output;
mod planning;
mod recover_unit;
mod same_machine;
mod session;
mod usage;

use std::process::ExitCode;

pub use manual::definition;

/// Parses the arguments, runs the command and returns its exit code.
pub fn run() -> ExitCode {
    sshmend_host::keep_own_rights();
    let words: Vec<_> = std::env::args_os().collect();
    match usage::parse(&words) {
        Ok(arguments) => command::dispatch(arguments).map_or_else(ExitCode::from, ExitCode::from),
        Err(error) => usage::misused(error, &words),
    }
}

/// The JSON schemas of all documents as text, with their names.
pub fn schemas() -> Vec<(&'static str, String)> {
    let text = |schema| serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    json::schemas()
        .into_iter()
        .chain([json::policy()])
        .map(|(name, schema)| (name, text(schema)))
        .collect()
}
