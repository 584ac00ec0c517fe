//! The share of each log that was understood.

use serde::Serialize;
use sshmend_ssh_log::{Census, Nature, ReadLog};

/// Counts of the lines that were understood. `lines` is the sum of `understood`, `unknown` and
/// `others`.
#[derive(Debug, Default, Serialize, schemars::JsonSchema)]
pub struct LogCensus {
    /// Lines read, except blank ones.
    pub lines: u64,
    /// Lines with a known message.
    pub understood: u64,
    /// Lines that an SSH server wrote, and whose message is not known.
    pub unknown: u64,
    /// Lines of other programs, and lines without a known program.
    pub others: u64,
    /// The earliest time of any line, as in RFC 3339.
    pub first: Option<String>,
    /// The latest time.
    pub last: Option<String>,
    /// The first lines of `unknown`.
    pub examples: Vec<Example>,
    /// The files.
    pub files: Vec<File>,
}

/// A line that is SSH's and not known.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Example {
    /// The file.
    pub file: String,
    /// The line in it, counted from 1.
    pub line: u64,
    /// The text of the line.
    pub text: String,
}

/// A file that was read.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct File {
    /// Its path, `standard input`, or `journalctl`.
    pub name: String,
    /// Lines read.
    pub lines: u64,
    /// Lines understood.
    pub understood: u64,
    /// The apparent nature: `server-log`, `transcript`, `other-programs`, `web-server`, `binary`,
    /// `empty` or `text`.
    pub nature: &'static str,
    /// The damaged compression, if any: only the part before the damage was read.
    pub damaged: Option<String>,
}

impl LogCensus {
    /// Converts the counts of several files to JSON.
    pub(crate) fn new(logs: &[ReadLog]) -> Self {
        let mut all = Census::default();
        for log in logs {
            all.merge(&log.census);
        }
        let examples = logs.iter().flat_map(|log| {
            let file = |example: &sshmend_ssh_log::Example| Example {
                file: log.name.clone(),
                line: example.line_number,
                text: example.text.clone(),
            };
            log.census.examples.iter().map(file)
        });
        Self {
            lines: all.lines,
            understood: all.understood,
            unknown: all.unknown,
            others: all.others + all.foreign,
            first: all.span.first.map(|time| time.to_string()),
            last: all.span.last.map(|time| time.to_string()),
            examples: examples.take(3).collect(),
            files: logs.iter().map(File::new).collect(),
        }
    }
}

impl File {
    fn new(log: &ReadLog) -> Self {
        Self {
            name: log.name.clone(),
            lines: log.census.lines,
            understood: log.census.understood,
            nature: nature(&log.census.nature()),
            damaged: log.damaged.map(|packing| packing.to_string()),
        }
    }
}

fn nature(nature: &Nature) -> &'static str {
    match nature {
        Nature::ServerLog => "server-log",
        Nature::Transcript => "transcript",
        Nature::OtherPrograms(_) => "other-programs",
        Nature::WebServer => "web-server",
        Nature::Binary => "binary",
        Nature::Empty => "empty",
        Nature::Text => "text",
    }
}
