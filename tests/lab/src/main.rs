//! The lab as a program of its own; `cargo xtask lab` is the same.

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    let program = env::current_exe().map_or_else(|_| "sshmend-lab".into(), Into::into);
    sshmend_lab::main(&[program], env::args().skip(1))
}
