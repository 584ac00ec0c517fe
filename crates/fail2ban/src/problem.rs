//! Problems of a configuration, with their consequence and their remedy.

use std::fmt;
use std::path::PathBuf;

use sshmend_lossless::{EditSet, Origin};

/// One thing that is not what its author meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line.
    pub origin: Origin,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The text of the line; empty if there is none, or too much.
    pub text: String,
    /// What is wrong: a fragment without the path, which is in `origin`.
    pub message: String,
    /// The consequence.
    pub consequence: Consequence,
    /// What to do.
    pub hint: String,
    /// The edit that repairs it, if there is only one.
    pub mend: Option<Mend>,
}

impl Problem {
    /// A problem of a whole file.
    pub(crate) fn on_file(
        path: PathBuf,
        message: impl Into<String>,
        consequence: Consequence,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            origin: Origin::new(path, 1),
            column: 1,
            text: String::new(),
            message: message.into(),
            consequence,
            hint: hint.into(),
            mend: None,
        }
    }
}

/// The consequences of a problem, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Consequence {
    /// fail2ban refuses the configuration: `fail2ban-client -t` fails, and neither start nor reload
    /// has any effect.
    DoesNotStart,
    /// `fail2ban-client -t` accepts it, but the server stops while it sets up its jails.
    ServerStops,
    /// The jail does not run; the others do.
    JailSkipped,
    /// The whole file is left out, with a line in the log.
    FileSkipped,
    /// More is ignored than the line seems to say.
    TooWide,
    /// It means something else than it seems to say.
    Misread,
    /// The file is in force, although its name suggests otherwise.
    InForce,
    /// The line is silently ignored.
    NoEffect,
}

/// An edit that puts a problem right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mend {
    /// The file.
    pub path: PathBuf,
    /// The edit.
    pub edits: EditSet,
}

impl Consequence {
    /// Whether fail2ban does not run at all.
    pub fn is_fatal(self) -> bool {
        matches!(self, Self::DoesNotStart | Self::ServerStops)
    }
}

impl fmt::Display for Consequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DoesNotStart => "fail2ban does not start",
            Self::ServerStops => "the test passes, but the server stops",
            Self::JailSkipped => "the jail does not run",
            Self::FileSkipped => "the file is left out",
            Self::TooWide => "more addresses are ignored than it seems",
            Self::Misread => "it means something else",
            Self::InForce => "it is in force",
            Self::NoEffect => "it has no effect",
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {}: {}",
            self.origin, self.column, self.message, self.consequence
        )
    }
}
