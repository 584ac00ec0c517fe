//! Errors of the lab itself (a failed check is not an error).

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// The reason why the lab could not do its work.
#[derive(Debug, Error)]
pub enum LabError {
    /// The arguments make no sense.
    #[error("{0}")]
    Usage(String),
    /// A system call failed.
    #[error("{what}: {source}")]
    Io {
        /// What was attempted, with the path in it.
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
        /// The end of its standard error.
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
        /// The machine.
        role: String,
        /// The end of its console.
        console: String,
    },
    /// No source of Debian packages is configured.
    #[error("apt knows no Debian mirror; name one in {0}")]
    NoMirror(&'static str),
    /// A run left something behind.
    #[error("left behind: {0}")]
    LeftBehind(String),
    /// A signal asked the lab to stop.
    #[error("interrupted; everything was torn down")]
    Interrupted,
}

/// Adds the attempted action to an I/O error.
pub(crate) fn trying<T>(what: impl Into<String>, result: io::Result<T>) -> Result<T, LabError> {
    result.map_err(|source| LabError::Io {
        what: what.into(),
        source,
    })
}
