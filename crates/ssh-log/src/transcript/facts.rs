//! Everything known about one attempt from its lines.

use super::meaning::{Weight, least, server_text, speaks_of_limit, weight};
use super::scan::{Hit, Named};
use super::words::{Sign, Symptom, failure};
use super::{Client, Reached, Software};
use crate::cause::CauseName;

/// The progress of an attempt towards its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Course {
    /// It continues.
    Open,
    /// ssh reported that the exchange of identifications failed; one more line may name the
    /// address.
    Ending,
    /// ssh printed its last message.
    Ended,
}

/// One connection attempt.
#[derive(Debug)]
pub(super) struct Facts {
    /// The host as named by the program that drives many at once.
    pub(super) label: Option<String>,
    /// The first and the last line about it, counted from 1; 0 while there is none.
    pub(super) lines: (usize, usize),
    pub(super) client: Client,
    pub(super) reached: Reached,
    pub(super) host: Option<String>,
    pub(super) address: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) user: Option<String>,
    pub(super) proxy: Option<String>,
    /// The connection through the proxy ended before the server identified itself.
    pub(super) piped: bool,
    /// The proxy is a separate ssh, and it logged in.
    pub(super) through: bool,
    pub(super) known_as: Option<String>,
    pub(super) server: Option<String>,
    /// The method of key exchange.
    pub(super) method: Option<String>,
    pub(super) verbose: bool,
    pub(super) keys_offered: u32,
    pub(super) symptoms: Vec<Seen>,
    /// Lines of warnings around a failure.
    around: Vec<Seen>,
    /// Messages of sshd itself beside those of the client, with the cause that they name.
    pub(super) served: Vec<(CauseName, Seen)>,
    pub(super) course: Course,
    pub(super) last: String,
    /// Whether the last line is from `ssh -v`.
    pub(super) last_is_debug: bool,
    /// Whether the last line is recognised.
    pub(super) last_is_known: bool,
    /// The end of the stream was reached: nothing timed out.
    ended_at_once: bool,
    /// The host or address named last by a message.
    shown: Option<String>,
    /// The command that was typed.
    pub(super) typed: Named,
    /// The server greeted the user, and offers no shell.
    pub(super) greeted: bool,
    /// No message about it was recognised: its symptoms were read from plain words.
    pub(super) by_words: bool,
    /// The line that reports a failure in unknown words.
    pub(super) unknown: Option<(usize, String)>,
}

/// A symptom and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) symptom: Symptom,
    pub(super) line: usize,
    pub(super) text: String,
}

/// The largest distance between related lines: a message and the one that names its address.
const ADJACENT: usize = 3;
/// The largest distance between lines of one error of a library.
const NEAR: usize = 12;
/// Without `-v`, lines this far apart belong to different attempts.
const APART: usize = 40;

impl Facts {
    pub(super) fn new(label: Option<String>) -> Self {
        Self {
            label,
            lines: (0, 0),
            client: Client {
                software: Software::Unknown,
                version: None,
            },
            reached: Reached::Nothing,
            host: None,
            address: None,
            port: None,
            user: None,
            proxy: None,
            piped: false,
            through: false,
            known_as: None,
            server: None,
            method: None,
            verbose: false,
            keys_offered: 0,
            symptoms: Vec::new(),
            around: Vec::new(),
            served: Vec::new(),
            course: Course::Open,
            last: String::new(),
            last_is_debug: false,
            last_is_known: false,
            ended_at_once: false,
            shown: None,
            typed: Named::default(),
            greeted: false,
            by_words: false,
            unknown: None,
        }
    }

    /// Whether nothing was printed about it yet.
    pub(super) fn is_blank(&self) -> bool {
        self.lines.0 == 0
    }

    /// The next attempt in the same place, with the command that may have made it too.
    pub(super) fn successor(&self, line: usize) -> Self {
        let near = line.saturating_sub(self.lines.1) <= APART;
        let mut next = Self::new(self.label.clone());
        if near {
            next.typed_as(self.typed.clone());
        }
        next
    }

    /// Records the command that was typed.
    pub(super) fn typed_as(&mut self, named: Named) {
        self.host = named.host.clone();
        self.port = named.port;
        self.user = named.user.clone();
        self.typed = named;
    }

