//! Who gains and who loses access by an edit.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::answer::Answer;
use crate::client::{Client, Name};
use crate::connection::Connection;
use crate::evaluate::{Access, Verdict};
use crate::extent::{Extent, NOWHERE, NOWHERE_V6};
use crate::list::{HostWord, Service};
use crate::pattern::TextPattern;
use crate::rule::Rule;
use crate::table::{Tables, Which};
use crate::text::show;

/// A group of clients whose access changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessChange {
    /// The group, in words: a pattern of the files, an address, `everybody else`.
    pub who: String,
    /// One of them.
    pub client: Client,
    /// The answer before.
    pub before: Verdict,
    /// The answer afterwards.
    pub after: Verdict,
}

/// The changes of access that an edit causes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessChanges {
    /// Denied before, granted afterwards.
    pub gained: Vec<AccessChange>,
    /// Granted before, denied afterwards.
    pub lost: Vec<AccessChange>,
    /// Unknown before or afterwards, and not the same.
    pub unclear: Vec<AccessChange>,
    /// The number of clients that a changed rule may match but that were not evaluated, because
    /// there are too many.
    pub left_out: usize,
}

/// The name for all whom no pattern of the files names.
pub const EVERYBODY_ELSE: &str = "everybody else";

/// The most and the fewest groups of clients to evaluate, and the total number of rules to visit.
/// In very long files the result is a sample, and is reported as one.
const MOST: usize = 1000;
const LEAST: usize = 60;
const RULES: usize = 4_000_000;

/// Compares two states of the tables for clients derived from all their patterns: those at the edges of each network and
/// next to it, a host of each name, loopback, everybody whom no pattern names, and `also` - the person at the keyboard.
///
/// It is done for every daemon in `daemons` and every one that a rule names.
pub fn access_changes(
    before: &Tables,
    after: &Tables,
    daemons: &[&str],
    also: &[Client],
) -> AccessChanges {
    let changed = Changed::between(before, after);
    let daemons = all_daemons(before, after, daemons);
    let mut changes = AccessChanges::default();
    let all_rules = 2 * rules(before, after).count();
    let (mut looked_at, mut left) = (0, RULES);
    let mut seen = BTreeSet::new();
    for group in own(also).chain(groups(before, after)) {
        if looked_at >= MOST || (left == 0 && looked_at >= LEAST) {
            changes.left_out += 1;
            continue;
        }
        left = left.saturating_sub(changed.rules.len() * group.clients.len());
        if !changed.may_touch(&group) {
            continue;
        }
        for daemon in daemons
            .iter()
            .filter(|&daemon| seen.insert((group.who.clone(), daemon.clone())))
        {
            looked_at += 1;
            left = left.saturating_sub(all_rules * group.clients.len());
            changes.compare(&group.at(daemon), before, after);
        }
    }
    changes
}

fn own(also: &[Client]) -> impl Iterator<Item = Group> {
    also.iter().map(|client| Group {
        who: client.addr.to_string(),
        clients: vec![client.clone()],
        outside: false,
    })
}

impl AccessChanges {
    /// All changes: what is gained, then what is lost, then what is unclear.
    pub fn all(&self) -> impl Iterator<Item = &AccessChange> {
        self.gained.iter().chain(&self.lost).chain(&self.unclear)
    }

    /// Adds the change of a group: as one when it is the same for all of them, else one by one.
    fn compare(&mut self, group: &Group, before: &Tables, after: &Tables) {
        let both = |client: &Client| (before.evaluate(client), after.evaluate(client));
        let answers: Vec<(Verdict, Verdict)> = group.clients.iter().map(both).collect();
        let alike = answers
            .windows(2)
            .all(|pair| kind(&pair[0]) == kind(&pair[1]));
        let shown = if alike { 1 } else { answers.len() };
        for (client, (before, after)) in group.clients.iter().zip(answers).take(shown) {
            let who = if alike {
                group.who.clone()
            } else {
                client.addr.to_string()
            };
            let list = match (before.access, after.access) {
                (one, other) if one == other => continue,
                (Access::Denied, Access::Granted) => &mut self.gained,
                (Access::Granted, Access::Denied) => &mut self.lost,
                _ => &mut self.unclear,
            };
            let known = |change: &AccessChange| {
                change.who == EVERYBODY_ELSE && change.client.daemon == client.daemon
            };
            if !group.outside || !list.iter().any(known) {
                list.push(AccessChange {
                    who,
                    client: client.clone(),
                    before,
                    after,
                });
            }
        }
    }
}

