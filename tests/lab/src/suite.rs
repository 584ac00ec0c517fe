//! The Debian releases whose OpenSSH the lab knows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A Debian release and the OpenSSH that comes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Suite {
    /// Debian 11: OpenSSH 8.4, systemd 247.
    Bullseye,
    /// Debian 12: OpenSSH 9.2, systemd 252.
    Bookworm,
    /// Debian 13: OpenSSH 10.0, systemd 257.
    Trixie,
}

impl Suite {
    /// Every suite, oldest first.
    pub const ALL: [Self; 3] = [Self::Bullseye, Self::Bookworm, Self::Trixie];

    /// Names the suite as the archive does.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bullseye => "bullseye",
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
        }
    }

    /// The release of its Python.
    pub(crate) fn python(self) -> &'static str {
        match self {
            Self::Bullseye => "3.9",
            Self::Bookworm => "3.11",
            Self::Trixie => "3.13",
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Suite {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|suite| suite.name() == text)
            .ok_or_else(|| format!("no suite is called {text:?}"))
    }
}
