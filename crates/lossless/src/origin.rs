//! Where a value comes from.

use std::fmt;
use std::path::PathBuf;

/// A line of a file: what decided a value, or what a finding points at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The file, by the path under which the program opens it.
    pub path: PathBuf,
    /// The line number, counted from 1; of a continued line the first.
    pub line: usize,
}

impl Origin {
    /// Names a line of a file.
    pub fn new(path: impl Into<PathBuf>, line: usize) -> Self {
        Self {
            path: path.into(),
            line,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}
