//! What can go wrong with the lab itself (a failed check is no error).

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why the lab could not do its work.
#[derive(Debug, Error)]
pub enum LabError {
    /// The arguments make no sense.
    #[error("{0}")]
    Usage(String),
    /// A system call failed.
    #[error("{what}: {source}")]
    Io {
        /// What was tried, with the path in it.
        what: String,
        /// The system's answer.
        source: io::Error,
    },
    /// A program failed.
    #[error("{program} failed ({code}): {stderr}")]
    Program {
        /// Its name and arguments.
        program: String,
        /// Its exit status.
        code: i32,
        /// The end of what it said.
        stderr: String,
    },
    /// A case file cannot be understood.
    #[error("{}: {message}", path.display())]
    Case {
        /// The file.
        path: PathBuf,
        /// Line, column and reason.
        message: String,
    },
    /// A machine did not come up.
    #[error("the {role} did not boot: {console}")]
    Boot {
        /// Which machine.
        role: String,
        /// The end of its console.
        console: String,
    },
    /// Nothing says where Debian packages come from.
    #[error("apt knows no Debian mirror; name one in {0}")]
    NoMirror(&'static str),
    /// A run left something behind.
    #[error("left behind: {0}")]
    LeftBehind(String),
    /// A signal asked the lab to stop.
    #[error("interrupted; everything was torn down")]
    Interrupted,
}

/// Adds to an I/O error what was tried.
pub(crate) fn trying<T>(what: impl Into<String>, result: io::Result<T>) -> Result<T, LabError> {
    result.map_err(|source| LabError::Io {
        what: what.into(),
        source,
    })
}
