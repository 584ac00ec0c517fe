//! Assigns each message to its attempt.

use std::collections::{HashMap, HashSet};

use super::command::{command, tested};
use super::destination::is_of_another_protocol;
use super::facts::{Course, Facts, Seen};
use super::label::{self, Head};
use super::scan::{self, Hit, Named, Scan};
use super::trigger;
use super::words::{Scope, Sign, Symptom};
use super::{Reached, Software};
use crate::program::Program;
use crate::rules::classify;

/// The most lines between a proxy's message and the failure that it explains.
const NEAR: usize = 20;

/// The attempts of a text.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    streams: HashMap<Option<String>, Stream>,
    done: Vec<Facts>,
    /// The host that the lines are about, while they are indented.
    label: Option<String>,
    succeeded: HashSet<String>,
    block: Block,
    /// The previous line, if it has no meaning by itself: it may have been cut in two.
    unread: Option<(usize, Vec<u8>)>,
    /// Within the output of `sshd -d`.
    serving: bool,
    /// All lines belong to one attempt.
    single: bool,
    pub(super) understood: usize,
    pub(super) server_lines: usize,
}

/// The output about one host, or about none in particular.
#[derive(Debug)]
struct Stream {
    current: Facts,
    /// The index of the previous attempt among those that are over.
    before: Option<usize>,
    asides: Vec<Seen>,
}

/// Lines produced by one error: a message and its stack trace.
#[derive(Debug, Default)]
struct Block {
    names: Vec<Software>,
    pending: Vec<(Hit, usize)>,
    /// In a traceback of Python, in which the message comes last.
    traceback: bool,
    /// After one attempt, when another that belongs to it may follow.
    chained: bool,
}

impl Attempts {
    /// A reader for the output of one attempt.
    pub(super) fn single() -> Self {
        Self {
            single: true,
            ..Self::default()
        }
    }

    /// Reads the next line.
    pub(super) fn line(&mut self, number: usize, line: &[u8]) {
        let trimmed = line.trim_ascii();
        if trimmed.is_empty() {
            return;
        }
        if !trigger::may_tell(line) {
            return self.silent_line(number, line);
        }
        self.serving = serves(trimmed).unwrap_or(self.serving);
        if self.serving || is_of_sshd(trimmed) {
            self.server_lines += 1;
            return self.server_line(number, trimmed);
        }
        let head = label::head(line);
        if let Some(Head::Success(host)) = head {
            self.label = None;
            return self.success(host, number);
        }
        self.label = self.label.take().filter(|_| label::is_indented(line));
        if let Some(Head::Failure(host)) = head {
            self.label = Some(host.to_owned());
            self.begin();
        }
        let scan = scan::scan(trimmed);
        if !scan.debug {
            if let Some(named) = command(trimmed).filter(|_| !self.single) {
                self.begin();
                self.stream(None).current.typed_as(named);
            } else if let Some(named) = tested(trimmed).filter(|_| !self.single) {
                self.tested(named, number);
            }
        }
        let label = self
            .label
            .clone()
            .or_else(|| head.map(|head| head.host().to_owned()));
        self.block.enter(trimmed, label::is_indented(line));
        self.take(scan, label, number, trimmed);
    }

    /// Reads a line in which nothing is known: it may only end what the lines before it began.
    fn silent_line(&mut self, number: usize, line: &[u8]) {
        let trimmed = line.trim_ascii();
        if self.serving {
            self.server_lines += 1;
            return;
        }
        let is_indented = label::is_indented(line);
        self.label = self.label.take().filter(|_| is_indented);
        self.block.enter(trimmed, is_indented);
        if self.unread.is_some() {
            self.take(Scan::default(), self.label.clone(), number, trimmed);
        } else {
            self.note_last(self.label.clone(), trimmed, (false, false));
        }
    }

