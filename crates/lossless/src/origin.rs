//! The origin of a value.

use std::fmt;
use std::path::PathBuf;

/// A line of a file that decided a value, or that a finding refers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The file, by the path under which the program opens it.
    pub path: PathBuf,
    /// The line number, counted from 1; for a continued line the first.
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

    /// Parses `FILE:LINE`; `None` if a part is missing or the line is 0.
    ///
    /// ```
    /// use sshmend_lossless::Origin;
    /// let line = Origin::parse("/etc/ssh/sshd_config:12");
    /// assert_eq!(line, Some(Origin::new("/etc/ssh/sshd_config", 12)));
    /// assert_eq!(Origin::parse("/etc/ssh/sshd_config:0"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let (path, line) = text.rsplit_once(':')?;
        let line = line.parse().ok().filter(|&line: &usize| line > 0)?;
        (!path.is_empty()).then(|| Self::new(path, line))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}
