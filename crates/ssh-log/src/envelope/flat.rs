//! Records in JSON in their usual form: one object on a line, with strings, whole numbers and
//! literals.
//!
//! Such a record is read in place, without a tree and without a copy. The result is the same as
//! that of [`json`](super::json), only sooner; anything that deviates is left to it.

use std::sync::LazyLock;

use jiff::Timestamp;
use memchr::{memchr, memchr2};

use super::journal::RecordHead;
use super::json::{HOSTS, JOURNAL, MESSAGES, PIDS, PROGRAMS, TIMES};
use super::stamp::since_1970;

/// A record in which one string is the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flat<'a> {
    pub(crate) head: RecordHead<'a>,
    /// The message as written, without the escaped line end that closes it.
    message: &'a [u8],
    is_escaped: bool,
}

impl<'a> Flat<'a> {
    /// Parses a line; `None` unless it is a record of this kind.
    pub(crate) fn read(line: &'a [u8]) -> Option<Self> {
        let mut rest = line.strip_prefix(b"{")?;
        // Computed together: in a loop over the strings each of these costs more than finding their
        // ends.
        let lowest = line.iter().fold(u8::MAX, |least, &by| least.min(by));
        if lowest < b' ' || std::str::from_utf8(line).is_err() {
            return None;
        }
        let mut found = Found::default();
        loop {
            let (key, behind) = text(without_blanks(rest))?;
            let behind = without_blanks(behind).strip_prefix(b":")?;
            let (value, behind) = value(without_blanks(behind))?;
            if key.is_escaped {
                return None;
            }
            found.field(key.written, value)?;
            rest = match without_blanks(behind) {
                [b',', rest @ ..] => rest,
                [b'}'] => return found.record(),
                _ => return None,
            };
        }
    }

    /// The message, if it is written without escapes.
    pub(crate) fn plain(&self) -> Option<&'a [u8]> {
        (!self.is_escaped).then_some(self.message)
    }

    /// The message without backslashes; `None` if it has several lines.
    pub(crate) fn unescaped(&self) -> Option<Vec<u8>> {
        let mut message = Vec::with_capacity(self.message.len());
        let mut rest = self.message;
        while let Some(at) = memchr(b'\\', rest) {
            message.extend_from_slice(&rest[..at]);
            let [letter, tail @ ..] = &rest[at + 1..] else {
                return None;
            };
            message.push(match letter {
                b'n' => return None,
                b'r' => b'\r',
                b't' => b'\t',
                b'b' => 0x08,
                b'f' => 0x0c,
                other => *other,
            });
            rest = tail;
        }
        message.extend_from_slice(rest);
        Some(message)
    }
}

/// A string between its quotes.
#[derive(Debug, Clone, Copy)]
struct Text<'a> {
    written: &'a [u8],
    is_escaped: bool,
}

#[derive(Debug, Clone, Copy)]
enum Value<'a> {
    Text(Text<'a>),
    /// Digits.
    Number(&'a [u8]),
    /// `true`, `false` or `null`.
    Word,
}

impl<'a> Value<'a> {
    /// The string; `None` if it has escapes or is not a string.
    fn plain(self) -> Option<&'a [u8]> {
        match self {
            Value::Text(text) if !text.is_escaped => Some(text.written),
            _ => None,
        }
    }
}

/// The meaning of a key in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Message,
    Time,
    Host,
    Program,
    Pid,
}

/// A key with a meaning: the meaning, and its rank among the keys for it.
type Key = (&'static str, Field, usize);

/// The keys, indexed by a number computed from a few of their bytes.
static KEYS: LazyLock<Vec<Vec<Key>>> = LazyLock::new(|| {
    let mut keys = vec![Vec::new(); 256];
    let lists: [(Field, &'static [&'static str]); 5] = [
        (Field::Message, &MESSAGES),
        (Field::Time, &TIMES),
        (Field::Host, &HOSTS),
        (Field::Program, &PROGRAMS),
        (Field::Pid, &PIDS),
    ];
    for (field, names) in lists {
        for (rank, name) in names.iter().enumerate() {
            keys[place(name.as_bytes())].push((*name, field, rank));
        }
    }
    keys
});

fn place(key: &[u8]) -> usize {
    match key {
        [first, .., last] => (key.len() * 31 + usize::from(*first) * 7 + usize::from(*last)) & 0xff,
        _ => 0,
    }
}