    /// Whether a message must belong to another attempt.
    pub(super) fn is_over_for(&self, hit: &Hit, line: usize) -> bool {
        if self.is_blank() {
            return false;
        }
        let (apart, open) = (
            line.saturating_sub(self.lines.1),
            self.course == Course::Open,
        );
        if self.contradicts(hit) || !self.verbose && apart > APART && !self.symptoms.is_empty() {
            return true;
        }
        match hit.entry.sign {
            Sign::Name | Sign::Aside | Sign::OfServer | Sign::Typed => false,
            // PuTTY prints its version once it is connected.
            Sign::Version(Software::Putty) => !open,
            Sign::Version(_) => !open || self.proxy.is_none() && self.reached > Reached::Nothing,
            // Programs also name the host after the error.
            Sign::Whom => !open && (self.is_named() || apart > ADJACENT),
            Sign::Connecting => !open || self.proxy.is_none() && self.reached >= Reached::Connected,
            Sign::Library(..) => self.is_over_for_library(hit, apart),
            Sign::Symptom(_)
            | Sign::Goodbye
            | Sign::KnownAs(_)
            | Sign::Failed(_)
            | Sign::Pipe(_) => self.is_over_for_end(hit, apart),
            _ => !open,
        }
    }

    /// Whether its own messages show its result, or would.
    pub(super) fn is_settled(&self) -> bool {
        let told = !self.symptoms.is_empty() || !self.served.is_empty() || !self.around.is_empty();
        told || self.verbose || self.reached == Reached::LoggedIn
    }

    /// Whether it failed over TCP, and no message names the host.
    pub(super) fn is_nameless(&self) -> bool {
        !self.is_named()
            && !self.symptoms.is_empty()
            && self.proxy.is_none()
            && self.label.is_none()
    }

    /// Adopts the host named by plain words, if nothing else names one.
    pub(super) fn named_by_words(&mut self, named: Named) {
        if !self.is_named() {
            self.name(Named {
                address: named.host.or(named.address),
                host: None,
                ..named
            });
        }
    }

    fn is_named(&self) -> bool {
        self.host.is_some() || self.address.is_some()
    }

    fn is_over_for_library(&self, hit: &Hit, apart: usize) -> bool {
        let other = self.client.software != Software::Unknown
            && hit
                .entry
                .software
                .is_some_and(|software| software != self.client.software);
        !self.symptoms.is_empty() && (other || apart > NEAR)
    }

    fn is_over_for_end(&self, hit: &Hit, apart: usize) -> bool {
        // A program that ends before the pipe to the proxy does is the proxy, a separate ssh.
        if self.proxy.is_some() && !self.piped {
            return false;
        }
        let weight = weight(hit);
        let again = self
            .symptoms
            .last()
            .is_some_and(|seen| Some(seen.symptom) == symptom(hit, self))
            && apart <= 1;
        match self.course {
            Course::Open => {
                let session = matches!(
                    hit.entry.sign,
                    Sign::Symptom(Symptom::Closed | Symptom::Reset | Symptom::LostSession)
                );
                let logged_in = self.reached == Reached::LoggedIn && self.proxy.is_none();
                logged_in && (weight == Weight::Early || weight == Weight::Final && !session)
            }
            Course::Ending => weight == Weight::Early && !again || apart > ADJACENT,
            Course::Ended => {
                weight == Weight::Early || weight == Weight::Final && !again || apart > 2
            }
        }
    }

    /// Whether a message names another host than earlier ones.
    fn contradicts(&self, hit: &Hit) -> bool {
        if self.proxy.is_some() || hit.named.host.is_some() && hit.named.host == self.host {
            return false;
        }
        let address = |text: &str| {
            let bare = text.split('%').next().unwrap_or(text);
            bare.parse::<std::net::IpAddr>().is_ok()
        };
        let ends = matches!(
            hit.entry.sign,
            Sign::Symptom(_)
                | Sign::Goodbye
                | Sign::Failed(_)
                | Sign::Connecting
                | Sign::Whom
                | Sign::KnownAs(_)
                | Sign::Library(..)
        );
        let named = hit
            .named
            .address
            .as_deref()
            .or(hit.named.host.as_deref())
            .filter(|_| ends);
        match (self.shown.as_deref(), named) {
            (Some(shown), Some(named)) => shown != named && address(shown) == address(named),
            _ => false,
        }
    }

