//! Records of the systemd journal: `journalctl -o export` and `-o verbose`; JSON records of several
//! lines.

use jiff::Timestamp;

use super::stamp::Stamps;

/// The fields of one record that matter here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) time: Option<Timestamp>,
    pub(crate) host: Vec<u8>,
    pub(crate) tag: Vec<u8>,
    pub(crate) pid: Option<u32>,
    pub(crate) message: Vec<u8>,
    /// Whether journald vouches for the tag.
    pub(crate) is_journal: bool,
}

/// The envelope of a record's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordHead<'a> {
    pub(crate) time: Option<Timestamp>,
    pub(crate) host: &'a [u8],
    pub(crate) tag: &'a [u8],
    pub(crate) pid: Option<u32>,
    /// Whether journald vouches for the tag.
    pub(crate) is_journal: bool,
}

impl Record {
    pub(super) fn head(&self) -> RecordHead<'_> {
        RecordHead {
            time: self.time,
            host: &self.host,
            tag: &self.tag,
            pid: self.pid,
            is_journal: self.is_journal,
        }
    }

    /// Sets a field; of several with the same meaning the more precise one wins.
    fn set(&mut self, name: &[u8], value: &[u8]) {
        match name {
            b"MESSAGE" => self.message = first_line(value).to_vec(),
            b"_HOSTNAME" => self.host = value.to_vec(),
            b"SYSLOG_IDENTIFIER" => self.name(value),
            b"_COMM" if self.tag.is_empty() => self.name(value),
            b"SYSLOG_PID" | b"_PID" if self.pid.is_none() => self.pid = parse(value),
            b"__REALTIME_TIMESTAMP" => {
                self.time = parse(value).and_then(|us| Timestamp::from_microsecond(us).ok());
            }
            _ => {}
        }
    }
}

impl Record {
    fn name(&mut self, tag: &[u8]) {
        self.tag = tag.to_vec();
        self.is_journal = true;
    }
}

/// Records of several lines each: `journalctl -o verbose`, and pretty-printed JSON.
#[derive(Debug, Clone, Default)]
pub(super) struct Records {
    open: Option<Open>,
}

#[derive(Debug, Clone)]
enum Open {
    Verbose(Record),
    Pretty { text: Vec<u8>, depth: usize },
}

/// The result for a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Taken {
    /// It belongs to a record that continues.
    Yes,
    /// It ends this record, or begins the next.
    Ends(Box<Record>),
    /// It is a line of its own, after this complete record.
    Behind(Box<Record>),
    /// It ends a JSON object, which is complete here.
    Json(Vec<u8>),
    /// It is a line of its own.
    No,
}

/// The largest record, in bytes.
const RECORD_CAP: usize = 64 * 1024;

impl Records {
    /// Whether the next line may belong to a record.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    pub(super) fn line(&mut self, line: &[u8], stamps: &mut Stamps) -> Taken {
        if let Some(time) = verbose_head(line, stamps) {
            let record = Record {
                time,
                is_journal: true,
                ..Record::default()
            };
            let before = self.open.replace(Open::Verbose(record));
            return match before {
                Some(Open::Verbose(record)) if !record.message.is_empty() => {
                    Taken::Ends(Box::new(record))
                }
                _ => Taken::Yes,
            };
        }
        match self.open.take() {
            None if line.trim_ascii() == b"{" => {
                self.open = Some(Open::Pretty {
                    text: line.to_vec(),
                    depth: 1,
                });
                Taken::Yes
            }
            None => Taken::No,
            Some(Open::Verbose(record)) => self.verbose(record, line),
            Some(Open::Pretty { text, depth }) => self.pretty(text, depth, line),
        }
    }

    fn verbose(&mut self, mut record: Record, line: &[u8]) -> Taken {
        let field = line.strip_prefix(b"    ").map(<[u8]>::trim_ascii_start);
        match field.and_then(|field| Some((field, memchr::memchr(b'=', field)?))) {
            Some((field, at)) => record.set(&field[..at], &field[at + 1..]),
            // A continuation line; only the first line of a message is certain not to be a
            // client's.
            None if line.starts_with(b" ") => {}
            None if line.trim_ascii().is_empty() && !record.message.is_empty() => {
                return Taken::Ends(Box::new(record));
            }
            None if record.message.is_empty() => return Taken::No,
            None => return Taken::Behind(Box::new(record)),
        }
        self.open = Some(Open::Verbose(record));
        Taken::Yes
    }

    fn pretty(&mut self, mut text: Vec<u8>, mut depth: usize, line: &[u8]) -> Taken {
        let seen = line.trim_ascii();
        if seen == b"{" && depth == 1 {
            // The object before is a list of objects: each is a record.
            text.clear();
            depth = 0;
        }
        text.push(b'\n');
        text.extend_from_slice(line);
        depth += usize::from(matches!(seen.last(), Some(b'{' | b'[')));
        depth -= usize::from(matches!(seen.first(), Some(b'}' | b']')));
        if depth == 0 || text.len() > RECORD_CAP {
            return Taken::Json(text);
        }
        self.open = Some(Open::Pretty { text, depth });
        Taken::Yes
    }

    /// The content of the last record.
    pub(super) fn end(&mut self) -> Taken {
        match self.open.take() {
            Some(Open::Verbose(record)) if !record.message.is_empty() => {
                Taken::Ends(Box::new(record))
            }
            Some(Open::Pretty { text, .. }) => Taken::Json(text),
            _ => Taken::No,
        }
    }
}

