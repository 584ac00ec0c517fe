//! `nft -j list ruleset`, lowered for one packet (libnftables-json(5)).

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value as Json;

use crate::packet::{Packet, Step, Truth};
use crate::value::{
    Operand, Value, compares, equals, is_catchall, key_of, remembers_only, words_of,
};
use crate::verdict::{Action, How, Seen};
use crate::walk::{Chain, Entry, Rule, Ruleset};

/// The objects that rules refer to.
struct Reader<'a> {
    packet: &'a Packet,
    /// Elements of sets and maps, by family, table and name.
    sets: BTreeMap<[&'a str; 3], &'a [Json]>,
    /// The rules as `nft` writes them, by place and handle.
    texts: BTreeMap<(String, u64), String>,
    /// Packets that named counters have met, by family, table and name.
    counters: BTreeMap<[&'a str; 3], u64>,
}

/// Converts every chain that the packet can meet. `listing` is `nft -a list ruleset`, which
/// supplies the text of the rules. Tables in `elsewhere` are omitted: `iptables-save` shows them
/// better.
pub(crate) fn lower(
    json: &Json,
    listing: &str,
    packet: &Packet,
    elsewhere: &[(&str, String)],
) -> Ruleset {
    let objects = json["nftables"].as_array().map_or(&[][..], Vec::as_slice);
    let reader = Reader {
        packet,
        sets: sets(objects),
        texts: texts(listing),
        counters: counters(objects),
    };
    let asleep = dormant(objects, listing);
    let mut ruleset = Ruleset::default();
    for object in objects {
        let Some((kind @ ("chain" | "rule"), item)) = object
            .as_object()
            .and_then(|object| object.iter().next())
            .map(|(kind, item)| (kind.as_str(), item))
        else {
            continue;
        };
        let (family, table) = (text(item, "family"), text(item, "table"));
        if !meets(family, packet) || elsewhere.iter().any(|(f, t)| *f == family && t == table) {
            continue;
        }
        if asleep.contains(&(family, table)) {
            continue;
        }
        let name = text(item, if kind == "chain" { "name" } else { "chain" });
        let place = format!("{family} {table} {name}");
        let chain = ruleset.chains.entry(place.clone()).or_default();
        match kind {
            "chain" => chain.entry = entry(item, packet, &place),
            _ => reader.rule(item, &place, chain),
        }
    }
    ruleset
}

/// The tables that are switched off, by family and name: the kernel has unhooked their chains (nft(8), the flag `dormant`).
fn dormant<'a>(objects: &'a [Json], listing: &'a str) -> Vec<(&'a str, &'a str)> {
    let is_off = |flag: &Json| flag.as_str() == Some("dormant");
    let mut tables: Vec<_> = objects
        .iter()
        .filter_map(|object| object.get("table"))
        .filter(|table| match &table["flags"] {
            Json::Array(flags) => flags.iter().any(is_off),
            flag => is_off(flag),
        })
        .map(|table| (text(table, "family"), text(table, "name")))
        .collect();
    // nft 0.9.8 and 1.0.6 print the name of the table in the place of the flag; their text has it.
    let mut table = None;
    for line in listing.lines() {
        let mut words = line
            .split([' ', ',', '\t', ';'])
            .filter(|word| !word.is_empty());
        match words.next() {
            Some("table") => table = words.next().zip(words.next()),
            Some("flags") if words.any(|flag| flag == "dormant") => tables.extend(table),
            _ => {}
        }
    }
    tables
}