    /// Applies a message.
    pub(super) fn apply(&mut self, hit: Hit, line: usize) {
        self.touch(line);
        let weight = weight(&hit);
        let symptom = symptom(&hit, self);
        let Hit {
            entry,
            named,
            text,
            debug,
            ..
        } = hit;
        if self.client.software == Software::Unknown && !matches!(entry.sign, Sign::OfServer) {
            self.client.software = entry.software.unwrap_or(Software::Unknown);
        }
        if let Some(shown) = named.address.as_ref().or(named.host.as_ref()) {
            self.shown = Some(shown.clone());
        }
        match entry.sign {
            Sign::Version(software) => {
                self.client = Client {
                    software,
                    version: named.detail,
                }
            }
            Sign::Reached(reached) => self.reach(reached),
            Sign::Connecting => self.meet(named, Reached::Connecting),
            Sign::Whom => self.meet(named, Reached::Nothing),
            Sign::Destination => self.meet(named, Reached::Identified),
            Sign::Proxy => {
                self.proxy = named.detail.or(Some(String::new()));
                self.reach(Reached::Connecting);
            }
            Sign::Server => {
                self.server = named.detail;
                self.reach(Reached::Identified);
            }
            Sign::Greeting => {
                self.greeted = true;
                self.reach(Reached::LoggedIn);
            }
            Sign::Method => self.method = named.detail,
            Sign::KeyOffered => self.keys_offered += 1,
            Sign::Name | Sign::Aside | Sign::OfServer | Sign::Typed => {}
            Sign::Library(symptoms, reached) => {
                self.by_library(symptoms, reached, named, line, &text);
            }
            Sign::Verbose(symptom) => self.note(symptom, line, &text),
            Sign::Around(symptom) => self.around.push(Seen {
                symptom,
                line,
                text,
            }),
            // Other failures are never reported by a message of `ssh -v` alone.
            Sign::Symptom(_) | Sign::KnownAs(_) | Sign::Failed(_) if debug => {}
            Sign::ServerText
            | Sign::Goodbye
            | Sign::Symptom(_)
            | Sign::KnownAs(_)
            | Sign::Failed(_)
            | Sign::Pipe(_) => {
                let Some(symptom) = symptom else { return };
                self.fail(entry.sign, symptom, named, line, &text);
                self.end(weight, symptom);
            }
        }
    }

    /// A line that names its library, such as one of a stack trace, belongs to an attempt near by.
    pub(super) fn keep(&mut self, software: Software, line: usize) {
        if self.client.software == software
            && !self.is_blank()
            && line.saturating_sub(self.lines.1) <= NEAR
        {
            self.touch(line);
        }
    }

    /// Records which program printed it, unless that is known.
    pub(super) fn printed_by(&mut self, software: Software) {
        if self.client.software == Software::Unknown {
            self.client.software = software;
        }
    }

    /// Records that a line belongs to this attempt.
    pub(super) fn touch(&mut self, line: usize) {
        let first = if self.is_blank() {
            line
        } else {
            self.lines.0.min(line)
        };
        self.lines = (first, self.lines.1.max(line));
    }

    fn fail(&mut self, sign: Sign, symptom: Symptom, named: Named, line: usize, text: &str) {
        match sign {
            Sign::Pipe(_) => {
                self.proxy.get_or_insert_default();
                self.piped = true;
            }
            Sign::KnownAs(_) => self.known_as = self.known_as.take().or(named.host),
            Sign::ServerText => {}
            _ => {
                self.piped |= text.contains("exchange_identification: ") && self.proxy.is_some();
                if symptom == Symptom::ProxyError {
                    self.proxy.get_or_insert_default();
                }
                self.name(named);
            }
        }
        self.note(symptom, line, text);
    }

    /// An address given as the host is an address.
    fn name(&mut self, named: Named) {
        let (name, address) = match named.address {
            Some(text) if text.parse::<std::net::IpAddr>().is_err() => (Some(text), None),
            address => (None, address),
        };
        self.host = self
            .host
            .take()
            .or(named.host)
            .or(name.filter(|name| name != "***"));
        self.address = self.address.take().or(address);
        self.port = self.port.or(named.port);
        self.user = self.user.take().or(named.user);
    }

    fn end(&mut self, weight: Weight, symptom: Symptom) {
        let retried = symptom == Symptom::Denied && weight == Weight::Context
            || self.proxy.is_some() && !self.piped;
        let course = match weight {
            Weight::Context => Course::Open,
            Weight::Early => Course::Ending,
            Weight::Final => Course::Ended,
        };
        if !retried {
            self.course = self.course.max(course);
        }
    }

