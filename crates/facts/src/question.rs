//! The question, and the end of the connection from which it is asked.

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
    /// The end of the connection on which this machine is.
    pub vantage: Vantage,
    /// The process id of the sshd in question, if several listen.
    pub sshd: Option<u32>,
    /// The time, in seconds since 1970.
    pub now: i64,
    /// The zone of the times that logs write without one.
    pub zone: TimeZone,
    /// Whether the process may examine everything (root).
    pub privileged: bool,
    /// Whether the machine is a mounted disk: nothing on it runs, so no program is started and no
    /// process examined.
    pub offline: bool,
    /// Where that disk is mounted on this machine, for commands that a person runs here; empty if
    /// the machine in question is this one.
    pub root: String,
    /// Log files to read instead of the journal and `/var/log`.
    pub logs: Vec<PathBuf>,
    /// The content of log files that were already read, in pieces because a log may be larger than
    /// memory.
    pub log_files: BTreeMap<PathBuf, LogFile>,
    /// The earliest time of log lines that count, in seconds since 1970.
    pub since: Option<i64>,
}

/// The end of the connection at which the question is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vantage {
    /// This machine is the server.
    Server(Server),
    /// This machine is the client.
    Client(Target),
    /// Neither: only a client's output is known.
    Transcript(Vec<u8>),
}

/// The server that the client wants to reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The destination as given to ssh: a host name or alias, perhaps with `USER@`.
    pub destination: String,
    /// Options of ssh that belong to it: `-p`, `-F`, `-J`, `-o`.
    pub options: Vec<String>,
}

/// The connection to this machine that is in question; if both fields are empty, any connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server {
    /// The address from which the client connects.
    pub client: Option<IpAddr>,
    /// The account that it logs in to.
    pub user: Option<String>,
    /// The port of this machine to which it connects; if absent, the port of sshd.
    pub port: Option<u16>,
}

impl Target {
    /// The host name or alias, without the user.
    pub fn host(&self) -> &str {
        self.destination
            .rsplit_once('@')
            .map_or(&*self.destination, |(_, host)| host)
    }

    /// The port that the options name.
    pub(crate) fn port(&self) -> Option<&str> {
        let mut words = self.options.iter().skip_while(|word| *word != "-p");
        words.nth(1).map(String::as_str)
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
            root: String::new(),
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

    /// A question about a client's output, at `now`.
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

    /// The client address in question, on the server side.
    pub fn client_address(&self) -> Option<IpAddr> {
        self.asked_server()?.client
    }

    /// The connection to this machine that is in question.
    pub fn asked_server(&self) -> Option<&Server> {
        match &self.vantage {
            Vantage::Server(server) => Some(server),
            Vantage::Client(_) | Vantage::Transcript(_) => None,
        }
    }

    /// The account and the client in question, on the server side; `None` if neither is.
    pub(crate) fn asked_about(&self) -> Option<(Option<&str>, Option<IpAddr>)> {
        let asked = self.asked_server()?;
        let (user, client) = (asked.user.as_deref(), asked.client);
        (user.is_some() || client.is_some()).then_some((user, client))
    }

    /// The server that the client wants to reach.
    pub fn target(&self) -> Option<&Target> {
        match &self.vantage {
            Vantage::Client(target) => Some(target),
            Vantage::Server(_) | Vantage::Transcript(_) => None,
        }
    }
}
