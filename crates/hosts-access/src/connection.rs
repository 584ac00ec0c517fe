//! One connection, made ready to be compared with many patterns.

use crate::client::Client;
use crate::endpoint::{Address, Host, Side};
use crate::pattern::PatternFiles;

/// Both ends of a connection, and the files that patterns may name.
pub(crate) struct Connection<'a> {
    pub(crate) client: &'a Client,
    pub(crate) peer: Host<'a>,
    pub(crate) server: Host<'a>,
    pub(crate) files: &'a PatternFiles,
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

    /// The daemon's name, truncated as libwrap does.
    pub(crate) fn daemon(&self) -> &[u8] {
        let name = self.client.daemon.as_bytes();
        &name[..name.len().min(127)]
    }
}