    fn by_library(
        &mut self,
        symptoms: &[Symptom],
        reached: Reached,
        named: Named,
        line: usize,
        text: &str,
    ) {
        self.reach(reached);
        self.name(named);
        if symptoms.contains(&Symptom::ProxyError) {
            self.proxy.get_or_insert_default();
        }
        // Words that leave open which of the two it was.
        let stands = self.reached >= Reached::Connected && symptoms.len() > 1;
        let symptoms = symptoms
            .iter()
            .filter(|symptom| !(stands && **symptom == Symptom::ConnectTimeout));
        for symptom in symptoms {
            // The last of several lines is the message; those before it are source lines of a stack
            // trace.
            self.symptoms.retain(|seen| seen.symptom != *symptom);
            self.note(*symptom, line, text);
        }
        // The error after paramiko's message about the identification: the end was reached, nothing
        // timed out.
        if self
            .symptoms
            .iter()
            .any(|seen| seen.text.starts_with("EOFError"))
        {
            self.ended_at_once = true;
        }
        if self.ended_at_once {
            self.symptoms
                .retain(|seen| seen.symptom != Symptom::BannerTimeout);
        }
    }

    fn meet(&mut self, named: Named, reached: Reached) {
        self.reach(reached);
        self.host = named.host.or(self.host.take());
        self.user = named.user.or(self.user.take());
        self.port = named.port.or(self.port);
        match named.address.filter(|address| address != "***") {
            Some(name) if name.parse::<std::net::IpAddr>().is_err() => self.host = Some(name),
            address => self.address = address.or(self.address.take()),
        }
    }

    fn reach(&mut self, reached: Reached) {
        self.reached = self.reached.max(reached);
    }

    pub(super) fn note(&mut self, symptom: Symptom, line: usize, text: &str) {
        self.touch(line);
        if self.greeted && symptom == Symptom::SessionFailed {
            return;
        }
        self.reach(least(symptom));
        if !self.saw(symptom) {
            self.symptoms.push(Seen {
                symptom,
                line,
                text: text.to_owned(),
            });
        }
    }

    /// Takes a line of a warning for the report of the failure if no other line reports it.
    pub(super) fn read_warnings(&mut self) {
        for Seen {
            symptom,
            line,
            text,
        } in std::mem::take(&mut self.around)
        {
            if !self.is_reported(symptom) {
                self.note(symptom, line, &text);
            }
        }
    }

    /// Whether a line reports the failure that a warning is about.
    fn is_reported(&self, symptom: Symptom) -> bool {
        // ssh warns of these in the same words as of a key that has changed.
        let alike = [Symptom::HostKeyRevoked, Symptom::HostKeyOfAddress];
        let of_key = symptom == Symptom::HostKeyChanged;
        self.saw(symptom) || of_key && alike.iter().any(|other| self.saw(*other))
    }

    pub(super) fn saw(&self, symptom: Symptom) -> bool {
        self.symptoms.iter().any(|seen| seen.symptom == symptom)
    }
}

/// The symptom that a message reports.
fn symptom(hit: &Hit, facts: &Facts) -> Option<Symptom> {
    let detail = hit.named.detail.as_deref().unwrap_or_default();
    match hit.entry.sign {
        Sign::Symptom(symptom) | Sign::KnownAs(symptom) | Sign::Pipe(symptom) => Some(symptom),
        // It came in the place of an identification only if none came before; a jump host has one of its own.
        Sign::ServerText if facts.reached >= Reached::Identified && facts.proxy.is_none() => None,
        // What was read so far may be the beginning of an identification.
        Sign::ServerText if "SSH-".starts_with(detail) || detail.starts_with("SSH-") => None,
        Sign::ServerText => Some(server_text(detail)),
        Sign::Goodbye if speaks_of_limit(detail) => Some(Symptom::TextTooMany),
        Sign::Goodbye => Some(Symptom::Goodbye),
        Sign::Failed(phase) => {
            let bare = if detail.is_empty() {
                hit.text.as_str()
            } else {
                detail
            };
            failure(phase, bare.as_bytes(), facts.reached >= Reached::Connected)
                .map(|(symptom, _)| symptom)
        }
        _ => None,
    }
}
