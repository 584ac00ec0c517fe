//! A log as our reader sees it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use sshmend_ssh_log::{Clock, Event, Kind, Reader, Stage};

/// A log and its events by line.
pub(super) struct Log {
    pub(super) lines: Vec<Vec<u8>>,
    pub(super) events: BTreeMap<usize, Seen>,
}

/// An event, detached from the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) time: Option<Timestamp>,
    pub(super) kind: Kind,
    pub(super) stage: Stage,
    pub(super) source: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) user: Option<String>,
    pub(super) detail: String,
    pub(super) repeats: u64,
    pid: Option<u32>,
}

/// The clock of fail2ban's own tests: the samples are of the year before this, the zone is that of their times.
pub(super) fn clock() -> Clock {
    let reference = "2005-08-14T12:00:00Z"
        .parse()
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let zone = jiff::tz::TimeZone::get("Europe/Zurich").unwrap_or(jiff::tz::TimeZone::UTC);
    Clock { reference, zone }
}

impl Log {
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut events = BTreeMap::new();
        let mut reader = Reader::new(clock());
        let mut keep = |event: &Event<'_>| {
            events.insert(
                usize::try_from(event.line_number).unwrap_or(usize::MAX),
                Seen::of(event),
            );
        };
        reader.feed(bytes, &mut keep);
        reader.finish(&mut keep);
        let mut lines: Vec<Vec<u8>> = bytes.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
        if lines.last().is_some_and(Vec::is_empty) {
            lines.pop();
        }
        let mut log = Self { lines, events };
        log.complete_backwards();
        log
    }

    /// Gives an event without source that of the next event of the same process, if there is one soon.
    fn complete_backwards(&mut self) {
        let mut sources: BTreeMap<u32, (usize, String)> = BTreeMap::new();
        for (&line, seen) in self.events.iter_mut().rev() {
            let Some(pid) = seen.pid.filter(|_| !is_of_listener(seen.kind)) else {
                continue;
            };
            if let Some(source) = &seen.source {
                sources.insert(pid, (line, source.clone()));
            } else if let Some((at, source)) = sources.get(&pid) {
                seen.source = (at - line < 50).then(|| source.clone());
            }
        }
    }

    /// The event of a line, counted from 1.
    pub(super) fn event(&self, line: usize) -> Option<&Seen> {
        self.events.get(&line)
    }

    /// A line as text, without its ending.
    pub(super) fn text(&self, line: usize) -> String {
        let bytes = line
            .checked_sub(1)
            .and_then(|at| self.lines.get(at))
            .map(Vec::as_slice)
            .unwrap_or_default();
        String::from_utf8_lossy(bytes).trim_end().to_owned()
    }
}

fn is_of_listener(kind: Kind) -> bool {
    use Kind::{
        BindFailed, Dropped, DroppedPenalised, GraceTimeout, Listening, Penalty, Restarted, Stopped,
    };
    matches!(
        kind,
        BindFailed
            | Dropped
            | DroppedPenalised
            | GraceTimeout
            | Listening
            | Penalty
            | Restarted
            | Stopped
    )
}

impl Seen {
    fn of(event: &Event<'_>) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            time: event.time,
            kind: event.kind,
            stage: event.stage,
            source: event.source.as_ref().map(|source| source.peer.to_string()),
            port: event.source.as_ref().and_then(|source| source.port),
            user: event.user.map(text),
            detail: text(event.detail),
            repeats: event.repeats,
            pid: event.pid,
        }
    }

    /// Whether it reports that a client was refused, failed or misbehaved.
    pub(super) fn is_failure(&self) -> bool {
        use Kind::{
            AuthFailed, BadProtocol, Closed, ConnectionError, Disconnected, Disconnecting, Dropped,
            DroppedPenalised, GraceTimeout, InvalidUser, NegotiationFailed, NoIdentification,
            PacketCorrupt, PamDenied, PamFailure, Probed, ReceivedDisconnect, RefusedByMatch,
            Reset, RootRefused, StrictModes, TooManyFailures, UserDenied, WrapperRefused,
        };
        let before_login = self.stage != Stage::AfterLogin;
        match self.kind {
            Closed | Reset | Disconnected | Disconnecting | ReceivedDisconnect
            | ConnectionError => before_login,
            AuthFailed | BadProtocol | Dropped | DroppedPenalised | GraceTimeout | InvalidUser
            | NegotiationFailed | NoIdentification | PacketCorrupt | PamDenied | PamFailure
            | Probed | RefusedByMatch | RootRefused | StrictModes | TooManyFailures
            | UserDenied | WrapperRefused => true,
            _ => false,
        }
    }
}

/// The elements of a list in a statement; none if it is not one.
pub(super) fn entries(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}
