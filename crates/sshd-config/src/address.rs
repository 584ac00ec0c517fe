//! Address lists: CIDR networks, wildcards and negation, as addr.c and addrmatch.c read them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::pattern::{self, ListMatch};
use crate::release::Release;

/// An element that sshd refuses, with the whole list: empty, or a network with host bits or with a mask too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadElement(pub(crate) String);

/// Checks a list without matching it (`addr_match_list(NULL, …)`).
pub(crate) fn check_list(list: &[u8], release: Release) -> Result<(), BadElement> {
    list.split(|&b| b == b',')
        .try_for_each(|element| Network::read(strip_negation(element), release).map(drop))
}

/// Matches an address, given as text, against a list; a list that is refused matches nothing.
pub(crate) fn matches_list(address: &str, list: &[u8], release: Release) -> ListMatch {
    let Some(client) = Numeric::parse(address.as_bytes()) else {
        return ListMatch::None;
    };
    let mut found = ListMatch::None;
    for element in list.split(|&b| b == b',') {
        let body = strip_negation(element);
        let hit = match Network::read(body, release) {
            Err(_) => return ListMatch::None,
            Ok(Some(network)) => network.contains(&client),
            Ok(None) => pattern::matches(address.as_bytes(), body),
        };
        if hit && body.len() < element.len() {
            return ListMatch::Negated;
        }
        if hit {
            found = ListMatch::Positive;
        }
    }
    found
}

fn strip_negation(element: &[u8]) -> &[u8] {
    element.strip_prefix(b"!").unwrap_or(element)
}

/// An address with the interface that a zone (`fe80::1%eth0`) names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Numeric {
    address: IpAddr,
    zone: Zone,
}

/// The zone after the `%`. sshd compares the indices of the interfaces.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Zone {
    /// The index of an interface; 0 without a zone.
    Index(u32),
    /// The name of an interface, whose index only the machine knows.
    Name(String),
}

/// The loopback interface has this index on every Linux machine.
const LOOPBACK: u32 = 1;

/// An aligned network.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    zone: Zone,
    length: u32,
}

impl Network {
    /// Parses `address[/length]`; `None` if it is not an address and thus a wildcard pattern.
    fn read(element: &[u8], release: Release) -> Result<Option<Self>, BadElement> {
        let refused = || Err(BadElement(String::from_utf8_lossy(element).into_owned()));
        if element.is_empty() {
            return refused();
        }
        let (address, length) = match element.iter().position(|&b| b == b'/') {
            Some(at) => (&element[..at], Some(&element[at + 1..])),
            None => (element, None),
        };
        let length = length.map(|text| mask_length(text, release));
        let (false, false, Some(numeric)) = (
            element.len() > 63,
            length == Some(None),
            Numeric::parse(address),
        ) else {
            return Ok(None);
        };
        let Numeric { address, zone } = numeric;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let length = length.flatten().unwrap_or(bits);
        if length > bits || host_bits(address, length) != 0 {
            return refused();
        }
        Ok(Some(Self {
            address,
            zone,
            length,
        }))
    }

    fn contains(&self, client: &Numeric) -> bool {
        let same_family = self.address.is_ipv4() == client.address.is_ipv4();
        same_family
            && self.zone == client.zone
            && self.address == network_of(client.address, self.length)
    }
}

/// Up to 9.7 a length over 128 made the element a wildcard pattern; since then the list is refused.
fn mask_length(text: &[u8], release: Release) -> Option<u32> {
    let text = std::str::from_utf8(text)
        .ok()
        .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
    text.parse()
        .ok()
        .filter(|&length| length <= 128 || release.since(9, 8))
}

fn host_bits(address: IpAddr, length: u32) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::MAX.checked_shr(length).unwrap_or(0) & v4.to_bits()),
        IpAddr::V6(v6) => u128::MAX.checked_shr(length).unwrap_or(0) & v6.to_bits(),
    }
}

fn network_of(address: IpAddr, length: u32) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            Ipv4Addr::from_bits(v4.to_bits() & !u32::MAX.checked_shr(length).unwrap_or(0)).into()
        }
        IpAddr::V6(v6) => {
            Ipv6Addr::from_bits(v6.to_bits() & !u128::MAX.checked_shr(length).unwrap_or(0)).into()
        }
    }
}

impl Numeric {
    /// A numeric address as getaddrinfo(3) reads one with `AI_NUMERICHOST`.
    fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        if !text.contains(':') {
            return Some(Self {
                address: IpAddr::V4(inet_aton(text)?),
                zone: Zone::Index(0),
            });
        }
        let (address, zone) = text
            .split_once('%')
            .map_or((text, None), |(address, zone)| (address, Some(zone)));
        let address: Ipv6Addr = address.parse().ok()?;
        let zone = zone.map_or(Some(Zone::Index(0)), |zone| Zone::parse(zone, address))?;
        Some(Self {
            address: IpAddr::V6(address),
            zone,
        })
    }
}

