//! The meaning of one word of `ignoreip` to the server, according to `IPAddr` of fail2ban.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::release::Dialect;

/// An address or a network, with the host bits cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Clears the host bits; an IPv4 address mapped into IPv6 becomes the IPv4 address.
    ///
    /// A prefix longer than the address is cut to its length.
    pub fn new(address: IpAddr, prefix: u8) -> Self {
        match address {
            IpAddr::V4(v4) => {
                let prefix = prefix.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                Self {
                    address: Ipv4Addr::from_bits(v4.to_bits() & mask).into(),
                    prefix,
                }
            }
            IpAddr::V6(v6) => match (v6.to_ipv4_mapped(), prefix) {
                (Some(v4), 128..) => Self::new(v4.into(), 32),
                (_, prefix) => {
                    let prefix = prefix.min(128);
                    let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                    Self {
                        address: Ipv6Addr::from_bits(v6.to_bits() & mask).into(),
                        prefix,
                    }
                }
            },
        }
    }

    /// The lowest address.
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// The length of the mask in bits.
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// True for one address.
    pub fn is_single(self) -> bool {
        self.prefix == if self.address.is_ipv4() { 32 } else { 128 }
    }

    /// Whether every address of `other` is in this network.
    pub fn covers(self, other: Self) -> bool {
        self.address.is_ipv4() == other.address.is_ipv4()
            && self.prefix <= other.prefix
            && Self::new(other.address, self.prefix).address == self.address
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self::new(address, 128)
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_single() {
            write!(f, "{}", self.address)
        } else {
            write!(f, "{}/{}", self.address, self.prefix)
        }
    }
}

/// The meaning of one word of `ignoreip`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// An address or network.
    Network(Network),
    /// A host name, looked up at every failed login.
    Name(String),
    /// A file of words, from fail2ban 1.1.1 on.
    File(String),
    /// No address matches it.
    Nothing(&'static str),
    /// The server stops at it: no jail starts.
    Refused(&'static str),
}

impl Item {
    /// Interprets a word as the server of this dialect does.
    pub(crate) fn parse(word: &str, dialect: Dialect) -> Self {
        if let Some(path) = word
            .strip_prefix("file:")
            .filter(|_| dialect == Dialect::From111)
        {
            return Self::File(file_path(path));
        }
        let inner = word
            .strip_prefix('[')
            .and_then(|word| word.strip_suffix(']'))
            .filter(|inner| !inner.is_empty());
        let word = inner.unwrap_or(word);
        if word.contains('\0') {
            return Self::Refused("a NUL byte");
        }
        match word.split_once('/') {
            None => Self::unmasked(word),
            Some((address, mask)) if dialect == Dialect::Before11 => {
                masked_before_1_1(address, mask)
            }
            Some((address, mask)) => masked(address, mask)
                .unwrap_or(Self::Nothing("neither an address with a mask nor a name")),
        }
    }

    fn unmasked(word: &str) -> Self {
        match word.parse::<IpAddr>() {
            Ok(address) => Self::Network(address.into()),
            Err(_) => resolved_numerically(word),
        }
    }
}

/// The result of `getaddrinfo` for a text that is not a plain address: some spellings of IPv4
/// addresses, else a name.
fn resolved_numerically(word: &str) -> Item {
    match inet_aton(word) {
        Some(address) => Item::Network(IpAddr::from(address).into()),
        None if word.contains('%') => {
            Item::Nothing("an address with a zone, which fail2ban cannot compare")
        }
        None if is_name(word) => Item::Name(word.to_owned()),
        None => Item::Nothing("neither an address nor a host name"),
    }
}

/// Whether a resolver may find it: letters, digits, `.`, `-` and `_`, and not digits alone.
fn is_name(word: &str) -> bool {
    let allowed =
        |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    word.chars().all(allowed) && word.chars().any(|c| !c.is_ascii_digit() && c != '.')
}

/// inet_aton(3): one to four numbers, decimal, octal or hexadecimal; the last one fills the
/// remaining bytes.
fn inet_aton(text: &str) -> Option<Ipv4Addr> {
    let numbers: Vec<u32> = text.split('.').map(c_number).collect::<Option<_>>()?;
    let (&last, heads) = numbers.split_last().filter(|(_, heads)| heads.len() < 4)?;
    let room = u32::MAX.checked_shr(8 * u32::try_from(heads.len()).ok()?)?;
    let mut bits = if last <= room { last } else { return None };
    for (&head, shift) in heads.iter().zip([24, 16, 8]) {
        bits |= u32::from(u8::try_from(head).ok()?) << shift;
    }
    Some(Ipv4Addr::from_bits(bits))
}

/// strtoul(3) with base 0.
fn c_number(text: &str) -> Option<u32> {
    let digits = |text: &str, radix| {
        (!text.starts_with('+')).then(|| u32::from_str_radix(text, radix).ok())?
    };
    match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(hexadecimal) => digits(hexadecimal, 16),
        None if text.len() > 1 && text.starts_with('0') => digits(text, 8),
        None => digits(text, 10),
    }
}