    fn take(&mut self, scan: Scan, label: Option<String>, number: usize, line: &[u8]) {
        let sure = scan
            .hits
            .iter()
            .any(|hit| matches!(hit.entry.scope, Scope::Anywhere | Scope::Debug));
        let cut = if sure || scan.debug {
            None
        } else {
            self.with_line_before(line)
        };
        let (scan, number) = match cut {
            Some((hit, first)) => (
                Scan {
                    hits: vec![hit],
                    debug: false,
                    steps: 0,
                },
                first,
            ),
            None => (scan, number),
        };
        self.unread = (!sure && !scan.debug && may_be_cut(line)).then(|| (number, line.to_vec()));
        let label = label.filter(|_| !scan.hits.is_empty() || self.label.is_some());
        let before = self.understood;
        if scan.debug {
            let current = &mut self.stream(label.clone()).current;
            current.verbose = true;
            current.touch(number);
        }
        let known = scan.debug || !scan.hits.is_empty();
        for hit in scan.hits {
            self.hit(hit, &label, number);
        }
        self.understood = before + usize::from(self.understood > before || scan.debug);
        self.note_last(label, line, (scan.debug, known));
    }

    /// Keeps a line as the last one of the attempt, unless that is over.
    fn note_last(
        &mut self,
        label: Option<String>,
        line: &[u8],
        (is_debug, is_known): (bool, bool),
    ) {
        let current = &mut self.stream(label).current;
        if !current.is_blank() && current.course < Course::Ended {
            let shown = String::from_utf8_lossy(&line[..line.len().min(400)]);
            current.last.clear();
            current.last.push_str(&shown);
            current.last_is_debug = is_debug;
            current.last_is_known = is_known;
        }
    }

    fn hit(&mut self, hit: Hit, label: &Option<String>, number: usize) {
        match hit.entry.sign {
            Sign::Name => {
                let Some(software) = hit.entry.software else {
                    return;
                };
                self.block.names.push(software);
                self.stream(label.clone()).current.keep(software, number);
                for (pending, line) in self.block.named(software) {
                    self.place(pending, label, line);
                    self.stream(label.clone()).current.printed_by(software);
                }
            }
            Sign::Aside => {
                let seen = Seen {
                    symptom: Symptom::ProxyError,
                    line: number,
                    text: hit.text,
                };
                self.stream(label.clone()).asides.push(seen);
            }
            Sign::OfServer => self.served(&hit, label, number),
            Sign::Typed => self.typed(&hit, label),
            _ if self.counts(&hit, label, number) => {
                self.understood += 1;
                if let Some(software) = hit.entry.software {
                    self.block.names.push(software);
                }
                self.place(hit, label, number);
                if let Some(&software) = self.block.names.first() {
                    self.stream(label.clone()).current.printed_by(software);
                }
            }
            _ if !matches!(hit.entry.scope, Scope::Debug) => self.block.pending.push((hit, number)),
            _ => {}
        }
    }

    /// A command that opens a connection to a port. Its words are those of any protocol: they count where the port may be SSH's.
    fn tested(&mut self, named: Named, number: usize) {
        self.begin();
        if named.port.is_none_or(is_of_another_protocol) {
            return;
        }
        let current = &mut self.stream(None).current;
        current.typed_as(named);
        current.printed_by(Software::PortTester);
        current.touch(number);
        self.understood += 1;
    }

    /// A command that a program ran for its user.
    fn typed(&mut self, hit: &Hit, label: &Option<String>) {
        let arguments = hit.named.detail.as_deref().unwrap_or_default();
        let Some(named) = command(format!("ssh {arguments}").as_bytes()) else {
            return;
        };
        let current = &mut self.stream(label.clone()).current;
        if current.host.is_none() {
            current.typed_as(named);
        }
    }

