//! The faults of a run.

use std::time::Duration;

use nix::sys::signal::Signal;

/// Calls that replace or end a process, or return from a signal handler: no fault is injected there.
pub(crate) const NOT_A_CALL: [&str; 4] = ["execve", "exit", "exit_group", "rt_sigreturn"];

/// Calls that never fail (getuid(2) and similar): a run in which one failed is not judged.
pub(crate) const NEVER_FAIL: [&str; 7] = [
    "geteuid", "getuid", "getegid", "getgid", "getpid", "gettid", "getppid",
];

/// The way in which a run is disturbed.
pub(crate) enum Fault {
    /// A call of this name fails with this error, the so-manieth time.
    Error(String, &'static str, usize),
    /// … or is the last one.
    Kill(String, usize),
    /// The process gets a signal after this time.
    Signal(Signal, Duration),
    /// The disk has this many KiB left.
    Full(u64),
    /// The power fails after this many writes, and part of the unsynced data is lost.
    Power(usize, String),
}

impl Fault {
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Error(name, error, at) => format!("{name} number {at} fails with {error}"),
            Self::Kill(name, at) => format!("killed at {name} number {at}"),
            Self::Signal(signal, time) => format!("{signal} after {} ms", time.as_millis()),
            Self::Full(room) => format!("room for {room} KiB"),
            Self::Power(at, lost) => format!("power cut after {at} writes, {lost}"),
        }
    }

    /// The argument of strace(1) that injects the fault.
    pub(crate) fn injection(&self) -> Option<(&str, String)> {
        match self {
            Self::Error(name, error, at) => {
                Some((name, format!("inject={name}:error={error}:when={at}")))
            }
            Self::Kill(name, at) => Some((name, format!("inject={name}:signal=KILL:when={at}"))),
            Self::Signal(..) | Self::Full(_) | Self::Power(..) => None,
        }
    }

    /// A signal that asks a program to end.
    pub(crate) fn asks_to_end(&self) -> bool {
        matches!(self, Self::Signal(signal, _) if *signal != Signal::SIGKILL)
    }
}

/// The error with which a call fails.
pub(crate) fn error_of(name: &str) -> &'static str {
    match name {
        "write" | "fsync" | "fdatasync" | "renameat" | "renameat2" | "mkdirat" | "pwrite64" => {
            "ENOSPC"
        }
        _ => "EIO",
    }
}
