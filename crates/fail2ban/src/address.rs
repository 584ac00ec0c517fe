//! The addresses that a person asks to ignore.

use std::fmt;
use std::net::IpAddr;

use crate::item::{Item, Network};
use crate::jail::{Ignored, Jail};
use crate::release::Dialect;

/// The subject of an exemption: an address, a network, or a host name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Address {
    /// An address or a network.
    Network(Network),
    /// A host name in lower case.
    Name(String),
}

/// An address, with the corrections made to it and remarks about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The address in its usual spelling.
    pub address: Address,
    /// A sentence fragment, if it is not exactly what was written or has a side effect.
    pub notice: Option<String>,
}

/// The reason why a text cannot be ignored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Neither an address nor a name.
    #[error("{0:?} is neither an address, a network nor a host name")]
    Unknown(String),
    /// Text that fail2ban would take for another address.
    #[error("{0:?} would be read as {1}")]
    Ambiguous(String, Network),
    /// A mask that is too long, or has holes.
    #[error("{0:?} has no valid mask")]
    Mask(String),
    /// Everybody.
    #[error("{0:?} is every address: fail2ban would ban nobody")]
    Everybody(String),
    /// An address that only means something on one link.
    #[error("{0:?} has a zone, which fail2ban cannot compare")]
    Zone(String),
}

impl AddressError {
    /// What to write instead.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unknown(_) => {
                "write 192.0.2.1, 192.0.2.0/24, 2001:db8::/32 or host.example.org, without ranges and wildcards"
            }
            Self::Ambiguous(..) => "write the address in full, without leading zeros",
            Self::Mask(_) => "write the length of the network: 192.0.2.0/24",
            Self::Everybody(_) => "stop fail2ban, or disable its jails, if that is meant",
            Self::Zone(_) => "write the address without % and what follows",
        }
    }
}

impl Address {
    /// Reads an address, a network with its length or netmask, or a host name; brackets around IPv6 are taken off.
    ///
    /// # Errors
    /// What fail2ban would misread, or never match.
    pub fn parse(text: &str) -> Result<Parsed, AddressError> {
        let bare = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .unwrap_or(text);
        let (address, mask) = bare
            .split_once('/')
            .map_or((bare, None), |(address, mask)| (address, Some(mask)));
        // The word of hosts.allow: fail2ban would take it for the name of a host.
        if text == "ALL" {
            return Err(AddressError::Everybody(text.to_owned()));
        }
        if address.contains('%') {
            return Err(AddressError::Zone(text.to_owned()));
        }
        match (address.parse::<IpAddr>(), mask) {
            (Ok(address), None) => Ok(Parsed {
                address: Self::Network(address.into()),
                notice: None,
            }),
            (Ok(address), Some(mask)) => masked(text, address, mask),
            (Err(_), None) => name(text, bare),
            (Err(_), Some(_)) => Err(AddressError::Unknown(text.to_owned())),
        }
    }

    /// Whether a jail ignores all of it, according to its words.
    pub fn is_ignored_by(&self, jail: &Jail) -> bool {
        match self {
            Self::Network(network) => matches!(jail.ignored(*network), Ignored::Yes { .. }),
            Self::Name(name) => jail.names(name),
        }
    }