/// The time in the first line of a record: `Fri 2026-11-20 15:52:43.123456 CET [s=…;i=1;…]`.
fn verbose_head(line: &[u8], stamps: &mut Stamps) -> Option<Option<Timestamp>> {
    if !line.ends_with(b"]") {
        return None;
    }
    let (time, rest) = stamps.day(line)?;
    rest.trim_ascii_start().starts_with(b"[s=").then_some(time)
}

/// The state of reading `journalctl -o export`: records of `NAME=value` lines, with an empty line
/// after each; a value with line feeds is written as `NAME`, a line feed, its length in 8 bytes
/// (little endian), the value, a line feed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Export {
    record: Record,
    filled: bool,
    binary: Option<Binary>,
}

#[derive(Debug, Clone)]
struct Binary {
    name: Vec<u8>,
    length: Option<u64>,
    bytes: Vec<u8>,
}

/// The most bytes of one binary value to keep.
const VALUE_CAP: usize = 64 * 1024;

impl Export {
    /// Whether a text begins such a stream.
    pub(crate) fn starts(line: &[u8]) -> bool {
        line.starts_with(b"__CURSOR=") || line.starts_with(b"__REALTIME_TIMESTAMP=")
    }

    /// Whether the next bytes are not a line but part of a binary value.
    pub(crate) fn wants_bytes(&self) -> bool {
        self.binary.is_some()
    }

    /// Processes a line; returns the record that it completes.
    pub(crate) fn line(&mut self, line: &[u8]) -> Option<Record> {
        if line.is_empty() {
            let complete = std::mem::take(&mut self.filled);
            return Some(std::mem::take(&mut self.record)).filter(|_| complete);
        }
        self.filled = true;
        match memchr::memchr(b'=', line) {
            Some(at) => self.record.set(&line[..at], &line[at + 1..]),
            None => {
                self.binary = Some(Binary {
                    name: line.to_vec(),
                    length: None,
                    bytes: Vec::new(),
                });
            }
        }
        None
    }

    /// Consumes the part that belongs to the binary value and returns the rest.
    pub(crate) fn bytes<'a>(&mut self, input: &'a [u8]) -> &'a [u8] {
        let Some(binary) = &mut self.binary else {
            return input;
        };
        let rest = binary.take(input);
        if binary.length == Some(0) {
            let Binary { name, bytes, .. } = self.binary.take().expect("it was there a moment ago");
            self.record
                .set(&name, bytes.strip_suffix(b"\n").unwrap_or(&bytes));
        }
        rest
    }
}

impl Binary {
    fn take<'a>(&mut self, input: &'a [u8]) -> &'a [u8] {
        let Some(left) = self.length else {
            let (head, rest) = input.split_at(input.len().min(8 - self.bytes.len()));
            self.bytes.extend_from_slice(head);
            if let Ok(length) = <[u8; 8]>::try_from(self.bytes.as_slice()) {
                self.length = Some(u64::from_le_bytes(length).saturating_add(1));
                self.bytes.clear();
            }
            return rest;
        };
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        let (value, rest) = input.split_at(taken);
        let room = VALUE_CAP.saturating_sub(self.bytes.len()).min(value.len());
        self.bytes.extend_from_slice(&value[..room]);
        self.length = Some(left - taken as u64);
        rest
    }
}

fn first_line(text: &[u8]) -> &[u8] {
    text.split(|&b| b == b'\n').next().unwrap_or_default()
}

fn parse<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(message: &[u8]) -> Record {
        Record {
            time: Some("2026-11-20T15:52:43.25Z".parse().unwrap()),
            host: b"gw1".to_vec(),
            tag: b"sshd".to_vec(),
            pid: Some(8),
            message: message.to_vec(),
            is_journal: true,
        }
    }

    #[test]
    fn export_records_may_hold_binary_values_in_any_pieces() {
        let mut stream =
            b"__CURSOR=s\n__REALTIME_TIMESTAMP=1795189963250000\n_HOSTNAME=gw1\n_COMM=sshd\n_PID=8\nMESSAGE\n".to_vec();
        stream.extend_from_slice(&5u64.to_le_bytes());
        stream.extend_from_slice(b"B\xff\n\nX\n\n\n");
        for size in 1..stream.len() {
            let mut export = Export::default();
            let (mut records, mut carry) = (Vec::new(), Vec::new());
            for piece in stream.chunks(size) {
                let mut piece = piece;
                while !piece.is_empty() {
                    if export.wants_bytes() {
                        piece = export.bytes(piece);
                        continue;
                    }
                    let (byte, rest) = piece.split_at(1);
                    match byte {
                        b"\n" => records.extend(export.line(&std::mem::take(&mut carry))),
                        _ => carry.extend_from_slice(byte),
                    }
                    piece = rest;
                }
            }
            assert_eq!(records, [record(b"B\xff")], "pieces of {size}");
        }
    }
}
