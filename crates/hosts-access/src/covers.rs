//! The answers of the tables for all clients of a pattern at once.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use crate::answer::Answer;
use crate::client::Client;
use crate::connection::Connection;
use crate::dead::dead;
use crate::evaluate::Access;
use crate::extent::{Extent, NOWHERE};
use crate::list::{ClientPattern, Entry};
use crate::options::{Accounts, Decision, Step};
use crate::pattern::{HostPattern, TextPattern};
use crate::rule::Rule;
use crate::steps;
use crate::table::{State, Table, Tables, Which};
use crate::wanted::Wanted;

/// The effect of a rule on a client that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Grants,
    Denies,
    /// An option error, another program, or something unknown.
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

/// Whether a rule applies to this daemon, on any address of the server.
pub(crate) fn asks_for(rule: &Rule, daemon: &str, tables: &Tables) -> Answer {
    let anyone = Client::new(NOWHERE).at(daemon);
    rule.matches_daemon(&Connection::new(&anyone, &tables.files))
}

/// The share of a pattern's clients that a rule matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    /// Surely none.
    None,
    /// Surely all.
    All,
    /// Some of them, or unknown.
    Some,
}

/// The clients that are asked for, who may be thousands: whether a word of a rule means some of them is looked up.
pub(crate) struct AnyOf<'a> {
    addresses: HashSet<IpAddr>,
    /// Those that are more than one address.
    others: Vec<&'a Wanted>,
}

impl<'a> AnyOf<'a> {
    pub(crate) fn new(wanted: &'a [Wanted]) -> Self {
        let others = wanted.iter().filter(|one| one.single_address().is_none());
        Self {
            addresses: wanted.iter().filter_map(Wanted::single_address).collect(),
            others: others.collect(),
        }
    }

    /// Whether a pattern of a rule means exactly the clients of one of them.
    pub(crate) fn is_exactly_one(&self, pattern: &ClientPattern) -> bool {
        pattern.user.is_none() && self.any(pattern, Extent::is_same)
    }

    /// Whether a pattern of a rule surely means no other clients than those of one of them.
    pub(crate) fn holds(&self, pattern: &ClientPattern) -> bool {
        self.any(pattern, Extent::contains)
    }

    /// An address means the same clients as another one, or holds them, where both are the same.
    fn any(&self, pattern: &ClientPattern, fits: fn(&Extent, &Extent) -> bool) -> bool {
        Extent::of(&pattern.host).is_some_and(|extent| {
            let address = extent.single_address();
            address.is_some_and(|address| self.addresses.contains(&address))
                || self.others.iter().any(|one| fits(one.extent(), &extent))
        })
    }
}

impl Wanted {
    fn is_within(&self, pattern: &ClientPattern) -> bool {
        Meant::by(pattern).holds_all(self)
    }

    pub(crate) fn may_meet(&self, pattern: &ClientPattern) -> bool {
        Meant::by(pattern).may_hold_some(self)
    }
}

/// The clients that a word of a rule denotes.
struct Meant {
    /// `None` if that is unknown, or no client.
    extent: Option<Extent>,
    /// Whether it asks for a remote user as well.
    of_user: bool,
    /// Whether it may match by name, whatever the address.
    wildcard: bool,
}

impl Meant {
    fn by(pattern: &ClientPattern) -> Self {
        Self {
            extent: Extent::of(&pattern.host),
            of_user: pattern.user.is_some(),
            wildcard: matches!(
                pattern.host.pattern,
                HostPattern::Text(TextPattern::Wildcard(_))
            ),
        }
    }

    fn single_address(&self) -> Option<IpAddr> {
        let extent = self.extent.as_ref().filter(|_| !self.wildcard);
        extent.and_then(Extent::single_address)
    }

    fn holds_all(&self, wanted: &Wanted) -> bool {
        let extent = self.extent.as_ref().filter(|_| !self.of_user);
        extent.is_some_and(|extent| extent.contains(wanted.extent()))
    }

    fn may_hold_some(&self, wanted: &Wanted) -> bool {
        let extent = self.extent.as_ref().filter(|_| !self.wildcard);
        extent.is_none_or(|extent| extent.meets(wanted.extent()))
    }
}

/// The rules of one daemon in both files. Thousands of patterns may be asked for at once: what does not depend on them is
/// found out once.
pub(crate) struct DaemonRules<'a> {
    tables: &'a Tables,
    daemon: &'a str,
    allow: RuleList,
    deny: RuleList,
    /// The answer if no rule decides: all are allowed, unless hosts.deny is damaged at its end.
    otherwise: Ruling,
}

/// The rules of one file, in order. Nearly all rules of a long file name single addresses: of these only the ones that name
/// the address in question are looked at.
#[derive(Default)]
struct RuleList {
    rules: Vec<DaemonRule>,
    /// The places of the rules that name an address and nothing but addresses, by address.
    naming: HashMap<IpAddr, Vec<usize>>,
    /// The places of all others.
    others: Vec<usize>,
}

