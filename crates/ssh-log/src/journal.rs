//! Records of the systemd journal: `journalctl -o json` and `journalctl -o export`.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Map, Value};

/// The fields of one record that matter here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) time: Option<Timestamp>,
    pub(crate) host: Vec<u8>,
    pub(crate) tag: Vec<u8>,
    pub(crate) pid: Option<u32>,
    pub(crate) message: Vec<u8>,
}

impl Record {
    /// Takes a field; of several that say the same the more precise one wins.
    fn set(&mut self, name: &[u8], value: &[u8]) {
        match name {
            b"MESSAGE" => self.message = first_line(value).to_vec(),
            b"_HOSTNAME" => self.host = value.to_vec(),
            b"SYSLOG_IDENTIFIER" => self.tag = value.to_vec(),
            b"_COMM" if self.tag.is_empty() => self.tag = value.to_vec(),
            b"SYSLOG_PID" | b"_PID" if self.pid.is_none() => self.pid = parse(value),
            b"__REALTIME_TIMESTAMP" => self.time = parse(value).and_then(|us| Timestamp::from_microsecond(us).ok()),
            _ => {}
        }
    }
}

/// Reads a line of `journalctl -o json`, `json-sse` or `json-seq`; `None` when it is not such an object.
pub(crate) fn json(line: &[u8]) -> Option<Record> {
    let object = line.strip_prefix(b"data: ").or_else(|| line.strip_prefix(b"\x1e")).unwrap_or(line);
    let fields: Map<String, Value> = match object.first() {
        Some(b'{') => serde_json::from_slice(object).ok()?,
        _ => return None,
    };
    let mut record = Record::default();
    for (name, value) in &fields {
        if let Some(value) = bytes(value) {
            record.set(name.as_bytes(), &value);
        }
    }
    fields.contains_key("MESSAGE").then_some(record)
}

/// A field that is no UTF-8 text is written as an array of numbers; of several values the first one counts.
fn bytes(value: &Value) -> Option<Cow<'_, [u8]>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text.as_bytes())),
        Value::Array(items) if items.iter().all(Value::is_u64) => items
            .iter()
            .map(|item| item.as_u64().and_then(|byte| u8::try_from(byte).ok()))
            .collect::<Option<_>>()
            .map(Cow::Owned),
        Value::Array(items) => items.first().and_then(bytes),
        _ => None,
    }
}

/// The state of reading `journalctl -o export`: records of `NAME=value` lines, an empty line behind each; a value with
/// line feeds is written as `NAME`, a line feed, its length in 8 bytes (little endian), the value, a line feed.
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

/// What is kept of one binary value.
const VALUE_CAP: usize = 64 * 1024;

impl Export {
    /// Whether a text begins such a stream.
    pub(crate) fn starts(line: &[u8]) -> bool {
        line.starts_with(b"__CURSOR=") || line.starts_with(b"__REALTIME_TIMESTAMP=")
    }

    /// Whether the next bytes are no line but part of a binary value.
    pub(crate) fn wants_bytes(&self) -> bool {
        self.binary.is_some()
    }

    /// Takes a line; gives the record that it completes.
    pub(crate) fn line(&mut self, line: &[u8]) -> Option<Record> {
        if line.is_empty() {
            let complete = std::mem::take(&mut self.filled);
            return Some(std::mem::take(&mut self.record)).filter(|_| complete);
        }
        self.filled = true;
        match memchr::memchr(b'=', line) {
            Some(at) => self.record.set(&line[..at], &line[at + 1..]),
            None => self.binary = Some(Binary { name: line.to_vec(), length: None, bytes: Vec::new() }),
        }
        None
    }

    /// Takes what belongs to the binary value and returns the rest.
    pub(crate) fn bytes<'a>(&mut self, input: &'a [u8]) -> &'a [u8] {
        let Some(binary) = &mut self.binary else { return input };
        let rest = binary.take(input);
        if binary.length == Some(0) {
            let Binary { name, bytes, .. } = self.binary.take().expect("it was there a moment ago");
            self.record.set(&name, bytes.strip_suffix(b"\n").unwrap_or(&bytes));
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
        }
    }

    #[test]
    fn a_json_object_is_a_record() {
        let head =
            r#""__REALTIME_TIMESTAMP":"1795189963250000","_HOSTNAME":"gw1","SYSLOG_IDENTIFIER":"sshd","_PID":"8""#;
        let line = format!(r#"{{{head},"MESSAGE":"Bye"}}"#);
        assert_eq!(json(line.as_bytes()), Some(record(b"Bye")));
        let line = format!(r#"{{{head},"MESSAGE":[66,255,10,88]}}"#);
        assert_eq!(json(line.as_bytes()), Some(record(b"B\xff")));
        let line = format!(r#"{{{head},"_COMM":"x","MESSAGE":["Bye","again"]}}"#);
        assert_eq!(json(line.as_bytes()), Some(record(b"Bye")));
        for line in ["{}", "{", "[]", r#"{"MESSAGE":null"#, r#"{"PRIORITY":"6"}"#] {
            assert_eq!(json(line.as_bytes()), None, "{line}");
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
