//! `cargo xtask lab …`: real machines, each with one fault.

use std::process::ExitCode;

use clap::Args;

use crate::packages;

#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// What the lab is to do; `cargo xtask lab` alone lists it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

/// Words that boot no machine, or that the lab says to itself inside its sandbox.
const WITHOUT_PACKAGES: [&str; 2] = ["list", "worker"];

/// Passes the arguments to the lab, which reports its results itself.
///
/// # Errors
/// When the packages that it needs cannot be installed.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    if arguments
        .words
        .first()
        .is_some_and(|word| !WITHOUT_PACKAGES.contains(&word.as_str()))
    {
        packages::install(packages::TESTS)?;
    }
    Ok(sshmend_lab::main(&["lab"], arguments.words.clone()))
}

/// One case, with the real output at every step.
pub(crate) fn demo() -> Result<(), String> {
    packages::install(packages::TESTS)?;
    call(vec!["demo".to_owned()])
}

/// Runs every case, on every suite or once for each way in which its suites differ; creating the
/// machines needs root.
///
/// # Errors
/// When a check fails, and in CI when it is not run.
pub(crate) fn test(every_suite: bool) -> Result<(), String> {
    let brief = (!every_suite).then_some("--brief");
    as_root(["test"].into_iter().chain(brief).collect())
}

/// Signals, full disks and system calls that fail while the commands that write run, on real daemons: far more of them than
/// the case of the lab has.
///
/// # Errors
/// When something was not as it has to be, and in CI when it is not run.
pub(crate) fn faults() -> Result<(), String> {
    as_root(vec!["run", "faults", "--cases", "tests/lab/measure"])
}

fn as_root(words: Vec<&str>) -> Result<(), String> {
    match (nix::unistd::geteuid().is_root(), std::env::var_os("CI")) {
        (true, _) => call(words.into_iter().map(str::to_owned).collect()),
        (false, Some(_)) => Err("the lab's machines take root".to_owned()),
        (false, None) => {
            println!("not run: the lab's machines take root");
            Ok(())
        }
    }
}

fn call(words: Vec<String>) -> Result<(), String> {
    let code = sshmend_lab::main(&["lab"], words);
    if code == ExitCode::SUCCESS {
        Ok(())
    } else {
        Err("a check of the lab failed; it stands above".to_owned())
    }
}
