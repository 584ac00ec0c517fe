//! A log file, read once from its beginning to its end, in a bounded space.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Read};
use std::net::IpAddr;

use jiff::Timestamp;
use sshmend_ssh_log::{Account, CauseName, Clock, Event, Kind, Peer, ReadLog, Stage};

/// The entries of a log file about SSH: those that matter, and the number of others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFile {
    /// How much of it was understood.
    pub read: ReadLog,
    /// The lines that are kept, in order.
    pub lines: Vec<LogLine>,
    /// The machines that wrote it.
    pub hosts: BTreeSet<String>,
    /// Connections of lines that are not kept, by cause; none of them belongs to the client in
    /// question.
    pub left_out: BTreeMap<CauseName, u64>,
}

/// A log line about SSH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The time of the entry, if it has one.
    pub time: Option<Timestamp>,
    /// The process that wrote it, if the line or its record names one.
    pub pid: Option<u32>,
    /// The kind of event.
    pub kind: Kind,
    /// The cause that it names.
    pub cause: Option<CauseName>,
    /// Whether it does not prove its cause.
    pub is_vague: bool,
    /// The client, if this line or another one of its connection names one.
    pub client: Option<IpAddr>,
    /// The account, if the line names one.
    pub user: Option<String>,
    /// The part of the line that its rule extracts in addition to the kind.
    pub detail: String,
    /// The number that the line states.
    pub number: Option<u64>,
    /// The number of connections that it adds to those that met its cause.
    pub connections: u64,
    /// A path, or the command that printed it.
    pub source: String,
    /// The line number in the file; `None` for the output of a command.
    pub number_in_file: Option<usize>,
    /// The line, its time in front; hostile text.
    pub text: String,
}

/// The number of lines kept before those in the middle of each cause are dropped.
const MOST: usize = 32_768;

/// The number of lines kept at the beginning and at the end of a cause, for the client in question
/// and for others each.
const FIRST: usize = 8;
const LAST: usize = 120;

/// The lines of a log that are asked for, and the clock that its times are read by.
#[derive(Debug, Clone)]
pub struct LogScope {
    /// Completes times without a year or a zone.
    pub clock: Clock,
    /// Earlier lines do not count.
    pub since: Option<Timestamp>,
    /// The client asked about: all of its lines are counted.
    pub client: Option<IpAddr>,
}

/// The form in which a line is shown.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    pub name: &'a str,
    /// Whether its number counts the lines of a file.
    pub(crate) numbered: bool,
    /// Whether its time has to be put before it: records of the journal do not begin with it.
    pub(crate) stamped: bool,
    /// Entries up to this time are known from another source.
    pub after: Option<Timestamp>,
}

impl LogFile {
    /// Reads the file `name`, compressed or not, in constant memory.
    ///
    /// # Errors
    /// What `source` says; that a compressed file is damaged is not an error.
    pub fn read(name: &str, source: impl Read, scope: &LogScope) -> io::Result<Self> {
        let shown = Shown {
            name,
            numbered: true,
            stamped: false,
            after: None,
        };
        let mut log = Self::default();
        log.add(shown, source, scope)?;
        Ok(log)
    }

    /// Adds what `source` says.
    pub fn add(&mut self, shown: Shown<'_>, source: impl Read, scope: &LogScope) -> io::Result<()> {
        let LogScope {
            clock,
            since,
            client,
        } = scope;
        let mut adding = Adding {
            log: self,
            shown,
            since: *since,
            client: *client,
            nameless: HashMap::new(),
        };
        let read = ReadLog::read(shown.name, source, clock, &mut |event| adding.event(event))?;
        self.read.census.merge(&read.census);
        self.read = ReadLog {
            census: std::mem::take(&mut self.read.census),
            ..read
        };
        Ok(())
    }