impl RuleList {
    fn new(rules: Vec<DaemonRule>) -> Self {
        let mut list = Self::default();
        for (place, rule) in rules.iter().enumerate() {
            match rule.addresses() {
                Some(addresses) => {
                    for address in addresses {
                        list.naming.entry(address).or_default().push(place);
                    }
                }
                None => list.others.push(place),
            }
        }
        Self { rules, ..list }
    }

    /// Those that may match some of these clients, in order.
    fn concerning(&self, wanted: &Wanted) -> Vec<&DaemonRule> {
        let Some(address) = wanted.single_address() else {
            return self.rules.iter().collect();
        };
        let naming = self.naming.get(&address).into_iter().flatten();
        let places: BTreeSet<usize> = self.others.iter().chain(naming).copied().collect();
        let rules = places.into_iter().filter_map(|place| self.rules.get(place));
        rules.collect()
    }
}

/// The answer of rules for all of some clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ruling {
    /// All are surely let in.
    Granted,
    /// All are surely denied.
    Denied,
    /// Each of them has to be asked about by itself.
    Unclear,
}

/// Goes through the rules of both files; `None` where none of them decides.
fn decide<'r>(rules: impl Iterator<Item = &'r DaemonRule>, wanted: &Wanted) -> Option<Ruling> {
    let mut may_be_granted = false;
    for rule in rules {
        steps::add(1);
        match (rule.share(wanted), rule.outcome) {
            (Share::None, _) => {}
            (Share::Some, Outcome::Grants) => may_be_granted = true,
            (Share::All, Outcome::Grants) => return Some(Ruling::Granted),
            (Share::All, Outcome::Denies) if !may_be_granted => return Some(Ruling::Denied),
            _ => return Some(Ruling::Unclear),
        }
    }
    None
}

struct DaemonRule {
    outcome: Outcome,
    /// Whether it is for the daemon on every address of the server.
    always: bool,
    /// The words of the client list, in groups; an exception comes after the group it is taken
    /// from.
    groups: Vec<Vec<Meant>>,
}

impl DaemonRule {
    /// The addresses that it names, where it names nothing else: whoever has none of them is surely not matched.
    fn addresses(&self) -> Option<BTreeSet<IpAddr>> {
        let named = self.groups.first()?.iter();
        named.map(Meant::single_address).collect()
    }

    fn share(&self, wanted: &Wanted) -> Share {
        let any = |group: &[Meant]| match group {
            group if group.iter().any(|meant| meant.holds_all(wanted)) => Share::All,
            group if group.iter().any(|meant| meant.may_hold_some(wanted)) => Share::Some,
            _ => Share::None,
        };
        let except = |exceptions: Share, group: &Vec<Meant>| match (any(group), exceptions) {
            (Share::None, _) | (_, Share::All) => Share::None,
            (share, Share::None) => share,
            _ => Share::Some,
        };
        match self.groups.iter().rev().fold(Share::None, except) {
            Share::All if !self.always => Share::Some,
            share => share,
        }
    }
}

/// The most addresses to evaluate one by one.
const MOST_TRIED: usize = 256;

impl<'a> DaemonRules<'a> {
    pub(crate) fn new(tables: &'a Tables, daemon: &'a str) -> Self {
        let of = |table: &Table| {
            let rules = table.live_rules().filter_map(|(_, rule)| {
                let asks = asks_for(rule, daemon, tables);
                let meant = |group: &Vec<Entry<ClientPattern>>| {
                    group
                        .iter()
                        .map(|entry| Meant::by(&entry.pattern))
                        .collect()
                };
                (asks != Answer::No).then(|| DaemonRule {
                    outcome: outcome(rule, table.which, &tables.accounts),
                    always: asks == Answer::Yes,
                    groups: rule.clients.groups.iter().map(meant).collect(),
                })
            });
            RuleList::new(rules.collect())
        };
        Self {
            tables,
            daemon,
            allow: of(&tables.allow),
            deny: of(&tables.deny),
            otherwise: match tables.deny.fault() {
                None => Ruling::Granted,
                Some(_) => Ruling::Unclear,
            },
        }
    }

    /// Whether all clients of the pattern are certainly allowed: decided by examining each rule
    /// once, else address by address between the edges of all patterns inside it.
    pub(crate) fn grants(&self, wanted: &Wanted) -> bool {
        match self.ruling(wanted) {
            Ruling::Granted => true,
            Ruling::Denied => false,
            Ruling::Unclear => self.tables.grants_by_addresses(wanted, self.daemon),
        }
    }

