//! Records in JSON: of the systemd journal, of container runtimes, of any collector.
//!
//! The collectors agree only in that the message is a string in an object. If a key identifies it
//! ([`MESSAGES`]), that string is the message, and the keys beside and above it give time, machine
//! and program. Otherwise every string may be the message.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::journal::Record;
use super::stamp::since_1970;

/// The keys that contain the message, the most certain first.
pub(super) const MESSAGES: [&str; 12] = [
    "MESSAGE",
    "message",
    "log",
    "msg",
    "textPayload",
    "line",
    "Message",
    "short_message",
    "text",
    "body",
    "_raw",
    "event",
];
pub(super) const TIMES: [&str; 9] = [
    "__REALTIME_TIMESTAMP",
    "@timestamp",
    "timestamp",
    "time",
    "ts",
    "date",
    "eventTime",
    "datetime",
    "Timestamp",
];
pub(super) const HOSTS: [&str; 5] = ["_HOSTNAME", "hostname", "host", "HOSTNAME", "source_host"];
pub(super) const PROGRAMS: [&str; 9] = [
    "SYSLOG_IDENTIFIER",
    "_COMM",
    "ident",
    "appname",
    "app_name",
    "program",
    "programname",
    "syslog_identifier",
    "process",
];
pub(super) const PIDS: [&str; 6] = [
    "SYSLOG_PID",
    "_PID",
    "pid",
    "procid",
    "proc_id",
    "process_id",
];

/// The keys with which journald guarantees the name of the program.
pub(super) const JOURNAL: [&str; 2] = ["SYSLOG_IDENTIFIER", "_COMM"];

/// Objects nested deeper are not searched for a message.
const DEPTH: usize = 16;

/// The records in a line of JSON; `None` if it is not JSON. `journalctl -o json-sse` and `json-seq`
/// put marks before it.
pub(super) fn records(line: &[u8]) -> Option<Vec<Record>> {
    let line = line.trim_ascii_start();
    let object = line
        .strip_prefix(b"data: ")
        .or_else(|| line.strip_prefix(b"\x1e"))
        .unwrap_or(line);
    if !matches!(object.first(), Some(b'{' | b'[')) {
        return None;
    }
    let object = object.trim_ascii_end();
    let object = object.strip_suffix(b",").unwrap_or(object);
    let value: Value = serde_json::from_slice(object).ok()?;
    let mut found = Vec::new();
    collect(&value, &Record::default(), DEPTH, &mut found);
    if found.is_empty() {
        match value.as_object() {
            Some(fields) if is_of_sftpgo(fields) => found.push(of_sftpgo(fields)),
            Some(_) => found.extend(of_strings(&value)),
            None => {}
        }
    }
    (value.is_object() || !found.is_empty()).then_some(found)
}

/// Adds the record of each object that has a message; the other fields of an object apply to the
/// objects within it.
fn collect(value: &Value, outer: &Record, depth: usize, found: &mut Vec<Record>) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    match value {
        Value::Object(fields) => {
            let mut record = outer.clone();
            complete(&mut record, fields);
            if let Some(message) = MESSAGES
                .iter()
                .find_map(|key| fields.get(*key).and_then(bytes))
            {
                found.extend(lines(&record, &message));
            } else {
                for value in fields.values() {
                    collect(value, &record, depth, found);
                }
            }
        }
        // A stream of Loki: `["1795189963250000000", "message"]`.
        Value::Array(items) => match items.as_slice() {
            [Value::String(time), Value::String(message), ..]
                if since_1970(time.as_bytes()).is_some() =>
            {
                let record = Record {
                    time: since_1970(time.as_bytes()),
                    ..outer.clone()
                };
                found.extend(lines(&record, message.as_bytes()));
            }
            items => items
                .iter()
                .for_each(|value| collect(value, outer, depth, found)),
        },
        _ => {}
    }
}

/// Whether SFTPGo tells of a login that failed: it has a field for each part and no message (internal/logger/logger.go).
fn is_of_sftpgo(fields: &Map<String, Value>) -> bool {
    fields.get("sender").and_then(Value::as_str) == Some("connection_failed")
}

/// Such a record with its parts in one message.
fn of_sftpgo(fields: &Map<String, Value>) -> Record {
    let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default();
    let mut record = Record::default();
    complete(&mut record, fields);
    record.message = format!(
        "connection_failed: {} for '{}' from {}: {}",
        text("login_type"),
        text("username"),
        text("client_ip"),
        text("error")
    )
    .into_bytes();
    record
}

/// All strings in one message, as lines of a string: one of them may be a message.
fn of_strings(value: &Value) -> Option<Record> {
    let mut texts = Vec::new();
    strings(value, DEPTH, &mut texts);
    (!texts.is_empty()).then(|| Record {
        message: texts.join("\\n").into_bytes(),
        ..Record::default()
    })
}

fn strings<'v>(value: &'v Value, depth: usize, found: &mut Vec<&'v str>) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    match value {
        Value::String(text) => found.extend(text.lines()),
        Value::Object(fields) => fields
            .values()
            .for_each(|value| strings(value, depth, found)),
        Value::Array(items) => items.iter().for_each(|value| strings(value, depth, found)),
        _ => {}
    }
}

