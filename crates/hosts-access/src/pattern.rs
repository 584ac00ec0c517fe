//! Patterns: what a word of a list matches (host_match and string_match in hosts_access.c).

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};

use sshmend_lossless::os_text;

use crate::answer::{Answer, Doubt, Need};
use crate::endpoint::{Address, Host};
use crate::text::{atoi, dotted_quad, is_space, same, show, split_at, wildcard};

/// A pattern that is compared with one text: a daemon's name, a user's, an address or a host name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TextPattern {
    /// `ALL`.
    All,
    /// `KNOWN`: anything but `unknown`.
    Known,
    /// With `*` or `?`.
    Wildcard(Vec<u8>),
    /// `.example.com`: the end of a longer text.
    Suffix(Vec<u8>),
    /// `10.1.`: the start of a text.
    Prefix(Vec<u8>),
    /// `[2001:db8::7]`; `None` when the brackets hold no IPv6 address and never match.
    Bracketed(Option<Ipv6>),
    /// The text itself.
    Exact(Vec<u8>),
}

/// An IPv6 address in a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ipv6 {
    pub(crate) addr: Ipv6Addr,
    /// The interface name after `%`: it must exist, and is not compared.
    pub(crate) zone: Option<String>,
}

impl TextPattern {
    pub(crate) fn parse(word: &[u8]) -> Self {
        match word {
            _ if word.iter().any(|byte| matches!(byte, b'*' | b'?')) => {
                Self::Wildcard(word.to_vec())
            }
            [b'.', ..] => Self::Suffix(word.to_vec()),
            _ if same(word, b"ALL") => Self::All,
            _ if same(word, b"KNOWN") => Self::Known,
            [.., b'.'] => Self::Prefix(word.to_vec()),
            [b'[', inner @ .., b']'] => Self::Bracketed(Ipv6::parse(inner)),
            _ => Self::Exact(word.to_vec()),
        }
    }

    /// Whether it matches a text that is not an IPv6 address.
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::Known => !same(text, b"unknown"),
            Self::Wildcard(pattern) => wildcard(pattern, text),
            Self::Suffix(end) => {
                text.len() > end.len() && same(&text[text.len() - end.len()..], end)
            }
            Self::Prefix(start) => text.len() >= start.len() && same(&text[..start.len()], start),
            Self::Bracketed(_) => false,
            Self::Exact(word) => same(word, text),
        }
    }

    fn matches_address(&self, addr: &Address) -> Answer {
        match (self, addr.ip) {
            (Self::Bracketed(Some(pattern)), IpAddr::V6(addr)) => pattern.matches(addr, 128),
            _ => self.matches(addr.text.as_bytes()).into(),
        }
    }

    /// Whether a host name could match: words of digits, dots and slashes are never compared with names.
    fn wants_name(&self) -> bool {
        match self {
            Self::All | Self::Known | Self::Bracketed(_) => false,
            Self::Wildcard(word) | Self::Suffix(word) | Self::Prefix(word) | Self::Exact(word) => {
                word.iter()
                    .any(|byte| !matches!(byte, b'0'..=b'9' | b'.' | b'/'))
            }
        }
    }

    /// Whether any host name could match: the resolver rejects names with other characters.
    fn fits_a_name(&self) -> bool {
        match self {
            Self::All | Self::Known | Self::Bracketed(_) => false,
            Self::Wildcard(word) | Self::Suffix(word) | Self::Prefix(word) | Self::Exact(word) => {
                word.iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || b".-_/*?".contains(byte))
            }
        }
    }
}

impl Ipv6 {
    /// Parses the text between brackets as getaddrinfo(3) does for AF_INET6; a number is always a
    /// valid zone.
    fn parse(inner: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(inner).ok()?;
        let (addr, zone) = text
            .split_once('%')
            .map_or((text, None), |(addr, zone)| (addr, Some(zone)));
        let zone = zone
            .filter(|zone| zone.parse::<u32>().is_err())
            .map(str::to_owned);
        Some(Self {
            addr: addr.parse().ok()?,
            zone,
        })
    }

