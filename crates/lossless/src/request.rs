//! Requests of the pure crates to the machine, and the types of the answers.
//!
//! A pure function returns what it still needs as [`Request`]s; `host` adds the answers to a
//! [`Snapshot`](crate::Snapshot), and the function is called again until it needs nothing more.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::sieve::Sieve;

/// One fact to find out about the machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Request {
    /// The bytes and metadata of a file.
    Read(PathBuf),
    /// The names in a directory, and the directory's metadata.
    List(PathBuf),
    /// Only the metadata: for files whose content is secret or long.
    Stat(PathBuf),
    /// The lines of a file that a sieve picks, however long the file is; the rest is not kept.
    Sift(PathBuf, Sieve),
    /// Run a program (`argv`, the program first) and return its output; never requested below
    /// another root.
    Run(Vec<String>),
    /// Run a program with these bytes on its standard input; otherwise as [`Request::Run`].
    Feed(Vec<String>, Vec<u8>),
    /// Run `journalctl` with these arguments. The journal of another root is read by the running
    /// machine's program.
    Journal(Vec<String>),
    /// The addresses of a host name.
    Resolve(String),
    /// Open one TCP connection and observe it.
    Dial(Dial),
}

/// The reason why a program gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NotRun {
    /// The program does not exist.
    #[error("No such file or directory")]
    Missing,
    /// The output is unknown, for this reason: the program could not be started, hung, or its
    /// output could not be read.
    #[error("{0}")]
    Failed(String),
}

/// The requests to answer first: files before programs, and programs before connections. The
/// cheaper answers may make the others unnecessary.
pub(crate) fn cheapest(mut requests: Vec<Request>) -> Vec<Request> {
    let least = requests.iter().map(Request::cost).min();
    requests.retain(|request| Some(request.cost()) == least);
    requests
}

impl Request {
    /// Whether it needs the file system alone.
    pub(crate) fn is_for_files(&self) -> bool {
        self.cost() == 0
    }

    /// Whether it may be answered before it is known to be needed: it shows nothing to anybody, and
    /// depends on no program that is being asked.
    pub(crate) fn may_be_foreseen(&self) -> bool {
        self.is_for_files() || matches!(self, Self::Feed(..))
    }

    fn cost(&self) -> u8 {
        match self {
            Self::Read(_) | Self::List(_) | Self::Stat(_) | Self::Sift(..) => 0,
            Self::Run(_) | Self::Feed(..) | Self::Journal(_) | Self::Resolve(_) => 1,
            Self::Dial(_) => 2,
        }
    }
}

/// The command line under which [`Snapshot::command`](crate::Snapshot::command) stores the answer
/// of [`Request::Journal`].
pub fn journalctl(words: &[String]) -> Vec<String> {
    std::iter::once("journalctl".to_owned())
        .chain(words.iter().cloned())
        .collect()
}

/// One TCP connection to open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dial {
    /// The address and port.
    pub to: SocketAddr,
    /// The bytes to send once the peer's first line has arrived, if any.
    pub say: Vec<u8>,
    /// The total time limit.
    pub deadline: Duration,
}

/// The result of one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialled {
    /// The duration of the TCP handshake; `None` if it failed (see `end`).
    pub connected_after: Option<Duration>,
    /// The data received, each piece with the time since the connection was established.
    pub received: Vec<(Duration, Vec<u8>)>,
    /// The way it ended.
    pub end: DialEnd,
    /// The time from the start of the attempt to its end.
    pub ended_after: Duration,
}

impl Dialled {
    /// All bytes that arrived.
    pub fn bytes(&self) -> Vec<u8> {
        self.received
            .iter()
            .flat_map(|(_, bytes)| bytes.iter().copied())
            .collect()
    }
}

/// The end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialEnd {
    /// The peer answered the first packet with a reset, or with an ICMP error that means the same.
    Refused,
    /// Unreachable, by ICMP or because this machine has no route or address (`EHOSTUNREACH`,
    /// `ENETUNREACH`, `ENETDOWN`, `EADDRNOTAVAIL`).
    Unreachable,
    /// The peer reset the established connection.
    Reset,
    /// The peer closed the established connection.
    Closed,
    /// Nothing more arrived before the time limit.
    Silence,
    /// We ended it because everything needed had arrived.
    Enough,
    /// Another error of the operating system.
    Failed(String),
}

/// The output of a program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct CommandOutput {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl CommandOutput {
    /// True if the program exited with 0.
    pub fn success(&self) -> bool {
        self.code == Some(0)
    }

    /// Standard output as text, with invalid UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}
