//! What is asked, and from where.

use std::net::IpAddr;
use std::path::PathBuf;

/// A question about a connection that dies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Which end of the connection this machine is.
    pub vantage: Vantage,
    /// The time, in seconds since 1970.
    pub now: i64,
    /// Whether the process may look at everything (root).
    pub privileged: bool,
    /// Whether the machine is a mounted disk: nothing of it runs, so no program is started and no process looked at.
    pub offline: bool,
    /// Log files to read instead of the journal and `/var/log`.
    pub logs: Vec<PathBuf>,
    /// The earliest time of log lines that count, in seconds since 1970.
    pub since: Option<i64>,
}

/// Which end of the connection is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vantage {
    /// This machine is the server.
    Server(Server),
}

/// The connection to this machine that is asked about; with neither field, any connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server {
    /// The address that the client comes from.
    pub client: Option<IpAddr>,
    /// The account that it logs in to.
    pub user: Option<String>,
}

impl Question {
    /// A question about this machine as the server, at `now`, with all privileges.
    pub fn server(now: i64) -> Self {
        let vantage = Vantage::Server(Server::default());
        Self { vantage, now, privileged: true, offline: false, logs: Vec::new(), since: None }
    }

    /// The client address asked about, on the server side.
    pub fn client(&self) -> Option<IpAddr> {
        match &self.vantage {
            Vantage::Server(server) => server.client,
        }
    }
}
