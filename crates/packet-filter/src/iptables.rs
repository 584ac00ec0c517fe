//! `iptables-save -c`, lowered for one packet (iptables-save(8), iptables-extensions(8)).

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::packet::{Packet, Step, Truth, in_network_text, port_in};
use crate::verdict::{Action, How, Seen};
use crate::walk::{Chain, Entry, Rule, Ruleset};

/// The members of each ipset, as `ipset save` writes them.
pub(crate) type Sets = BTreeMap<String, Vec<String>>;

/// The way through one table after the other.
struct Lowering<'a> {
    program: &'a str,
    table: &'a str,
    sets: &'a Sets,
    packet: &'a Packet,
    ruleset: Ruleset,
}

/// The words of one rule, read from the left.
struct Reader<'a> {
    lowering: &'a Lowering<'a>,
    packet: &'a Packet,
    words: &'a [String],
}

/// Lowers every chain of what `program -c` has printed.
pub(crate) fn lower(program: &str, saved: &str, sets: &Sets, packet: &Packet) -> Ruleset {
    let mut lowering = Lowering {
        program,
        table: "",
        sets,
        packet,
        ruleset: Ruleset::default(),
    };
    for line in saved.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('*') {
            lowering.table = name;
        } else if let Some(chain) = line.strip_prefix(':') {
            lowering.declare(chain);
        } else if let Some((packets, rule)) = counted(line) {
            lowering.append(packets, rule);
        }
    }
    lowering.ruleset
}

/// Stands before a member of an ipset that is spared (`nomatch`).
const SPARED: char = '!';

/// The list of the match `recent` among the sets.
fn recent_list(name: &str) -> String {
    format!("{RECENT}{name}")
}

/// Where the kernel shows the lists of the match `recent` (iptables-extensions(8)).
const RECENT: &str = "/proc/net/xt_recent/";

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