    /// Whether a message is about SSH, judging by the lines so far.
    fn counts(&mut self, hit: &Hit, label: &Option<String>, number: usize) -> bool {
        let speaks = |software: Software| hit.entry.software.is_none_or(|own| own == software);
        let library = |software: &&Software| {
            !matches!(
                software,
                Software::OpenSsh | Software::Putty | Software::Unknown
            )
        };
        match hit.entry.scope {
            Scope::Anywhere | Scope::Debug => true,
            Scope::Alone => self.is_quiet(label, number),
            Scope::Port if names_port_22(hit) => true,
            Scope::Named | Scope::Port => {
                let current = &self.stream(label.clone()).current;
                let near = number.saturating_sub(current.lines.1) <= NEAR
                    && current.client.software != Software::Unknown;
                let own = near && speaks(current.client.software) && hit.entry.software.is_some();
                own || self
                    .block
                    .names
                    .iter()
                    .filter(library)
                    .any(|name| speaks(*name))
            }
        }
    }

    /// Whether no line near this one says what went wrong.
    fn is_quiet(&mut self, label: &Option<String>, number: usize) -> bool {
        let near = |facts: &Facts| {
            !facts.symptoms.is_empty() && number.saturating_sub(facts.lines.1) <= NEAR
        };
        let told = self.done.last().is_some_and(near);
        !told && !near(&self.stream(label.clone()).current)
    }

    /// A narrow terminal or mail may cut a message in two.
    fn with_line_before(&self, line: &[u8]) -> Option<(Hit, usize)> {
        let (number, start) = self.unread.as_ref()?;
        let joined = |glue: &[u8]| scan::whole(&[start, glue, line].concat());
        joined(b"")
            .or_else(|| joined(b" "))
            .map(|hit| (hit, *number))
    }

    fn place(&mut self, hit: Hit, label: &Option<String>, line: usize) {
        let (single, over_so_far) = (self.single, self.done.len());
        let stream = self.stream(label.clone());
        if !single && stream.current.is_over_for(&hit, line) {
            let next = stream.current.successor(line);
            let over = std::mem::replace(&mut stream.current, next);
            stream.before = Some(over_so_far);
            self.done.push(over);
        }
        if matches!(hit.entry.sign, Sign::Pipe(_)) {
            self.join_hop(label);
        }
        let stream = self.stream(label.clone());
        stream.explain(&hit, line);
        stream.current.apply(hit, line);
    }

    /// The ssh that carries a connection ends just before the one that is carried: its messages
    /// belong to the same attempt.
    fn join_hop(&mut self, label: &Option<String>) {
        let stream = self.stream(label.clone());
        let (first, before) = (stream.current.lines.0, stream.before);
        let Some(at) = before.filter(|&at| at + 1 == self.done.len() && first != 0) else {
            return;
        };
        if self.done[at].lines.1 + 1 != first {
            return;
        }
        let Some(hop) = self.done.pop() else { return };
        let stream = self.stream(label.clone());
        stream.before = None;
        stream.current.touch(hop.lines.0);
        let own = std::mem::replace(&mut stream.current.symptoms, hop.symptoms);
        for seen in own {
            stream.current.note(seen.symptom, seen.line, &seen.text);
        }
    }

    /// Interprets a message of sshd by the rules for logs.
    fn served(&mut self, hit: &Hit, label: &Option<String>, number: usize) {
        let cause = classify(Program::Sshd, hit.text.as_bytes()).and_then(|verdict| verdict.cause);
        let Some(cause) = cause else { return };
        self.understood += 1;
        let stream = self.stream(label.clone());
        stream.current.touch(number);
        let seen = Seen {
            symptom: Symptom::Closed,
            line: number,
            text: hit.text.clone(),
        };
        if !stream
            .current
            .served
            .iter()
            .any(|(other, _)| *other == cause)
        {
            stream.current.served.push((cause, seen));
        }
    }

    /// A line of sshd's log.
    fn server_line(&mut self, number: usize, line: &[u8]) {
        for hit in scan::scan(line).hits {
            if hit.entry.sign == Sign::OfServer {
                self.served(&hit, &None, number);
            }
        }
    }

    fn success(&mut self, host: &str, number: usize) {
        if self.succeeded.insert(host.to_owned()) {
            self.understood += 1;
            let mut facts = Facts::new(Some(host.to_owned()));
            (facts.reached, facts.course) = (Reached::LoggedIn, Course::Ended);
            facts.touch(number);
            self.done.push(facts);
        }
    }

