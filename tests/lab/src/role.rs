//! The machines of a case.

/// A machine of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Boots systemd and runs sshd.
    Server,
    /// Another server, if a case has several.
    Second,
    /// One more.
    Third,
    /// Runs only the commands it is given.
    Client,
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Second => "second",
            Self::Third => "third",
            Self::Client => "client",
        }
    }

    /// The payload that systemd-nspawn runs in it.
    pub(crate) fn payload(self) -> &'static [&'static str] {
        match self {
            Self::Server | Self::Second | Self::Third => &["--boot"],
            Self::Client => &["--as-pid2", "sleep", "infinity"],
        }
    }
}