/// The best values so far: for each field the rank of its key, and the value.
#[derive(Debug, Default)]
struct Found<'a> {
    best: [Option<(usize, Value<'a>)>; 5],
    is_journal: bool,
}

impl<'a> Found<'a> {
    /// Adds a field; `None` if a key occurs twice, because the last one counts.
    fn field(&mut self, key: &[u8], value: Value<'a>) -> Option<()> {
        let mut keys = KEYS[place(key)].iter();
        let Some((_, field, rank)) = keys.find(|(name, ..)| name.as_bytes() == key) else {
            return Some(());
        };
        self.is_journal |=
            *field == Field::Program && JOURNAL.iter().any(|name| name.as_bytes() == key);
        let best = &mut self.best[*field as usize];
        if best.is_some_and(|(known, _)| known == *rank) {
            return None;
        }
        // A number is a time or a process, never a name.
        let counts = matches!(value, Value::Text(_)) || matches!(field, Field::Time | Field::Pid);
        if counts && best.is_none_or(|(known, _)| *rank < known) {
            *best = Some((*rank, value));
        }
        Some(())
    }

    fn value(&self, field: Field) -> Option<Value<'a>> {
        self.best[field as usize].map(|(_, value)| value)
    }

    /// A name; the inner `None` if there is none, the outer one if it has to be unescaped.
    fn name(&self, field: Field) -> Option<Option<&'a [u8]>> {
        self.value(field)
            .map_or(Some(None), |value| value.plain().map(Some))
    }

    fn record(&self) -> Option<Flat<'a>> {
        let Some(Value::Text(message)) = self.value(Field::Message) else {
            return None;
        };
        let message = without_line_end(message.written);
        let time = match self.value(Field::Time) {
            Some(value) => Some(time(value)?),
            None => None,
        };
        let tag = self.name(Field::Program)?;
        let head = RecordHead {
            time,
            host: self.name(Field::Host)?.unwrap_or_default(),
            tag: tag.unwrap_or_default(),
            pid: match self.value(Field::Pid) {
                Some(value) => pid(value)?,
                None => None,
            },
            is_journal: self.is_journal && tag.is_some(),
        };
        (!message.is_empty()).then(|| Flat {
            head,
            message,
            is_escaped: memchr(b'\\', message).is_some(),
        })
    }
}

/// A time; if it cannot be parsed, the next key may hold it, which is left to the other parser.
fn time(value: Value<'_>) -> Option<Timestamp> {
    match value {
        Value::Number(digits) => since_1970(digits),
        Value::Text(text) if text.written.iter().all(u8::is_ascii_digit) => {
            since_1970(text.written)
        }
        value => std::str::from_utf8(value.plain()?).ok()?.parse().ok(),
    }
}

/// A process number, `None` for anything else; the outer `None` if it has to be unescaped.
fn pid(value: Value<'_>) -> Option<Option<u32>> {
    let digits = match value {
        Value::Number(digits) => digits,
        Value::Text(_) => value.plain()?,
        Value::Word => return Some(None),
    };
    Some(std::str::from_utf8(digits).ok()?.parse().ok())
}

fn without_blanks(text: &[u8]) -> &[u8] {
    match text {
        [b' ', rest @ ..] => without_blanks(rest),
        _ => text,
    }
}

/// A quoted string and the rest; `None` for an escape of more than one letter.
fn text(text: &[u8]) -> Option<(Text<'_>, &[u8])> {
    let inner = text.strip_prefix(b"\"")?;
    let (mut end, mut is_escaped) = (0, false);
    loop {
        end += memchr2(b'"', b'\\', &inner[end..])?;
        if inner[end] == b'"' {
            break;
        }
        is_escaped = true;
        if !matches!(
            inner.get(end + 1)?,
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'
        ) {
            return None;
        }
        end += 2;
    }
    let written = &inner[..end];
    Some((
        Text {
            written,
            is_escaped,
        },
        &inner[end + 1..],
    ))
}

/// A value of one of these kinds, and the rest.
fn value(text: &[u8]) -> Option<(Value<'_>, &[u8])> {
    match text.first()? {
        b'"' => self::text(text).map(|(text, rest)| (Value::Text(text), rest)),
        b'0'..=b'9' => {
            let end = text.iter().position(|by| !by.is_ascii_digit())?;
            let (digits, rest) = text.split_at(end);
            // JSON allows no digit after a leading zero, and more digits may overflow.
            let is_whole = end == 1 || (end <= 19 && digits[0] != b'0');
            let ends = matches!(rest[0], b',' | b'}' | b' ');
            (is_whole && ends).then_some((Value::Number(digits), rest))
        }
        _ => [&b"true"[..], b"false", b"null"]
            .iter()
            .find_map(|word| text.strip_prefix(*word))
            .map(|rest| (Value::Word, rest)),
    }
}