    /// Begins an attempt for the host that the lines are about.
    fn begin(&mut self) {
        let label = self.label.clone();
        let next = Facts::new(label.clone());
        let stream = self.stream(label);
        let over = std::mem::replace(&mut stream.current, next);
        stream.before = None;
        if !over.is_blank() {
            self.done.push(over);
        }
    }

    fn stream(&mut self, label: Option<String>) -> &mut Stream {
        let new = Facts::new(label.clone());
        self.streams.entry(label).or_insert_with(|| Stream {
            current: new,
            before: None,
            asides: Vec::new(),
        })
    }

    /// All attempts, in the order of their first lines.
    pub(super) fn finish(mut self) -> Vec<Facts> {
        self.done
            .extend(self.streams.into_values().map(|stream| stream.current));
        self.done.retain(|facts| !facts.is_blank());
        self.done.sort_by_key(|facts| facts.lines);
        self.done
    }
}

impl Stream {
    /// A message just before, by a program that may carry the connection, counts if the connection
    /// then fails.
    fn explain(&mut self, hit: &Hit, line: usize) {
        let pipe = matches!(hit.entry.sign, Sign::Pipe(_)) || self.current.proxy.is_some();
        let early = hit.text.contains("exchange_identification: ");
        if !pipe && !early {
            return;
        }
        let near = if pipe { NEAR } else { 2 };
        for aside in self.asides.drain(..) {
            if line.saturating_sub(aside.line) <= near {
                self.current.proxy.get_or_insert_default();
                self.current.note(aside.symptom, aside.line, &aside.text);
            }
        }
    }
}

impl Block {
    /// Processes the next line: it continues the block, or begins another.
    fn enter(&mut self, line: &[u8], indented: bool) {
        const CHAIN: [&[u8]; 2] = [b"During handling of the above", b"The above exception was"];
        const STACK: [&[u8]; 8] = [
            b"at ",
            // PowerShell.
            b"At line:",
            b"from ",
            b"Caused by",
            b"... ",
            b"File \"",
            b"--->",
            b"}",
        ];
        let starts = |words: &[&[u8]]| words.iter().any(|word| line.starts_with(word));
        let traceback = line.starts_with(b"Traceback (most recent call last)");
        if traceback && self.chained || starts(&CHAIN) {
            (self.traceback, self.chained) = (traceback, !traceback);
        } else if traceback {
            *self = Self {
                traceback: true,
                ..Self::default()
            };
        } else if !self.traceback && indented && line.starts_with(b"File \"") {
            // The head of the traceback was not pasted.
            self.traceback = true;
        } else if self.traceback {
            // The first line that is not indented is the message.
            (self.traceback, self.chained) = (indented, !indented);
        } else if !indented && !starts(&STACK) {
            *self = Self::default();
        }
    }

    /// Messages that are held until the implementation that prints them is known.
    fn named(&mut self, software: Software) -> Vec<(Hit, usize)> {
        let of_it = |(hit, _): &(Hit, usize)| hit.entry.software.is_none_or(|own| own == software);
        let (found, rest) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(of_it);
        self.pending = rest;
        found
    }
}

/// Whether a message names port 22 after an address.
fn names_port_22(hit: &Hit) -> bool {
    let text = hit.text.as_bytes();
    let ends = |at: usize| text.get(at + 3).is_none_or(|byte| !byte.is_ascii_digit());
    hit.named.port == Some(22) || memchr::memmem::find_iter(text, b":22").any(ends)
}

/// Words without which a line is neither the beginning of the output of `sshd -d` or of a client,
/// nor one of a server.
pub(super) const OF_ONE_SIDE: [&[u8]; 12] = [
    b"debug1: sshd version ",
    b"Server listening on ",
    b"OpenSSH_",
    b"debug1: Reading configuration data ",
    b" [preauth]",
    b"dropbear[",
    b"sshd",
    b"failed to accept an incoming connection",
    b"Failed connection from ",
    b"SSH: Error on handshaking",
    b"SSH: Handshaking ",
    b"serve sftp ",
];

