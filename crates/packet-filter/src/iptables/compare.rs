//! Whether a value of a packet is one of those that an option of a rule names.

use std::net::IpAddr;

use crate::packet::{Packet, Truth, in_network_text, port_in};

pub(super) fn in_list(address: Option<IpAddr>, list: &str) -> Truth {
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

pub(super) fn in_range(address: Option<IpAddr>, range: &str) -> Truth {
    let bounds = range
        .split_once('-')
        .and_then(|(low, high)| Some((low.parse::<IpAddr>().ok()?, high.parse::<IpAddr>().ok()?)));
    match (address, bounds) {
        (Some(address), Some((low, high))) => (low..=high).contains(&address).into(),
        _ => Truth::Maybe,
    }
}

pub(super) fn port_in_list(port: Option<u16>, list: &str) -> Truth {
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

/// A trailing `+` matches any ending (iptables(8), -i).
pub(super) fn interface(name: Option<Option<&str>>, pattern: &str) -> Truth {
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

pub(super) fn flags(packet: &Packet, mask: &str, set: &str) -> Truth {
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
