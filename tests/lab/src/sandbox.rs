//! The namespaces around one case: with the process that lives in them, everything in them ends.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::mount::{MsFlags, mount};
use nix::sys::signal::SigSet;

use crate::args::{self, Args};
use crate::error::{LabError, trying};
use crate::suite::Suite;

/// The prefix that starts a worker: it dies with us, and everything that it starts dies with it.
const AROUND: [&str; 12] = [
    "setpriv",
    "--pdeathsig=KILL",
    "unshare",
    "--mount",
    "--net",
    "--uts",
    "--ipc",
    "--pid",
    "--fork",
    "--kill-child=KILL",
    "--mount-proc",
    "--",
];

const SELF: &str = "/proc/self/exe";

/// Carries the name of a job to its worker, whose control groups begin with it.
const VARIABLE: &str = "SSHMEND_LAB_JOB";

/// One case on one suite.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// The case's name.
    pub(crate) case: String,
    /// The suite.
    pub(crate) suite: Suite,
    /// Sets it apart from every other job on this machine.
    pub(crate) id: String,
}

/// This program, as workers run it: through its open file, because a build may replace it
/// meanwhile.
pub(crate) struct Worker<'a> {
    program: File,
    words: &'a [&'a str],
}

impl<'a> Worker<'a> {
    /// `words` are those that lead the program to the lab.
    pub(crate) fn new(words: &'a [&'a str]) -> Result<Self, LabError> {
        let program = trying(SELF, File::open(SELF))?;
        trying(
            SELF,
            fcntl(&program, FcntlArg::F_SETFD(FdFlag::empty())).map_err(Into::into),
        )?;
        Ok(Self { program, words })
    }

    /// The command line of the job's worker, without the options that [`options`] adds.
    pub(crate) fn command(&self, job: &Job, place: &Path) -> Command {
        let mut command = Command::new(AROUND[0]);
        command
            .args(&AROUND[1..])
            .arg(format!("/proc/self/fd/{}", self.program.as_raw_fd()))
            .args(self.words)
            .args(["worker", &job.case, "--suite", job.suite.name(), "--place"])
            .arg(place);
        command.env(VARIABLE, &job.id).stdin(Stdio::null());
        command
    }
}

/// Hands a worker the options that concern it.
pub(crate) fn options(command: &mut Command, args: &Args) {
    for (option, path) in [
        ("--sshmend", &args.sshmend),
        ("--record", &args.record),
        ("--cases", &args.folder),
    ] {
        if let Some(path) = path {
            command.arg(option).arg(path);
        }
    }
    if args.command == args::Command::Time {
        command.arg("--time");
    }
}

/// The job's id, inside its worker.
pub(crate) fn job_id() -> String {
    std::env::var(VARIABLE).unwrap_or_default()
}

/// Isolates the sandbox: its own temporary file systems, its own signals.
pub(crate) fn settle(place: &Path) -> Result<(), LabError> {
    trying(
        "sigprocmask",
        SigSet::all().thread_unblock().map_err(Into::into),
    )?;
    for target in [place, Path::new("/run")] {
        let mounted = mount(
            Some("lab"),
            target,
            Some("tmpfs"),
            MsFlags::empty(),
            Some("mode=0755"),
        );
        trying(
            format!("tmpfs on {}", target.display()),
            mounted.map_err(Into::into),
        )?;
    }
    Ok(())
}
