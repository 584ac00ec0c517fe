//! A log in, events out.

use memchr::memchr;

use crate::connections::Connections;
use crate::event::{Account, Event, Peer, Source};
use crate::journal::{self, Export, Record};
use crate::prefix::{self, Envelope};
use crate::program::Program;
use crate::rules;
use crate::time::{Clock, Stamps};

/// Reads a log in pieces of any size, in constant memory.
///
/// All forms of a log are recognised line by line: RFC 3164 and RFC 5424, ISO 8601, the forms of `journalctl` (short,
/// json, export), BSD, Solaris, macOS, dmesg, the own files of fail2ban, DenyHosts and CrowdSec, and the lines without
/// any prefix that `sshd -E FILE` writes. Compressed logs must be decompressed before.
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
    state: State,
}

/// What was read so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes taken.
    pub bytes: u64,
    /// Lines (of journal export: records) read.
    pub lines: u64,
    /// Lines of programs whose messages are looked at: sshd, the kernel, systemd, the banning tools.
    pub relevant: u64,
    /// Lines that became an event.
    pub events: u64,
    /// Lines longer than 64 KiB, of which only the beginning was read.
    pub overlong: u64,
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

#[derive(Debug, Clone)]
struct State {
    stamps: Stamps,
    connections: Connections,
    progress: Progress,
    /// A line with a prefix was seen: then one without is no line of sshd but a piece of another program's text.
    prefixed: bool,
}

impl Reader {
    /// A reader at the beginning of a log.
    pub fn new(clock: Clock) -> Self {
        let state = State {
            stamps: Stamps::new(clock),
            connections: Connections::new(),
            progress: Progress::default(),
            prefixed: false,
        };
        Self { lines: Lines::default(), export: None, state }
    }

    /// Takes the next piece of the log and hands each event to `sink`.
    pub fn feed(&mut self, piece: &[u8], sink: &mut dyn FnMut(&Event<'_>)) {
        self.state.progress.bytes += piece.len() as u64;
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
    }

    /// How much was read.
    pub fn progress(&self) -> Progress {
        self.state.progress
    }

    fn end_line(&mut self, tail: &[u8], sink: &mut dyn FnMut(&Event<'_>)) {
        if self.lines.carry.is_empty() && tail.len() <= LINE_CAP {
            self.line(tail, sink);
            return;
        }
        self.lines.keep(tail);
        let line = std::mem::take(&mut self.lines.carry);
        self.state.progress.overlong += u64::from(std::mem::take(&mut self.lines.skipping));
        self.line(&line, sink);
        self.lines.carry = line;
        self.lines.carry.clear();
    }

    fn line(&mut self, line: &[u8], sink: &mut dyn FnMut(&Event<'_>)) {
        if self.export.is_none() && self.state.progress.lines == 0 && Export::starts(line) {
            self.export = Some(Export::default());
        }
        if let Some(export) = &mut self.export {
            if let Some(record) = export.line(line) {
                self.state.progress.lines += 1;
                self.state.record(&record, &record.message, sink);
            }
            return;
        }
        self.state.progress.lines += 1;
        self.state.text(line, sink);
    }
}

impl Lines {
    fn keep(&mut self, piece: &[u8]) {
        let room = LINE_CAP - self.carry.len();
        self.skipping |= piece.len() > room;
        self.carry.extend_from_slice(&piece[..piece.len().min(room)]);
    }
}

impl State {
    fn text(&mut self, line: &[u8], sink: &mut dyn FnMut(&Event<'_>)) {
        // A machine that crashed leaves a run of NULs before the next line.
        let start = line.iter().position(|&b| b != 0).unwrap_or(line.len());
        let line = line[start..].trim_ascii_end();
        if let Some(record) = journal::json(line) {
            self.record(&record, line, sink);
            return;
        }
        let envelope = prefix::read(line, &mut self.stamps);
        let bare = envelope.program == Program::Bare;
        self.prefixed |= !bare;
        if !(bare && self.prefixed) {
            self.message(&envelope, line, sink);
        }
    }

    fn record(&mut self, record: &Record, line: &[u8], sink: &mut dyn FnMut(&Event<'_>)) {
        let envelope = Envelope {
            time: record.time,
            host: &record.host,
            program: Program::named(&record.tag),
            pid: record.pid,
            message: &record.message,
        };
        self.message(&envelope, line, sink);
    }

    fn message(&mut self, envelope: &Envelope<'_>, line: &[u8], sink: &mut dyn FnMut(&Event<'_>)) {
        self.progress.relevant += u64::from(!matches!(envelope.program, Program::Other | Program::Bare));
        let (repeats, message) = unfold(envelope.message);
        let Some(verdict) = rules::classify(envelope.program, message) else { return };
        let fields = verdict.fields;
        let source = fields.addr.and_then(Peer::read).map(|peer| Source { peer, port: fields.port });
        let mut event = Event {
            time: envelope.time,
            host: envelope.host,
            program: envelope.program,
            pid: envelope.pid,
            kind: verdict.kind,
            cause: verdict.cause,
            account: Account::Again,
            stage: verdict.stage,
            source,
            user: fields.user,
            detail: fields.detail.unwrap_or_default(),
            number: fields.number,
            repeats,
            line,
            line_number: self.progress.lines,
        };
        self.connections.complete(&mut event);
        self.progress.events += 1;
        sink(&event);
    }
}

/// rsyslog folds equal messages: `message repeated 3 times: [ Failed password for …]`.
fn unfold(message: &[u8]) -> (u64, &[u8]) {
    let unfolded = || {
        let (times, rest) = crate::time::number(message.strip_prefix(b"message repeated ")?)?;
        let inner = rest.strip_prefix(b" times: [")?.strip_suffix(b"]")?;
        Some((u64::from(times), inner.trim_ascii_start()))
    };
    unfolded().unwrap_or((1, message))
}