fn kind((before, after): &(Verdict, Verdict)) -> (Access, Access) {
    (before.access, after.access)
}

/// Clients with a common description.
#[derive(Debug, Clone)]
struct Group {
    who: String,
    clients: Vec<Client>,
    /// Whether it is just outside a pattern, and is reported only if its access differs from
    /// everybody else's.
    outside: bool,
}

impl Group {
    fn new(who: impl Into<String>, clients: impl IntoIterator<Item = (IpAddr, Name)>) -> Self {
        let clients = clients
            .into_iter()
            .map(|(addr, name)| Client::new(addr).named(name))
            .collect();
        Self {
            who: who.into(),
            clients,
            outside: false,
        }
    }

    fn outside(addr: IpAddr) -> Self {
        Self {
            outside: true,
            ..Self::new(addr.to_string(), [(addr, Name::None)])
        }
    }

    fn at(&self, daemon: &str) -> Self {
        let clients = self
            .clients
            .iter()
            .map(|client| client.clone().at(daemon))
            .collect();
        Self {
            clients,
            ..self.clone()
        }
    }
}

/// The rules that exist in only one of the two states.
struct Changed<'a> {
    before: &'a Tables,
    rules: Vec<&'a Rule>,
    /// Whether the end of hosts.deny is damaged, or a file of patterns differs, in one state only: any client may be touched.
    everybody: bool,
}

impl<'a> Changed<'a> {
    fn between(before: &'a Tables, after: &'a Tables) -> Self {
        let mut rules = Vec::new();
        for which in [Which::Allow, Which::Deny] {
            different(&live(before, which), &live(after, which), &mut rules);
        }
        // A rule that names a file reads as before when that file has changed.
        let everybody = before.deny.fault().is_some() != after.deny.fault().is_some()
            || before.files != after.files;
        Self {
            before,
            rules,
            everybody,
        }
    }

    /// Whether a changed rule may match one of the group, at any daemon.
    fn may_touch(&self, group: &Group) -> bool {
        let matched = |client: &Client| {
            let connection = Connection::new(client, &self.before.files);
            self.rules
                .iter()
                .any(|rule| rule.matches_client(&connection) != Answer::No)
        };
        self.everybody || group.clients.iter().any(matched)
    }
}

type Line<'a> = (&'a [u8], &'a Rule);

/// Adds the rules that occur more often in one list than in the other; if the others changed their
/// order, all rules between the first and the last difference.
fn different<'a>(old: &[Line<'a>], new: &[Line<'a>], rules: &mut Vec<&'a Rule>) {
    let mut surplus: HashMap<&[u8], isize> = HashMap::new();
    for (text, _) in old {
        *surplus.entry(text).or_default() += 1;
    }
    for (text, _) in new {
        *surplus.entry(text).or_default() -= 1;
    }
    let differs = |line: &&Line<'a>| surplus.get(line.0).is_some_and(|&count| count != 0);
    let same = |lines: &[Line<'a>]| {
        lines
            .iter()
            .filter(|line| !differs(line))
            .map(|line| line.0)
            .collect::<Vec<_>>()
    };
    if same(old) == same(new) {
        rules.extend(old.iter().chain(new).filter(differs).map(|line| line.1));
        return;
    }
    let head = old
        .iter()
        .zip(new)
        .take_while(|(one, other)| one.0 == other.0)
        .count();
    let tail = old[head..]
        .iter()
        .rev()
        .zip(new[head..].iter().rev())
        .take_while(|(one, other)| one.0 == other.0)
        .count();
    rules.extend(
        old[head..old.len() - tail]
            .iter()
            .chain(&new[head..new.len() - tail])
            .map(|line| line.1),
    );
}

