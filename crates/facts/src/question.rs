//! What is asked, and from where.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sshmend_ssh_log::Clock;

use crate::log_file::{LogFile, LogScope};

/// A question about a connection that dies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Which end of the connection this machine is.
    pub vantage: Vantage,
    /// The process id of the sshd that is meant, where several listen.
    pub sshd: Option<u32>,
    /// The time, in seconds since 1970.
    pub now: i64,
    /// The zone of the times that logs write without one.
    pub zone: TimeZone,
    /// Whether the process may look at everything (root).
    pub privileged: bool,
    /// Whether the machine is a mounted disk: nothing of it runs, so no program is started and no process looked at.
    pub offline: bool,
    /// Log files to read instead of the journal and `/var/log`.
    pub logs: Vec<PathBuf>,
    /// What stands in log files that were read already, in pieces, because a log may be larger than what is held in memory.
    pub log_files: BTreeMap<PathBuf, LogFile>,
    /// The earliest time of log lines that count, in seconds since 1970.
    pub since: Option<i64>,
}

/// Which end of the connection is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vantage {
    /// This machine is the server.
    Server(Server),
    /// This machine is the client.
    Client(Target),
    /// Neither: only what a client printed is known.
    Transcript(Vec<u8>),
}

/// Whom the client wants to reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The destination as given to ssh: a host name or alias, perhaps with `USER@`.
    pub destination: String,
    /// Options of ssh that belong to it: `-p`, `-F`, `-J`, `-o`.
    pub options: Vec<String>,
}

/// The connection to this machine that is asked about; with neither field, any connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server {
    /// The address that the client comes from.
    pub client: Option<IpAddr>,
    /// The account that it logs in to.
    pub user: Option<String>,
    /// The port of this machine that it comes to; none: that of sshd.
    pub port: Option<u16>,
}

impl Target {
    /// The host name or alias, without the user.
    pub fn host(&self) -> &str {
        self.destination
            .rsplit_once('@')
            .map_or(&*self.destination, |(_, host)| host)
    }
}

impl Question {
    /// A question about this machine as the server, at `now`, with all privileges, where clocks show UTC.
    pub fn server(now: i64) -> Self {
        let vantage = Vantage::Server(Server::default());
        let (zone, logs) = (TimeZone::UTC, Vec::new());
        let log_files = BTreeMap::new();
        Self {
            vantage,
            sshd: None,
            now,
            zone,
            privileged: true,
            offline: false,
            logs,
            log_files,
            since: None,
        }
    }

    /// A question about `destination`, asked by an ordinary user at `now`.
    pub fn client(destination: impl Into<String>, now: i64) -> Self {
        let vantage = Vantage::Client(Target {
            destination: destination.into(),
            options: Vec::new(),
        });
        Self {
            vantage,
            privileged: false,
            ..Self::server(now)
        }
    }

    /// A question about what a client printed, at `now`.
    pub fn transcript(text: impl Into<Vec<u8>>, now: i64) -> Self {
        Self {
            vantage: Vantage::Transcript(text.into()),
            privileged: false,
            ..Self::server(now)
        }
    }

    /// The lines of a log that count for this question.
    pub fn log_scope(&self) -> LogScope {
        LogScope {
            clock: self.clock(),
            since: self
                .since
                .and_then(|since| Timestamp::from_second(since).ok()),
            client: self.client_address(),
        }
    }

    /// The clock that completes the times of a log.
    pub(crate) fn clock(&self) -> Clock {
        Clock {
            reference: Timestamp::from_second(self.now).unwrap_or(Timestamp::MAX),
            zone: self.zone.clone(),
        }
    }

    /// The client address asked about, on the server side.
    pub fn client_address(&self) -> Option<IpAddr> {
        self.asked_server()?.client
    }

    /// The connection to this machine that is asked about.
    pub fn asked_server(&self) -> Option<&Server> {
        match &self.vantage {
            Vantage::Server(server) => Some(server),
            Vantage::Client(_) | Vantage::Transcript(_) => None,
        }
    }

    /// Whom the client wants to reach.
    pub fn target(&self) -> Option<&Target> {
        match &self.vantage {
            Vantage::Client(target) => Some(target),
            Vantage::Server(_) | Vantage::Transcript(_) => None,
        }
    }
}
