//! Removes what surrounds a message, in one way for logs and for transcripts.
//!
//! An envelope has layers: a file is compressed or in UTF-16 ([`Decoded`]); a collector writes
//! JSON, a container runtime or a build server a stamp, a terminal colours, a person quotes or
//! indents ([`layers`]); a log daemon puts time, machine, program and process before the message
//! ([`syslog`]). [`Peeler`] removes them one by one and returns the information in them. An unknown
//! layer loses its own information, not the message: [`pieces`] lists the places in the rest at
//! which a message may begin.
//!
//! Trust depends on who may write where: [`Envelope::head`] tells how certain it is which program
//! wrote the message.

mod decode;
mod flat;
mod head;
mod journal;
mod json;
mod layers;
pub(crate) mod pieces;
mod quick;
mod recent;
pub(crate) mod stamp;
mod syslog;
#[cfg(test)]
mod tests;
mod utf16;
mod xz;
mod zstd;

use jiff::Timestamp;
use memchr::memmem;

pub(crate) use decode::decoded;
pub use decode::{Decoded, Packing};
pub(crate) use flat::Flat;
pub(crate) use head::{Envelope, Head};
pub(crate) use journal::{Export, Record};
use journal::{RecordHead, Taken};
pub(crate) use layers::{unquoted, visible};
pub(crate) use quick::{Place, Quick};
use recent::Names;
pub use stamp::Clock;
use stamp::Stamps;

use crate::program::Program;
use crate::span::Span;

/// More layers than this are not around a message.
const LAYERS: usize = 8;

/// Removes the envelopes from the lines of one log or transcript.
#[derive(Debug, Clone)]
pub(crate) struct Peeler {
    stamps: Stamps,
    names: Names,
    records: journal::Records,
}