/// Up to 1.0 the text after the slash must be a number for Python's `int`, or a mask.
fn masked_before_1_1(address: &str, mask: &str) -> Item {
    let prefix = if mask.contains(['.', ':']) {
        mask_length_before_1_1(mask)
    } else {
        python_int(mask)
    };
    let Some(prefix) = prefix else {
        return Item::Refused("a mask that is neither a number nor a netmask");
    };
    match (address.parse::<IpAddr>(), prefix) {
        (Ok(address), -1) => Item::Network(address.into()),
        (Err(_), -1) => resolved_numerically(address),
        (_, -2) => Item::Nothing("a mask of -2"),
        (Ok(address), 0..) => with_prefix(address, prefix),
        (Err(_), 0..) => resolved_numerically(address),
        (Ok(IpAddr::V4(address)), -4) => Item::Network(IpAddr::V4(address).into()),
        (Ok(IpAddr::V6(address)), -12) => Item::Network(IpAddr::V6(address).into()),
        _ => resolved_numerically(address),
    }
}

/// A mask with a mask is taken as a network, whose address then is the mask.
fn mask_length_before_1_1(mask: &str) -> Option<i64> {
    let length = match mask
        .split_once('/')
        .map(|(address, mask)| masked_before_1_1(address, mask))
    {
        None => mask_length(mask),
        Some(Item::Refused(_)) => None,
        Some(Item::Network(network)) => mask_length(&network.address.to_string()),
        Some(_) => Some(0),
    };
    length.map(i64::from)
}

/// From 1.1.0 on: an address with a prefix length or a netmask, else not an address.
fn masked(address: &str, mask: &str) -> Option<Item> {
    if !is_dotted_quad(address) && !is_ipv6_like(address) {
        return None;
    }
    let is_number = !mask.is_empty() && mask.bytes().all(|b| b.is_ascii_digit());
    let prefix = if is_number {
        python_int(mask)?
    } else if is_dotted_quad(mask) || is_ipv6_like(mask) {
        match mask_length(mask) {
            Some(length) => i64::from(length),
            None => return Some(Item::Refused("a netmask with holes")),
        }
    } else {
        return None;
    };
    Some(address.parse().map_or_else(
        |_| resolved_numerically(address),
        |address| with_prefix(address, prefix),
    ))
}

/// A prefix length longer than the address leaves the address as it is.
fn with_prefix(address: IpAddr, prefix: i64) -> Item {
    let width = if address.is_ipv4() { 32 } else { 128 };
    match u8::try_from(prefix) {
        Ok(prefix) if prefix <= width => Item::Network(Network::exact(address, prefix)),
        _ => Item::Network(Network::exact(address, width)),
    }
}

impl Network {
    /// Like [`Network::new`], but keeps an IPv4-mapped IPv6 address unchanged, like one with a
    /// mask.
    fn exact(address: IpAddr, prefix: u8) -> Self {
        match address {
            IpAddr::V6(v6) if prefix >= 128 => Self {
                address: v6.into(),
                prefix: 128,
            },
            _ => Self::new(address, prefix),
        }
    }
}

/// `IPAddr.masktoplen`. Text that is not an address counts as address 0, which is the mask of
/// everything.
fn mask_length(mask: &str) -> Option<u8> {
    let bits = match mask.parse::<IpAddr>().map(|mask| mask.to_canonical()) {
        Ok(IpAddr::V4(v4)) => u128::from(v4.to_bits()),
        Ok(IpAddr::V6(v6)) => v6.to_bits(),
        Err(_) => 0,
    };
    let v4 = u32::try_from(bits)
        .ok()
        .filter(|bits| bits.leading_ones() + bits.trailing_zeros() == 32);
    let v6 = (bits.leading_ones() + bits.trailing_zeros() == 128).then(|| bits.leading_ones());
    v4.map(u32::leading_ones)
        .or(v6)
        .and_then(|length| u8::try_from(length).ok())
}