/// Fills in time, machine, program and process from the fields.
fn complete(record: &mut Record, fields: &Map<String, Value>) {
    let text = |keys: &[&str]| keys.iter().find_map(|key| named(fields.get(*key)?));
    if let Some(time) = TIMES.iter().find_map(|key| time(fields.get(*key)?)) {
        record.time = Some(time);
    }
    if let Some(host) = text(&HOSTS) {
        record.host = host.into_owned();
    }
    if let Some(tag) = text(&PROGRAMS) {
        record.is_journal = JOURNAL.iter().any(|key| fields.contains_key(*key));
        record.tag = tag.into_owned();
    }
    let within = fields.get("process").and_then(Value::as_object);
    let pid = PIDS
        .iter()
        .find_map(|key| fields.get(*key).or_else(|| within?.get(*key)));
    record.pid = pid.and_then(number).or(record.pid);
}

/// A text, or the name in an object, as the Elastic Common Schema has it: `"host": {"name": …}`.
fn named(value: &Value) -> Option<Cow<'_, [u8]>> {
    match value {
        Value::Object(fields) => fields
            .get("hostname")
            .or_else(|| fields.get("name"))
            .and_then(bytes),
        Value::Number(_) | Value::Bool(_) => None,
        value => bytes(value),
    }
}

fn number(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => number
            .as_u64()
            .and_then(|number| u32::try_from(number).ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => since_1970(number.to_string().as_bytes()),
        Value::String(text) => text.parse().ok().or_else(|| since_1970(text.as_bytes())),
        _ => None,
    }
}

/// journalctl writes a field that is not UTF-8 as an array of numbers; of several values the first
/// one counts.
fn bytes(value: &Value) -> Option<Cow<'_, [u8]>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text.as_bytes())),
        Value::Array(items) if items.iter().all(Value::is_u64) => {
            let bytes = items
                .iter()
                .map(|item| item.as_u64().and_then(|byte| u8::try_from(byte).ok()));
            bytes.collect::<Option<_>>().map(Cow::Owned)
        }
        Value::Array(items) => items
            .first()
            .filter(|first| !first.is_object())
            .and_then(bytes),
        _ => None,
    }
}

/// A record for each line of a message; for a journal entry only the first, because anyone may have
/// written the others.
fn lines(record: &Record, message: &[u8]) -> impl Iterator<Item = Record> {
    let most = if record.is_journal { 1 } else { usize::MAX };
    let lines = message
        .split(|&by| by == b'\n')
        .filter(|line| !line.is_empty())
        .take(most);
    lines.map(|line| Record {
        message: line.to_vec(),
        ..record.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Option<Vec<String>> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let show = |record: &Record| {
            let time = record.time.map_or("-".into(), |time| time.to_string());
            let pid = record.pid.map_or("-".into(), |pid| pid.to_string());
            format!(
                "{time} {} {} {pid} | {}",
                text(&record.host),
                text(&record.tag),
                text(&record.message)
            )
        };
        records(line.as_bytes()).map(|records| records.iter().map(show).collect())
    }

    #[test]
    fn records_of_the_journal_and_of_collectors_are_read() {
        let head = r#""__REALTIME_TIMESTAMP":"1795189963250000","_HOSTNAME":"gw1","SYSLOG_IDENTIFIER":"sshd","_PID":"8""#;
        let journal = |message: &str| format!("{{{head},\"MESSAGE\":{message}}}");
        let cases = [
            (journal("\"Bye\""), "2026-11-20T15:52:43.25Z gw1 sshd 8 | Bye"),
            (journal("[66,255,10,88]"), "2026-11-20T15:52:43.25Z gw1 sshd 8 | B\u{fffd}"),
            (journal("[\"Bye\",\"again\"]"), "2026-11-20T15:52:43.25Z gw1 sshd 8 | Bye"),
            (r#"{"log":"Bye\r\n","stream":"stderr","time":"2026-11-20T15:52:43.25Z"}"#.into(), "2026-11-20T15:52:43.25Z   - | Bye\r"),
            (r#"{"timestamp":1795189963250,"message":"Bye","ingestionTime":1}"#.into(), "2026-11-20T15:52:43.25Z   - | Bye"),
            (r#"{"date":1795189963.25,"ident":"sshd","pid":"8","host":"gw1","message":"Bye"}"#.into(), "2026-11-20T15:52:43.25Z gw1 sshd 8 | Bye"),
            (
                r#"{"@timestamp":"2026-11-20T15:52:43.25Z","host":{"name":"gw1"},"process":{"name":"sshd","pid":8},"message":"Bye"}"#.into(),
                "2026-11-20T15:52:43.25Z gw1 sshd 8 | Bye",
            ),
            (
                r#"{"timestamp":"2026-11-20T15:52:43.25Z","resource":{"type":"x"},"jsonPayload":{"message":"Bye","host":"gw1"}}"#.into(),
                "2026-11-20T15:52:43.25Z gw1  - | Bye",
            ),
            (r#"{"stream":{"job":"x"},"values":[["1795189963250000000","Bye"]]}"#.into(), "2026-11-20T15:52:43.25Z   - | Bye"),
            (r#"{"unknown":{"deep":"Bye"}}"#.into(), "-   - | Bye"),
            // One line of the log is one record.
            (r#"{"a":"x","b":{"c":"Bye","d":1}}"#.into(), r"-   - | x\nBye"),
        ];
        for (line, expected) in cases {
            assert_eq!(shown(&line).unwrap_or_default(), [expected], "{line}");
        }
        assert_eq!(
            shown(r#"{"events":[{"message":"a"},{"message":"b"}]}"#)
                .unwrap()
                .len(),
            2
        );
    }

    #[test]
    fn other_text_is_not_a_record() {
        for line in [
            "{",
            "[error] x",
            "[]",
            r#"{"MESSAGE":null"#,
            "x {}",
            "[1,2]",
        ] {
            assert_eq!(shown(line), None, "{line}");
        }
        assert_eq!(shown("{}"), Some(vec![]));
    }
}
