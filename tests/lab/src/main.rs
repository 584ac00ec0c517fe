//! The lab as a separate program; `cargo xtask lab` is the same.

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    sshmend_lab::main(&[], env::args().skip(1))
}