    fn ruling(&self, wanted: &Wanted) -> Ruling {
        let is_known = |table: &Table| !matches!(table.state, State::Unknown(_));
        if !is_known(&self.tables.allow) {
            return Ruling::Unclear;
        }
        let allow = self.allow.concerning(wanted);
        if !is_known(&self.tables.deny) {
            return decide(allow.into_iter(), wanted).unwrap_or(Ruling::Unclear);
        }
        let rules = allow.into_iter().chain(self.deny.concerning(wanted));
        decide(rules, wanted).unwrap_or(self.otherwise)
    }
}

impl Tables {
    /// An answer can change only at the edge of a pattern, as far as patterns are networks.
    fn grants_by_addresses(&self, wanted: &Wanted, daemon: &str) -> bool {
        let Some(clients) = self.between_edges(wanted, daemon) else {
            return false;
        };
        clients
            .into_iter()
            .all(|client| self.evaluate(&client.at(daemon)).access == Access::Granted)
    }

    /// One client of each part into which other patterns divide the pattern; `None` if there are
    /// too many, or if a pattern that is not a range of addresses intersects it.
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

#[cfg(test)]
mod tests {
    use sshmend_lossless::fixture::snapshot;

    use super::Ruling;
    use crate::permit::Permit;
    use crate::steps;
    use crate::table::{HOSTS_ALLOW, HOSTS_DENY, Tables};
    use crate::wanted::Wanted;

    fn address(number: usize) -> String {
        format!("172.20.{}.{}", number / 250, number % 250)
    }

    /// The number of steps to allow this many clients, with these rules in hosts.deny.
    fn steps_for(clients: usize, deny: &str) -> usize {
        let tables = Tables::read(&snapshot(&format!(
            "//- {HOSTS_ALLOW}\nsshd: 192.0.2.7\n//- {HOSTS_DENY}\n{deny}"
        )));
        let patterns = (0..clients).map(|number| Wanted::parse(&address(number)));
        let patterns: Result<Vec<Wanted>, _> = patterns.collect();
        let order = Permit::new(patterns.expect("addresses"));
        let (steps, edited) = steps::of(|| tables.permit(&order).expect("they are let in"));
        let last = Wanted::parse(&address(clients - 1)).expect("an address");
        let rules = super::DaemonRules::new(&edited.after, "sshd");
        assert!(rules.grants(&last));
        steps
    }

    #[test]
    fn admitting_clients_takes_linear_time() {
        let named = |clients: usize| -> String {
            let rule = |number| format!("ALL: {}\n", address(number));
            (0..clients).map(rule).collect()
        };
        let everybody = |_| "ALL: ALL\n".to_owned();
        let each: fn(usize) -> String = named;
        for deny in [everybody, each] {
            let steps = |clients| steps_for(clients, &deny(clients));
            let (some, twice, more) = (steps(400), steps(800), steps(1_600));
            assert!(
                twice < some * 5 / 2 && more < twice * 5 / 2,
                "{some} {twice} {more}"
            );
        }
    }

    #[test]
    fn indexed_rules_decide_like_a_linear_search() {
        let mut random = fastrand::Rng::with_seed(5);
        let words = [
            "192.0.2.1",
            "192.0.2.2",
            "192.0.2.",
            "[2001:db8::1]",
            "[2001:db8::]/32",
            "ALL",
            "LOCAL",
            "192.0.2.1/255.255.255.255",
            "host.example.net",
            "a@192.0.2.1",
            "192.0.2.*",
        ];
        let (mut granted, mut denied) = (0, 0);
        for _ in 0..2_000 {
            let mut text = |rules: usize| -> String {
                let rule = |_| {
                    let count = random.usize(1..4);
                    let mut named: Vec<&str> = random.choose_multiple(words, count);
                    if random.u8(..4) == 0 {
                        named.insert(1, "EXCEPT");
                    }
                    format!("sshd: {}\n", named.join(" "))
                };
                (0..rules).map(rule).collect()
            };
            let fixture = format!(
                "//- {HOSTS_ALLOW}\n{}//- {HOSTS_DENY}\n{}",
                text(2),
                text(4)
            );
            let tables = Tables::read(&snapshot(&fixture));
            let rules = super::DaemonRules::new(&tables, "sshd");
            for word in [
                "192.0.2.1",
                "192.0.2.2",
                "192.0.2.0/24",
                "2001:db8::1",
                "host.example.net",
            ] {
                let wanted = Wanted::parse(word).expect("a pattern");
                let all = rules.allow.rules.iter().chain(&rules.deny.rules);
                let ruling = super::decide(all, &wanted).unwrap_or(Ruling::Granted);
                assert_eq!(rules.ruling(&wanted), ruling, "{word} in\n{fixture}");
                let by_address = tables.grants_by_addresses(&wanted, "sshd");
                assert!(
                    ruling != Ruling::Denied || !by_address,
                    "{word} in\n{fixture}"
                );
                granted += usize::from(ruling == Ruling::Granted);
                denied += usize::from(ruling == Ruling::Denied);
            }
        }
        assert!(granted > 100 && denied > 100, "{granted} {denied}");
    }
}
