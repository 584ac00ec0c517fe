//! Patterns that never match.

use crate::extent::{Extent, address};
use crate::list::HostWord;
use crate::pattern::{HostPattern, Network, TextPattern};

/// The reason why a pattern never matches.
pub(crate) fn dead(host: &HostWord) -> Option<&'static str> {
    const MAPPED: &str = "is an IPv4-mapped address, which libwrap compares as IPv4";
    match &host.pattern {
        HostPattern::Masked(Network::Malformed) => {
            Some("is not a network that libwrap understands")
        }
        HostPattern::Masked(Network::V4 { net, mask }) if net & mask != *net => {
            Some("has host bits that its mask cuts off")
        }
        HostPattern::Masked(Network::V6 { net, bits })
            if *bits >= 96 && net.addr.to_ipv4_mapped().is_some() =>
        {
            Some(MAPPED)
        }
        HostPattern::Text(TextPattern::Bracketed(None)) => {
            Some("has no IPv6 address between its brackets")
        }
        HostPattern::Text(TextPattern::Bracketed(Some(pattern)))
            if pattern.addr.to_ipv4_mapped().is_some() =>
        {
            Some(MAPPED)
        }
        HostPattern::Text(TextPattern::Prefix(word))
            if is_numeric(word) && Extent::of(host).is_none() =>
        {
            Some("is not part of an address")
        }
        HostPattern::Text(TextPattern::Exact(word)) => dead_word(word),
        _ => None,
    }
}

fn dead_word(word: &[u8]) -> Option<&'static str> {
    match word {
        [b'!', ..] => Some("is negated, which libwrap does not know"),
        [b'#', ..] => None,
        _ if is_numeric(word) && address(word).is_none() => {
            Some("is neither an address nor, without a final dot, a part of one")
        }
        _ if word.contains(&b'-')
            && word
                .iter()
                .all(|byte| byte.is_ascii_digit() || b".-".contains(byte)) =>
        {
            Some("is a range, which libwrap does not know")
        }
        _ if !word
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte)) =>
        {
            Some("is neither an address nor a host name")
        }
        _ => None,
    }
}

fn is_numeric(word: &[u8]) -> bool {
    word.iter()
        .all(|byte| byte.is_ascii_digit() || *byte == b'.')
}
