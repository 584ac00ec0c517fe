//! What sshd would refuse or complain about.

use std::fmt;

use sshmend_lossless::Origin;

/// A line that sshd refuses, or that does not do what it seems to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line; for an override of the command line see [`crate::COMMAND_LINE`].
    pub origin: Origin,
    /// Where in the line, in bytes from 1.
    pub column: usize,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// The line as it stands, with invalid UTF-8 replaced; control characters are as in the file.
    pub line: String,
    /// True when sshd does not start with it.
    pub fatal: bool,
    /// False where it depends on how sshd was built; then only `sshd -t` knows.
    pub certain: bool,
    /// What to do about it.
    pub hint: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.origin, self.column, self.message)
    }
}

/// Whether sshd would start with a tree, as far as it can be known without asking it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It reads every line.
    Accepts,
    /// It does not start; the first reason.
    Refuses(Box<Problem>),
    /// It depends on the build or on the machine: why.
    Unknown(String),
}
