//! One classified log line.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;

use crate::cause::CauseName;
use crate::kind::Kind;
use crate::program::Program;

/// One log line about SSH, classified.
///
/// All texts are bytes as found in the log: user names, reasons and offers are chosen by the
/// client, so they may imitate log lines and contain anything but a line feed. Escape them before
/// they reach a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    /// The time; `None` if the log has none.
    pub time: Option<Timestamp>,
    /// The machine that wrote it; empty if the log does not name it.
    pub host: &'a [u8],
    /// The program that wrote it.
    pub program: Program,
    /// The process that wrote it.
    pub pid: Option<u32>,
    /// The event.
    pub kind: Kind,
    /// The name of the cause that it indicates, as in `sshmend explain`.
    pub cause: Option<CauseName>,
    /// Whether the line does not prove its cause: other programs use the same words and nothing
    /// shows that sshd wrote it, or the event may have had no effect.
    pub is_vague: bool,
    /// Whether the connection ended after an attempt to log in that has no separate line: at INFO
    /// sshd does not log a rejected key.
    pub is_untold_attempt: bool,
    /// The effect of the line on the count of its cause.
    pub account: Account,
    /// Before or after the login.
    pub stage: Stage,
    /// The peer: from the line itself, else from other lines of the same process.
    pub source: Option<Source>,
    /// The user name.
    pub user: Option<&'a [u8]>,
    /// Further text of the line: the reason, the offer, the jail, the file.
    pub detail: &'a [u8],
    /// The number in the line: connections pending or dropped, a process, a line of a file.
    pub number: Option<u64>,
    /// The number of times the line was written: 1, or more for `message repeated N times`.
    pub repeats: u64,
    /// The whole line, without its ending.
    pub line: &'a [u8],
    /// The line (for journal export: the record) in the input, counted from 1.
    pub line_number: u64,
}

impl Event<'_> {
    /// The number of connections, or events of the machine, that it adds to its cause: a line of
    /// sshd folded N times is N lines of one connection, one of the kernel N events.
    pub fn connections(&self) -> u64 {
        match self.account {
            Account::Fresh if self.program.is_sshd() => 1,
            Account::Fresh => self.repeats,
            Account::Attributes(_) | Account::Withdraws(_) | Account::Again => 0,
        }
    }

    /// Whether it concerns the machine, outside any connection.
    pub(crate) fn is_of_machine(&self) -> bool {
        let kinds = [
            Kind::BindFailed,
            Kind::HostKeyUnusable,
            Kind::Broken,
            Kind::ListenerFault,
            Kind::WrapperFault,
            Kind::ConntrackFull,
            Kind::ListenQueue,
            Kind::OomKill,
            Kind::ForkRejected,
            Kind::FileTableFull,
            Kind::AccessDenied,
            Kind::TriggerLimit,
            Kind::UnitFailed,
            Kind::UnitChanged,
        ];
        let of_client = self.source.is_some() && self.program.is_sshd();
        matches!(self.kind, Kind::Banned) || (kinds.contains(&self.kind) && !of_client)
    }
}

/// The effect of a line on the number of connections that met a cause.
///
/// One connection often leaves several lines, and the first of them may not name the address
/// (`kex_exchange_identification: …`); so lines are not connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// The first line of its connection that indicates the cause.
    Fresh,
    /// Names the source of a connection that an earlier line counted for this cause without one.
    Attributes(CauseName),
    /// Cancels the count of the latest line for this cause and source: the event announced by it
    /// did not happen.
    Withdraws(CauseName),
    /// None: the connection was already counted, or the line has no cause.
    Again,
}

/// Before or after the login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The line does not show it.
    Unknown,
    /// Before the login.
    BeforeLogin,
    /// After the login.
    AfterLogin,
}

/// The peer of a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Its address or name.
    pub peer: Peer,
    /// Its port.
    pub port: Option<u16>,
}

/// An address, or a name in its place (UseDNS, PAM's `rhost=`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// An address; IPv4-mapped IPv6 is converted to IPv4.
    Address(IpAddr),
    /// Anything else.
    Name(Box<str>),
}