    /// Whether a word of a list is exactly this.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        match (self, Item::parse(word, Dialect::V11)) {
            (Self::Network(network), Item::Network(other)) => *network == other,
            (Self::Name(name), Item::Name(other)) => name.eq_ignore_ascii_case(&other),
            _ => false,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(network) => network.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

fn masked(text: &str, address: IpAddr, mask: &str) -> Result<Parsed, AddressError> {
    let width = if address.is_ipv4() { 32 } else { 128 };
    let is_number = !mask.is_empty() && mask.bytes().all(|b| b.is_ascii_digit());
    let prefix = if is_number {
        mask.parse().ok()
    } else {
        netmask(mask, address.is_ipv4())
    };
    let prefix = prefix
        .filter(|&prefix| prefix <= width)
        .ok_or_else(|| AddressError::Mask(text.to_owned()))?;
    if prefix == 0 {
        return Err(AddressError::Everybody(text.to_owned()));
    }
    let network = Network::new(address, prefix);
    let is_wide = prefix < if address.is_ipv4() { 8 } else { 19 };
    let notice = if network.address() != address && !network.is_single() {
        Some(format!(
            "{text} has bits set behind its mask: the network is {network}"
        ))
    } else {
        is_wide.then(|| format!("{network} is a large part of all addresses"))
    };
    Ok(Parsed {
        address: Address::Network(network),
        notice,
    })
}

fn netmask(mask: &str, v4: bool) -> Option<u8> {
    let bits = match mask.parse::<IpAddr>().ok()? {
        IpAddr::V4(mask) if v4 => mask.to_bits(),
        _ => return None,
    };
    (bits.leading_ones() + bits.trailing_zeros() == 32)
        .then_some(u8::try_from(bits.leading_ones()).ok()?)
}

fn name(text: &str, bare: &str) -> Result<Parsed, AddressError> {
    let unknown = || AddressError::Unknown(text.to_owned());
    match Item::parse(bare, Dialect::V11) {
        Item::Network(network) => Err(AddressError::Ambiguous(text.to_owned(), network)),
        Item::Name(name) if is_host_name(&name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            let notice = Some(format!(
                "{name} is looked up at every failed login; an address is safer"
            ));
            Ok(Parsed {
                address: Address::Name(name),
                notice,
            })
        }
        _ => Err(unknown()),
    }
}

fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let allowed = label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        allowed
            && (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    let last_begins_with_letter = name
        .rsplit('.')
        .next()
        .is_some_and(|label| label.starts_with(|c: char| c.is_ascii_alphabetic()));
    name.len() <= 253 && last_begins_with_letter && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuses(text: &str, message: &str) {
        assert_eq!(Address::parse(text).expect_err(text).to_string(), message);
    }

    #[track_caller]
    fn accepts(text: &str, address: &str, notice: Option<&str>) {
        let parsed = Address::parse(text).expect(text);
        assert_eq!(
            (
                parsed.address.to_string().as_str(),
                parsed.notice.as_deref()
            ),
            (address, notice)
        );
    }

    #[test]
    fn addresses_that_fail2ban_would_misread_are_refused() {
        refuses("10.1", "\"10.1\" would be read as 10.0.0.1");
        refuses("010.0.0.1", "\"010.0.0.1\" would be read as 8.0.0.1");
        refuses("10.0.0.0/33", "\"10.0.0.0/33\" has no valid mask");
        refuses("10.0.0.0/", "\"10.0.0.0/\" has no valid mask");
        refuses(
            "10.0.0.0/255.255.255",
            "\"10.0.0.0/255.255.255\" has no valid mask",
        );
        refuses(
            "10.0.0.0/255.0.255.0",
            "\"10.0.0.0/255.0.255.0\" has no valid mask",
        );
        refuses(
            "0.0.0.0/0",
            "\"0.0.0.0/0\" is every address: fail2ban would ban nobody",
        );
        refuses(
            "fe80::1%eth0",
            "\"fe80::1%eth0\" has a zone, which fail2ban cannot compare",
        );
        for text in [
            "",
            "#",
            "1.2.3.4-9",
            "10.*",
            "a b",
            "a,b",
            "example.org/24",
            "-x.org",
            "a..b",
            "h\nignoreip=x",
        ] {
            refuses(
                text,
                &format!("{text:?} is neither an address, a network nor a host name"),
            );
        }
    }

    #[test]
    fn addresses_are_normalised() {
        accepts("203.0.113.7", "203.0.113.7", None);
        accepts("203.0.113.7/32", "203.0.113.7", None);
        accepts("[2001:DB8:0:0::1]", "2001:db8::1", None);
        accepts("::ffff:192.0.2.1", "192.0.2.1", None);
        accepts("10.0.0.0/255.0.0.0", "10.0.0.0/8", None);
    }

    #[test]
    fn cleared_host_bits_and_very_large_networks_are_noted() {
        accepts(
            "192.0.2.7/24",
            "192.0.2.0/24",
            Some("192.0.2.7/24 has bits set behind its mask: the network is 192.0.2.0/24"),
        );
        accepts(
            "128.0.0.0/1",
            "128.0.0.0/1",
            Some("128.0.0.0/1 is a large part of all addresses"),
        );
        accepts(
            "Host.Example.ORG.",
            "host.example.org",
            Some("host.example.org is looked up at every failed login; an address is safer"),
        );
    }
}
