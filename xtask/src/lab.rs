//! `cargo xtask lab …`: real machines, each with one fault.

use std::process::ExitCode;

use clap::Args;

#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// What the lab is to do; `cargo xtask lab` alone lists it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

/// Hands the words to the lab, which tells by its exit code what came of it.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    call(arguments.words.clone())
}

/// One case, with the real output at every step.
pub(crate) fn demo() -> Result<(), String> {
    call(vec!["demo".to_owned()])
}

fn call(words: Vec<String>) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| format!("this program's own path: {error}"))?;
    let code = sshmend_lab::main(&[program.into_os_string(), "lab".into()], words);
    if code == ExitCode::SUCCESS { Ok(()) } else { Err("the lab is not content; what failed stands above".to_owned()) }
}