/// The text without the line end that most collectors leave there: an escaped `
/// ` or `\r
/// `.
fn without_line_end(text: &[u8]) -> &[u8] {
    let without = |text: &'_ [u8], end: &[u8]| {
        let rest = text.strip_suffix(end)?;
        // The backslash may itself be escaped.
        (!rest.ends_with(b"\\")).then_some(rest.len())
    };
    let text = without(text, b"\\n").map_or(text, |end| &text[..end]);
    without(text, b"\\r").map_or(text, |end| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::super::journal::Record;
    use super::super::json;
    use super::*;

    const KEYS: [&str; 16] = [
        "MESSAGE",
        "message",
        "log",
        "msg",
        "time",
        "ts",
        "__REALTIME_TIMESTAMP",
        "host",
        "_HOSTNAME",
        "SYSLOG_IDENTIFIER",
        "_COMM",
        "process",
        "pid",
        "_PID",
        "stream",
        "level",
    ];

    const VALUES: [&str; 32] = [
        r#""Invalid user bob from 192.0.2.7 port 4711""#,
        r#""Bye\n""#,
        r#""Bye\r\n""#,
        r#""Bye\\n""#,
        r#""Bye\\\n""#,
        r#""a\nb""#,
        r#""a \"b\" \/ \t""#,
        r#""\n""#,
        r#""""#,
        r#""caf\u00e9""#,
        "\"caf\u{e9}\"",
        r#""\x""#,
        "\"a\tb\"",
        r#""2026-11-20T15:52:43.25Z""#,
        r#""1795189963250000""#,
        r#""1795189963""#,
        "1795189963250",
        "1795189963.25",
        "12345678901234567890",
        "0",
        "012",
        "812",
        r#""812""#,
        r#""+8""#,
        "-8",
        "1e3",
        "null",
        "true",
        "nul",
        r#"["a"]"#,
        r#"{"name":"gw"}"#,
        r#""gw""#,
    ];

    fn line(random: &mut fastrand::Rng) -> String {
        let mut any = |texts: &[&str]| {
            random
                .choice(texts)
                .map_or(String::new(), |text| (*text).to_owned())
        };
        let blank = |text: String| if text == "x" { " " } else { "" };
        let fields: Vec<String> = (0..5)
            .map(|_| {
                let before = blank(any(&["", "", "", "x"]));
                format!(
                    "{before}\"{}\"{before}:{}{before}",
                    any(&KEYS),
                    any(&VALUES)
                )
            })
            .collect();
        let close = any(&["}", "}", "}", "}", "", "},", "}}", " }"]);
        format!(
            "{{{}{close}",
            fields[any(&["0", "1", "2", "3", "4"]).parse().unwrap_or(0)..].join(",")
        )
    }

    #[test]
    fn records_read_in_place_equal_parsed_records() {
        let mut random = fastrand::Rng::with_seed(12);
        let (mut read, mut escaped) = (0, 0);
        for _ in 0..60_000 {
            let line = line(&mut random);
            let Some(flat) = Flat::read(line.as_bytes()) else {
                continue;
            };
            let message = match flat.plain() {
                Some(message) => message.to_vec(),
                None => match flat.unescaped() {
                    Some(message) => message,
                    None => continue,
                },
            };
            read += 1;
            escaped += usize::from(flat.plain().is_none());
            let [record]: [Record; 1] = json::records(line.as_bytes())
                .and_then(|records| records.try_into().ok())
                .unwrap_or_else(|| panic!("{line}"));
            assert_eq!(flat.head, record.head(), "{line}");
            assert_eq!(
                message.trim_ascii_end(),
                record.message.trim_ascii_end(),
                "{line}"
            );
        }
        assert!(read > 1_000 && escaped > 100, "{read} {escaped}");
    }

    #[test]
    fn the_records_of_most_collectors_are_read_in_place() {
        for line in [
            r#"{"__REALTIME_TIMESTAMP":"1795189963250000","_HOSTNAME":"gw1","SYSLOG_IDENTIFIER":"sshd","_PID":"8","MESSAGE":"Bye"}"#,
            r#"{"log":"Bye\r\n","stream":"stderr","time":"2026-11-20T15:52:43.25Z"}"#,
            r#"{"timestamp":1795189963250, "message":"Bye", "ingestionTime":1}"#,
            r#"{"ident":"sshd","pid":"8","host":"gw1","message":"Bye","ok":true}"#,
        ] {
            assert_eq!(
                Flat::read(line.as_bytes()).and_then(|flat| flat.plain()),
                Some(&b"Bye"[..]),
                "{line}"
            );
        }
    }
}