/// `int(text)` of Python, for numbers of a sane size.
fn python_int(text: &str) -> Option<i64> {
    let text = text.trim_matches(crate::python::is_space);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let grouped = digits
        .split('_')
        .all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()));
    let value = digits.replace('_', "").parse::<i64>().unwrap_or(i64::MAX);
    grouped.then_some(if text.starts_with('-') { -value } else { value })
}

fn is_dotted_quad(text: &str) -> bool {
    let numbers: Vec<&str> = text.split('.').collect();
    numbers.len() == 4
        && numbers.iter().all(|number| {
            (1..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
        })
}

/// The expression with which fail2ban recognises IPv6 addresses: without an embedded IPv4 address.
fn is_ipv6_like(text: &str) -> bool {
    text.contains(':') && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b':')
}

/// `file:/path`, `file:path`, `file:///path`
fn file_path(path: &str) -> String {
    let slashes = path.len() - path.trim_start_matches('/').len();
    let kept = if slashes == 0 { 0 } else { 1 };
    path[slashes - kept..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, before_1_1: &str, since: &str) {
        let shown = |dialect| match Item::parse(word, dialect) {
            Item::Network(network) => network.to_string(),
            Item::Name(name) => format!("name {name}"),
            Item::File(path) => format!("file {path}"),
            Item::Nothing(_) => "nothing".to_owned(),
            Item::Refused(_) => "refused".to_owned(),
        };
        assert_eq!(shown(Dialect::Before11), before_1_1, "{word} before 1.1");
        assert_eq!(shown(Dialect::V11), since, "{word} in 1.1.0");
    }

    #[test]
    fn an_invalid_mask_stops_1_0_and_matches_nothing_in_later_releases() {
        check("1.2.3.4/x", "refused", "nothing");
        check("1.2.3.4/", "refused", "nothing");
        check("1.2.3.4/255.0.255.0", "refused", "refused");
        check("example.org/24", "name example.org", "nothing");
        check("a/b", "refused", "nothing");
        check("a\0b", "refused", "refused");
    }

    #[test]
    fn a_mistyped_netmask_exempts_everybody() {
        check("10.0.0.0/255.255.255", "0.0.0.0/0", "nothing");
        check("10.0.0.0/255.255.255.256", "0.0.0.0/0", "0.0.0.0/0");
    }

    #[test]
    fn host_bits_are_cleared() {
        check("10.1.2.3/8", "10.0.0.0/8", "10.0.0.0/8");
        check("10.1.2.3/255.255.0.0", "10.1.0.0/16", "10.1.0.0/16");
        check("2001:db8::7/32", "2001:db8::/32", "2001:db8::/32");
        check("2001:db8::7/ffff::", "2001::/16", "2001::/16");
        check("1.2.3.4/33", "1.2.3.4", "1.2.3.4");
        check("0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0");
    }

    #[test]
    fn brackets_and_the_mapped_ipv6_prefix_are_removed() {
        check("[::1]", "::1", "::1");
        check("[1.2.3.4]", "1.2.3.4", "1.2.3.4");
        check("::ffff:1.2.3.4", "1.2.3.4", "1.2.3.4");
        check("::ffff:1.2.3.4/120", "::ffff:1.2.3.0/120", "nothing");
    }

    #[test]
    fn unusual_addresses_are_resolved_like_names() {
        check("10.1", "10.0.0.1", "10.0.0.1");
        check("010.0.0.1", "8.0.0.1", "8.0.0.1");
        check("0x7f.1", "127.0.0.1", "127.0.0.1");
        check("1.2.3.256", "nothing", "nothing");
        check("#", "nothing", "nothing");
        check("office", "name office", "name office");
        check("fe80::1%eth0", "nothing", "nothing");
        check("1.2.3.4;", "nothing", "nothing");
    }

    #[test]
    fn file_references_are_supported_from_1_1_1_on() {
        assert_eq!(
            Item::parse("file:///etc/list", Dialect::From111),
            Item::File("/etc/list".to_owned())
        );
        assert_eq!(
            Item::parse("file:list", Dialect::From111),
            Item::File("list".to_owned())
        );
        check("file:list", "nothing", "nothing");
        check("file:/etc/list", "refused", "nothing");
    }

    #[test]
    fn a_network_covers_its_subnetworks() {
        let network = |text| match Item::parse(text, Dialect::V11) {
            Item::Network(network) => network,
            other => panic!("{other:?}"),
        };
        assert!(network("10.0.0.0/8").covers(network("10.1.0.0/16")));
        assert!(!network("10.1.0.0/16").covers(network("10.0.0.0/8")));
        assert!(!network("0.0.0.0/0").covers(network("::1")));
        assert!(network("::/0").covers(network("::1")));
    }
}
