//! What the lines of a transcript say, one by one.

use super::openssh::{self, Said};
use super::{Client, Reached, Software, others};

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// The implementation; the detail is its version.
    Version(Software),
    /// The connection came so far.
    Reached(Reached),
    /// The attempt to connect: its fields name host, address and port.
    Connecting,
    /// The proxy command.
    Proxy,
    /// The peer is `UNKNOWN port 65535`: there is a proxy, and this happened to its pipe.
    Pipe(Symptom),
    /// The server's identification.
    Server,
    /// Whom the client authenticates to: fields name host and port.
    Destination,
    /// A key is offered.
    KeyOffered,
    /// Text that the server sent instead of an identification.
    ServerText,
    /// The host key is refused; the field host is the name by which known_hosts knows the server.
    KnownAs(Symptom),
    /// Something went wrong.
    Symptom(Symptom),
}

/// What the client saw go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Symptom {
    ConfigInvalid,
    NameUnknown,
    Refused,
    Unreachable,
    NoRoute,
    ConnectTimeout,
    ProxyError,
    BehindRefused,
    BehindUnreachable,
    BehindName,
    TextStartups,
    TextNotAllowed,
    TextOther,
    NotSsh,
    NotSshBytes,
    BannerTimeout,
    Closed,
    Reset,
    Mismatch,
    HostKeyChanged,
    /// The same, of the entry for the address.
    HostKeyOfAddress,
    HostKeyRevoked,
    /// Its certificate does not hold.
    HostKeyCertificate,
    HostKeyUnknown,
    /// Not told why.
    HostKeyRejected,
    TooManyFailures,
    Denied,
    SessionRefused,
    /// The login went well, and what was to run then could not be started.
    SessionFailed,
    /// A private key is not used.
    KeyIgnored,
    /// A packet does not arrive as it was sent.
    Damaged,
    MultiplexStale,
    LostSession,
    /// Nothing more is printed although the connection stands.
    Stalled,
}

/// All that the lines said.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) client: Client,
    pub(super) reached: Reached,
    pub(super) host: Option<String>,
    pub(super) address: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) proxy: Option<String>,
    /// It was the connection through the proxy that ended before the server identified itself.
    pub(super) piped: bool,
    /// The proxy is an ssh of its own, and it logged in.
    pub(super) through: bool,
    pub(super) known_as: Option<String>,
    pub(super) server: Option<String>,
    pub(super) verbose: bool,
    pub(super) keys_offered: u32,
    pub(super) symptoms: Vec<Seen>,
    pub(super) last: String,
    /// Whether the last line is one of `ssh -v`.
    pub(super) last_is_debug: bool,
    /// The line before, where it says nothing by itself: it may have been cut in two.
    unread: Option<(usize, Vec<u8>)>,
}

/// A symptom and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) symptom: Symptom,
    pub(super) line: usize,
    pub(super) text: String,
}

/// A sign with what its line names.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) host: Option<String>,
    pub(super) address: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) detail: Option<String>,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            client: Client { software: Software::Unknown, version: None },
            reached: Reached::Nothing,
            host: None,
            address: None,
            port: None,
            proxy: None,
            piped: false,
            through: false,
            known_as: None,
            server: None,
            verbose: false,
            keys_offered: 0,
            symptoms: Vec::new(),
            last: String::new(),
            last_is_debug: false,
            unread: None,
        }
    }
}

impl Facts {
    pub(super) fn line(&mut self, number: usize, line: &[u8]) {
        if line.is_empty() {
            return;
        }
        if self.client.software == Software::Unknown {
            self.client.software = others::software(line).unwrap_or(Software::Unknown);
        }
        let (said, debug) = openssh::read(line);
        let (said, number) = self.with_line_before(said, number, line);
        self.verbose |= debug;
        self.last = String::from_utf8_lossy(line).into_owned();
        self.last_is_debug = debug;
        if said.is_empty() && self.client.software != Software::OpenSsh {
            self.by_library(number, line);
        }
        self.unread = said.is_empty().then(|| (number, line.to_vec()));
        // What goes wrong is never said in a debug message alone.
        let tells = |said: &Said| !(said.debug && matches!(said.sign, Sign::Symptom(_) | Sign::KnownAs(_)));
        said.into_iter().filter(tells).for_each(|said| self.apply(said, number));
    }

