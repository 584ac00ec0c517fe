//! Events added up.

use std::cmp::Reverse;

use crate::cause::CauseName;
use crate::event::{Account, Event, Peer};
use crate::kind::Kind;
use crate::reach::Reach;
use crate::sources::{SourceTally, Sources};
use crate::span::Span;
use crate::timeline::Timeline;

/// The summary of a log: connections by cause and by source, lines by kind, first and last time.
///
/// Tallies of parts of a log can be merged, so the parts may be read in parallel; only connections
/// with lines in two parts are then counted twice. The size is bounded for any log.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    causes: Causes,
    sources: Sources,
    span: Span,
}

/// The tally of each cause, in the order of [`CauseName::ALL`]; `None` for one that no line
/// indicates.
#[derive(Debug, Clone, Default)]
struct Causes(Vec<Option<CauseTally>>);

impl Causes {
    fn entry(&mut self, cause: CauseName) -> &mut CauseTally {
        if self.0.is_empty() {
            self.0.resize(CauseName::ALL.len(), None);
        }
        self.0[cause as usize].get_or_insert_default()
    }

    fn iter(&self) -> impl Iterator<Item = (CauseName, &CauseTally)> {
        let tallies = CauseName::ALL.iter().zip(&self.0);
        tallies.filter_map(|(&cause, tally)| Some((cause, tally.as_ref()?)))
    }
}

/// What a log shows about one cause.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CauseTally {
    /// The number of lines that indicate it.
    pub lines: u64,
    /// The number of connections that met it, each counted once whatever the number of its lines.
    pub connections: u64,
    /// The number of times that the machine itself met it, outside any connection: sshd did not
    /// start, the kernel ran out of memory.
    pub events: u64,
    /// Lines that do not prove it ([`Event::is_vague`]).
    pub vague: u64,
    /// Those of them whose source is not named by any line.
    pub unattributed: u64,
    /// Connections that sshd reports as dropped between the first and the last of an episode of
    /// throttling (8.4 to 9.9); it logs only some of them individually, and those are also counted
    /// in `connections`.
    pub dropped_in_episodes: u64,
    /// Connections that sshd reports as dropped without logging them (from 10.0 on).
    pub dropped_unlogged: u64,
    /// First and last time.
    pub span: Span,
    /// Connections over time.
    pub timeline: Timeline,
    /// The count of the current episode so far.
    open_episode: u64,
    /// Something that indicated it turned out not to have happened.
    withdrawn: bool,
}

impl Tally {
    /// Adds an event.
    pub fn add(&mut self, event: &Event<'_>) {
        self.span.add(event.time);
        if let Some(cause) = event.cause {
            self.causes.entry(cause).add(event);
        }
        match event.account {
            Account::Attributes(cause) => {
                let tally = self.causes.entry(cause);
                tally.unattributed = tally.unattributed.saturating_sub(1);
            }
            Account::Withdraws(cause) => {
                let tally = self.causes.entry(cause);
                tally.events = tally.events.saturating_sub(1);
                tally.withdrawn = true;
            }
            Account::Fresh | Account::Again => {}
        }
        if is_client(event.kind) {
            self.sources.add(event);
        }
    }

    /// Adds another tally to this one.
    pub fn merge(&mut self, other: &Self) {
        for (cause, tally) in other.causes.iter() {
            self.causes.entry(cause).merge(tally);
        }
        self.sources.merge(&other.sources);
        self.span.merge(other.span);
    }

    /// Causes with their tallies, by weight: what affects everybody before what affects some, and
    /// that before what strangers cause; the reason why a service does not start before the fact
    /// that it does not; certain before uncertain; with the same weight the most frequent first.
    pub fn causes(&self) -> Vec<(CauseName, &CauseTally)> {
        let lasting = |tally: &&CauseTally| {
            tally.lines > 0 && (tally.at_least() > 0 || tally.events > 0 || !tally.withdrawn)
        };
        let mut causes: Vec<_> = self.causes.iter().collect();
        causes.retain(|(_, tally)| lasting(tally));
        causes.sort_by_key(|(cause, tally)| {
            (
                Reach::of(*cause),
                *cause == CauseName::ServiceStartFailure,
                tally.is_vague(),
                Reverse(tally.at_least() + tally.events),
                *cause,
            )
        });
        causes
    }

    /// The tally of one cause.
    #[cfg(test)]
    pub(crate) fn cause(&self, cause: CauseName) -> Option<&CauseTally> {
        self.causes.0.get(cause as usize)?.as_ref()
    }

    /// Sources, the one with most events first.
    pub fn sources(&self) -> Vec<(&Peer, &SourceTally)> {
        self.sources.ranked()
    }

    /// The number of times that a source with few events was dropped to limit memory; one that
    /// returned may be counted twice.
    pub fn forgotten_sources(&self) -> u64 {
        self.sources.forgotten()
    }

    /// First and last time of all events.
    pub fn span(&self) -> Span {
        self.span
    }

    /// All causes together over time.
    pub fn timeline(&self) -> Timeline {
        let mut timeline = Timeline::default();
        for (_, tally) in self.causes.iter() {
            timeline.merge(&tally.timeline);
        }
        timeline
    }
}

impl CauseTally {
    /// Whether none of its lines proves it.
    pub fn is_vague(&self) -> bool {
        self.vague == self.lines
    }

    /// The number of connections that met the cause, as far as the log shows: those logged, or
    /// sshd's own count if higher.
    pub fn at_least(&self) -> u64 {
        self.connections
            .max(self.dropped_in_episodes + self.open_episode)
            + self.dropped_unlogged
    }

