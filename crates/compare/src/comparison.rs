//! What is compared, and the differences that are found.

use std::path::{Path, PathBuf};

use sshmend_lossless::{Origin, Snapshot};
use sshmend_sshd_config::{Override, Release};

/// The areas that can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    /// Values of sshd.
    SshdConfig,
    /// Clients that TCP wrappers allow.
    HostsAccess,
    /// Addresses that jails exempt.
    Fail2ban,
    /// Host keys.
    KnownHosts,
}

impl Area {
    /// All of them, in the order of comparison.
    pub const ALL: [Self; 4] = [
        Self::SshdConfig,
        Self::HostsAccess,
        Self::Fail2ban,
        Self::KnownHosts,
    ];

    /// Its name, which is also that of the section of a policy.
    pub fn name(self) -> &'static str {
        match self {
            Self::SshdConfig => "sshd-config",
            Self::HostsAccess => "hosts-access",
            Self::Fail2ban => "fail2ban",
            Self::KnownHosts => "known-hosts",
        }
    }
}

/// One state of a machine.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The captured state: see [`look`](crate::look).
    pub snapshot: &'a Snapshot,
    /// The main file of sshd.
    pub main: &'a Path,
    /// The options on the daemon's command line.
    pub overrides: &'a [Override],
    /// The release as which its files are read.
    pub reading: Release,
}

/// Something that differs between the two sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The kind.
    pub area: Area,
    /// For whom: the criteria of a Match block, a jail, a file; `None` for everybody.
    pub whom: Option<String>,
    /// The keyword, client, address or host that differs.
    pub what: String,
    /// On the first side.
    pub before: Answer,
    /// On the second side.
    pub after: Answer,
}

/// The answer on one side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// In words; empty for a value that is not set.
    pub text: String,
    /// The line that decides.
    pub origin: Option<Origin>,
}

impl Answer {
    pub(crate) fn new(text: impl Into<String>, origin: Option<Origin>) -> Self {
        Self {
            text: text.into(),
            origin,
        }
    }
}

/// Something that could not be read, so that everything that depends on it is unknown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unseen {
    /// True for the second side.
    pub second: bool,
    /// The path.
    pub path: PathBuf,
    /// Why.
    pub why: String,
}

/// The differences between two states.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// All differences, area by area.
    pub differences: Vec<Difference>,
    /// What could not be read.
    pub unseen: Vec<Unseen>,
    /// The number of groups of clients that were not compared, because there are too many.
    pub left_out: usize,
}

impl Comparison {
    pub(crate) fn add(&mut self, difference: Difference) {
        if difference.before.text != difference.after.text {
            self.differences.push(difference);
        }
    }

    pub(crate) fn unseen(&mut self, second: bool, path: &Path, why: impl Into<String>) {
        let unseen = Unseen {
            second,
            path: path.to_owned(),
            why: why.into(),
        };
        if !self.unseen.contains(&unseen) {
            self.unseen.push(unseen);
        }
    }
}
