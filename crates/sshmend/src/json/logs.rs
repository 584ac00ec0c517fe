//! `sshmend.logs/1`.

use std::collections::BTreeMap;

use serde::Serialize;
use sshmend_ssh_log::{CauseName, CauseTally, Peer, ReadLog, SourceTally, Span, Tally};

use super::census::LogCensus;
use super::failure::Trouble;

/// `sshmend.logs/1`: a summary of the logs.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Logs {
    /// Always `sshmend.logs/1`.
    pub schema: &'static str,
    /// First and last time of a line about SSH, as in RFC 3339.
    pub first: Option<String>,
    /// The last time.
    pub last: Option<String>,
    /// How much of the logs was understood.
    pub census: LogCensus,
    /// The causes: those that affect everybody before those that affect some, and these before
    /// those that strangers cause; with the same weight the most frequent first.
    pub causes: Vec<Cause>,
    /// The sources, the one with the most lines first.
    pub sources: Vec<Source>,
    /// The number of sources that were dropped to limit memory.
    pub forgotten_sources: u64,
    /// The error, if it ended in trouble.
    pub error: Option<Trouble>,
}

/// What the logs show about one cause.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Cause {
    /// Its name.
    pub cause: &'static str,
    /// `certain`, or `possible` if other programs may have written every line that indicates it.
    pub certainty: &'static str,
    /// The number of lines that indicate it.
    pub lines: u64,
    /// The least number of connections that met it: those logged, and those that sshd reports as
    /// dropped without logging.
    pub connections: u64,
    /// The number of events on the machine outside any connection: sshd did not start, the kernel
    /// ran out of memory.
    pub events: u64,
    /// The first time.
    pub first: Option<String>,
    /// The last time.
    pub last: Option<String>,
    /// Connections over time.
    pub timeline: Vec<Bucket>,
}

/// An interval of time.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Bucket {
    /// The start of the interval.
    pub from: String,
    /// Its width in seconds.
    pub seconds: i64,
    /// Connections in it.
    pub connections: u64,
}

/// What the logs show about one source.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Source {
    /// Its address or name.
    pub source: String,
    /// Lines about it.
    pub lines: u64,
    /// Its connections by cause.
    pub causes: BTreeMap<&'static str, u64>,
    /// Logins that succeeded.
    pub accepted: u64,
    /// Attempts to authenticate that failed.
    pub failed: u64,
    /// The first time.
    pub first: Option<String>,
    /// The last time.
    pub last: Option<String>,
}

impl Logs {
    /// Converts a tally to JSON.
    pub(crate) fn new(tally: &Tally, logs: &[ReadLog], top: usize) -> Self {
        let (first, last) = times(tally.span());
        Self {
            schema: "sshmend.logs/1",
            first,
            last,
            census: LogCensus::new(logs),
            causes: tally
                .causes()
                .into_iter()
                .take(top)
                .map(|(name, cause)| Cause::new(name, cause))
                .collect(),
            sources: tally
                .sources()
                .into_iter()
                .take(top)
                .map(|(peer, source)| Source::new(peer, source))
                .collect(),
            forgotten_sources: tally.forgotten_sources(),
            error: None,
        }
    }
}

impl Cause {
    fn new(cause: CauseName, tally: &CauseTally) -> Self {
        let (first, last) = times(tally.span);
        let seconds = tally.timeline.width();
        let buckets = tally.timeline.buckets();
        let timeline = buckets.map(|(from, connections)| Bucket {
            from: from.to_string(),
            seconds,
            connections,
        });
        Self {
            cause: cause.as_str(),
            certainty: if tally.is_vague() {
                "possible"
            } else {
                "certain"
            },
            lines: tally.lines,
            connections: tally.at_least(),
            events: tally.events,
            first,
            last,
            timeline: timeline.collect(),
        }
    }
}

impl Source {
    fn new(peer: &Peer, tally: &SourceTally) -> Self {
        let (first, last) = times(tally.span);
        Self {
            source: peer.to_string(),
            lines: tally.lines,
            causes: tally
                .causes
                .iter()
                .map(|(cause, &count)| (cause.as_str(), count))
                .collect(),
            accepted: tally.accepted,
            failed: tally.failed,
            first,
            last,
        }
    }
}

fn times(span: Span) -> (Option<String>, Option<String>) {
    (
        span.first.map(|time| time.to_string()),
        span.last.map(|time| time.to_string()),
    )
}
