//! A process of our own that outlives the session in which it was started.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use nix::unistd::{dup2_stdout, setsid};
use signal_hook::consts::SIGHUP;

use crate::failure::reason;
use crate::run::PATH;

/// Written by the detached process once the end of the session can no longer kill it.
const READY: &[u8] = b"ready\n";

/// Starts one of our programs in a separate session, without a terminal and ignoring SIGHUP.
/// Returns once it has called [`leave_session`], without waiting for its end.
///
/// # Errors
/// If it cannot be started, or ends before it is ready.
pub fn detach(argv: &[String]) -> Result<(), String> {
    let (program, arguments) = argv.split_first().ok_or_else(|| "no program".to_owned())?;
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| reason(&error))?;
    let mut said = Vec::new();
    let heard = match child.stdout.take() {
        Some(pipe) => pipe.take(64).read_to_end(&mut said),
        None => Ok(0),
    };
    if heard.is_ok() && said == READY {
        return Ok(());
    }
    // It has failed or cannot be used.
    drop(child.kill());
    drop(child.wait());
    Err("it ended before it was ready".to_owned())
}

/// Leaves the session in which this process was started, and reports that to the caller of
/// [`detach`].
///
/// # Errors
/// If the session cannot be left, or no process waits for the report.
pub fn leave_session() -> Result<(), String> {
    setsid().map_err(|errno| reason(&errno.into()))?;
    signal_hook::flag::register(SIGHUP, Arc::new(AtomicBool::new(false)))
        .map_err(|error| reason(&error))?;
    let mut stdout = std::io::stdout();
    let said = stdout.write_all(READY).and_then(|()| stdout.flush());
    said.map_err(|error| reason(&error))?;
    // The parent waits until the pipe is closed.
    let nowhere = OpenOptions::new()
        .write(true)
        .open("/dev/null")
        .map_err(|error| reason(&error))?;
    dup2_stdout(&nowhere).map_err(|errno| reason(&errno.into()))
}