/// The tables made by `iptables-nft`, which one of `saved` shows completely: family and name. Their
/// base chains have the names of hooks; nft cannot read all of their rules.
pub(crate) fn iptables_tables<'a>(json: &'a Json, saved: &[&str]) -> Vec<(&'a str, String)> {
    let objects = json["nftables"].as_array().map_or(&[][..], Vec::as_slice);
    let own = |kind: &str, is_own: &dyn Fn(&Json) -> bool| -> Vec<(&'a str, String)> {
        let items = objects
            .iter()
            .filter_map(|object| object.get(kind))
            .filter(|item| is_own(item));
        items
            .map(|item| (text(item, "family"), text(item, "table").to_owned()))
            .collect()
    };
    let foreign = own("chain", &|chain| {
        chain.get("hook").is_some() && text(chain, "name") != hook_name(chain)
    });
    let mut tables = own("rule", &|rule| {
        statements(rule).any(|(kind, _)| kind == "xt")
    });
    tables.extend(own("chain", &|chain| {
        text(chain, "name") == hook_name(chain)
    }));
    let shown = |table: &str| {
        saved
            .iter()
            .flat_map(|saved| saved.lines())
            .any(|line| line.strip_prefix('*') == Some(table))
    };
    tables.retain(|table| {
        !foreign.contains(table) && matches!(table.0, "ip" | "ip6") && shown(&table.1)
    });
    tables.sort_unstable();
    tables.dedup();
    tables
}

fn hook_name(chain: &Json) -> String {
    text(chain, "hook").to_ascii_uppercase()
}

fn text<'a>(item: &'a Json, key: &str) -> &'a str {
    item[key].as_str().unwrap_or_default()
}

fn statements(rule: &Json) -> impl Iterator<Item = (&str, &Json)> {
    let list = rule["expr"].as_array().map_or(&[][..], Vec::as_slice);
    list.iter()
        .filter_map(|statement| statement.as_object()?.iter().next())
        .map(|(kind, body)| (kind.as_str(), body))
}

fn meets(family: &str, packet: &Packet) -> bool {
    matches!(
        (family, packet.v6),
        ("inet" | "netdev", _) | ("ip", false) | ("ip6", true)
    )
}

fn sets(objects: &[Json]) -> BTreeMap<[&str; 3], &[Json]> {
    let items = objects
        .iter()
        .filter_map(|object| object.get("set").or_else(|| object.get("map")));
    let key = |item| {
        [
            text(item, "family"),
            text(item, "table"),
            text(item, "name"),
        ]
    };
    items
        .map(|item| {
            (
                key(item),
                item["elem"].as_array().map_or(&[][..], Vec::as_slice),
            )
        })
        .collect()
}

/// Named counters.
fn counters(objects: &[Json]) -> BTreeMap<[&str; 3], u64> {
    let items = objects.iter().filter_map(|object| object.get("counter"));
    items
        .filter_map(|item| {
            Some((
                ["family", "table", "name"].map(|key| text(item, key)),
                item["packets"].as_u64()?,
            ))
        })
        .collect()
}

/// Reads the rules of `nft -a list ruleset` by table, chain and handle.
fn texts(listing: &str) -> BTreeMap<(String, u64), String> {
    let (mut table, mut chain) = (String::new(), String::new());
    let mut texts = BTreeMap::new();
    for line in listing.lines().map(str::trim) {
        let Some((content, handle)) = line.rsplit_once(" # handle ") else {
            continue;
        };
        match content
            .strip_suffix(" {")
            .map(|head| head.split_once(' ').unwrap_or((head, "")))
        {
            Some(("table", name)) => name.clone_into(&mut table),
            Some(("chain", name)) => chain = format!("{table} {name}"),
            Some(_) => {}
            None => {
                _ = handle
                    .parse()
                    .map(|handle| texts.insert((chain.clone(), handle), content.to_owned()));
            }
        }
    }
    texts
}

fn entry(item: &Json, packet: &Packet, place: &str) -> Option<Entry> {
    let stage = match (text(item, "hook"), packet.step.is_reply()) {
        ("ingress", false) if is_on(&item["dev"], packet) => 0,
        ("prerouting", false) => 1,
        ("input", false) | ("output", true) => 2,
        ("postrouting", true) => 3,
        ("egress", true) if is_on(&item["dev"], packet) => 4,
        _ => return None,
    };
    // Only the first packet of a connection meets chains of this type.
    if text(item, "type") == "nat" && packet.step != Step::Opening {
        return None;
    }
    let seen = seen(place, "policy drop".to_owned());
    let drops = text(item, "policy") == "drop";
    let policy = drops.then_some(Rule {
        applies: Truth::Yes,
        action: Action::Block(How::Drop),
        seen,
    });
    Some(Entry {
        stage,
        priority: item["prio"].as_i64().unwrap_or(0),
        policy,
    })
}

