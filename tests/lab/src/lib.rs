//! The lab: a real connection fails on real machines, its cause is named and repaired, and the
//! repair is undone.
//!
//! A *case* is a file below `cases/`: a fault, what the client then sees, the expected cause, the
//! remedy. A *machine* is a Debian tree of one suite under a fresh overlay, booted by
//! systemd-nspawn in a separate network namespace. Every case runs in a separate process inside
//! private mount, process and network namespaces (`sandbox`): when that process ends, for whatever
//! reason, the kernel removes the machines, mounts and interfaces with it.
//!
//! [`main`] is the whole interface: `cargo xtask lab …` hands its arguments to it.

mod args;
mod bench;
mod binary;
mod boot;
mod case;
mod cgroup;
mod check;
mod command;
mod controller;
mod diagnosis;
mod endings;
mod error;
mod fleet;
pub mod footprint;
mod image;
mod interrupt;
mod machine;
mod mirror;
mod network;
mod pool;
mod printed;
mod record;
mod remedy;
mod report;
mod role;
mod run;
mod rust;
mod sandbox;
mod suite;
mod symptom;
mod timing;
mod worker;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub use args::{Args, Command};
pub use case::Case;
pub use error::LabError;
pub use image::{Held, trees};
pub use mirror::archives;
pub use report::{PAGE, refreshed};
pub use rust::Rust;
pub use suite::Suite;
pub use timing::times;

/// Runs one command of the lab and returns its exit code: 0 all well, 1 a check failed, 2 trouble.
///
/// `words` are the arguments that lead this program to the lab: they precede `args` when it starts
/// itself again.
#[expect(clippy::print_stderr, reason = "the command's own messages")]
pub fn main(words: &[&str], args: impl IntoIterator<Item = String>) -> ExitCode {
    match Args::parse(args).and_then(|args| dispatch(words, &args)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("lab: {error}");
            ExitCode::from(2)
        }
    }
}

/// The project's own folder.
fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn dispatch(words: &[&str], args: &Args) -> Result<bool, LabError> {
    match args.command {
        Command::Build => image::hold_all(&args.suites).map(|_| true),
        Command::List => report::list(&args.cases()?),
        Command::Run | Command::Test | Command::Time => run::cases(words, args),
        Command::Shell | Command::Demo => run::interactive(words, args),
        Command::Worker => worker::run(args),
    }
}
