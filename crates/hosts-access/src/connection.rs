//! One connection, made ready to be compared with many patterns.

use std::net::IpAddr;

use crate::answer::{Doubt, Need};
use crate::client::{Client, Name, address_text, canonical};
use crate::pattern::PatternFiles;
use crate::text::show;

/// Both ends of a connection, and the files that patterns may name.
pub(crate) struct Connection<'a> {
    pub(crate) client: &'a Client,
    pub(crate) peer: Host<'a>,
    pub(crate) server: Host<'a>,
    pub(crate) files: &'a PatternFiles,
}

/// One end of a connection.
pub(crate) struct Host<'a> {
    pub(crate) addr: Option<Address>,
    pub(crate) name: &'a Name,
    side: Side,
}

/// An address with the text that libwrap compares.
pub(crate) struct Address {
    pub(crate) ip: IpAddr,
    pub(crate) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

impl<'a> Connection<'a> {
    pub(crate) fn new(client: &'a Client, files: &'a PatternFiles) -> Self {
        let peer = Host {
            addr: Some(Address::new(client.addr)),
            name: &client.name,
            side: Side::Client,
        };
        let server = client.server_addr.map(Address::new);
        let server = Host {
            addr: server,
            name: &client.server_name,
            side: Side::Server,
        };
        Self {
            client,
            peer,
            server,
            files,
        }
    }

    /// The daemon's name, as much of it as libwrap keeps.
    pub(crate) fn daemon(&self) -> &[u8] {
        let name = self.client.daemon.as_bytes();
        &name[..name.len().min(127)]
    }
}

impl Address {
    fn new(addr: IpAddr) -> Self {
        let ip = canonical(addr);
        Self {
            ip,
            text: address_text(ip),
        }
    }
}

impl Host<'_> {
    /// Why a pattern cannot be decided without the name.
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
