//! What the tables answer to all clients of a pattern at once.

use crate::answer::Answer;
use crate::client::Client;
use crate::connection::Connection;
use crate::dead::dead;
use crate::evaluate::Access;
use crate::extent::{Extent, NOWHERE};
use crate::list::{ClientPattern, Entry, List};
use crate::options::{Accounts, Decision, Step};
use crate::pattern::{HostPattern, TextPattern};
use crate::rule::Rule;
use crate::table::{State, Table, Tables, Which};
use crate::wanted::Wanted;

/// What a rule does with a client that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Grants,
    Denies,
    /// An option error, another program, or something that cannot be known.
    Otherwise,
}

pub(crate) fn outcome(rule: &Rule, which: Which, accounts: &Accounts) -> Outcome {
    for option in &rule.options {
        match option.step(accounts) {
            Step::Next => {}
            Step::Decide(Decision::Allow) => return Outcome::Grants,
            Step::Decide(Decision::Deny) => return Outcome::Denies,
            Step::Ask(_) | Step::Doubtful(_) | Step::Decide(_) => return Outcome::Otherwise,
        }
    }
    if which == Which::Allow {
        Outcome::Grants
    } else {
        Outcome::Denies
    }
}

/// Whether a rule is for this daemon, on whatever address of the server.
pub(crate) fn asks_for(rule: &Rule, daemon: &str, tables: &Tables) -> Answer {
    let anyone = Client::new(NOWHERE).at(daemon);
    rule.matches_daemon(&Connection::new(&anyone, &tables.files))
}

/// How many of the clients of a pattern a rule matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    /// Surely none.
    None,
    /// Surely all.
    All,
    /// Some, or it cannot be said.
    Some,
}

impl Wanted {
    /// Whether a pattern of a rule means exactly the same clients.
    pub(crate) fn is_exactly(&self, pattern: &ClientPattern) -> bool {
        pattern.user.is_none()
            && Extent::of(&pattern.host).is_some_and(|extent| extent.is_same(self.extent()))
    }

    /// Whether a pattern of a rule surely means no other clients.
    pub(crate) fn holds(&self, pattern: &ClientPattern) -> bool {
        Extent::of(&pattern.host).is_some_and(|extent| self.extent().contains(&extent))
    }

    fn is_within(&self, pattern: &ClientPattern) -> bool {
        pattern.user.is_none()
            && Extent::of(&pattern.host).is_some_and(|extent| extent.contains(self.extent()))
    }

    /// A wildcard may match by the name, whatever the address.
    pub(crate) fn may_meet(&self, pattern: &ClientPattern) -> bool {
        matches!(
            pattern.host.pattern,
            HostPattern::Text(TextPattern::Wildcard(_))
        ) || Extent::of(&pattern.host).is_none_or(|extent| extent.meets(self.extent()))
    }

    fn share(&self, list: &List<ClientPattern>) -> Share {
        let any = |group: &[Entry<ClientPattern>]| match group {
            group if group.iter().any(|entry| self.is_within(&entry.pattern)) => Share::All,
            group if group.iter().any(|entry| self.may_meet(&entry.pattern)) => Share::Some,
            _ => Share::None,
        };
        let except =
            |exceptions: Share, group: &Vec<Entry<ClientPattern>>| match (any(group), exceptions) {
                (Share::None, _) | (_, Share::All) => Share::None,
                (share, Share::None) => share,
                _ => Share::Some,
            };
        list.groups.iter().rev().fold(Share::None, except)
    }
}

/// Beyond this many addresses it is not tried whether they are let in one by one.
const MOST_TRIED: usize = 256;

impl Tables {
    /// Whether all clients of the pattern are surely let in: by one look at each rule, else address by address between
    /// the edges of all patterns that lie in it.
    pub(crate) fn grants(&self, wanted: &Wanted, daemon: &str) -> bool {
        self.grants_by_rules(wanted, daemon) || self.grants_by_addresses(wanted, daemon)
    }

    fn grants_by_rules(&self, wanted: &Wanted, daemon: &str) -> bool {
        let decides = |table: &Table| {
            for (_, rule) in table.live_rules() {
                let share = match asks_for(rule, daemon, self) {
                    Answer::No => Share::None,
                    Answer::Yes => wanted.share(&rule.clients),
                    Answer::Maybe(_) if wanted.share(&rule.clients) == Share::None => Share::None,
                    Answer::Maybe(_) => Share::Some,
                };
                match (share, outcome(rule, table.which, &self.accounts)) {
                    (Share::None, _) | (Share::Some, Outcome::Grants) => {}
                    (Share::All, Outcome::Grants) => return Some(true),
                    _ => return Some(false),
                }
            }
            None
        };
        let is_known = |table: &Table| !matches!(table.state, State::Unknown(_));
        is_known(&self.allow)
            && decides(&self.allow).unwrap_or_else(|| {
                is_known(&self.deny) && decides(&self.deny).unwrap_or(self.deny.fault().is_none())
            })
    }

    /// An answer can change only at the edge of a pattern, as far as patterns are networks.
    fn grants_by_addresses(&self, wanted: &Wanted, daemon: &str) -> bool {
        let Some(clients) = self.between_edges(wanted, daemon) else {
            return false;
        };
        clients
            .into_iter()
            .all(|client| self.evaluate(&client.at(daemon)).access == Access::Granted)
    }

    /// One client of each part of the pattern that other patterns cut out of it; `None` where there are too many, or
    /// where a pattern that is not a range of addresses meets it.
    fn between_edges(&self, wanted: &Wanted, daemon: &str) -> Option<Vec<Client>> {
        let mut clients = wanted.examples();
        if wanted.single_address().is_some() {
            return Some(clients);
        }
        let rules = self
            .both()
            .into_iter()
            .flat_map(Table::live_rules)
            .map(|(_, rule)| rule);
        let rules = rules.filter(|rule| asks_for(rule, daemon, self) != Answer::No);
        let patterns = rules
            .flat_map(|rule| rule.clients.entries())
            .map(|entry| &entry.pattern);
        for pattern in
            patterns.filter(|pattern| wanted.may_meet(pattern) && !wanted.is_within(pattern))
        {
            if dead(&pattern.host).is_some() {
                continue;
            }
            let extent = Extent::of(&pattern.host).filter(Extent::is_range)?;
            let inside = extent
                .neighbours()
                .into_iter()
                .chain(extent.probes().into_iter().map(|(addr, _)| addr));
            clients.extend(
                inside
                    .filter(|addr| wanted.extent().holds(*addr))
                    .map(Client::new),
            );
            if clients.len() > MOST_TRIED {
                return None;
            }
        }
        wanted.extent().is_range().then_some(clients)
    }
}