impl Hash for Peer {
    /// Hashes the most frequent kind as one number, which is mixed once.
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Address(IpAddr::V4(address)) => state.write_u32(address.to_bits()),
            Self::Address(IpAddr::V6(address)) => address.hash(state),
            Self::Name(name) => name.hash(state),
        }
    }
}

impl Peer {
    /// Parses an address or a name; `None` for an empty text, for `UNKNOWN`, which sshd writes if
    /// it does not know it, and for a mask of an address (`***`).
    pub fn read(text: &[u8]) -> Option<Self> {
        if let Some(address) = ipv4(text) {
            return Some(Self::Address(address.into()));
        }
        let text = std::str::from_utf8(text).ok()?;
        if text.is_empty() || text.eq_ignore_ascii_case("unknown") || is_mask(text.as_bytes()) {
            return None;
        }
        let bare = text
            .split_once('%')
            .map_or(text, |(address, _zone)| address);
        Some(bare.parse().map_or_else(
            |_| Self::Name(text.into()),
            |address| Self::Address(unmapped(address)),
        ))
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// Parses `192.0.2.1`, the most common form, faster than the general parser does.
pub(crate) fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    const LONGEST: usize = 15;
    if text.len() > LONGEST {
        return None;
    }
    let mut bytes = [0; LONGEST + 1];
    bytes[..text.len()].copy_from_slice(text);
    let (mut address, mut at) = (0, 0);
    for end in [b'.', b'.', b'.', 0] {
        let (octet, digits) = octet(
            bytes[at & LONGEST..].first_chunk::<4>().unwrap_or(&[0; 4]),
            end,
        )?;
        address = address << 8 | octet;
        at += digits + 1;
    }
    (at == text.len() + 1).then(|| Ipv4Addr::from(address))
}

/// The number of up to three digits that this byte ends, and how many these are. A zero in front may mean octal, which is for
/// the other parser to refuse: it stands alone here.
#[inline]
fn octet(text: &[u8; 4], end: u8) -> Option<(u32, usize)> {
    let digit = |at: usize| u32::from(text[at].wrapping_sub(b'0'));
    if digit(0) > 9 {
        return None;
    }
    if text[1] == end {
        return Some((digit(0), 1));
    }
    if digit(0) == 0 || digit(1) > 9 {
        return None;
    }
    if text[2] == end {
        return Some((digit(0) * 10 + digit(1), 2));
    }
    let octet = digit(0) * 100 + digit(1) * 10 + digit(2);
    (digit(2) <= 9 && text[3] == end && octet < 256).then_some((octet, 3))
}

fn unmapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => Ipv6Addr::to_ipv4_mapped(&v6).map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// Whether the text masks an address or a number.
pub(crate) fn is_mask(text: &[u8]) -> bool {
    let hides = |by: &u8| matches!(by, b'*' | b'x' | b'X' | b'.' | b':' | b'#' | b'?');
    let bracketed = matches!(text, [b'<' | b'{' | b'$', ..]);
    !text.is_empty() && (bracketed || text.iter().all(hides))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_reader_of_addresses_agrees_with_the_other() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..200_000 {
            let length = random.usize(0..16);
            let text: String = (0..length)
                .map(|_| *random.choice(&['0', '1', '2', '5', '.', '.', '9']).unwrap())
                .collect();
            let parsed = text.parse::<Ipv4Addr>().ok();
            assert_eq!(ipv4(text.as_bytes()), parsed, "{text}");
        }
        assert_eq!(ipv4(b"255.255.255.255"), Some(Ipv4Addr::BROADCAST));
        assert_eq!(ipv4(b"1.2.3.256"), None);
    }

    #[test]
    fn a_mapped_address_is_its_ipv4_address() {
        let read = |text: &[u8]| Peer::read(text).map(|peer| peer.to_string());
        assert_eq!(read(b"::ffff:192.0.2.1").as_deref(), Some("192.0.2.1"));
        assert_eq!(read(b"fe80::1%eth0").as_deref(), Some("fe80::1"));
        assert_eq!(read(b"gw.example.com").as_deref(), Some("gw.example.com"));
        assert_eq!(read(b"UNKNOWN"), None);
        assert_eq!(read(b""), None);
        assert_eq!(read(b"\xff"), None);
    }
}
