//! What the pure crates ask of the machine, and the shapes of the answers.
//!
//! A pure function says what it still needs to know as [`Request`]s; `host` answers them into a
//! [`Snapshot`](crate::Snapshot), and the function is asked again until it needs nothing more.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::sieve::Sieve;

/// One thing to find out about the machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Request {
    /// The bytes and metadata of a file.
    Read(PathBuf),
    /// The names in a directory, and the directory's metadata.
    List(PathBuf),
    /// The metadata alone: for files whose content is secret or long.
    Stat(PathBuf),
    /// The lines of a file that a sieve picks, however long the file is; the rest is not kept.
    Sift(PathBuf, Sieve),
    /// Run a program (`argv`, the program first) and keep what it says; never asked below another root.
    Run(Vec<String>),
    /// What the journal says: the words are those after `journalctl`. That of another root is read by the running machine's.
    Journal(Vec<String>),
    /// The addresses of a host name.
    Resolve(String),
    /// Open one TCP connection and watch what comes.
    Dial(Dial),
}

/// Why there is no answer of a program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRun {
    /// There is no such program.
    #[error("No such file or directory")]
    Missing,
    /// It is not known what it would say, for this reason: it could not be started, hung, or its answer could not be read.
    #[error("{0}")]
    Failed(String),
}

/// Those requests that come first: files before programs, and programs before connections. What is known by the cheaper look may
/// make the other one needless.
pub(crate) fn cheapest(mut requests: Vec<Request>) -> Vec<Request> {
    let least = requests.iter().map(Request::cost).min();
    requests.retain(|request| Some(request.cost()) == least);
    requests
}

impl Request {
    fn cost(&self) -> u8 {
        match self {
            Self::Read(_) | Self::List(_) | Self::Stat(_) | Self::Sift(..) => 0,
            Self::Run(_) | Self::Journal(_) | Self::Resolve(_) => 1,
            Self::Dial(_) => 2,
        }
    }
}

/// The command line under which [`Snapshot::command`](crate::Snapshot::command) keeps the answer of [`Request::Journal`].
pub fn journalctl(words: &[String]) -> Vec<String> {
    std::iter::once("journalctl".to_owned())
        .chain(words.iter().cloned())
        .collect()
}

/// How to open one TCP connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dial {
    /// The address and port.
    pub to: SocketAddr,
    /// The bytes to send once the peer's first line has come, if any.
    pub say: Vec<u8>,
    /// How long to wait, in all.
    pub deadline: Duration,
}

/// What one connection showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialled {
    /// How long the TCP handshake took; `None` when it failed (see `end`).
    pub connected_after: Option<Duration>,
    /// What arrived, each piece with the time since the connection stood.
    pub received: Vec<(Duration, Vec<u8>)>,
    /// How it ended.
    pub end: DialEnd,
    /// When it ended, counted from the start of the attempt.
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

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialEnd {
    /// The peer answered with a reset to the first packet, or an ICMP error was mapped to it.
    Refused,
    /// There is no way: ICMP said so, or this machine has none (`EHOSTUNREACH`, `ENETUNREACH`, `ENETDOWN`, `EADDRNOTAVAIL`).
    Unreachable,
    /// The peer reset the standing connection.
    Reset,
    /// The peer closed the standing connection.
    Closed,
    /// Nothing more came until the deadline.
    Silence,
    /// We ended it: what was waited for had come.
    Enough,
    /// Another error of the operating system.
    Failed(String),
}

/// What a program said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandOutput {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl CommandOutput {
    /// True when the program exited with 0.
    pub fn success(&self) -> bool {
        self.code == Some(0)
    }

    /// Standard output as text, with invalid UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}
