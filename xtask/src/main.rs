//! The project's own chores, run as `cargo xtask …`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a chore talks to the person who started it")]

mod docs;
mod oracle;
mod packages;
mod run;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The chores of sshmend")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Install what the tests need, then run them all: unit tests, oracles, the lab
    Test(test::Arguments),
    /// Compare our models with the real programs
    Oracle(oracle::Arguments),
    /// Write what is generated: JSON schemas, the pages of the causes
    Docs(docs::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Test(arguments) => test::run(&arguments),
        Chore::Oracle(arguments) => oracle::run(&arguments),
        Chore::Docs(arguments) => docs::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
