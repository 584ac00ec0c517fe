//! The clients that a pattern denotes, as far as that is known without a lookup.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::client::Name;
use crate::list::HostWord;
use crate::pattern::{HostPattern, Network, TextPattern};
use crate::steps;
use crate::text::{same, show};

/// The clients of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Extent {
    Everyone,
    /// All addresses with `addr & mask == net`.
    V4 {
        net: u32,
        mask: u32,
    },
    V6 {
        net: u128,
        bits: u32,
    },
    /// The host of this name.
    Host(String),
    /// All hosts whose name has this suffix, which includes the dot.
    Domain(String),
    /// A keyword or a pattern with wildcards, and the name of a client that it matches.
    Other {
        word: String,
        example: Name,
    },
}

impl Extent {
    /// `None` if the pattern matches nobody, or if that is unknown.
    pub(crate) fn of(host: &HostWord) -> Option<Self> {
        steps::add(1);
        match &host.pattern {
            HostPattern::Netgroup(_)
            | HostPattern::File(_)
            | HostPattern::Masked(Network::Malformed) => None,
            HostPattern::Known => Some(Self::other(host, Name::Known("known.example".to_owned()))),
            HostPattern::Local => Some(Self::other(host, Name::Known("localname".to_owned()))),
            HostPattern::Masked(Network::V4 { net, mask }) => {
                (net & mask == *net).then_some(Self::V4 {
                    net: *net,
                    mask: *mask,
                })
            }
            HostPattern::Masked(Network::V6 { net, bits }) => {
                let net_bits = u128::from(net.addr) & prefix6(*bits);
                net.zone.is_none().then_some(Self::V6 {
                    net: net_bits,
                    bits: *bits,
                })
            }
            HostPattern::Text(text) => Self::of_text(text, host),
        }
    }

    fn of_text(text: &TextPattern, host: &HostWord) -> Option<Self> {
        match text {
            TextPattern::All => Some(Self::Everyone),
            TextPattern::Known => None,
            TextPattern::Bracketed(address) => {
                let address = address
                    .as_ref()
                    .filter(|pattern| pattern.zone.is_none())?
                    .addr;
                address.to_ipv4_mapped().is_none().then_some(Self::V6 {
                    net: address.into(),
                    bits: 128,
                })
            }
            TextPattern::Prefix(word) if is_name(word) => {
                Some(Self::other(host, Name::Known(show(word) + "example")))
            }
            TextPattern::Prefix(word) => numbers(word),
            TextPattern::Wildcard(word) => {
                let prefix = word
                    .strip_suffix(b"*")
                    .filter(|prefix| prefix.ends_with(b"."))
                    .and_then(numbers);
                prefix.or_else(|| {
                    Some(Self::other(
                        host,
                        Name::Known(show(word).replace('?', "x").replace('*', "any")),
                    ))
                })
            }
            TextPattern::Suffix(word) => is_name(word).then(|| Self::Domain(show(word))),
            TextPattern::Exact(word) => match address(word) {
                Some(addr) => (!addr.is_broadcast()).then_some(Self::V4 {
                    net: addr.into(),
                    mask: u32::MAX,
                }),
                None if same(word, b"UNKNOWN") => Some(Self::other(host, Name::None)),
                None if same(word, b"PARANOID") => Some(Self::other(host, Name::Mismatch)),
                None => is_name(word).then(|| Self::Host(show(word))),
            },
        }
    }

    fn other(host: &HostWord, example: Name) -> Self {
        Self::Other {
            word: show(&host.word),
            example,
        }
    }

    /// Whether all clients of `inner` surely belong to this one.
    pub(crate) fn contains(&self, inner: &Self) -> bool {
        match (self, inner) {
            (Self::Everyone, _) => true,
            (
                Self::V4 { net, mask },
                Self::V4 {
                    net: inner,
                    mask: inner_mask,
                },
            ) => inner & mask == *net && inner_mask & mask == *mask,
            (
                Self::V6 { net, bits },
                Self::V6 {
                    net: inner,
                    bits: inner_bits,
                },
            ) => bits <= inner_bits && inner & prefix6(*bits) == *net,
            (Self::Domain(end), Self::Host(name) | Self::Domain(name)) => ends_with(name, end),
            (Self::Host(one), Self::Host(other)) => one.eq_ignore_ascii_case(other),
            (Self::Other { word: one, .. }, Self::Other { word: other, .. }) => {
                one.eq_ignore_ascii_case(other)
            }
            _ => false,
        }
    }

