//! A log in, events out.

use memchr::memchr;

use crate::census::Census;
use crate::connections::Connections;
use crate::envelope::stamp::{number, word};
use crate::envelope::{Clock, Envelope, Export, Head, Peeler, pieces};
use crate::event::{Account, Event, Peer, Source};
use crate::program::Program;
use crate::rules::{self, Verdict};

/// Reads a log in pieces of any size, in constant memory.
///
/// A message is recognised wherever it stands in a line (see the module `envelope`); a log that is compressed or in UTF-16
/// has to go through [`Decoded`](crate::Decoded) before.
///
/// ```
/// use sshmend_ssh_log::{Clock, Kind, Reader};
///
/// let clock = Clock::utc("2026-12-01T00:00:00Z".parse()?);
/// let mut reader = Reader::new(clock);
/// let mut kinds = Vec::new();
/// reader.feed(b"Nov 20 15:52:43 gw sshd[8]: Invalid user bob fr", &mut |event| kinds.push(event.kind));
/// reader.feed(b"om 192.0.2.7 port 4711\n", &mut |event| kinds.push(event.kind));
/// reader.finish(&mut |event| kinds.push(event.kind));
/// assert_eq!(kinds, [Kind::InvalidUser]);
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Reader {
    lines: Lines,
    export: Option<Export>,
    peeler: Peeler,
    state: State,
}

/// The longest line that is read whole.
const LINE_CAP: usize = 64 * 1024;

/// The lines of a stream of pieces; what is left of the last piece waits for the next.
#[derive(Debug, Clone, Default)]
struct Lines {
    carry: Vec<u8>,
    /// The rest of an overlong line is passed over.
    skipping: bool,
}

/// What the lines say, one after another.
#[derive(Debug, Clone)]
struct State {
    connections: Connections,
    census: Census,
    line_number: u64,
    /// The surest head of the lines so far. A line without one among others that have one is not a line of sshd but a piece
    /// of another program's text, which anybody may have written.
    surest: Head,
}

impl Reader {
    /// A reader at the beginning of a log.
    pub fn new(clock: Clock) -> Self {
        let state = State {
            connections: Connections::new(),
            census: Census::default(),
            line_number: 0,
            surest: Head::None,
        };
        Self {
            lines: Lines::default(),
            export: None,
            peeler: Peeler::new(clock),
            state,
        }
    }

