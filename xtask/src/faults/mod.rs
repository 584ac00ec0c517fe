//! `cargo xtask faults`: every system call of every command that writes fails once and is its last one once, and the
//! power is cut after each of its writes.
//!
//! Each run starts from the same disk, below `--root`. The exit code must be true of the files,
//! `sshmend recover` must finish or undo what is left, and then the command must work.

mod arguments;
mod fault;
mod picture;
mod power;
mod replay;
mod subject;
mod trial;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::packages;
use crate::run::run;
use subject::SUBJECTS;
use trial::Trial;

pub(crate) use arguments::Arguments;

/// Makes all runs, and prints the figures of docs/reliability.md.
///
/// # Errors
/// When an exit code was not true, or something was not brought to its end.
pub(crate) fn faults(arguments: &Arguments) -> Result<(), String> {
    packages::install(packages::TESTS)?;
    let program = match &arguments.sshmend {
        Some(program) => program.clone(),
        None => {
            run(Command::new("cargo").args(["build", "-q", "-p", "sshmend"]))?;
            PathBuf::from("target/debug/sshmend")
        }
    };
    let program = fs::canonicalize(program).map_err(|error| error.to_string())?;
    println!(
        "| command | calls | failed | killed | signals | full disks | power cuts | exit 0 | 2 | 3 | 4 | 5 | ended by a signal or a panic | violations |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    let mut violations = Vec::new();
    for subject in &SUBJECTS {
        let meant = arguments.only.as_ref();
        if meant.is_none_or(|word| subject.name.contains(word.as_str())) {
            let found = Trial::new(&program, subject)?.all(arguments)?;
            // A run takes hours: report failures at once.
            for violation in &found {
                println!("{violation}");
            }
            violations.extend(found);
        }
    }
    if violations.is_empty() {
        Ok(())
    } else {
        Err(format!("{} violations; they stand above", violations.len()))
    }
}
