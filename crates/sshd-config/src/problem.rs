//! Lines that sshd would reject or warn about.

use std::fmt;
use std::path::PathBuf;

use sshmend_lossless::{Origin, Unread};

/// A line that sshd rejects, or that does not do what it appears to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line; for an override of the command line see [`crate::COMMAND_LINE`].
    pub origin: Origin,
    /// The byte column in the line, counted from 1.
    pub column: usize,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// The text of the line, with invalid UTF-8 replaced; control characters are as in the file.
    pub line: String,
    /// True when sshd does not start with it.
    pub fatal: bool,
    /// False where another build of the release may accept it; then only `sshd -t` knows.
    pub certain: bool,
    /// True if the line is well formed and depends on differences between builds of a release:
    /// patches of a distribution, GSSAPI, algorithms.
    pub build: bool,
    /// What to do about it.
    pub hint: String,
}

impl Problem {
    /// True if sshd does not start with the line: certainly, or unless this sshd was patched to
    /// know a word that no release knows. False if it depends on the build.
    pub fn refuses(&self) -> bool {
        self.fatal && (self.certain || !self.build)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.origin, self.column, self.message)
    }
}

/// A file or directory named by an Include line, or by sshd itself, that this program could not
/// read, so that its content is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// The file, or the directory that a pattern names.
    pub path: PathBuf,
    /// The reason why it was not read.
    pub why: Unread,
    /// The Include line; `None` for the main file.
    pub include: Option<Origin>,
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be read: {}", self.path.display(), self.why)
    }
}

impl Unseen {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        self.why
            .hint()
            .unwrap_or("look at the file by hand: it may decide")
    }
}

/// Whether sshd would start with a tree, as far as that can be determined without running it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartVerdict {
    /// It reads every line.
    Accepts,
    /// It does not start; the first reason.
    Refuses(Box<Problem>),
    /// It depends on the build or on the machine: why.
    Unknown(String),
}