    /// Takes the next piece of the log and hands each event to `sink`.
    pub fn feed(&mut self, piece: &[u8], sink: &mut dyn FnMut(&Event<'_>)) {
        self.state.census.bytes += piece.len() as u64;
        let mut rest = piece;
        while !rest.is_empty() {
            if let Some(export) = self.export.as_mut().filter(|export| export.wants_bytes()) {
                rest = export.bytes(rest);
                continue;
            }
            let Some(end) = memchr(b'\n', rest) else {
                self.lines.keep(rest);
                return;
            };
            self.end_line(&rest[..end], sink);
            rest = &rest[end + 1..];
        }
    }

    /// Ends the log: reads a last line without line feed.
    pub fn finish(&mut self, sink: &mut dyn FnMut(&Event<'_>)) {
        if !self.lines.carry.is_empty() {
            self.end_line(b"", sink);
        }
        if self.export.is_some() {
            self.line(b"", sink);
        }
        let state = &mut self.state;
        self.peeler
            .finish(&mut |envelope| state.message(envelope, envelope.message, sink));
    }

    /// How much was read, and understood.
    pub fn census(&self) -> &Census {
        &self.state.census
    }

    fn end_line(&mut self, tail: &[u8], sink: &mut dyn FnMut(&Event<'_>)) {
        if self.lines.carry.is_empty() && tail.len() <= LINE_CAP {
            self.line(tail, sink);
            return;
        }
        self.lines.keep(tail);
        let line = std::mem::take(&mut self.lines.carry);
        self.state.census.overlong += u64::from(std::mem::take(&mut self.lines.skipping));
        self.line(&line, sink);
        self.lines.carry = line;
        self.lines.carry.clear();
    }

    fn line(&mut self, line: &[u8], sink: &mut dyn FnMut(&Event<'_>)) {
        if self.export.is_none() && self.state.line_number == 0 && Export::starts(line) {
            self.export = Some(Export::default());
        }
        let state = &mut self.state;
        if let Some(export) = &mut self.export {
            if let Some(record) = export.line(line) {
                state.line_number += 1;
                self.peeler.record(&record, &mut |envelope| {
                    state.message(envelope, &record.message, sink);
                });
            }
            return;
        }
        state.line_number += 1;
        let line = line.trim_ascii_end();
        if !line.is_empty() {
            self.peeler
                .line(line, &mut |envelope| state.message(envelope, line, sink));
        }
    }
}

impl Lines {
    fn keep(&mut self, piece: &[u8]) {
        let room = LINE_CAP - self.carry.len();
        self.skipping |= piece.len() > room;
        self.carry
            .extend_from_slice(&piece[..piece.len().min(room)]);
    }
}

impl State {
    fn message(&mut self, envelope: &Envelope<'_>, line: &[u8], sink: &mut dyn FnMut(&Event<'_>)) {
        self.census.lines += 1;
        self.census.span.add(envelope.time);
        let believed = envelope.head >= self.surest || envelope.head == Head::Guessed;
        if envelope.head >= Head::Cut {
            self.surest = self.surest.max(envelope.head);
        }
        match believed.then(|| understand(envelope)).flatten() {
            Some(found) => self.event(envelope, &found, line, sink),
            None => self.census.miss(envelope, line, self.line_number),
        }
    }

    fn event(
        &mut self,
        envelope: &Envelope<'_>,
        found: &Found<'_>,
        line: &[u8],
        sink: &mut dyn FnMut(&Event<'_>),
    ) {
        let (verdict, fields) = (&found.verdict, &found.verdict.fields);
        self.census.understand(envelope, verdict.kind, fields.port);
        let source = fields.addr.and_then(Peer::read).map(|peer| Source {
            peer,
            port: fields.port,
        });
        let mut event = Event {
            time: envelope.time,
            host: envelope.host,
            program: found.program,
            pid: found.pid,
            kind: verdict.kind,
            cause: verdict.cause,
            is_vague: verdict.is_vague(found.program != Program::Bare),
            is_untold_attempt: false,
            account: Account::Again,
            stage: verdict.stage,
            source,
            user: fields.user,
            detail: fields.detail.unwrap_or_default(),
            number: fields.number,
            repeats: found.repeats,
            line,
            line_number: self.line_number,
        };
        self.connections.complete(&mut event);
        sink(&event);
    }
}

/// A message that is known, and whose it is.
struct Found<'a> {
    program: Program,
    pid: Option<u32>,
    repeats: u64,
    verdict: Verdict<'a>,
}

/// Finds the message: as the program said it; where the program is not sure, as a message of sshd; where the envelope is
/// not known, wherever it stands.
fn understand<'a>(envelope: &Envelope<'a>) -> Option<Found<'a>> {
    let found = |program, pid, (repeats, verdict)| Found {
        program,
        pid,
        repeats,
        verdict,
    };
    let known = classify(envelope.program, envelope.message);
    if let Some(known) = known {
        return Some(found(envelope.program, envelope.pid, known));
    }
    match envelope.head {
        Head::Full | Head::Cut => None,
        // What looks like a machine and a program may be the first words of a message, or a mark before it.
        Head::Guessed => [
            Some(envelope.text),
            word(envelope.text).map(|(_, rest)| rest.trim_ascii_start()),
        ]
        .into_iter()
        .flatten()
        .find_map(|text| classify(Program::Bare, text))
        .map(|known| found(Program::Bare, envelope.pid, known)),
        Head::None => {
            if let Some((program, pid, message)) = pieces::tagged(envelope.text) {
                return classify(program, message).map(|known| found(program, pid, known));
            }
            rules::find(envelope.text)
                .map(|verdict| found(Program::Bare, envelope.pid, (1, verdict)))
        }
    }
}

/// Understands a message; rsyslog folds equal ones: `message repeated 3 times: [ Failed password for …]`.
fn classify(program: Program, message: &[u8]) -> Option<(u64, Verdict<'_>)> {
    let unfolded = || {
        let (times, rest) = number(message.strip_prefix(b"message repeated ")?)?;
        let inner = rest.strip_prefix(b" times: [")?.strip_suffix(b"]")?;
        Some((u64::from(times), inner.trim_ascii_start()))
    };
    let (repeats, message) = unfolded().unwrap_or((1, message));
    Some((repeats, rules::classify(program, message)?))
}