    /// Adds what another file says.
    pub fn join(&mut self, other: &Self) {
        self.read.census.merge(&other.read.census);
        // The output of a client does not concern clients of this server.
        if other.read.census.nothing_understood() {
            return;
        }
        self.lines.extend(other.lines.iter().cloned());
        self.hosts.extend(other.hosts.iter().cloned());
        for (cause, count) in &other.left_out {
            *self.left_out.entry(*cause).or_default() += count;
        }
    }

    /// Gives up the lines in the middle of each cause.
    fn compact(&mut self, client: Option<IpAddr>) {
        let mut sizes: HashMap<Group, usize> = HashMap::new();
        for line in &self.lines {
            *sizes.entry(Group::of(line, client)).or_default() += 1;
        }
        let mut seen: HashMap<Group, usize> = HashMap::new();
        let left_out = &mut self.left_out;
        let mut own: HashMap<Group, u64> = HashMap::new();
        self.lines.retain_mut(|line| {
            let group = Group::of(line, client);
            let at = seen.entry(group).or_default();
            *at += 1;
            let kept = *at <= FIRST || *at + LAST > sizes[&group];
            match (kept, group.is_own, line.cause) {
                (true, ..) => line.connections += own.remove(&group).unwrap_or(0),
                (false, true, _) => *own.entry(group).or_default() += line.connections,
                (false, false, Some(cause)) => {
                    *left_out.entry(cause).or_default() += line.connections;
                }
                (false, false, None) => {}
            }
            kept
        });
    }
}

/// Lines of which the first and the last are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Group {
    cause: Option<CauseName>,
    kind: Kind,
    is_own: bool,
}

impl Group {
    fn of(line: &LogLine, client: Option<IpAddr>) -> Self {
        Self {
            cause: line.cause,
            kind: line.kind,
            is_own: client.is_some() && line.client == client,
        }
    }
}

/// A log being read.
struct Adding<'a> {
    log: &'a mut LogFile,
    shown: Shown<'a>,
    since: Option<Timestamp>,
    client: Option<IpAddr>,
    /// Lines without a client, by process: a later line may name it.
    nameless: HashMap<Option<u32>, usize>,
}

impl Adding<'_> {
    fn event(&mut self, event: &Event<'_>) {
        let known = |after: Timestamp| event.time.is_some_and(|time| time <= after);
        let early = |since: Timestamp| event.time.is_some_and(|time| time < since);
        if self.shown.after.is_some_and(known) || self.since.is_some_and(early) {
            return;
        }
        let lines = &mut self.log.lines;
        match event.account {
            Account::Attributes(_) => {
                if let Some(line) = self
                    .nameless
                    .remove(&event.pid)
                    .and_then(|at| lines.get_mut(at))
                {
                    line.client = client_of(event);
                }
            }
            Account::Withdraws(cause) => {
                let (cause, client) = (Some(cause), client_of(event));
                if let Some(at) = lines
                    .iter()
                    .rposition(|line| line.cause == cause && line.client == client)
                {
                    lines.remove(at);
                    self.nameless.clear();
                }
            }
            Account::Fresh | Account::Again => {}
        }
        let known = |host: &String| host.as_bytes() == event.host;
        let hosts = &mut self.log.hosts;
        if !event.host.is_empty() && hosts.len() < 64 && !hosts.iter().any(known) {
            hosts.insert(String::from_utf8_lossy(event.host).into_owned());
        }
        let told = matches!(
            event.kind,
            Kind::Listening | Kind::Stopped | Kind::Accepted | Kind::Ended | Kind::ForwardingFault
        );
        if event.cause.is_some() || told || gave_up(event) || self.is_attempt_of_client(event) {
            self.keep(event);
        }
    }

    /// Whether it reports a failed attempt of the client in question.
    fn is_attempt_of_client(&self, event: &Event<'_>) -> bool {
        let failed = matches!(
            event.kind,
            Kind::InvalidUser | Kind::AuthFailed | Kind::PamFailure
        );
        failed && self.client.is_some() && client_of(event) == self.client
    }

    fn keep(&mut self, event: &Event<'_>) {
        if event.source.is_none() {
            self.nameless.insert(event.pid, self.log.lines.len());
        }
        let line = self.shown.line(event);
        self.log.lines.push(line);
        if self.log.lines.len() >= MOST {
            self.log.compact(self.client);
            self.nameless.clear();
        }
    }
}