    fn matches(&self, addr: Ipv6Addr, bits: u32) -> Answer {
        let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
        if (u128::from(addr) ^ u128::from(self.addr)) & mask != 0 {
            return Answer::No;
        }
        match &self.zone {
            None => Answer::Yes,
            Some(zone) => {
                let text = format!("whether this machine has the interface {zone}");
                Answer::Maybe(Doubt::new(Need::Interface(zone.clone()), text))
            }
        }
    }
}

/// A pattern for a host, client or server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HostPattern {
    /// `@netgroup`.
    Netgroup(Vec<u8>),
    /// `/path/file`: the patterns that this file holds.
    File(PathBuf),
    /// `KNOWN`: a host with a verified name.
    Known,
    /// `LOCAL`: a host whose name has no dot.
    Local,
    /// `net/mask`, by what it can match.
    Masked(Network),
    /// Anything else: compared with the address, then perhaps with the name.
    Text(TextPattern),
}

/// The addresses that a `net/mask` pattern can match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Network {
    V4 {
        net: u32,
        mask: u32,
    },
    V6 {
        net: Ipv6,
        bits: u32,
    },
    /// The two sides are not a network that libwrap understands: it never matches.
    Malformed,
}

impl Network {
    fn parse(net: &[u8], mask: &[u8]) -> Self {
        if let Some(net) = dotted_quad(net) {
            return v4_mask(mask).map_or(Self::Malformed, |mask| Self::V4 { net, mask });
        }
        let bits = u32::try_from(atoi(mask)).ok().filter(|&bits| bits <= 128);
        match (net, bits) {
            ([b'[', inner @ .., b']'], Some(bits)) => {
                Ipv6::parse(inner).map_or(Self::Malformed, |net| Self::V6 { net, bits })
            }
            _ => Self::Malformed,
        }
    }

    fn matches(&self, addr: IpAddr) -> Answer {
        match (self, addr) {
            (Self::V4 { net, mask }, IpAddr::V4(addr)) => {
                // An address of 255.255.255.255 is an error to inet_addr(3).
                (!addr.is_broadcast() && u32::from(addr) & mask == *net).into()
            }
            (Self::V6 { net, bits }, IpAddr::V6(addr)) => net.matches(addr, *bits),
            _ => Answer::No,
        }
    }
}

/// A mask is a dotted quad, else a number from 1 to 32 with anything after it; 255.255.255.255 is
/// neither.
fn v4_mask(text: &[u8]) -> Option<u32> {
    dotted_quad(text).or_else(|| {
        let bits = u32::try_from(atoi(text))
            .ok()
            .filter(|bits| (1..=32).contains(bits))?;
        Some(u32::MAX << (32 - bits))
    })
}

impl HostPattern {
    pub(crate) fn parse(word: &[u8]) -> Self {
        match word {
            [b'@', group @ ..] => Self::Netgroup(group.to_vec()),
            [b'/', ..] => Self::File(PathBuf::from(os_text(word.to_vec()))),
            _ if same(word, b"KNOWN") => Self::Known,
            _ if same(word, b"LOCAL") => Self::Local,
            _ => split_at(word, b'/').map_or_else(
                || Self::Text(TextPattern::parse(word)),
                |(net, mask)| Self::Masked(Network::parse(net, mask)),
            ),
        }
    }

    /// Whether it matches this host; `word` is the pattern as written in the file, for the message.
    pub(crate) fn matches(&self, word: &[u8], host: &Host<'_>, files: &PatternFiles) -> Answer {
        match self {
            Self::Netgroup(group) => {
                let group = show(group);
                Answer::Maybe(Doubt::new(
                    Need::Netgroup(group.clone()),
                    format!("the members of netgroup {group}"),
                ))
            }
            Self::File(path) => files.matches(path, host),
            Self::Known => named(word, host, |_| true),
            Self::Local => named(word, host, |name| !name.contains(&b'.')),
            Self::Masked(Network::Malformed) => Answer::No,
            Self::Masked(network) => at_address(host, |addr| network.matches(addr.ip)),
            Self::Text(TextPattern::All) => Answer::Yes,
            Self::Text(text) => {
                at_address(host, |addr| text.matches_address(addr)).or(|| by_name(text, word, host))
            }
        }
    }
}

