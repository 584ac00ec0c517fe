//! Events by source, for the sources with the most of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use crate::cause::CauseName;
use crate::event::{Account, Event, Peer};
use crate::kind::Kind;
use crate::mixer::Seed;
use crate::span::Span;

/// What a log shows about one source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceTally {
    /// Lines that name it, or belong to one of its connections.
    pub lines: u64,
    /// Its connections by cause.
    pub causes: BTreeMap<CauseName, u64>,
    /// Logins that succeeded.
    pub accepted: u64,
    /// Attempts to authenticate that failed.
    pub failed: u64,
    /// First and last time.
    pub span: Span,
}

/// A bounded number of sources.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    keep: usize,
    tallies: Vec<(Peer, SourceTally)>,
    /// The place of each in the list.
    places: HashMap<Peer, usize, Seed>,
    /// The place of the latest: lines of one connection often follow each other.
    latest: usize,
    forgotten: u64,
}

impl Default for Sources {
    fn default() -> Self {
        Self::keeping(4096)
    }
}

impl Sources {
    pub(crate) fn keeping(keep: usize) -> Self {
        Self {
            keep: keep.max(1),
            tallies: Vec::new(),
            places: HashMap::default(),
            latest: 0,
            forgotten: 0,
        }
    }

    pub(crate) fn add(&mut self, event: &Event<'_>) {
        let Some(source) = &event.source else { return };
        let is_latest = |(peer, _): &(Peer, _)| *peer == source.peer;
        if !self.tallies.get(self.latest).is_some_and(is_latest) {
            self.latest = self.place(&source.peer);
        }
        self.tallies[self.latest].1.add(event);
    }

    /// The place of a source, which is added if it is new.
    fn place(&mut self, peer: &Peer) -> usize {
        if let Some(&place) = self.places.get(peer) {
            return place;
        }
        if self.tallies.len() >= 2 * self.keep {
            self.forget();
        }
        let place = self.tallies.len();
        self.places.insert(peer.clone(), place);
        self.tallies.push((peer.clone(), SourceTally::default()));
        place
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (peer, tally) in &other.tallies {
            let place = self.place(peer);
            self.tallies[place].1.merge(tally);
        }
        self.forgotten += other.forgotten;
    }

    pub(crate) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    pub(crate) fn ranked(&self) -> Vec<(&Peer, &SourceTally)> {
        let mut sources: Vec<_> = self
            .tallies
            .iter()
            .map(|(peer, tally)| (peer, tally))
            .collect();
        sources.sort_by_key(|(peer, tally)| (Reverse(tally.rank()), *peer));
        sources
    }

    /// Keeps only those with the most events.
    fn forget(&mut self) {
        let rank = |(one, tally): &(Peer, SourceTally), (other, next): &(Peer, SourceTally)| {
            let order = Reverse(tally.rank()).cmp(&Reverse(next.rank()));
            order.then_with(|| one.cmp(other))
        };
        self.tallies.select_nth_unstable_by(self.keep, rank);
        self.forgotten += (self.tallies.len() - self.keep) as u64;
        self.tallies.truncate(self.keep);
        let places = self.tallies.iter().zip(0..);
        self.places = places
            .map(|((peer, _), place)| (peer.clone(), place))
            .collect();
    }
}

impl SourceTally {
    /// Sources that met a cause come before those that only appear often.
    fn rank(&self) -> (u64, u64) {
        (self.causes.values().sum(), self.lines)
    }

    fn add(&mut self, event: &Event<'_>) {
        self.lines += event.repeats;
        self.span.add(event.time);
        match event.kind {
            Kind::Accepted => self.accepted += event.repeats,
            Kind::AuthFailed => self.failed += event.repeats,
            // At INFO a refused key leaves only this line.
            _ if event.is_untold_attempt => self.failed += event.repeats,
            _ => {}
        }
        let cause = match event.account {
            Account::Fresh => event.cause,
            Account::Attributes(cause) => Some(cause),
            Account::Withdraws(_) | Account::Again => None,
        };
        if let Account::Withdraws(cause) = event.account {
            if let Some(count) = self.causes.get_mut(&cause) {
                *count = count.saturating_sub(1);
                self.causes.retain(|_, count| *count > 0);
            }
        }
        if let Some(cause) = cause {
            *self.causes.entry(cause).or_default() += 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.lines += other.lines;
        self.accepted += other.accepted;
        self.failed += other.failed;
        self.span.merge(other.span);
        for (&cause, count) in &other.causes {
            *self.causes.entry(cause).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::Clock;
    use crate::reader::Reader;

    #[test]
    fn frequent_sources_are_kept_in_a_flood_of_others() {
        let mut sources = Sources::keeping(10);
        let mut reader = Reader::new(Clock::utc("2026-12-01T00:00:00Z".parse().unwrap()));
        for n in 0..5_000u32 {
            let address = if n % 5 == 0 {
                "192.0.2.1".to_owned()
            } else {
                format!("198.51.{}.{}", n / 256, n % 256)
            };
            let line = format!(
                "Nov 20 15:52:43 gw sshd[{n}]: Invalid user x from {address} port {}\n",
                n + 1
            );
            reader.feed(line.as_bytes(), &mut |event| sources.add(event));
        }
        let (peer, tally) = sources.ranked()[0];
        assert_eq!(
            (peer.to_string().as_str(), tally.lines),
            ("192.0.2.1", 1_000)
        );
        assert!(sources.tallies.len() < 20);
        assert_eq!(sources.forgotten + sources.tallies.len() as u64, 4_001);
    }
}
