//! Three answers: yes, no, and "depends on".

use std::path::PathBuf;

/// The information that would be needed to decide.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The name that the client's address resolves to.
    ClientName,
    /// The name that the server's address resolves to.
    ServerName,
    /// The address on which the client arrived.
    ServerAddress,
    /// The port on which the client arrived.
    ServerPort,
    /// The answer of the client's ident service.
    User,
    /// Whether this machine has an interface of this name (`[fe80::1%eth0]`).
    Interface(String),
    /// The members of a netgroup.
    Netgroup(String),
    /// The content of a file: a table, or a pattern file named in one.
    File(PathBuf),
    /// The exit status of a command (`aclexec`).
    Command(String),
    /// Whether an account or group exists (`user`, `group`).
    Account(String),
    /// The length of a command after its expansions: libwrap exits when it is over 8,191 bytes.
    Expansion,
}

/// The reason why there is no answer: what is needed, and a sentence fragment that says what
/// depends on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Doubt {
    /// The missing information.
    pub need: Need,
    /// A fragment that fits after "depends on".
    pub text: String,
}

impl Doubt {
    pub(crate) fn new(need: Need, text: impl Into<String>) -> Self {
        Self {
            need,
            text: text.into(),
        }
    }
}

/// Whether something matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    No,
    Yes,
    Maybe(Doubt),
}

impl Answer {
    pub(crate) fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No => Self::No,
            Self::Yes => other(),
            Self::Maybe(doubt) => match other() {
                Self::No => Self::No,
                _ => Self::Maybe(doubt),
            },
        }
    }

    pub(crate) fn or(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Yes => Self::Yes,
            Self::No => other(),
            Self::Maybe(doubt) => match other() {
                Self::Yes => Self::Yes,
                _ => Self::Maybe(doubt),
            },
        }
    }

    pub(crate) fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Yes => Self::No,
            maybe @ Self::Maybe(_) => maybe,
        }
    }
}

impl From<bool> for Answer {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}