const SOURCE: &str = "nft list ruleset";

fn seen(place: &str, text: String) -> Seen {
    Seen {
        source: SOURCE.to_owned(),
        place: place.to_owned(),
        text,
        ..Seen::default()
    }
}

/// Whether a chain at an interface sees the packet; a chain that names none does.
fn is_on(devices: &Json, packet: &Packet) -> bool {
    let names = words_of(devices);
    packet
        .interface
        .as_ref()
        .is_none_or(|interface| names.is_empty() || names.contains(interface))
}

impl Reader<'_> {
    /// A rule becomes one row for each possible action: several if it has a verdict map.
    fn rule(&self, rule: &Json, place: &str, chain: &mut Chain) {
        let mut applies = Truth::Yes;
        let (family, table) = (text(rule, "family"), text(rule, "table"));
        let packets = statements(rule).find_map(|(kind, body)| match (kind, body.as_str()) {
            ("counter", Some(name)) => self.counters.get(&[family, table, name]).copied(),
            ("counter", None) => body["packets"].as_u64(),
            _ => None,
        });
        let handle = rule["handle"].as_u64().unwrap_or_default();
        let words = self.texts.get(&(place.to_owned(), handle)).cloned();
        let words = words.unwrap_or_else(|| format!("rule with handle {handle}"));
        let seen = Seen {
            packets,
            handle: Some(handle),
            ..seen(place, words)
        };
        for (kind, body) in statements(rule) {
            match kind {
                "match" => applies = applies.and(self.matches(body, family, table)),
                "vmap" => {
                    for (truth, action) in self.verdicts(body, family, table) {
                        chain.rules.push(Rule {
                            applies: applies.and(truth),
                            action,
                            seen: seen.clone(),
                        });
                    }
                }
                "counter" | "log" | "mangle" | "last" => {}
                "xt" if text(body, "type") == "target" => {
                    chain.rules.push(Rule {
                        applies,
                        action: Action::Unknown,
                        seen: seen.clone(),
                    });
                }
                "set" if remembers_only(body) => {}
                "queue" => {
                    let bypassed = words_of(&body["flags"]).iter().any(|flag| flag == "bypass");
                    let number = body["num"]
                        .as_u64()
                        .and_then(|number| u16::try_from(number).ok());
                    let action = self.packet.queued(number.filter(|_| !bypassed));
                    chain.rules.push(Rule {
                        applies,
                        action,
                        seen: seen.clone(),
                    });
                }
                "redirect" | "dnat" => {
                    let port = body["port"]
                        .as_u64()
                        .and_then(|port| u16::try_from(port).ok());
                    let action = self.packet.diverted(text(body, "addr"), port);
                    chain.rules.push(Rule {
                        applies,
                        action,
                        seen: seen.clone(),
                    });
                }
                "limit" | "ct count" | "quota" | "set" | "meter" | "xt" => {
                    applies = applies.and(Truth::Maybe);
                }
                _ => {
                    let action = verdict(kind, body, family, table);
                    let applies = applies.and(self.is_of_family(kind, body));
                    chain.rules.push(Rule {
                        applies,
                        action,
                        seen: seen.clone(),
                    });
                }
            }
        }
    }

    /// A rejection by ICMP is for one family, and nft omits from its listing what this implies:
    /// `meta nfproto ipv6 tcp dport 22 reject` is listed as `tcp dport 22 reject with icmpv6
    /// port-unreachable`. With `tcp reset` the family is lost (observed with 1.0.6); then the rule
    /// is assumed to apply to both.
    fn is_of_family(&self, kind: &str, body: &Json) -> Truth {
        match (kind, text(body, "type")) {
            ("reject", "icmp") => Truth::from(!self.packet.v6),
            ("reject", "icmpv6") => Truth::from(self.packet.v6),
            _ => Truth::Yes,
        }
    }

    fn verdicts(&self, vmap: &Json, family: &str, table: &str) -> Vec<(Truth, Action)> {
        let key = self.operand(&vmap["key"]);
        let pairs = self.elements(&vmap["data"], family, table);
        let pairs = pairs
            .iter()
            .filter_map(|pair| pair.as_array())
            .filter_map(|pair| pair.first().zip(pair.get(1)));
        let (others, single): (Vec<_>, Vec<_>) =
            pairs.partition(|(element, _)| is_catchall(key_of(element)));
        let pairs = single.into_iter().chain(others);
        pairs
            .filter_map(|(element, action)| {
                let (kind, body) = action.as_object()?.iter().next()?;
                Some((
                    self.is_element(&key, key_of(element), family, table),
                    verdict(kind, body, family, table),
                ))
            })
            .collect()
    }

    fn matches(&self, body: &Json, family: &str, table: &str) -> Truth {
        let (left, right) = (self.operand(&body["left"]), &body["right"]);
        if matches!(left, Operand::Absent) {
            return Truth::No;
        }
        match text(body, "op") {
            "in" => self.shares(&left, right, family, table),
            "==" => self.is(&left, right, family, table),
            "<" | "<=" | ">" | ">=" => compares(&left, text(body, "op"), right),
            "!=" => !self.is(&left, right, family, table),
            _ => Truth::Maybe,
        }
    }

    /// Whether the packet has any of the flags named.
    fn shares(&self, left: &Operand, right: &Json, family: &str, table: &str) -> Truth {
        match (left, right) {
            (Operand::Is(Value::Words(words)), Json::String(_) | Json::Array(_)) => words_of(right)
                .iter()
                .any(|word| words.contains(&word.as_str()))
                .into(),
            _ => self.is(left, right, family, table),
        }
    }

    fn elements<'b>(&'b self, right: &'b Json, family: &str, table: &str) -> &'b [Json] {
        let named = right.as_str().and_then(|name| name.strip_prefix('@'));
        let named = named.and_then(|name| self.sets.get(&[family, table, name]).copied());
        let inline = || right["set"].as_array().map(Vec::as_slice);
        named.or_else(inline).unwrap_or_default()
    }

    /// Whether an operand equals, or is contained in, the value in the rule.
    fn is(&self, left: &Operand, right: &Json, family: &str, table: &str) -> Truth {
        let named = right.as_str().is_some_and(|name| name.starts_with('@'));
        if named || right.get("set").is_some() {
            let elements = self.elements(right, family, table).iter();
            return Truth::any(
                elements.map(|element| self.is_element(left, key_of(element), family, table)),
            );
        }
        match left {
            Operand::Unknown => Truth::Maybe,
            Operand::Absent => Truth::No,
            Operand::Is(Value::Several(parts)) => {
                let Some(others) = right["concat"].as_array() else {
                    return Truth::Maybe;
                };
                Truth::all(
                    parts
                        .iter()
                        .zip(others)
                        .map(|(part, other)| self.is(part, other, family, table)),
                )
            }
            Operand::Is(value) => equals(value, right),
        }
    }

    fn is_element(&self, left: &Operand, element: &Json, family: &str, table: &str) -> Truth {
        if is_catchall(element) {
            Truth::Yes
        } else {
            self.is(left, element, family, table)
        }
    }

    fn operand(&self, left: &Json) -> Operand {
        let Some((kind, body)) = left.as_object().and_then(|object| object.iter().next()) else {
            return Operand::Unknown;
        };
        match kind.as_str() {
            "payload" if body.get("base").is_some() => self.raw_payload(body),
            "payload" => self.payload(text(body, "protocol"), text(body, "field")),
            "meta" => self.meta(text(body, "key")),
            "ct" if text(body, "key") == "state" => {
                self.packet.state.map_or(Operand::Unknown, |state| {
                    Operand::Is(Value::Words(vec![state]))
                })
            }
            "ct" if text(body, "key") == "status" => Operand::Is(Value::Words(Vec::new())),
            "fib" if text(body, "result") == "type" && !self.packet.step.is_reply() => {
                Operand::Is(Value::Text("local".to_owned()))
            }
            "fib" if text(body, "result") == "oif" => {
                Operand::Is(Value::Text("a route".to_owned()))
            }
            "concat" => {
                let parts = body.as_array().map_or(&[][..], Vec::as_slice);
                Operand::Is(Value::Several(
                    parts.iter().map(|part| self.operand(part)).collect(),
                ))
            }
            "&" => self.masked(body),
            _ => Operand::Unknown,
        }
    }

    fn payload(&self, protocol: &str, field: &str) -> Operand {
        let packet = self.packet;
        let address = |address: Option<IpAddr>| {
            address.map_or(Operand::Unknown, |a| Operand::Is(Value::Address(a)))
        };
        let port = |port| Operand::Is(Value::Port(port));
        match (protocol, field) {
            ("ip", _) if packet.v6 => Operand::Absent,
            ("ip6", _) if !packet.v6 => Operand::Absent,
            ("ip" | "ip6", "saddr") => address(packet.source),
            ("ip" | "ip6", "daddr") => address(packet.destination),
            ("ip", "protocol") | ("ip6", "nexthdr") => Operand::Is(Value::Text("tcp".to_owned())),
            ("tcp" | "th", "dport") => port(packet.destination_port),
            ("tcp" | "th", "sport") => port(packet.source_port),
            ("tcp", "flags") => Operand::Is(Value::Words(packet.flags().to_vec())),
            ("ip" | "ip6" | "tcp" | "th", _) => Operand::Unknown,
            _ => Operand::Absent,
        }
    }

    /// `@th,16,16`: the header, and where in it, in bits.
    fn raw_payload(&self, body: &Json) -> Operand {
        match (
            text(body, "base"),
            body["offset"].as_u64(),
            body["len"].as_u64(),
        ) {
            ("th", Some(0), Some(16)) => self.payload("th", "sport"),
            ("th", Some(16), Some(16)) => self.payload("th", "dport"),
            _ => Operand::Unknown,
        }
    }

    fn meta(&self, key: &str) -> Operand {
        let family = if self.packet.v6 {
            ("ipv6", "ip6")
        } else {
            ("ipv4", "ip")
        };
        let word = |word: &str| Operand::Is(Value::Text(word.to_owned()));
        let interface = |name: Option<Option<&str>>| match name {
            None => Operand::Absent,
            Some(None) => Operand::Is(Value::NotLoopback),
            Some(Some(name)) => word(name),
        };
        match key {
            "l4proto" => word("tcp"),
            "nfproto" => word(family.0),
            "protocol" => word(family.1),
            "iif" | "iifname" => interface(self.packet.comes_in_by()),
            "oif" | "oifname" => interface(self.packet.goes_out_by()),
            // Root has opened the socket that answers.
            "skuid" | "skgid" if self.packet.step.is_reply() => Operand::Is(Value::Number(0)),
            "skuid" | "skgid" => Operand::Absent,
            _ => Operand::Unknown,
        }
    }

    /// Flags of the packet as far as the mask shows them.
    fn masked(&self, body: &Json) -> Operand {
        let Some([left, mask]) = body.as_array().map(Vec::as_slice) else {
            return Operand::Unknown;
        };
        let Operand::Is(Value::Words(words)) = self.operand(left) else {
            return Operand::Unknown;
        };
        let mask = words_of(mask);
        Operand::Is(Value::Words(
            words
                .into_iter()
                .filter(|word| mask.iter().any(|other| other == word))
                .collect(),
        ))
    }
}

fn verdict(kind: &str, body: &Json, family: &str, table: &str) -> Action {
    let target = || format!("{family} {table} {}", text(body, "target"));
    match kind {
        "accept" => Action::Accept,
        "drop" => Action::Block(How::Drop),
        "reject" => Action::Block(rejection(text(body, "type"), text(body, "expr"))),
        "jump" => Action::Jump(target()),
        "goto" => Action::Goto(target()),
        "return" => Action::Return,
        "continue" => Action::Continue,
        "notrack" => Action::Untrack,
        _ => Action::Unknown,
    }
}

/// The client's error for a rejection (icmp(7), ip(7): `ECONNREFUSED` or `EHOSTUNREACH`).
fn rejection(kind: &str, code: &str) -> How {
    match (kind, code) {
        ("tcp reset", _) => How::Reset,
        (_, "" | "port-unreachable" | "prot-unreachable") => How::Refused,
        _ => How::Unreachable,
    }
}
