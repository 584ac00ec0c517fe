//! Turns a log into events.

use memchr::memchr;

use crate::block::{Item, LINE_CAP, Parsed, lines};
use crate::census::Census;
use crate::connections::Connections;
use crate::envelope::{Clock, Envelope, Export, Head, Peeler};
use crate::event::{Account, Event};
use crate::repeated::Repeated;
use crate::understand::{Texts, Told, understand};

/// Reads a log in pieces of any size, in constant memory.
///
/// A message is recognised anywhere in a line (see the module `envelope`); a log that is compressed
/// or in UTF-16 must pass through [`Decoded`](crate::Decoded) first.
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

/// Splits a stream of pieces into lines; the rest of the last piece waits for the next.
#[derive(Debug, Clone, Default)]
struct Lines {
    carry: Vec<u8>,
    /// Skipping the rest of an overlong line.
    skipping: bool,
}

/// The state carried from line to line.
#[derive(Debug, Clone)]
struct State {
    connections: Connections,
    census: Census,
    line_number: u64,
    /// The most certain head of the lines so far. A line without one, among others that have one,
    /// is not sshd's but a piece of another program's text, which anybody may have written.
    surest: Head,
    repeated: Repeated,
}

impl Reader {
    /// A reader at the beginning of a log.
    pub fn new(clock: Clock) -> Self {
        let state = State {
            connections: Connections::new(),
            census: Census::default(),
            line_number: 0,
            surest: Head::None,
            repeated: Repeated::default(),
        };
        Self {
            lines: Lines::default(),
            export: None,
            peeler: Peeler::new(clock),
            state,
        }
    }

    /// Processes the next piece of the log and passes each event to `sink`.
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
        self.peel(line, sink);
    }

    fn peel(&mut self, line: &[u8], sink: &mut dyn FnMut(&Event<'_>)) {
        let line = line.trim_ascii_end();
        let state = &mut self.state;
        if !line.is_empty() {
            self.peeler
                .line(line, &mut |envelope| state.message(envelope, line, sink));
        }
    }

    /// Processes the next parsed block of whole lines: equivalent to feeding it.
    pub(crate) fn take(&mut self, parsed: &mut Parsed, sink: &mut dyn FnMut(&Event<'_>)) {
        self.state.census.bytes += parsed.block.len() as u64;
        if parsed.is_sequential || self.peeler.is_open() {
            for line in lines(&parsed.block) {
                self.state.census.overlong += u64::from(line.is_cut);
                self.line(line.text, sink);
            }
            return;
        }
        let before = self.state.line_number;
        let block = &parsed.block;
        for item in &mut parsed.items {
            match item {
                Item::Head(head) => self.state.surest = self.state.surest.max(*head),
                Item::Raw { line, number } => {
                    self.state.line_number = before + u64::from(*number);
                    self.peel(line.of(block), sink);
                }
                Item::Known(stored) => {
                    self.state.line_number = before + u64::from(stored.number);
                    let (line, texts) = (stored.line.of(block), stored.texts(block));
                    if self.state.believes(stored.told.head) {
                        self.state.known(&mut stored.told, texts, line, sink);
                    } else {
                        self.peel(line, sink);
                    }
                }
            }
        }
        self.state.census.absorb(&parsed.census, before);
        self.state.line_number = before + parsed.lines;
    }

    /// Counts lines of which only the beginning was passed in, and the bytes that were not.
    pub(crate) fn count_passed_over(&mut self, lines: u64, bytes: u64) {
        self.state.census.overlong += lines;
        self.state.census.bytes += bytes;
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
    /// Whether a message with such a head is trusted: earlier lines may have had a more certain
    /// one.
    fn believes(&self, head: Head) -> bool {
        head >= self.surest || head == Head::Guessed
    }

    fn message(&mut self, envelope: &Envelope<'_>, line: &[u8], sink: &mut dyn FnMut(&Event<'_>)) {
        if self.believes(envelope.head) {
            if let Some(known) = understand(envelope) {
                let texts = known.texts(envelope);
                let mut told = known.told(envelope, &mut self.repeated);
                return self.known(&mut told, texts, line, sink);
            }
        }
        if envelope.head >= Head::Cut {
            self.surest = self.surest.max(envelope.head);
        }
        self.census.miss(envelope, line, self.line_number);
    }

    /// Completes what a line says by what those before it said; its source goes into the event.
    fn known(
        &mut self,
        told: &mut Told,
        texts: Texts<'_>,
        line: &[u8],
        sink: &mut dyn FnMut(&Event<'_>),
    ) {
        if told.head >= Head::Cut {
            self.surest = self.surest.max(told.head);
        }
        self.census.understand(told);
        let mut event = Event {
            time: told.time,
            host: texts.host,
            program: told.program,
            pid: told.pid,
            kind: told.kind,
            cause: told.cause,
            is_vague: told.is_vague,
            is_untold_attempt: false,
            account: Account::Again,
            stage: told.stage,
            source: told.source.take(),
            user: texts.user,
            detail: texts.detail,
            number: told.number,
            repeats: told.repeats,
            line,
            line_number: self.line_number,
        };
        self.connections.complete(&mut event, told.keys);
        sink(&event);
    }
}
