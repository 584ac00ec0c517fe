//! Compares the properties of a packet with the values in a rule of nftables.

use std::net::IpAddr;

use serde_json::Value as Json;

use crate::packet::{Truth, in_network, port_in};

/// A side of a comparison, as the packet has it.
pub(crate) enum Operand {
    Is(Value),
    /// The packet has no such header: the comparison fails whatever its operator.
    Absent,
    Unknown,
}

pub(crate) enum Value {
    Address(IpAddr),
    /// A port; if unknown, the client's, of which only the usual range is known.
    Port(Option<u16>),
    Text(String),
    Number(u64),
    /// An interface that is not known, but is not the loopback.
    NotLoopback,
    /// Flags or states that the packet has.
    Words(Vec<&'static str>),
    Several(Vec<Operand>),
}

/// The element of a set without its timeout, comment and counter; of a map its key.
pub(crate) fn key_of(element: &Json) -> &Json {
    match element {
        Json::Array(pair) => pair.first().map_or(element, key_of),
        _ => element.get("elem").map_or(element, |inner| &inner["val"]),
    }
}

/// Whether an element is the default of a set or map, for everything not listed.
pub(crate) fn is_catchall(element: &Json) -> bool {
    element.as_str() == Some("*")
}

/// Flag names: one, a list, or joined by `|`.
pub(crate) fn words_of(json: &Json) -> Vec<String> {
    match json {
        Json::String(word) => vec![word.clone()],
        Json::Array(list) => list.iter().flat_map(words_of).collect(),
        Json::Object(_) => words_of(&json["|"]),
        _ => Vec::new(),
    }
}

pub(crate) fn equals(value: &Value, right: &Json) -> Truth {
    let right = key_of(right);
    let known = match value {
        Value::Address(address) => address_in(*address, right),
        Value::Port(port) => return port_matches(*port, right),
        Value::Number(number) => match right {
            Json::String(name) => Some(*number == 0 && name == "root"),
            _ => bounds(right).map(|(low, high)| (low..=high).contains(number)),
        },
        Value::Text(word) => match right {
            Json::String(other) => Some(is_word(word, other)),
            Json::Bool(exists) => Some(*exists),
            _ => None,
        },
        Value::Words(words) => {
            let others = words_of(right);
            Some(
                others.len() == words.len()
                    && others.iter().all(|other| words.contains(&other.as_str())),
            )
        }
        Value::NotLoopback => right.as_str().filter(|other| *other == "lo").map(|_| false),
        Value::Several(_) => None,
    };
    known.map_or(Truth::Maybe, Truth::from)
}

/// Names of interfaces may end in a wildcard.
fn is_word(word: &str, other: &str) -> bool {
    other
        .strip_suffix('*')
        .map_or(word == other, |start| word.starts_with(start))
}

fn address_in(address: IpAddr, right: &Json) -> Option<bool> {
    let parse = |json: &Json| json.as_str()?.parse::<IpAddr>().ok();
    if let Some(prefix) = right.get("prefix") {
        let bits = u32::try_from(prefix["len"].as_u64()?).ok()?;
        return Some(in_network(address, parse(&prefix["addr"])?, bits));
    }
    if let Some(range) = right.get("range") {
        let (low, high) = (parse(&range[0])?, parse(&range[1])?);
        return Some(low.is_ipv4() == address.is_ipv4() && (low..=high).contains(&address));
    }
    Some(parse(right)? == address)
}

fn port_matches(port: Option<u16>, right: &Json) -> Truth {
    let number = |number: u64| u16::try_from(number).ok();
    let bounds = bounds(right).and_then(|(low, high)| number(low).zip(number(high)));
    bounds.map_or(Truth::Maybe, |(low, high)| port_in(port, low, high))
}

fn bounds(right: &Json) -> Option<(u64, u64)> {
    match right.get("range") {
        Some(range) => range[0].as_u64().zip(range[1].as_u64()),
        None => right.as_u64().map(|number| (number, number)),
    }
}

/// Whether a port or number is below or above the value in the rule.
pub(crate) fn compares(left: &Operand, operator: &str, right: &Json) -> Truth {
    let (Operand::Is(left), Some(bound)) = (left, right.as_u64()) else {
        return Truth::Maybe;
    };
    let (low, high) = match operator {
        "<" if bound == 0 => return Truth::No,
        "<" => (0, bound - 1),
        "<=" => (0, bound),
        ">" => (bound.saturating_add(1), u64::MAX),
        _ => (bound, u64::MAX),
    };
    match left {
        Value::Number(number) => (low..=high).contains(number).into(),
        Value::Port(_) if low > u64::from(u16::MAX) => Truth::No,
        Value::Port(port) => {
            let cut = |number: u64| u16::try_from(number).unwrap_or(u16::MAX);
            port_in(*port, cut(low), cut(high))
        }
        _ => Truth::Maybe,
    }
}

/// Whether a statement only adds to a set; one with a limit or a count inside also decides.
pub(crate) fn remembers_only(body: &Json) -> bool {
    body["stmt"].as_array().is_none_or(|inner| {
        inner
            .iter()
            .all(|statement| statement.get("counter").is_some())
    })
}
