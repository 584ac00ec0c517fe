//! The nature of an input that is not the log of an SSH server.

use std::sync::LazyLock;

use memchr::memchr_iter;
use memchr::memmem::Finder;

use crate::envelope::Head;
use crate::kind::Kind;

/// The nature of an input, judging by its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nature {
    /// The log of an SSH server, or of a program that guards it.
    ServerLog,
    /// The output of an SSH client.
    Transcript,
    /// The log of other programs, with the one that wrote most of it.
    OtherPrograms(String),
    /// The access log of a web server.
    WebServer,
    /// Not text.
    Binary,
    /// It has no lines.
    Empty,
    /// Some text.
    Text,
}

/// Counts of lines that indicate one nature or another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Signs {
    client: u64,
    server: u64,
    /// Messages that only an SSH server, or a program that guards it, writes.
    own: u64,
    web: u64,
    binary: u64,
    /// The number of lines examined for the two counts above.
    sampled: u64,
}

/// Beginnings of lines that only a client prints.
const CLIENT: [&[u8]; 26] = [
    b"OpenSSH_",
    b"debug1: Reading configuration data",
    b"debug1: Connecting to ",
    b"debug1: Connection established",
    b"debug1: identity file ",
    b"debug2: resolving ",
    b"ssh: connect to host ",
    b"ssh: Could not resolve hostname ",
    b"ssh_exchange_identification: ",
    b"banner exchange: Connection to ",
    b"Permission denied (",
    b"Host key verification failed",
    b"Warning: Permanently added ",
    b"fatal: Could not read from remote repository",
    b"fatal: the remote end hung up",
    b"fatal: Could not read",
    b"lost connection",
    b"Connection closed.",
    b"$ ssh ",
    b"@@@@@@@@",
    b"Event Log: ",
    b"FATAL ERROR: ",
    b"kex_exchange_identification: read: Operation timed out",
    b"Connection timed out during banner exchange",
    // A port was tested by hand.
    b"Escape character is '^]'",
    b"Ncat: Connect",
];

impl Signs {
    /// Whether it is a client's output: it contains something that only a client prints, and
    /// nothing that only a server does.
    pub(crate) fn is_transcript(self) -> bool {
        self.client > 0 && self.server == 0
    }

    /// Whether it contains a message that no client prints.
    pub(crate) fn is_of_server(self) -> bool {
        self.own > 0
    }

    pub(crate) fn nature(self, lines: u64, busiest: Option<String>) -> Nature {
        match busiest {
            _ if lines == 0 => Nature::Empty,
            _ if self.is_transcript() => Nature::Transcript,
            _ if self.web * 2 > self.sampled => Nature::WebServer,
            Some(program) => Nature::OtherPrograms(program),
            None if self.binary * 4 > self.sampled => Nature::Binary,
            None => Nature::Text,
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.client += other.client;
        self.server += other.server;
        self.own += other.own;
        self.web += other.web;
        self.binary += other.binary;
        self.sampled += other.sampled;
    }

    /// Counts the heads of lines.
    pub(crate) fn heads(&mut self, head: Head, lines: u64) {
        self.server += if head >= Head::Cut { lines } else { 0 };
    }

    /// Counts a known message; a client prints some of them in the same words.
    pub(crate) fn event(&mut self, head: Head, kind: Kind, is_vague: bool) {
        const OF_BOTH: [Kind; 13] = [
            Kind::NoIdentification,
            Kind::BadProtocol,
            Kind::NegotiationFailed,
            Kind::PacketCorrupt,
            Kind::Closed,
            Kind::Reset,
            Kind::ConnectionError,
            Kind::ReceivedDisconnect,
            Kind::Disconnected,
            Kind::Disconnecting,
            Kind::HostKeyUnusable,
            Kind::KeyRefused,
            Kind::Noted,
        ];
        let of_server = head >= Head::Cut || !OF_BOTH.contains(&kind);
        self.server += u64::from(of_server);
        self.own += u64::from(head >= Head::Cut || of_server && !is_vague);
    }

    /// Counts a bare message that names the peer: a client is never at a port below 1024, a server
    /// mostly is. A client connected through another program writes `UNKNOWN port 65535`.
    pub(crate) fn peer(&mut self, port: Option<u16>, is_known: bool) {
        let of_client = port.is_some_and(|port| port < 1024 || port == u16::MAX && !is_known);
        self.client += u64::from(of_client);
    }

    /// Counts an unknown line.
    pub(crate) fn line(&mut self, line: &[u8]) {
        let line = line.trim_ascii_start();
        self.client += u64::from(
            CLIENT
                .iter()
                .any(|words| line.first() == words.first() && line.starts_with(words)),
        );
        self.sampled += 1;
        self.web += u64::from(is_access(line));
        self.binary += u64::from(is_binary(line));
    }
}

/// Whether more than a twentieth of the beginning of a line is not text.
pub(crate) fn is_binary(line: &[u8]) -> bool {
    let text = &line[..line.len().min(512)];
    let is_control = |byte: &u8| *byte < b'\t' || (0x0e..0x1b).contains(byte);
    // Most texts have no such byte, which is determined faster for many at once.
    let has_control = text.iter().fold(false, |found, by| found | is_control(by));
    has_control && text.iter().filter(|by| is_control(by)).count() * 20 > text.len()
}

static HTTP: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(" HTTP/"));

/// `192.0.2.7 - - [20/Nov/2026:15:52:43 +0000] "GET / HTTP/1.1" 200`, and nginx's `… [error] 7#7: *1 …`.
fn is_access(line: &[u8]) -> bool {
    let near = &line[..line.len().min(512)];
    let methods = [b"GET ".as_slice(), b"POST ", b"HEAD ", b"PUT ", b"OPTIONS "];
    let mut quotes = memchr_iter(b'"', near);
    quotes.any(|at| {
        methods
            .iter()
            .any(|method| near[at + 1..].starts_with(method))
    }) && HTTP.find(near).is_some()
}