/// Whether a line begins output of `sshd -d` (true) or of a client (false).
fn serves(line: &[u8]) -> Option<bool> {
    let has = |words: &[u8]| memchr::memmem::find(line, words).is_some();
    if has(b"debug1: sshd version ") || has(b"Server listening on ") {
        return Some(true);
    }
    let client = line.starts_with(b"OpenSSH_") || has(b"debug1: Reading configuration data ");
    client.then_some(false)
}

/// Whether sshd wrote the line, to a log or, with -d, to a terminal.
fn is_of_sshd(line: &[u8]) -> bool {
    let has = |words: &[u8]| memchr::memmem::find(line, words).is_some();
    let head = line.get(..512).unwrap_or(line);
    has(b" [preauth]")
        || has(b"dropbear[")
        || is_of_other_server(&has)
        || memchr::memmem::find_iter(head, b"sshd").any(|at| is_signed(head, at))
}

/// Whether a server in Go wrote it, whose library uses the same words for servers and clients:
/// Gitea, Gogs, SFTPGo, rclone.
fn is_of_other_server(has: &dyn Fn(&[u8]) -> bool) -> bool {
    has(b"failed to accept an incoming connection")
        || has(b"Failed connection from ") && has(b" with error: ")
        || has(b"SSH: Error on handshaking")
        || has(b"SSH: Handshaking ")
        || has(b"serve sftp ") && has(b"SSH login ")
}

/// Whether the `sshd` at this place is the program that prints the rest, or whose configuration it
/// is about.
fn is_signed(head: &[u8], at: usize) -> bool {
    let (before, rest) = (&head[..at], &head[at + b"sshd".len()..]);
    if before.last().is_some_and(u8::is_ascii_alphanumeric) {
        return false;
    }
    if let Some(rest) = rest.strip_prefix(b"_config") {
        // `/etc/ssh/sshd_config: line 7: …`, `…/sshd_config.d/a.conf line 7: …`.
        let end = rest.iter().position(|by| b": ".contains(by));
        let rest = end.map_or(&b""[..], |end| &rest[end..]);
        let rest = rest.strip_prefix(b":").unwrap_or(rest);
        return rest.starts_with(b" line ") || rest.starts_with(b" terminating, ");
    }
    let rest = [&b"-session"[..], b"-auth"]
        .into_iter()
        .find_map(|part| rest.strip_prefix(part))
        .unwrap_or(rest);
    // A column, a field of JSON, or a head without process: only logs have these before a message.
    let in_column = before
        .trim_ascii_end()
        .last()
        .is_none_or(|by| by.is_ascii_digit() || b"]),|\t".contains(by));
    match rest {
        [b'[', digit, ..] => digit.is_ascii_digit(),
        [b'\t', ..] => true,
        [b'"', ..] => before.ends_with(b"\"") && before.iter().any(|by| b":,".contains(by)),
        [b':', b' ', rest @ ..] => {
            rest.starts_with(b"error: ") || rest.starts_with(b"fatal: ") || in_column
        }
        _ => false,
    }
}

/// Parts of messages that are long enough to be cut in two.
pub(super) const CUT: [&[u8]; 10] = [
    b"_identification:",
    b"Connection ",
    b"ssh: ",
    b"ssh_dispatch",
    b"Permission",
    b"Host key",
    b"host key",
    b"REMOTE HOST",
    b"Received disconnect",
    b"Unable to negotiate",
];

/// Whether a line may be the first half of a message.
fn may_be_cut(line: &[u8]) -> bool {
    line.len() < 400
        && CUT
            .iter()
            .any(|part| memchr::memmem::find(line, part).is_some())
}

/// Whether a line has a meaning by what it says of its program, or may be part of a message.
#[cfg(test)]
pub(super) fn is_told(line: &[u8]) -> bool {
    serves(line).is_some() || is_of_sshd(line) || may_be_cut(line)
}