    /// Whether both mean the same clients.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.contains(other) && other.contains(self)
    }

    /// Whether some client may belong to both.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::V4 { net, mask },
                Self::V4 {
                    net: other,
                    mask: other_mask,
                },
            ) => (net ^ other) & mask & other_mask == 0,
            (
                Self::V6 { net, bits },
                Self::V6 {
                    net: other,
                    bits: other_bits,
                },
            ) => (net ^ other) & prefix6(*bits.min(other_bits)) == 0,
            (Self::V4 { .. }, Self::V6 { .. }) | (Self::V6 { .. }, Self::V4 { .. }) => false,
            _ => true,
        }
    }

    /// Whether it is one range of addresses, for which testing the edges suffices.
    pub(crate) fn is_range(&self) -> bool {
        match self {
            Self::V4 { mask, .. } => mask.leading_ones() + mask.trailing_zeros() == 32,
            Self::V6 { .. } => true,
            _ => false,
        }
    }

    /// Whether an address certainly belongs to it.
    pub(crate) fn holds(&self, addr: IpAddr) -> bool {
        match addr {
            IpAddr::V4(addr) => self.contains(&Self::V4 {
                net: addr.into(),
                mask: u32::MAX,
            }),
            IpAddr::V6(addr) => self.contains(&Self::V6 {
                net: addr.into(),
                bits: 128,
            }),
        }
    }

    /// The address, when it means but one.
    pub(crate) fn single_address(&self) -> Option<IpAddr> {
        match self {
            Self::V4 {
                net,
                mask: u32::MAX,
            } => Some(Ipv4Addr::from(*net).into()),
            Self::V6 { net, bits: 128 } => Some(Ipv6Addr::from(*net).into()),
            _ => None,
        }
    }

    /// Clients that it means, those at its edges among them; a name that does not matter is unknown.
    pub(crate) fn probes(&self) -> Vec<(IpAddr, Name)> {
        let named = |name: Name| vec![(NOWHERE, name)];
        match self {
            Self::Everyone => {
                let loopback = [
                    IpAddr::V4(Ipv4Addr::LOCALHOST),
                    IpAddr::V6(Ipv6Addr::LOCALHOST),
                ];
                loopback
                    .into_iter()
                    .chain([NOWHERE, NOWHERE_V6])
                    .map(|addr| (addr, Name::Unknown))
                    .collect()
            }
            Self::V4 { net, mask } => edges(
                [*net, net | !mask],
                |&addr| addr != u32::MAX,
                u32::MAX - 1,
                Ipv4Addr::from,
            ),
            Self::V6 { net, bits } => {
                edges([*net, net | !prefix6(*bits)], |_| true, 0, Ipv6Addr::from)
            }
            Self::Host(name) => named(Name::Known(name.clone())),
            Self::Domain(end) => named(Name::Known(format!("host{end}"))),
            Self::Other { example, .. } => named(example.clone()),
        }
    }

    /// The addresses just before it and just after it.
    pub(crate) fn neighbours(&self) -> Vec<IpAddr> {
        match self {
            Self::V4 { net, mask } => {
                let both = [net.checked_sub(1), (net | !mask).checked_add(1)];
                both.into_iter()
                    .flatten()
                    .map(|addr| Ipv4Addr::from(addr).into())
                    .collect()
            }
            Self::V6 { net, bits } => {
                let both = [net.checked_sub(1), (net | !prefix6(*bits)).checked_add(1)];
                both.into_iter()
                    .flatten()
                    .map(|addr| Ipv6Addr::from(addr).into())
                    .collect()
            }
            _ => Vec::new(),
        }
    }
}

/// An address of a range that is set aside for documentation.
pub(crate) const NOWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
/// The same for IPv6.
pub(crate) const NOWHERE_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));

fn edges<N: PartialEq, A: Into<IpAddr>>(
    both: [N; 2],
    fits: impl Fn(&N) -> bool,
    instead: N,
    address: impl Fn(N) -> A,
) -> Vec<(IpAddr, Name)> {
    let [first, last] = both.map(|edge| if fits(&edge) { Some(edge) } else { None });
    let last = last
        .or(Some(instead))
        .filter(|last| first.as_ref() != Some(last));
    first
        .into_iter()
        .chain(last)
        .map(|edge| (address(edge).into(), Name::Unknown))
        .collect()
}

/// The mask of an IPv6 prefix length.
pub(crate) fn prefix6(bits: u32) -> u128 {
    u128::MAX
        .checked_shl(128u32.saturating_sub(bits))
        .unwrap_or(0)
}

/// `10.1.`: one to three plain numbers, each with its dot.
fn numbers(prefix: &[u8]) -> Option<Extent> {
    let text = std::str::from_utf8(prefix).ok()?.strip_suffix('.')?;
    let numbers: Vec<u8> = text.split('.').map(plain_number).collect::<Option<_>>()?;
    let bits = 8 * u32::try_from(numbers.len())
        .ok()
        .filter(|&count| count < 4)?;
    let mut net = [0; 4];
    net[..numbers.len()].copy_from_slice(&numbers);
    Some(Extent::V4 {
        net: u32::from_be_bytes(net),
        mask: u32::MAX << (32 - bits),
    })
}

/// The IPv4 address that a word is, in the usual form.
pub(crate) fn address(word: &[u8]) -> Option<Ipv4Addr> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

fn plain_number(text: &str) -> Option<u8> {
    text.parse()
        .ok()
        .filter(|number: &u8| number.to_string() == text)
}

/// Words without a letter are compared with addresses only; some letters and signs no name has.
fn is_name(word: &[u8]) -> bool {
    word.iter().any(u8::is_ascii_alphabetic)
        && word
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(byte))
}

fn ends_with(name: &str, end: &str) -> bool {
    name.len() >= end.len() && same(&name.as_bytes()[name.len() - end.len()..], end.as_bytes())
}
