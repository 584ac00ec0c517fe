//! The sections whose entries are clients, addresses and hosts.

use std::ops::Range;

use jiff::tz::TimeZone;
use sshmend_fail2ban::Address;
use sshmend_hosts_access::Wanted;
use sshmend_known_hosts::{Destination, Fingerprint};
use sshmend_plan::{KnownHostsOf, When, Wish};

use crate::item::Item;
use crate::reader::Reader;
use crate::spelling::address_as_written;
use crate::tree::{Key, Node, Value};

/// The keys of an entry that is a table.
pub(crate) const OF_PATTERN: [&str; 2] = ["pattern", "daemon"];
pub(crate) const OF_ADDRESS: [&str; 3] = ["address", "jail", "until"];
pub(crate) const OF_HOST: [&str; 5] = ["host", "port", "fingerprint", "user", "file"];

pub(crate) fn hosts_access(reader: &mut Reader<'_>, section: &Node, items: &mut Vec<Item>) {
    let lists = reader.table(section, "a table with allow or deny-removed");
    reader.only(lists, &["allow", "deny-removed"], "a list of hosts-access");
    for (key, list) in lists {
        let remove_deny = match key.text.as_str() {
            "allow" => false,
            "deny-removed" => true,
            _ => continue,
        };
        for entry in reader.list(list, "a list of patterns") {
            items.extend(pattern(reader, entry, remove_deny));
        }
    }
}

fn pattern(reader: &mut Reader<'_>, entry: &Node, remove_deny: bool) -> Option<Item> {
    let fields = fields(reader, entry, ("pattern", &OF_PATTERN), "a pattern")?;
    let (pattern, at) = fields.text(reader, "pattern")?;
    let daemon = fields.text(reader, "daemon").map(|(daemon, _)| daemon);
    if let Err(error) = Wanted::parse(&pattern) {
        reader.fault(&at, error.to_string(), error.hint());
        return None;
    }
    let wish = Wish::Allow {
        patterns: vec![pattern],
        remove_deny,
        daemon: daemon.unwrap_or_else(|| "sshd".to_owned()),
    };
    Some(item(reader, wish, entry))
}

pub(crate) fn fail2ban(reader: &mut Reader<'_>, section: &Node, items: &mut Vec<Item>) {
    let lists = reader.table(section, "a table with ignore");
    reader.only(lists, &["ignore"], "a list of fail2ban");
    for (_, list) in lists.iter().filter(|(key, _)| key.text == "ignore") {
        for entry in reader.list(list, "a list of addresses") {
            if let Some(item) = address(reader, entry) {
                if let Some(line) = other_end(items, &item) {
                    let message = format!("line {line} gives the same address another end");
                    reader.fault(&entry.at, message, "remove one of them");
                }
                items.push(item);
            }
        }
    }
}

/// The line of an earlier entry for the same address in the same jails with another expiry.
fn other_end(items: &[Item], item: &Item) -> Option<usize> {
    let of = |wish: &Wish| match wish {
        Wish::Ignore {
            addresses,
            jails,
            until,
        } => {
            let addresses: Vec<String> = addresses
                .iter()
                .map(|text| address_as_written(text))
                .collect();
            let mut jails = jails.clone();
            jails.sort();
            Some((addresses, jails, until.as_deref().and_then(When::parse)))
        }
        _ => None,
    };
    let (addresses, jails, until) = of(&item.wish)?;
    let other = items.iter().find(|other| {
        of(&other.wish).is_some_and(|(same, of_jails, end)| {
            same == addresses && of_jails == jails && end != until
        })
    })?;
    Some(other.place.line)
}

fn address(reader: &mut Reader<'_>, entry: &Node) -> Option<Item> {
    let fields = fields(reader, entry, ("address", &OF_ADDRESS), "an address")?;
    let (address, at) = fields.text(reader, "address")?;
    if let Err(error) = Address::parse(&address) {
        reader.fault(&at, error.to_string(), error.hint());
        return None;
    }
    let until = fields.text(reader, "until");
    if let Some((text, at)) = &until {
        if When::parse(text)
            .and_then(|when| when.ends(TimeZone::UTC))
            .is_none()
        {
            let hint = format!("{}; without until it has no end", When::FORMS);
            reader.fault(at, format!("not a time: {text}"), &hint);
            return None;
        }
    }
    let wish = Wish::Ignore {
        addresses: vec![address],
        jails: fields.texts(reader, "jail"),
        until: until.map(|(text, _)| text),
    };
    Some(item(reader, wish, entry))
}

pub(crate) fn known_hosts(reader: &mut Reader<'_>, section: &Node, items: &mut Vec<Item>) {
    for entry in reader.list(section, "a list of hosts, each begun with [[known-hosts]],") {
        items.extend(host(reader, entry));
    }
}