/// Whether two programs show the same tables, whatever was counted meanwhile.
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
            _ if self.table == "nat" && self.packet.step != Step::Opening => None,
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
            priority: priority(self.table),
            policy,
        });
        self.ruleset.chains.insert(
            self.key(name),
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
            lowering: self,
            packet: self.packet,
            words: rest,
        }
        .read();
        let seen = self.seen(chain, rule, packets);
        self.ruleset
            .chains
            .entry(self.key(chain))
            .or_default()
            .rules
            .push(Rule {
                applies,
                action,
                seen,
            });
    }

    fn key(&self, chain: &str) -> String {
        format!("{} {} {chain}", self.program, self.table)
    }

    fn seen(&self, chain: &str, text: &str, packets: Option<u64>) -> Seen {
        let place = format!("{} {chain}", self.table);
        Seen {
            source: self.program.to_owned(),
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

impl<'a> Reader<'a> {
    fn read(mut self) -> (Truth, Action) {
        let (mut applies, mut action, mut negated) = (Truth::Yes, Action::Continue, false);
        while let Some(word) = self.next() {
            if word == "!" {
                negated = true;
                continue;
            }
            let truth = match word {
                "-j" | "-g" => {
                    let target = self.next().unwrap_or_default();
                    action = self.target(target, word == "-g");
                    Truth::Yes
                }
                _ => self.option(word),
            };
            applies = applies.and(if negated { !truth } else { truth });
            negated = false;
        }
        (applies, action)
    }

    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    fn value(&mut self) -> &'a str {
        self.next().unwrap_or_default()
    }

    /// One option with its values. Options that only describe others hold; those of unknown matches may.
    fn option(&mut self, word: &str) -> Truth {
        let packet = self.packet;
        match word {
            "-s" => in_list(packet.source, self.value()),
            "-d" => in_list(packet.destination, self.value()),
            "-p" => matches!(self.value(), "tcp" | "6" | "all").into(),
            "-i" => interface(packet.comes_in_by(), self.value()),
            "-o" => interface(packet.goes_out_by(), self.value()),
            "--dport" | "--dports" | "--destination-ports" => {
                port_in_list(packet.destination_port, self.value())
            }
            "--sport" | "--sports" | "--source-ports" => {
                port_in_list(packet.source_port, self.value())
            }
            "--ports" => {
                let ports = self.value();
                port_in_list(packet.destination_port, ports)
                    .or(port_in_list(packet.source_port, ports))
            }
            "--src-range" => in_range(packet.source, self.value()),
            "--dst-range" => in_range(packet.destination, self.value()),
            "--state" | "--ctstate" => {
                let states = self.value();
                let has = |state: &str| {
                    states
                        .split(',')
                        .any(|word| word.eq_ignore_ascii_case(state))
                };
                packet.state.map_or(Truth::Maybe, |state| has(state).into())
            }
            "--uid-owner" | "--gid-owner" => self.by_root(),
            "--socket-exists" => packet.step.is_reply().into(),
            "-f" => Truth::No,
            "--tcp-flags" => {
                let (mask, set) = (self.value(), self.value());
                flags(packet, mask, set)
            }
            "--match-set" => {
                let (name, direction) = (self.value(), self.value());
                self.in_set(name, direction)
            }
            "-m" => self.module(),
            _ => self.unknown(),
        }
    }

    /// What a match module alone says of the packet; its options follow.
    fn module(&mut self) -> Truth {
        let name = self.value();
        match name {
            "tcp" | "multiport" | "conntrack" | "state" | "set" | "iprange" | "owner" => Truth::Yes,
            "udp" | "icmp" | "icmp6" | "sctp" => Truth::No,
            "addrtype" => self.address_type(),
            "comment" => self.skip_to(Truth::Yes),
            "recent" => self.recent(),
            "string" if !matches!(self.packet.step, Step::Saying | Step::Speaking) => {
                self.skip_to(Truth::No)
            }
            "connlimit"
                if self
                    .words
                    .starts_with(&["--connlimit-above".to_owned(), "0".to_owned()]) =>
            {
                self.skip_to(Truth::Yes)
            }
            // The packet came the way that its answer goes.
            "rpfilter" if self.words.iter().take(3).any(|word| word == "--invert") => {
                self.skip_to(Truth::No)
            }
            _ => self.skip_to(Truth::Maybe),
        }
    }

    /// Root has opened the socket that answers.
    fn by_root(&mut self) -> Truth {
        let ids = self.value();
        let (low, _) = ids.split_once('-').unwrap_or((ids, ids));
        (self.packet.step.is_reply() && matches!(low, "0" | "root")).into()
    }

    /// A list of addresses seen lately: who is not on it is not meant; who is may be, where a time or a count decides too.
    fn recent(&mut self) -> Truth {
        let options = self.words;
        let has = |word: &str| {
            options
                .iter()
                .take_while(|word| !matches!(word.as_str(), "-j" | "-g"))
                .any(|w| w == word)
        };
        let name = options
            .iter()
            .skip_while(|word| *word != "--name")
            .nth(1)
            .map_or("DEFAULT", String::as_str);
        let listed = self
            .lowering
            .sets
            .get(&recent_list(name))
            .zip(self.packet.source);
        let listed = listed
            .filter(|_| !has("--rdest"))
            .map(|(list, source)| list.contains(&source.to_string()));
        let also = if has("--seconds") || has("--hitcount") {
            Truth::Maybe
        } else {
            Truth::Yes
        };
        self.skip_to(match listed {
            _ if has("--set") => Truth::Yes,
            Some(listed) => Truth::from(listed).and(also),
            None => Truth::Maybe,
        })
    }

    /// The packet is for this machine; what else an address may be it is not.
    fn address_type(&mut self) -> Truth {
        let (option, kind) = (self.words.first().cloned(), self.words.get(1).cloned());
        match (option.as_deref(), kind.as_deref()) {
            (Some("--dst-type"), Some(kind)) if !self.packet.step.is_reply() => {
                self.skip_to(Truth::from(kind == "LOCAL"))
            }
            _ => self.skip_to(Truth::Maybe),
        }
    }

    /// Skips an option that is not known, with its values: it describes a rule that may apply.
    fn unknown(&mut self) -> Truth {
        while self
            .words
            .first()
            .is_some_and(|word| !word.starts_with('-') && word != "!")
        {
            self.next();
        }
        Truth::Maybe
    }

    /// Skips the options of a module that is judged as a whole.
    fn skip_to(&mut self, truth: Truth) -> Truth {
        while self
            .words
            .first()
            .is_some_and(|word| !matches!(word.as_str(), "-m" | "-j" | "-g"))
        {
            self.next();
        }
        truth
    }

    fn in_set(&self, name: &str, direction: &str) -> Truth {
        let Some(members) = self.lowering.sets.get(name) else {
            return Truth::Maybe;
        };
        let within = |member: &str| match self.lowering.sets.get(member) {
            Some(_) if member != name => self.in_set(member, direction),
            _ => self.is_member(member, direction),
        };
        let (spared, members): (Vec<_>, Vec<_>) = members
            .iter()
            .partition(|member| member.starts_with(SPARED));
        let spared = Truth::any(
            spared
                .iter()
                .filter_map(|member| member.strip_prefix(SPARED))
                .map(within),
        );
        Truth::any(members.iter().map(|member| within(member))).and(!spared)
    }

    /// `198.51.100.7,tcp:22` for `src,dst`: one part a direction.
    fn is_member(&self, member: &str, direction: &str) -> Truth {
        let (parts, directions): (Vec<&str>, Vec<&str>) =
            (member.split(',').collect(), direction.split(',').collect());
        if parts.len() > directions.len() {
            return Truth::Maybe;
        }
        Truth::all(
            parts
                .iter()
                .zip(&directions)
                .map(|(part, direction)| self.is_part(part, *direction == "src")),
        )
    }

    fn is_part(&self, part: &str, source: bool) -> Truth {
        let packet = self.packet;
        let (address, port) = if source {
            (packet.source, packet.source_port)
        } else {
            (packet.destination, packet.destination_port)
        };
        match part.split_once(':') {
            Some(("tcp", ports)) => port_in_list(port, &ports.replace('-', ":")),
            Some(("udp" | "sctp" | "icmp" | "icmpv6", _)) => Truth::No,
            _ if part.parse::<u16>().is_ok() => port_in_list(port, part),
            _ => in_list(address, part),
        }
    }

    fn target(&mut self, target: &str, goto: bool) -> Action {
        let action = match target {
            "ACCEPT" => Action::Accept,
            "DROP" => Action::Block(How::Drop),
            "RETURN" => Action::Return,
            "REJECT" => Action::Block(self.rejection()),
            "NOTRACK" => Action::Untrack,
            "CT" if self.words.iter().any(|word| word == "--notrack") => Action::Untrack,
            "DNAT" | "REDIRECT" => self.diversion(),
            "NFQUEUE" => self.queue(),
            "TPROXY" | "QUEUE" | "SYNPROXY" | "NETMAP" | "SNAT" | "MASQUERADE" => Action::Unknown,
            "TARPIT" | "STEAL" => Action::Block(How::Drop),
            _ if is_builtin(target) => Action::Continue,
            _ if goto => Action::Goto(self.lowering.key(target)),
            _ => Action::Jump(self.lowering.key(target)),
        };
        self.words = &[];
        action
    }

    /// `--to-ports 2222`, `--to-destination 10.0.0.7:22`.
    fn diversion(&self) -> Action {
        let value = |key: &str| {
            self.words
                .iter()
                .skip_while(|word| *word != key)
                .nth(1)
                .map(String::as_str)
        };
        let to = value("--to-destination").unwrap_or_default();
        let (address, port) = match to.rsplit_once(':') {
            Some((address, port)) if !address.contains(':') || address.ends_with(']') => {
                (address, Some(port))
            }
            _ => (to, None),
        };
        let port = value("--to-ports")
            .or(port)
            .and_then(|port| port.parse().ok());
        self.packet.diverted(address.trim_matches(['[', ']']), port)
    }

    /// `--queue-num 3`, with `--queue-bypass` where nobody needs to take packets from it.
    fn queue(&self) -> Action {
        let has = |key: &str| self.words.iter().any(|word| word == key);
        let number = self
            .words
            .iter()
            .skip_while(|word| *word != "--queue-num")
            .nth(1);
        let number = number.map_or(Some(0), |number| number.parse().ok());
        self.packet
            .queued(number.filter(|_| !has("--queue-bypass") && !has("--queue-balance")))
    }

    fn rejection(&self) -> How {
        let with = self
            .words
            .iter()
            .skip_while(|word| *word != "--reject-with")
            .nth(1)
            .map(String::as_str);
        match with {
            Some("tcp-reset") => How::Reset,
            None
            | Some(
                "icmp-port-unreachable"
                | "icmp-proto-unreachable"
                | "icmp6-port-unreachable"
                | "port-unreach",
            ) => How::Refused,
            Some(_) => How::Unreachable,
        }
    }
}

/// Targets that look at or change a packet and let it go on.
fn is_builtin(target: &str) -> bool {
    const NAMES: [&str; 22] = [
        "LOG",
        "NFLOG",
        "ULOG",
        "MARK",
        "CONNMARK",
        "CT",
        "TCPMSS",
        "SET",
        "TOS",
        "DSCP",
        "TTL",
        "HL",
        "TRACE",
        "AUDIT",
        "CLASSIFY",
        "CHECKSUM",
        "CONNSECMARK",
        "SECMARK",
        "HMARK",
        "RATEEST",
        "TEE",
        "TCPOPTSTRIP",
    ];
    NAMES.contains(&target)
}

fn in_list(address: Option<IpAddr>, list: &str) -> Truth {
    let Some(address) = address else {
        return if matches!(list, "0.0.0.0/0" | "::/0") {
            Truth::Yes
        } else {
            Truth::Maybe
        };
    };
    Truth::any(
        list.split(',')
            .map(|network| in_network_text(address, network).map_or(Truth::Maybe, Truth::from)),
    )
}

fn in_range(address: Option<IpAddr>, range: &str) -> Truth {
    let bounds = range
        .split_once('-')
        .and_then(|(low, high)| Some((low.parse::<IpAddr>().ok()?, high.parse::<IpAddr>().ok()?)));
    match (address, bounds) {
        (Some(address), Some((low, high))) => (low..=high).contains(&address).into(),
        _ => Truth::Maybe,
    }
}

fn port_in_list(port: Option<u16>, list: &str) -> Truth {
    let within = |part: &str| {
        let (low, high) = part.split_once(':').unwrap_or((part, part));
        let number = |text: &str, default| {
            if text.is_empty() {
                Some(default)
            } else {
                text.parse::<u16>().ok()
            }
        };
        let range = number(low, 0).zip(number(high, u16::MAX));
        range.map_or(Truth::Maybe, |(low, high)| port_in(port, low, high))
    };
    Truth::any(list.split(',').map(within))
}

/// A trailing `+` stands for any ending (iptables(8), -i).
fn interface(name: Option<Option<&str>>, pattern: &str) -> Truth {
    match name {
        None => Truth::No,
        Some(None) if pattern == "lo" => Truth::No,
        Some(None) => Truth::Maybe,
        Some(Some(name)) => pattern
            .strip_suffix('+')
            .map_or(name == pattern, |start| name.starts_with(start))
            .into(),
    }
}

fn flags(packet: &Packet, mask: &str, set: &str) -> Truth {
    let has = |list: &str, flag: &str| {
        list.split(',')
            .any(|word| word.eq_ignore_ascii_case(flag) || word == "ALL")
    };
    let shown = packet.flags().iter().filter(|flag| has(mask, flag));
    let wanted = ["fin", "syn", "rst", "psh", "ack", "urg"]
        .into_iter()
        .filter(|flag| has(set, flag));
    shown.copied().eq(wanted).into()
}
