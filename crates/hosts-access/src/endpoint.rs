//! One end of a connection, as patterns are compared with it.

use std::net::IpAddr;

use crate::answer::{Doubt, Need};
use crate::client::{Name, address_text, canonical};
use crate::text::show;

/// One end of a connection.
pub(crate) struct Host<'a> {
    pub(crate) addr: Option<Address>,
    pub(crate) name: &'a Name,
    pub(crate) side: Side,
}

/// An address with the text that libwrap compares.
pub(crate) struct Address {
    pub(crate) ip: IpAddr,
    pub(crate) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

impl Address {
    pub(crate) fn new(addr: IpAddr) -> Self {
        let ip = canonical(addr);
        Self {
            ip,
            text: address_text(ip),
        }
    }
}

impl Host<'_> {
    /// The reason why a pattern cannot be decided without the name.
    pub(crate) fn unnamed(&self, pattern: &[u8]) -> Doubt {
        let (need, whose) = match self.side {
            Side::Client => (Need::ClientName, "the client"),
            Side::Server => (Need::ServerName, "this server"),
        };
        Doubt::new(
            need,
            format!("the host name of {whose} (pattern {})", show(pattern)),
        )
    }
}
