//! `cargo xtask audit`: what the dependencies are (`deny.toml`), and whether one of them has a known vulnerability.

use std::path::PathBuf;
use std::process::Command;

use clap::Args;

use crate::run::{self, project};

const CARGO_DENY: &str = "0.20.2";

#[derive(Args)]
pub(crate) struct Arguments {
    /// Leave out known vulnerabilities, whose list is fetched from the network
    #[arg(long)]
    offline: bool,
}

/// Runs cargo-deny, installing it first where it is missing.
///
/// # Errors
/// When it finds something, and when it or the list of vulnerabilities cannot be fetched.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let deny = installed()?;
    let mut check = Command::new(deny);
    check.args(["--locked", "check", "bans", "licenses", "sources"]);
    if arguments.offline {
        println!("known vulnerabilities: not looked up (--offline)");
    } else {
        check.arg("advisories");
    }
    run::run(check.current_dir(project()))
}

fn installed() -> Result<PathBuf, String> {
    let root = project().join("target/tools");
    let program = root.join("bin/cargo-deny");
    let version = Command::new(&program).arg("--version").output();
    let wanted = format!("cargo-deny {CARGO_DENY}");
    if version.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).trim() == wanted) {
        return Ok(program);
    }
    println!("installing {wanted} (some minutes, once)");
    let install = [
        "install",
        "--quiet",
        "--locked",
        "--version",
        CARGO_DENY,
        "--root",
    ];
    run::run(run::cargo(&install).arg(root).arg("cargo-deny"))?;
    Ok(program)
}