    fn add(&mut self, event: &Event<'_>) {
        self.lines += event.repeats;
        self.vague += if event.is_vague { event.repeats } else { 0 };
        self.span.add(event.time);
        if event.account == Account::Fresh {
            let count = event.connections();
            if event.is_of_machine() {
                self.events += count;
            } else {
                self.connections += count;
            }
            self.unattributed += if event.source.is_none() && !event.is_of_machine() {
                count
            } else {
                0
            };
            if let Some(time) = event.time {
                self.timeline.add(time, count);
            }
        }
        let number = event.number.unwrap_or(0);
        match event.kind {
            Kind::ThrottlingBegan => self.open_episode = 0,
            Kind::ThrottlingGoesOn => self.open_episode = number,
            Kind::ThrottlingEnded => {
                self.dropped_in_episodes += number;
                self.open_episode = 0;
            }
            Kind::DropsCounted => self.dropped_unlogged += number,
            _ => {}
        }
    }

    fn merge(&mut self, other: &Self) {
        self.lines += other.lines;
        self.connections += other.connections;
        self.events += other.events;
        self.vague += other.vague;
        self.withdrawn |= other.withdrawn;
        self.unattributed += other.unattributed;
        self.dropped_in_episodes += other.dropped_in_episodes;
        self.dropped_unlogged += other.dropped_unlogged;
        self.open_episode = self.open_episode.max(other.open_episode);
        self.span.merge(other.span);
        self.timeline.merge(&other.timeline);
    }
}

/// Whether the source of such a line is a client of this machine.
fn is_client(kind: Kind) -> bool {
    !matches!(kind, Kind::ReverseMapping | Kind::Noted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::Clock;
    use crate::reader::Reader;

    fn tally(log: &str) -> Tally {
        let mut tally = Tally::default();
        let mut reader = Reader::new(Clock::utc("2026-12-01T00:00:00Z".parse().unwrap()));
        reader.feed(log.as_bytes(), &mut |event| tally.add(event));
        reader.finish(&mut |event| tally.add(event));
        tally
    }

    fn counts(log: &str, cause: CauseName) -> (u64, u64, u64) {
        let tally = tally(log);
        tally.cause(cause).map_or((0, 0, 0), |tally| {
            (tally.lines, tally.connections, tally.unattributed)
        })
    }

    #[test]
    fn a_connection_with_many_lines_counts_once() {
        let log = "\
Nov 20 15:52:43 gw sshd[12]: error: kex_exchange_identification: Connection closed by remote host
Nov 20 15:52:43 gw sshd[12]: Connection closed by 192.0.2.7 port 50003
Nov 20 15:52:44 gw sshd[13]: error: kex_exchange_identification: Connection closed by remote host
";
        assert_eq!(counts(log, CauseName::ClientVanished), (3, 2, 1));
    }

    #[test]
    fn a_line_without_prefix_among_others_is_not_trusted() {
        let log = "\
Nov 20 15:52:43 gw app[12]: text of a user follows
refused connect from evil (192.0.2.7)
";
        assert_eq!(counts(log, CauseName::HostsAccessDenied), (0, 0, 0));
        assert_eq!(
            counts(
                "refused connect from evil (192.0.2.7)\n",
                CauseName::HostsAccessDenied
            ),
            (1, 1, 0)
        );
    }

    #[test]
    fn lines_of_a_log_without_process_ids_are_paired_by_proximity() {
        let log = "\
kex_exchange_identification: Connection closed by remote host\r
kex_exchange_identification: Connection closed by remote host\r
Connection closed by 192.0.2.7 port 50003\r
Connection closed by 192.0.2.8 port 50004\r
";
        assert_eq!(counts(log, CauseName::ClientVanished), (4, 2, 0));
    }

    #[test]
    fn the_listeners_own_counters_are_used() {
        let log = "\
Nov 20 15:52:43 gw sshd[1]: error: beginning MaxStartups throttling
Nov 20 15:52:43 gw sshd[1]: drop connection #10 from [192.0.2.7]:1 on [192.0.2.1]:22 past MaxStartups
Nov 20 15:57:44 gw sshd[1]: error: in MaxStartups throttling for 00:05:01, 40 connections dropped
Nov 20 15:58:43 gw sshd[1]: exited MaxStartups throttling after 00:06:00, 50 connections dropped
Nov 20 16:58:43 gw sshd[1]: error: in MaxStartups throttling for 00:05:01, 7 connections dropped
Nov 20 17:58:43 gw sshd[1]: Maxstartups logging rate-limited: additional 3 connections dropped
";
        let tally = tally(log);
        let startups = tally.cause(CauseName::MaxStartups).unwrap();
        assert_eq!(
            (startups.connections, startups.lines, startups.at_least()),
            (1, 6, 60)
        );
        assert_eq!(tally.causes()[0].0, CauseName::MaxStartups);
    }

    #[test]
    fn merged_parts_count_like_the_whole() {
        let line = |n: u32| {
            format!(
                "Nov 20 15:{:02}:43 gw sshd[{n}]: Did not receive identification string from 192.0.2.{} port 9\n",
                n % 60,
                n % 7
            )
        };
        let (left, right): (String, String) =
            ((0..90).map(line).collect(), (90..200).map(line).collect());
        let mut merged = tally(&left);
        merged.merge(&tally(&right));
        let whole = tally(&format!("{left}{right}"));
        assert_eq!(merged.causes(), whole.causes());
        assert_eq!(merged.sources(), whole.sources());
        assert_eq!(merged.span(), whole.span());
        assert_eq!(merged.timeline(), whole.timeline());
    }
}
