//! The command: parses the arguments, runs one command, maps its outcome to an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    sshmend::run()
}