impl Zone {
    /// A number counts for every address, the name of an interface for link-local ones alone.
    fn parse(text: &str, address: Ipv6Addr) -> Option<Self> {
        let link_local = address.is_unicast_link_local()
            || address.octets()[0] == 0xff && address.octets()[1] & 0xf == 2;
        match text {
            "lo" if link_local => Some(Self::Index(LOOPBACK)),
            _ if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => {
                text.parse().ok().map(Self::Index)
            }
            _ if link_local && !text.is_empty() => Some(Self::Name(text.to_owned())),
            _ => None,
        }
    }
}

/// The address part of a numeric address, whatever its zone.
pub(crate) fn parse_address(text: &[u8]) -> Option<IpAddr> {
    Numeric::parse(text).map(|numeric| numeric.address)
}

/// One to four numbers, decimal, octal or hexadecimal; the last one fills the remaining bytes
/// (inet_aton(3)).
fn inet_aton(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u32> = text.split('.').map(c_number).collect::<Option<_>>()?;
    let (&last, leading) = parts.split_last()?;
    let width = 32u32
        .checked_sub(u32::try_from(leading.len()).ok()?.checked_mul(8)?)
        .filter(|&width| width > 0)?;
    if leading.iter().any(|&part| part > 255) || u64::from(last) >= 1u64 << width {
        return None;
    }
    let high = leading
        .iter()
        .fold(0u64, |bits, &part| bits << 8 | u64::from(part));
    u32::try_from(high << width | u64::from(last))
        .ok()
        .map(Ipv4Addr::from_bits)
}

fn c_number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (&text[1..], 8),
        None => (text, 10),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_lists_match_like_addrmatch() {
        let cases = [
            ("192.0.2.7", "192.0.2.0/24", ListMatch::Positive),
            ("192.0.3.7", "192.0.2.0/24", ListMatch::None),
            ("192.0.2.7", "192.0.2.*", ListMatch::Positive),
            ("192.0.2.7", "*,!192.0.2.7", ListMatch::Negated),
            ("192.0.2.7", "!192.0.2.0/24,*", ListMatch::Negated),
            ("10.0.0.1", "10.1", ListMatch::Positive),
            ("10.0.0.1", "0.0.0.0/0", ListMatch::Positive),
            ("2001:db8::1", "2001:db8::/32", ListMatch::Positive),
            ("2001:db8::1", "::/0", ListMatch::Positive),
            ("2001:db8::1", "0.0.0.0/0", ListMatch::None),
            ("::ffff:10.0.0.1", "10.0.0.0/8", ListMatch::None),
            ("not an address", "*", ListMatch::None),
            ("10.0.0.1", "10.0.0.0/8x", ListMatch::None),
            ("10.0.0.1", "example.org,10.0.0.?", ListMatch::Positive),
            ("fe80::9", "fe80::9%lo", ListMatch::None),
            ("fe80::9%lo", "fe80::9", ListMatch::None),
            ("fe80::9%lo", "fe80::/10", ListMatch::None),
            ("fe80::9%lo", "fe80::%lo/10", ListMatch::Positive),
            ("fe80::9%1", "fe80::9%lo", ListMatch::Positive),
            ("fe80::9%2", "fe80::9%lo", ListMatch::None),
            ("fe80::9%ens3", "fe80::9%ens3", ListMatch::Positive),
            ("fe80::9%lo", "fe80::*", ListMatch::Positive),
            ("2001:db8::9%lo", "2001:db8::9%lo", ListMatch::None),
            ("2001:db8::9%1", "2001:db8::9%1", ListMatch::Positive),
            ("2001:db8::9%1", "2001:db8::9", ListMatch::None),
        ];
        for (address, list, expected) in cases {
            assert_eq!(
                matches_list(address, list.as_bytes(), Release::NEWEST),
                expected,
                "{address} in {list}"
            );
        }
    }

    #[test]
    fn a_network_with_host_bits_is_refused() {
        for list in [
            "1.2.3.4/24",
            "10.0.1.0/8",
            "2000:aa:bb:01::/56",
            "10.0.0.0/33",
            "",
            "a,,b",
            "!",
            "10.0.0.1,",
        ] {
            assert!(
                check_list(list.as_bytes(), Release::new(9, 2)).is_err(),
                "{list:?}"
            );
        }
        for list in [
            "1.2.3.4/32",
            "*",
            "none",
            "10.*,!10.1.0.0/16",
            "10.0.0.0/129",
            "10.0.0.0/",
            "::1",
        ] {
            assert!(
                check_list(list.as_bytes(), Release::new(9, 2)).is_ok(),
                "{list:?}"
            );
        }
        assert!(check_list(b"10.0.0.0/129", Release::new(9, 8)).is_err());
    }

    #[test]
    fn short_forms_of_an_address_are_parsed_like_inet_aton() {
        let cases = [
            ("10.1", Some("10.0.0.1")),
            ("0x7f.1", Some("127.0.0.1")),
            ("010.0.0.1", Some("8.0.0.1")),
            ("4294967295", Some("255.255.255.255")),
            ("256.0.0.1", None),
            ("1.2.3.4.5", None),
            ("1..2", None),
            ("", None),
            ("0x", None),
        ];
        for (text, expected) in cases {
            assert_eq!(
                parse_address(text.as_bytes())
                    .map(|a| a.to_string())
                    .as_deref(),
                expected,
                "{text}"
            );
        }
    }
}