fn at_address(host: &Host<'_>, matches: impl FnOnce(&Address) -> Answer) -> Answer {
    match &host.addr {
        Some(addr) => matches(addr),
        None => Answer::Maybe(Doubt::new(
            Need::ServerAddress,
            "the address on which the client arrives",
        )),
    }
}

fn by_name(pattern: &TextPattern, word: &[u8], host: &Host<'_>) -> Answer {
    match host.name.text() {
        _ if !pattern.wants_name() => Answer::No,
        Some(name) => pattern.matches(name).into(),
        None if pattern.fits_a_name() => Answer::Maybe(host.unnamed(word)),
        None => Answer::No,
    }
}

/// For the keywords that require a verified name.
fn named(word: &[u8], host: &Host<'_>, fits: impl FnOnce(&[u8]) -> bool) -> Answer {
    match host.name.text() {
        None => Answer::Maybe(host.unnamed(word)),
        Some(name) => (!same(name, b"unknown") && !same(name, b"paranoid") && fits(name)).into(),
    }
}

/// The depth to which nested pattern files are followed (libwrap goes on until it runs out of
/// files).
pub(crate) const DEEPEST: usize = 2;

/// The files that `/path/file` patterns name, as far as they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PatternFiles {
    files: BTreeMap<PathBuf, PatternFile>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PatternFile {
    /// The words with their patterns; none when the file is missing.
    Words(Vec<(Vec<u8>, HostPattern)>),
    /// We cannot read it, for this reason.
    Unreadable(String),
}

impl PatternFile {
    /// Splits a pattern file as fscanf(3) with `%s` does; a word ends at a NUL, and repeated words
    /// are dropped.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let mut seen = BTreeSet::new();
        let words = bytes
            .split(|&byte| is_space(byte))
            .filter(|word| !word.is_empty());
        let words = words.map(|word| &word[..memchr::memchr(0, word).unwrap_or(word.len())]);
        let words = words.filter(|&word| seen.insert(word));
        Self::Words(
            words
                .map(|word| (word.to_vec(), HostPattern::parse(word)))
                .collect(),
        )
    }

    /// The files that this one names in turn.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Path> {
        let words = if let Self::Words(words) = self {
            words.as_slice()
        } else {
            &[]
        };
        words.iter().filter_map(|(_, pattern)| {
            if let HostPattern::File(path) = pattern {
                Some(path.as_path())
            } else {
                None
            }
        })
    }
}

impl PatternFiles {
    pub(crate) fn insert(&mut self, path: PathBuf, file: PatternFile) {
        self.files.insert(path, file);
    }

    pub(crate) fn get(&self, path: &Path) -> Option<&PatternFile> {
        self.files.get(path)
    }

    /// All words of all files, but for names of further files.
    pub(crate) fn words(&self) -> BTreeSet<&[u8]> {
        let words = self.files.values().flat_map(|file| match file {
            PatternFile::Words(words) => words.as_slice(),
            PatternFile::Unreadable(_) => &[],
        });
        let words = words.filter(|(_, pattern)| !matches!(pattern, HostPattern::File(_)));
        words.map(|(word, _)| word.as_slice()).collect()
    }

    fn matches(&self, path: &Path, host: &Host<'_>) -> Answer {
        self.matches_below(path, host, 0)
    }

    fn matches_below(&self, path: &Path, host: &Host<'_>, depth: usize) -> Answer {
        let doubt = |why: &str| {
            Doubt::new(
                Need::File(path.to_owned()),
                format!("{}, {why}", path.display()),
            )
        };
        let words = match self.files.get(path) {
            _ if depth == DEEPEST => return Answer::Maybe(doubt("which is nested too deep")),
            None => return Answer::Maybe(doubt("which was not read")),
            Some(PatternFile::Unreadable(why)) => {
                return Answer::Maybe(doubt(&format!("which cannot be read: {why}")));
            }
            Some(PatternFile::Words(words)) => words,
        };
        words.iter().fold(Answer::No, |answer, (word, pattern)| {
            answer.or(|| match pattern {
                HostPattern::File(inner) => self.matches_below(inner, host, depth + 1),
                _ => pattern.matches(word, host, self),
            })
        })
    }
}