fn host(reader: &mut Reader<'_>, entry: &Node) -> Option<Item> {
    let fields = Fields {
        entries: reader.table(entry, "a table with host and fingerprint"),
        short: None,
        at: &entry.at,
    };
    reader.only(fields.entries, &OF_HOST, "a key of known-hosts");
    let (host, at) = fields.required(reader, "host")?;
    let host = match fields.port(reader) {
        Some(port) if host.contains(':') && !host.starts_with('[') => format!("[{host}]:{port}"),
        Some(port) => format!("[{}]:{port}", host.trim_matches(['[', ']'])),
        None => host,
    };
    if let Err(error) = Destination::parse(&host) {
        reader.fault(&at, error.to_string(), error.hint());
        return None;
    }
    fields.required_any(reader, "fingerprint")?;
    let fingerprints = fields.texts_at(reader, "fingerprint");
    for (text, at) in &fingerprints {
        if let Err(error) = Fingerprint::parse(text) {
            reader.fault(at, error.to_string(), error.hint());
        }
    }
    let account = fields.text(reader, "user");
    let file = fields.text(reader, "file");
    if let (Some((_, at)), Some(_)) = (&account, &file) {
        let message = "user and file both say whose file is meant";
        reader.fault(at, message, "remove one of them");
    }
    let wish = Wish::KnownHosts(KnownHostsOf {
        host,
        fingerprints: fingerprints.into_iter().map(|(text, _)| text).collect(),
        files: file.into_iter().map(|(path, _)| path.into()).collect(),
        ..KnownHostsOf::default()
    });
    Some(Item {
        account: account.map(|(name, _)| name),
        ..item(reader, wish, entry)
    })
}

fn item(reader: &Reader<'_>, wish: Wish, entry: &Node) -> Item {
    Item {
        wish,
        account: None,
        place: reader.place(&entry.at),
    }
}

/// An entry that is a table, or a text that is the value of its first key.
struct Fields<'n> {
    entries: &'n [(Key, Node)],
    short: Option<(&'static str, &'n Node)>,
    at: &'n Range<usize>,
}

fn fields<'n>(
    reader: &mut Reader<'_>,
    entry: &'n Node,
    (first, known): (&'static str, &[&str]),
    what: &str,
) -> Option<Fields<'n>> {
    let at = &entry.at;
    match &entry.value {
        Value::Text(_) => Some(Fields {
            entries: &[],
            short: Some((first, entry)),
            at,
        }),
        Value::Table(entries) => {
            reader.only(entries, known, &format!("a key of {what}"));
            let fields = Fields {
                entries,
                short: None,
                at,
            };
            fields.required_any(reader, first)?;
            Some(fields)
        }
        _ => {
            reader.expected(entry, &format!("{what}, as text or as a table,"));
            None
        }
    }
}

impl<'n> Fields<'n> {
    fn get(&self, name: &str) -> Option<&'n Node> {
        let short = self.short.filter(|(first, _)| *first == name);
        let entry = || self.entries.iter().find(|(key, _)| key.text == name);
        short
            .map(|(_, node)| node)
            .or_else(|| entry().map(|(_, node)| node))
    }

    fn text(&self, reader: &mut Reader<'_>, name: &str) -> Option<(String, Range<usize>)> {
        let node = self.get(name)?;
        Some((reader.text(node)?, node.at.clone()))
    }

    fn texts(&self, reader: &mut Reader<'_>, name: &str) -> Vec<String> {
        let texts = self.texts_at(reader, name);
        texts.into_iter().map(|(text, _)| text).collect()
    }

    fn texts_at(&self, reader: &mut Reader<'_>, name: &str) -> Vec<(String, Range<usize>)> {
        self.get(name)
            .map(|node| reader.texts(node))
            .unwrap_or_default()
    }

    fn required_any(&self, reader: &mut Reader<'_>, name: &str) -> Option<&'n Node> {
        let found = self.get(name);
        if found.is_none() {
            let message = format!("`{name}` is missing");
            reader.fault(self.at, message, &format!("add {name} = …"));
        }
        found
    }

    fn required(&self, reader: &mut Reader<'_>, name: &str) -> Option<(String, Range<usize>)> {
        self.required_any(reader, name)?;
        self.text(reader, name)
    }

    fn port(&self, reader: &mut Reader<'_>) -> Option<u16> {
        let node = self.get("port")?;
        let port = match &node.value {
            Value::Number(number) => u16::try_from(*number).ok().filter(|port| *port > 0),
            Value::Text(text) => text.parse().ok().filter(|port: &u16| *port > 0),
            _ => None,
        };
        if port.is_none() {
            reader.fault(&node.at, "not a port", "a number from 1 to 65535");
        }
        // The default port is not written to known_hosts.
        port.filter(|port| *port != 22)
    }
}