    /// A terminal that is too narrow, and mail, cut a message in two.
    fn with_line_before(&self, said: Vec<Said>, number: usize, line: &[u8]) -> (Vec<Said>, usize) {
        let Some((before, start)) = self.unread.as_ref().filter(|_| said.is_empty()) else { return (said, number) };
        let joined = |glue: &[u8]| openssh::whole(&[start, glue, line].concat());
        match joined(b"").or_else(|| joined(b" ")) {
            Some(said) => (vec![said], *before),
            None => (said, number),
        }
    }

    fn by_library(&mut self, number: usize, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let Some((symptoms, reached)) = others::symptoms(line) else { return };
        self.reached = self.reached.max(reached);
        for symptom in symptoms {
            // The last of several lines is the message; those before it are code of a stack trace.
            self.symptoms.retain(|seen| seen.symptom != *symptom);
            self.note(*symptom, number, &text);
        }
    }

    fn apply(&mut self, said: Said, number: usize) {
        let Said { sign, named, text, .. } = said;
        match sign {
            Sign::Version(software) => self.client = Client { software, version: named.detail },
            Sign::Reached(reached) => self.reached = self.reached.max(reached),
            Sign::Connecting => self.meet(named, Reached::Connecting),
            Sign::Destination => self.meet(named, Reached::Identified),
            Sign::Proxy => {
                self.proxy = named.detail.or(Some(String::new()));
                self.reached = self.reached.max(Reached::Connecting);
            }
            Sign::Pipe(symptom) => {
                self.proxy.get_or_insert_default();
                self.piped = true;
                self.note(symptom, number, &text);
            }
            Sign::KnownAs(symptom) => {
                self.known_as = self.known_as.take().or(named.host);
                self.note(symptom, number, &text);
            }
            Sign::Server => {
                self.server = named.detail;
                self.reached = self.reached.max(Reached::Identified);
            }
            Sign::KeyOffered => self.keys_offered += 1,
            Sign::ServerText => self.note(server_text(&named.detail.unwrap_or_default()), number, &text),
            Sign::Symptom(symptom) => {
                self.piped |= text.contains("exchange_identification: ") && self.proxy.is_some();
                self.host = self.host.take().or(named.host);
                self.address = self.address.take().or(named.address);
                self.port = self.port.or(named.port);
                self.note(symptom, number, &text);
            }
        }
    }

    fn meet(&mut self, named: Named, reached: Reached) {
        self.reached = self.reached.max(reached);
        self.host = named.host.or(self.host.take());
        self.address = named.address.or(self.address.take());
        self.port = named.port.or(self.port);
    }

    fn note(&mut self, symptom: Symptom, line: usize, text: &str) {
        self.reached = self.reached.max(least(symptom));
        if !self.saw(symptom) {
            self.symptoms.push(Seen { symptom, line, text: text.to_owned() });
        }
    }

    pub(super) fn saw(&self, symptom: Symptom) -> bool {
        self.symptoms.iter().any(|seen| seen.symptom == symptom)
    }
}

/// How far a connection must have come for a symptom.
fn least(symptom: Symptom) -> Reached {
    match symptom {
        Symptom::TextStartups
        | Symptom::TextNotAllowed
        | Symptom::TextOther
        | Symptom::NotSsh
        | Symptom::BannerTimeout => Reached::Connected,
        Symptom::Mismatch
        | Symptom::HostKeyChanged
        | Symptom::HostKeyOfAddress
        | Symptom::HostKeyRevoked
        | Symptom::HostKeyCertificate
        | Symptom::HostKeyUnknown
        | Symptom::HostKeyRejected => Reached::KeyExchange,
        Symptom::TooManyFailures | Symptom::Denied => Reached::Authenticating,
        Symptom::SessionRefused | Symptom::SessionFailed | Symptom::LostSession => Reached::LoggedIn,
        _ => Reached::Nothing,
    }
}

/// What a text that comes instead of an identification means.
fn server_text(text: &str) -> Symptom {
    const FOREIGN: &[&str] = &["HTTP/", "220 ", "220-", "+OK ", "* OK ", "RFB ", "<?xml", "<html"];
    match text.trim() {
        "Exceeded MaxStartups" => Symptom::TextStartups,
        "Not allowed at this time" => Symptom::TextNotAllowed,
        text if FOREIGN.iter().any(|start| text.starts_with(start)) => Symptom::NotSsh,
        _ => Symptom::TextOther,
    }
}
