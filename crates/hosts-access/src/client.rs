//! The client and the service it asks for.

use std::net::{IpAddr, Ipv6Addr};

/// What is known about the name of a host or a remote user.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// It was not looked up here: patterns that need it cannot be decided.
    #[default]
    Unknown,
    /// It was looked up and there is none: `UNKNOWN` matches.
    None,
    /// The address has a name that does not lead back to it: `PARANOID` matches, and the name itself does not count.
    Mismatch,
    /// The verified name.
    Known(String),
}

impl Name {
    /// The text that libwrap compares patterns with; `None` when it was not looked up.
    pub(crate) fn text(&self) -> Option<&[u8]> {
        match self {
            Self::Unknown => None,
            Self::None => Some(b"unknown"),
            Self::Mismatch => Some(b"paranoid"),
            Self::Known(name) => Some(&name.as_bytes()[..name.len().min(127)]),
        }
    }
}

/// One connection as libwrap sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Client {
    /// The client's address.
    pub addr: IpAddr,
    /// The client's host name.
    pub name: Name,
    /// The remote user by the ident protocol.
    pub user: Name,
    /// The daemon; `sshd` in every version of OpenSSH.
    pub daemon: String,
    /// The address on which the client arrived, if known.
    pub server_addr: Option<IpAddr>,
    /// The name of that address.
    pub server_name: Name,
    /// The port on which the client arrived, if known.
    pub server_port: Option<u16>,
}

impl Client {
    /// A client of `sshd` with this address and nothing else known.
    pub fn new(addr: IpAddr) -> Self {
        Self {
            addr,
            name: Name::Unknown,
            user: Name::Unknown,
            daemon: "sshd".to_owned(),
            server_addr: None,
            server_name: Name::Unknown,
            server_port: None,
        }
    }

    /// The same client with information about its name.
    #[must_use]
    pub fn named(self, name: Name) -> Self {
        Self { name, ..self }
    }

    /// The same client at another daemon.
    #[must_use]
    pub fn at(self, daemon: impl Into<String>) -> Self {
        Self {
            daemon: daemon.into(),
            ..self
        }
    }
}

/// An address as libwrap compares it: IPv4-mapped addresses count as IPv4, the rest is text as by inet_ntop(3).
pub(crate) fn canonical(addr: IpAddr) -> IpAddr {
    match addr {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(addr, IpAddr::V4),
        IpAddr::V4(_) => addr,
    }
}

/// The text of an address as the C library prints it: `::1.2.3.4` keeps its dots.
pub(crate) fn address_text(addr: IpAddr) -> String {
    match addr {
        IpAddr::V6(v6) if has_compatible_form(v6) => {
            let [.., a, b, c, d] = v6.octets();
            format!("::{a}.{b}.{c}.{d}")
        }
        _ => addr.to_string(),
    }
}

fn has_compatible_form(addr: Ipv6Addr) -> bool {
    let segments = addr.segments();
    segments[..6].iter().all(|&segment| segment == 0) && segments[6] != 0
}