fn live(tables: &Tables, which: Which) -> Vec<Line<'_>> {
    let table = if which == Which::Allow {
        &tables.allow
    } else {
        &tables.deny
    };
    table
        .live_rules()
        .map(|(line, rule)| (line.line.text.as_slice(), rule))
        .collect()
}

fn rules<'a>(before: &'a Tables, after: &'a Tables) -> impl Iterator<Item = &'a Rule> {
    let lines = [before, after]
        .into_iter()
        .flat_map(Tables::both)
        .flat_map(|table| &table.lines);
    lines.filter_map(|line| line.kind.rule())
}

/// The requested daemons, those that a rule names, and one that no rule names.
fn all_daemons(before: &Tables, after: &Tables, asked: &[&str]) -> Vec<String> {
    let named = rules(before, after)
        .flat_map(|rule| rule.daemons.entries())
        .filter_map(|entry| match &entry.pattern.service {
            Service::Name(TextPattern::Exact(name))
                if name
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte)) =>
            {
                Some(show(name))
            }
            _ => None,
        });
    let named: BTreeSet<String> = named.collect();
    let mut daemons: Vec<String> = asked.iter().map(|&daemon| daemon.to_owned()).collect();
    daemons.extend(
        named
            .into_iter()
            .filter(|name| !asked.iter().any(|asked| asked.eq_ignore_ascii_case(name)))
            .take(8),
    );
    daemons.push(OTHER_DAEMON.to_owned());
    daemons
}

/// Represents the daemons that no rule names.
const OTHER_DAEMON: &str = "any-other-daemon";

fn groups(before: &Tables, after: &Tables) -> Vec<Group> {
    let (files_before, files_after) = (before.files.words(), after.files.words());
    let in_one_file_only = files_before.symmetric_difference(&files_after).copied();
    let words: BTreeSet<&[u8]> = rules(before, after)
        .flat_map(|rule| rule.clients.entries())
        .map(|entry| entry.pattern.host.word.as_slice())
        .chain(in_one_file_only)
        .collect();
    let extents: Vec<(String, Extent)> = words
        .into_iter()
        .filter_map(|word| Some((show(word), Extent::of(&HostWord::parse(word))?)))
        .collect();
    let mut groups = vec![
        Group::new(
            "127.0.0.1",
            [(
                Ipv4Addr::LOCALHOST.into(),
                Name::Known("localhost".to_owned()),
            )],
        ),
        Group::new(
            "::1",
            [(
                Ipv6Addr::LOCALHOST.into(),
                Name::Known("localhost".to_owned()),
            )],
        ),
        Group::new(EVERYBODY_ELSE, elsewhere(&extents)),
    ];
    for (word, extent) in extents
        .iter()
        .filter(|(_, extent)| *extent != Extent::Everyone)
    {
        let unnamed = |name: Name| {
            if name == Name::Unknown {
                Name::None
            } else {
                name
            }
        };
        groups.push(Group::new(
            word,
            extent
                .probes()
                .into_iter()
                .map(|(addr, name)| (addr, unnamed(name))),
        ));
        groups.extend(extent.neighbours().into_iter().map(Group::outside));
    }
    groups
}

/// Addresses that no pattern of the files names, without a name.
fn elsewhere(extents: &[(String, Extent)]) -> Vec<(IpAddr, Name)> {
    let free = |addr: &IpAddr| {
        let named = extents
            .iter()
            .filter(|(_, extent)| *extent != Extent::Everyone);
        !named.into_iter().any(|(_, extent)| extent.holds(*addr))
    };
    let v4 = [
        [192, 0, 2, 1],
        [198, 51, 100, 1],
        [203, 0, 113, 1],
        [100, 64, 0, 1],
        [233, 252, 0, 1],
    ]
    .map(IpAddr::from);
    let found = [v4.into_iter().find(free).unwrap_or(NOWHERE), NOWHERE_V6];
    found
        .into_iter()
        .filter(free)
        .map(|addr| (addr, Name::None))
        .collect()
}