impl Shown<'_> {
    fn line(self, event: &Event<'_>) -> LogLine {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        LogLine {
            time: event.time,
            pid: event.pid,
            kind: event.kind,
            cause: event.cause,
            is_vague: event.is_vague,
            client: client_of(event),
            user: event.user.map(text),
            detail: text(event.detail),
            number: event.number,
            connections: event.connections(),
            source: self.name.to_owned(),
            number_in_file: if self.numbered {
                usize::try_from(event.line_number).ok()
            } else {
                None
            },
            text: format!("{}{}", self.stamp(event), text(event.line)),
        }
    }

    /// The time of a record of the journal, whose text does not begin with it.
    fn stamp(self, event: &Event<'_>) -> String {
        let bare = self.stamped && event.line.first().is_some_and(u8::is_ascii_alphabetic);
        let time = event
            .time
            .filter(|_| bare)
            .and_then(|time| time.round(jiff::Unit::Second).ok());
        time.map_or_else(String::new, |time| format!("{time} "))
    }
}

/// The address of the other end.
fn client_of(event: &Event<'_>) -> Option<IpAddr> {
    match event.source.as_ref()?.peer {
        Peer::Address(address) => Some(address),
        Peer::Name(_) => None,
    }
}

/// Whether the client disconnected before login, after it had sent a user name.
fn gave_up(event: &Event<'_>) -> bool {
    matches!(event.kind, Kind::Closed | Kind::Disconnected)
        && event.stage == Stage::BeforeLogin
        && event.user.is_some()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::Question;
    use crate::fixture::{NOW, from};

    #[test]
    fn a_log_of_any_length_is_counted_completely_in_bounded_memory() {
        let mut log = String::new();
        for n in 0..200_000u32 {
            let address = if n % 1_000 == 7 {
                "192.0.2.7".into()
            } else {
                format!("198.51.{}.{}", n / 256 % 256, n % 256)
            };
            writeln!(
                log,
                "Nov 20 15:52:43 gw sshd[1]: drop connection #10 from [{address}]:5 on [192.0.2.1]:22 past MaxStartups"
            )
            .expect("a string");
        }
        let file = LogFile::read("x", log.as_bytes(), &from("192.0.2.7").log_scope())
            .expect("it is in memory");
        assert!(file.lines.len() <= MOST, "{}", file.lines.len());
        let kept = |own: bool| -> u64 {
            let of = file
                .lines
                .iter()
                .filter(|line| (line.client == "192.0.2.7".parse().ok()) == own);
            of.map(|line| line.connections).sum()
        };
        assert_eq!(
            (
                kept(true),
                kept(false) + file.left_out[&CauseName::MaxStartups]
            ),
            (200, 199_800)
        );
        assert_eq!(file.read.census.lines, 200_000);
    }

    #[test]
    fn a_ban_that_failed_is_not_counted_as_a_ban() {
        let log = "\
2026-11-20 09:45:42,182 fail2ban.actions        [7]: NOTICE  [sshd] Ban 192.0.2.7
2026-11-20 09:45:42,204 fail2ban.utils          [7]: ERROR   7f8ebdd2f0 -- returned 127
2026-11-20 09:46:42,182 fail2ban.actions        [7]: NOTICE  [sshd] Ban 192.0.2.8
";
        let file = LogFile::read("x", log.as_bytes(), &Question::server(NOW).log_scope())
            .expect("it is in memory");
        let banned: Vec<_> = file
            .lines
            .iter()
            .filter_map(|line| line.client)
            .map(|client| client.to_string())
            .collect();
        assert_eq!(banned, ["192.0.2.8"]);
    }
}