impl Peeler {
    /// A peeler for lines whose stamps omit what `clock` supplies.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            stamps: Stamps::new(clock),
            names: Names::default(),
            records: journal::Records::default(),
        }
    }

    /// Processes the next line, without its line feed, and passes each message in it to `sink`:
    /// usually one; none for a line that is only part of a record (`journalctl -o verbose`);
    /// several for JSON that holds several.
    pub(crate) fn line(&mut self, line: &[u8], sink: &mut dyn FnMut(&Envelope<'_>)) {
        if !self.is_open() {
            if let Some(found) = self.quickly(line) {
                if found.head == Head::Full {
                    return sink(&found);
                }
            }
        }
        let line = visible(line);
        match self.records.line(&line, &mut self.stamps) {
            Taken::No => self.alone(&line, sink),
            Taken::Behind(record) => {
                self.record(&record, sink);
                self.alone(&line, sink);
            }
            taken => self.taken(taken, sink),
        }
    }

    /// Whether the next line may belong to a record of several lines.
    pub(crate) fn is_open(&self) -> bool {
        self.records.is_open()
    }

    /// The message of a line that begins with the head of a log daemon, as most do; if its head is
    /// not [`Head::Full`], other readings are possible.
    pub(crate) fn quickly<'a>(&mut self, line: &'a [u8]) -> Option<Envelope<'a>> {
        self.common(line).or_else(|| self.unusual(line))
    }

    /// The message of a line whose head resembles that of an earlier line.
    fn common<'a>(&mut self, line: &'a [u8]) -> Option<Envelope<'a>> {
        match self.quick(line) {
            Some(head) => {
                let time = self.time();
                Some(head.envelope(line, time))
            }
            None => self.usual(line).map(|(envelope, _)| envelope),
        }
    }

    /// The head of the line at the beginning of a text, if it is as most are.
    #[inline(always)]
    pub(crate) fn quick(&mut self, text: &[u8]) -> Option<Quick> {
        self.names.quick(text)
    }

    /// The time of the last line that was read quickly.
    #[inline]
    pub(crate) fn time(&mut self) -> Option<Timestamp> {
        self.names.time()
    }

    /// Notes this time, which takes less than to ask for it.
    #[inline(always)]
    pub(crate) fn note_time(&mut self) {
        self.names.note_time();
    }

    /// The first and the last of the times that were noted, which are noted anew from here on.
    pub(crate) fn take_span(&mut self) -> Span {
        self.names.take_span()
    }

    /// Counts a line of the program in this place; true for the first one.
    #[inline(always)]
    pub(crate) fn count(&mut self, place: Place) -> bool {
        self.names.programs.count(place)
    }

    /// The counted lines of each program, which is counted anew from here on.
    pub(crate) fn take_counts(&mut self, sink: &mut dyn FnMut(Program, &[u8], u64)) {
        self.names.programs.take_counts(sink);
    }

    /// The message of such a line that is not [quick](Self::quick), and the place of its program.
    pub(crate) fn usual<'a>(&mut self, line: &'a [u8]) -> Option<(Envelope<'a>, Place)> {
        self.names.read(line, &self.stamps)
    }

    /// The message of a line whose head is not [usual](Self::usual).
    pub(crate) fn unusual<'a>(&mut self, line: &'a [u8]) -> Option<Envelope<'a>> {
        syslog::read(line, &mut self.stamps)
    }

    /// Ends the log: passes on the content of the last record.
    pub(crate) fn finish(&mut self, sink: &mut dyn FnMut(&Envelope<'_>)) {
        let taken = self.records.end();
        self.taken(taken, sink);
    }

    fn taken(&mut self, taken: Taken, sink: &mut dyn FnMut(&Envelope<'_>)) {
        match taken {
            Taken::Yes | Taken::No => {}
            Taken::Ends(record) | Taken::Behind(record) => self.record(&record, sink),
            Taken::Json(text) => match json::records(&text) {
                Some(records) => records.iter().for_each(|record| self.record(record, sink)),
                None => text
                    .split(|&by| by == b'\n')
                    .for_each(|line| self.alone(line, sink)),
            },
        }
    }

    /// A line that is not part of a record of several lines.
    pub(crate) fn alone(&mut self, line: &[u8], sink: &mut dyn FnMut(&Envelope<'_>)) {
        if let Some(records) = json::records(line) {
            return records.iter().for_each(|record| self.record(record, sink));
        }
        let text = unquoted(line);
        let found = self.text(&text);
        if found.head > Head::Guessed {
            return sink(&found);
        }
        // A stamp, a label or a task may precede the object.
        let object = memmem::find(line, b"{\"").or_else(|| memmem::find(line, b"[{\""));
        match object.and_then(|at| json::records(&line[at..])) {
            Some(records) if !records.is_empty() => {
                let time = found.time;
                for record in records {
                    self.record(
                        &Record {
                            time: record.time.or(time),
                            ..record
                        },
                        sink,
                    );
                }
            }
            _ => sink(&found),
        }
    }

    /// Passes on the message of a record.
    pub(crate) fn record(&mut self, record: &Record, sink: &mut dyn FnMut(&Envelope<'_>)) {
        let text = visible(&record.message);
        sink(&self.of_record(record.head(), &text));
    }

    /// The message in the text of a record.
    pub(crate) fn of_record<'a>(&mut self, head: RecordHead<'a>, text: &'a [u8]) -> Envelope<'a> {
        let text = text.trim_ascii();
        if !head.tag.is_empty() {
            let program = Program::named(head.tag);
            if head.is_journal || program != Program::Other {
                return Envelope {
                    tag: head.tag,
                    ..Envelope::full(head.time, head.host, program, head.pid, text)
                };
            }
        }
        let inner = match self.common(text) {
            Some(inner) => inner,
            None => self.text(text),
        };
        Envelope {
            time: inner.time.or(head.time),
            host: if inner.host.is_empty() {
                head.host
            } else {
                inner.host
            },
            pid: inner.pid.or(head.pid),
            ..inner
        }
    }

    /// Removes the layers of one text, one by one.
    pub(crate) fn text<'a>(&mut self, line: &'a [u8]) -> Envelope<'a> {
        let (mut time, mut pid, mut guess) = (None, None, None);
        let mut text = line.trim_ascii();
        for _ in 0..LAYERS {
            if let Some(found) = self.head(text, time) {
                if found.head == Head::None {
                    (time, text) = (found.time.or(time), found.message);
                    continue;
                }
                let settled = found.head >= Head::Cut || !found.host.is_empty();
                let found = Envelope {
                    time: found.time.or(time),
                    pid: found.pid.or(pid),
                    ..found
                };
                if settled {
                    return found;
                }
                guess = guess.or(Some(found));
            }
            let Some(layer) = layers::strip(text, &mut self.stamps) else {
                break;
            };
            (time, pid, text) = (layer.time.or(time), layer.pid.or(pid), layer.rest);
        }
        match guess {
            Some(guess) => Envelope {
                time: guess.time.or(time),
                text,
                ..guess
            },
            None => Envelope {
                time,
                pid,
                ..Envelope::bare(text)
            },
        }
    }

    fn head<'a>(&mut self, text: &'a [u8], time: Option<Timestamp>) -> Option<Envelope<'a>> {
        if let Some(found) = syslog::read(text, &mut self.stamps) {
            return Some(found);
        }
        if let Some((pid, rest)) = layers::apple_columns(text) {
            return syslog::tagged(time, rest).map(|found| Envelope {
                pid: Some(pid),
                ..found
            });
        }
        let cut = syslog::tagged(None, text).filter(|found| found.head == Head::Full)?;
        Some(Envelope {
            head: if time.is_some() {
                Head::Full
            } else {
                Head::Cut
            },
            ..cut
        })
    }
}
