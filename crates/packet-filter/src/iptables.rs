//! `iptables-save -c`, lowered for one packet (iptables-save(8), iptables-extensions(8)).

mod compare;
mod reader;
mod set;
mod table;
mod target;

use crate::packet::{Packet, Step, Truth};
use crate::verdict::{Action, How, Seen};
use crate::walk::{Chain, Entry, Rule, Ruleset};
use reader::Reader;
use table::{Table, recent_list};

pub(crate) use table::Sets;

/// The conversion of one table after the other.
struct Lowering<'a> {
    table: Table<'a>,
    packet: &'a Packet,
    ruleset: Ruleset,
}

/// Converts every chain in the output of `program -c`.
pub(crate) fn lower(program: &str, saved: &str, sets: &Sets, packet: &Packet) -> Ruleset {
    let mut lowering = Lowering {
        table: Table {
            program,
            name: "",
            sets,
        },
        packet,
        ruleset: Ruleset::default(),
    };
    for line in saved.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('*') {
            lowering.table.name = name;
        } else if let Some(chain) = line.strip_prefix(':') {
            lowering.declare(chain);
        } else if let Some((packets, rule)) = counted(line) {
            lowering.append(packets, rule);
        }
    }
    lowering.ruleset
}

/// Marks an excluded member of an ipset (`nomatch`).
const SPARED: char = '!';

/// The files of the lists of the match `recent` that rules of `iptables-save` name.
#[must_use]
pub fn recent_lists(saved: &str) -> Vec<String> {
    let rules = saved.lines().filter(|line| line.contains("-m recent "));
    let names =
        rules.filter_map(|line| line.split(' ').skip_while(|word| *word != "--name").nth(1));
    names
        .filter(|name| !name.contains('/'))
        .map(recent_list)
        .collect()
}

/// Reads `src=198.51.100.7 ttl: 63 last_seen: …`.
pub(crate) fn recent_addresses(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.strip_prefix("src=")?.split(' ').next())
        .map(str::to_owned)
        .collect()
}

/// Whether the output of two programs shows the same tables, counters apart.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    fn rules(saved: &str) -> impl Iterator<Item = &str> {
        let lines = saved
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with('#'));
        lines.map(|line| match line.strip_prefix(':') {
            Some(chain) => chain.rsplit_once(' ').map_or(chain, |(chain, _)| chain),
            None => counted(line).map_or(line, |(_, rule)| rule),
        })
    }
    rules(one).eq(rules(other))
}

/// Reads `ipset save`: `add NAME MEMBER …`.
pub(crate) fn sets(saved: &str) -> Sets {
    let mut sets = Sets::new();
    for line in saved.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["create", name, ..] => _ = sets.entry((*name).to_owned()).or_default(),
            ["add", name, member, options @ ..] if options.contains(&"nomatch") => {
                sets.entry((*name).to_owned())
                    .or_default()
                    .push(format!("{SPARED}{member}"));
            }
            ["add", name, member, ..] => sets
                .entry((*name).to_owned())
                .or_default()
                .push((*member).to_owned()),
            _ => {}
        }
    }
    sets
}

/// Splits `[12:720] -A INPUT …` into the packets counted and the rule.
fn counted(line: &str) -> Option<(Option<u64>, &str)> {
    match line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("] "))
    {
        Some((counters, rule)) if rule.starts_with("-A ") => Some((
            counters
                .split_once(':')
                .and_then(|(packets, _)| packets.parse().ok()),
            rule,
        )),
        None if line.starts_with("-A ") => Some((None, line)),
        _ => None,
    }
}

impl Lowering<'_> {
    /// Reads `INPUT DROP [3:180]`.
    fn declare(&mut self, text: &str) {
        let mut words = text.split_whitespace();
        let (Some(name), policy, counters) = (words.next(), words.next(), words.next()) else {
            return;
        };
        let packets = counters.and_then(|text| {
            text.trim_matches(['[', ']'])
                .split_once(':')?
                .0
                .parse()
                .ok()
        });
        let stage = match (name, self.packet.step.is_reply()) {
            // Only the first packet of a connection meets the table nat.
            _ if self.table.name == "nat" && self.packet.step != Step::Opening => None,
            ("PREROUTING", false) => Some(1),
            ("INPUT", false) | ("OUTPUT", true) => Some(2),
            ("POSTROUTING", true) => Some(3),
            _ => None,
        };
        let seen = self.seen(name, "policy DROP", packets);
        let drops = policy == Some("DROP");
        let policy = drops.then_some(Rule {
            applies: Truth::Yes,
            action: Action::Block(How::Drop),
            seen,
        });
        let entry = stage.map(|stage| Entry {
            stage,
            priority: priority(self.table.name),
            policy,
        });
        self.ruleset.chains.insert(
            self.table.key(name),
            Chain {
                entry,
                rules: Vec::new(),
            },
        );
    }

    fn append(&mut self, packets: Option<u64>, rule: &str) {
        let words = words(rule);
        let [_, chain, rest @ ..] = words.as_slice() else {
            return;
        };
        let (applies, action) = Reader {
            table: &self.table,
            packet: self.packet,
            words: rest,
        }
        .read();
        let seen = self.seen(chain, rule, packets);
        self.ruleset
            .chains
            .entry(self.table.key(chain))
            .or_default()
            .rules
            .push(Rule {
                applies,
                action,
                seen,
            });
    }

    fn seen(&self, chain: &str, text: &str, packets: Option<u64>) -> Seen {
        let place = format!("{} {chain}", self.table.name);
        Seen {
            source: self.table.program.to_owned(),
            place,
            text: text.to_owned(),
            packets,
            handle: None,
        }
    }
}

/// The order of the tables of iptables at one hook (linux/netfilter_ipv4.h, `nf_ip_hook_priorities`).
fn priority(table: &str) -> i64 {
    match table {
        "raw" => -300,
        "mangle" => -150,
        "nat" => -100,
        "security" => 50,
        _ => 0,
    }
}

/// Splits a rule at blanks; double quotes hold words together, a backslash keeps the next character.
fn words(rule: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = rule.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '\\' => word.extend(characters.next()),
            ' ' if !quoted => {
                words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
            }
            _ => word.push(character),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}
