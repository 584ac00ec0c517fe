//! The project's own chores, run as `cargo xtask …`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a chore talks to the person who started it"
)]

mod ansible;
mod audit;
mod bench;
mod dist;
mod docs;
mod faults;
mod fuzz;
mod lab;
mod manual;
mod messages;
mod oracle;
mod packages;
mod portable;
mod python;
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
    /// What has to hold for any bytes, with bytes that a fuzzer invents
    Fuzz(fuzz::Arguments),
    /// Real machines, each with one fault
    Lab(lab::Arguments),
    /// Show one case of the lab, with the real output at every step
    Demo,
    /// Let every system call of every command that writes fail once, and be its last one once
    Faults(faults::Arguments),
    /// Time and memory of whole commands beside those of other programs
    Bench(bench::Arguments),
    #[command(hide = true)]
    Measure(bench::Measured),
    /// List what sshd can write into a log before a session stands, from its sources
    Messages(messages::Arguments),
    /// The Ansible collection: its own tests, its pages, ansible-lint, ansible-test sanity
    Ansible(ansible::Arguments),
    /// Check the crates that touch no machine with Rust 1.85, for WebAssembly and Windows
    Portable,
    /// What the dependencies are, and whether one has a known vulnerability
    Audit(audit::Arguments),
    /// The packages: a program for old and new machines as .deb, .rpm, wheel and tarball
    Dist(dist::Arguments),
    /// Write what is generated: JSON schemas, manual pages
    Docs(docs::Arguments),
    /// List the claims of the pages of the causes that name no source
    Claims,
}

fn main() -> ExitCode {
    perform(Arguments::parse().chore).unwrap_or_else(|message| {
        eprintln!("error: {message}");
        ExitCode::FAILURE
    })
}

fn perform(chore: Chore) -> Result<ExitCode, String> {
    match chore {
        Chore::Lab(arguments) => return lab::run(&arguments),
        Chore::Test(arguments) => test::run(&arguments)?,
        Chore::Oracle(arguments) => oracle::run(&arguments)?,
        Chore::Fuzz(arguments) => fuzz::run(&arguments)?,
        Chore::Demo => lab::demo()?,
        Chore::Faults(arguments) => faults::faults(&arguments)?,
        Chore::Bench(arguments) => bench::run(&arguments)?,
        Chore::Measure(measured) => bench::measure(&measured)?,
        Chore::Messages(arguments) => messages::run(&arguments)?,
        Chore::Ansible(arguments) => ansible::run(&arguments)?,
        Chore::Portable => portable::check()?,
        Chore::Audit(arguments) => audit::run(&arguments)?,
        Chore::Dist(arguments) => dist::run(&arguments)?,
        Chore::Docs(arguments) => docs::run(&arguments)?,
        Chore::Claims => docs::claims(),
    }
    Ok(ExitCode::SUCCESS)
}
