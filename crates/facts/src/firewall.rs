//! The packet filter: which rule keeps a client from sshd, for nftables and for both kinds of
//! iptables.

use std::net::IpAddr;

use serde_json::Value as Json;
use sshmend_packet_filter::{Block, Connection, Filter, recent_lists};

use crate::Facts;
use crate::known::{Known, Unchecked};

const NFT: [&str; 4] = ["nft", "-j", "list", "ruleset"];
const NFT_TEXT: [&str; 4] = ["nft", "-a", "list", "ruleset"];
const IPSET: [&str; 2] = ["ipset", "save"];
const IPTABLES: [[&str; 2]; 6] = [
    ["iptables-save", "-c"],
    ["ip6tables-save", "-c"],
    ["iptables-nft-save", "-c"],
    ["ip6tables-nft-save", "-c"],
    ["iptables-legacy-save", "-c"],
    ["ip6tables-legacy-save", "-c"],
];

/// The queues from which programs take packets, one a line that begins with its number.
const QUEUES: &str = "/proc/net/netfilter/nfnetlink_queue";

/// The addresses of IPv6 of this machine.
const IPV6: &str = "/proc/net/if_inet6";

impl Facts<'_> {
    /// The rules that block the client from sshd, each with the port, in the order in which its
    /// packets meet them, each as if those before were repaired. Without a client: the rules that
    /// block everyone, and those that block someone (not certain).
    pub fn blocks(&self) -> Known<Vec<(u16, Block)>> {
        self.cache.blocks.get_or_init(|| self.read_blocks()).clone()
    }

    fn read_blocks(&self) -> Known<Vec<(u16, Block)>> {
        let filter = self.filter()?;
        let client = self.question.client_address();
        let families = match client {
            Some(client) => vec![client.is_ipv6()],
            None => [false, true]
                .into_iter()
                .filter(|v6| !v6 || self.has_ipv6())
                .collect(),
        };
        let mut blocks: Vec<(u16, Block)> = Vec::new();
        for (port, v6) in self
            .dialled_ports()
            .into_iter()
            .flat_map(|port| families.iter().map(move |v6| (port, *v6)))
        {
            for block in filter.blocks(&self.connection(client, v6, port)) {
                match blocks
                    .iter_mut()
                    .find(|(_, known)| known.seen == block.seen)
                {
                    Some((_, known)) => known.family = known.family.filter(|family| *family == v6),
                    None => blocks.push((
                        port,
                        Block {
                            family: client.is_none().then_some(v6),
                            ..block
                        },
                    )),
                }
            }
        }
        Ok(blocks)
    }

    /// Whether the machine has an IPv6 address at which others may reach it; true if that is
    /// unknown.
    fn has_ipv6(&self) -> bool {
        let Ok(Some(text)) = self.text(IPV6) else {
            return !matches!(self.text(IPV6), Ok(None));
        };
        text.lines()
            .any(|line| line.split_whitespace().nth(3) == Some("00"))
    }

    fn connection(&self, client: Option<IpAddr>, v6: bool, port: u16) -> Connection {
        let way = client.and_then(|_| self.way_back()).unwrap_or_default();
        let (server, interface, served) = (way.source, way.interface, self.dialled_ports());
        let number = |line: &str| line.split_whitespace().next()?.parse().ok();
        let queues = self.text(QUEUES).ok().map(|text| {
            text.unwrap_or_default()
                .lines()
                .filter_map(number)
                .collect()
        });
        Connection {
            v6,
            client,
            server,
            port,
            interface,
            tracked: true,
            served,
            queues,
        }
    }

    /// Everything that the programs of the machine report; unchecked if none of them does.
    fn filter(&self) -> Known<Filter> {
        let mut filter = Filter::default();
        for command in &IPTABLES {
            let Ok(output) = self.run_as_root(command) else {
                continue;
            };
            let saved = output.text();
            if output.success() {
                filter.add_iptables(command[0], &saved);
            }
            for path in recent_lists(&saved) {
                if let Ok(Some(text)) = self.text(&path) {
                    filter.add_recent(&path, &text);
                }
            }
        }
        if let Ok(output) = self.run_as_root(&IPSET) {
            filter.add_ipsets(&output.text());
        }
        match self.nft() {
            Ok(json) => filter.set_nft(json, self.run_as_root(&NFT_TEXT)?.text()),
            Err(unchecked) if filter.is_empty() => return Err(unchecked),
            Err(_) => {}
        }
        Ok(filter)
    }

    fn nft(&self) -> Known<Json> {
        let output = self.run_as_root(&NFT)?;
        let failed = || Unchecked::new("firewall", String::from_utf8_lossy(&output.stderr).trim());
        if output.success() {
            serde_json::from_slice(&output.stdout).map_err(|_| failed())
        } else {
            Err(failed())
        }
    }
}
