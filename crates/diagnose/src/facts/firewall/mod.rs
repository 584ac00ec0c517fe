//! The packet filter: which rule turns a client away from sshd, of nftables and of both kinds of iptables.

mod iptables;
mod mend;
mod nft;
mod owner;
mod packet;
#[cfg(test)]
mod tests;
mod value;
mod walk;

use std::net::IpAddr;

use serde_json::Value as Json;
use sshmend_lossless::CommandOutput;

use super::Facts;
use crate::ask::Ask;
use crate::verdict::{Known, Unchecked};

pub(crate) use owner::Owner;
pub(crate) use packet::in_network_text;
pub(crate) use walk::Block;
use walk::{How, Seen};

use packet::{Connection, Packet, Step};
use walk::Ruleset;

const NFT: [&str; 4] = ["nft", "-j", "list", "ruleset"];
const NFT_TEXT: [&str; 4] = ["nft", "-a", "list", "ruleset"];
const IPSET: [&str; 2] = ["ipset", "save"];
/// The command, and whether it speaks of IPv6.
const IPTABLES: [([&str; 2], bool); 6] = [
    (["iptables-save", "-c"], false),
    (["ip6tables-save", "-c"], true),
    (["iptables-nft-save", "-c"], false),
    (["ip6tables-nft-save", "-c"], true),
    (["iptables-legacy-save", "-c"], false),
    (["ip6tables-legacy-save", "-c"], true),
];

pub(super) fn ask(ask: &mut Ask<'_>) {
    if ask.facts.question.privileged {
        ask.run(&NFT);
        ask.run(&NFT_TEXT);
        ask.run(&IPSET);
        for (command, _) in &IPTABLES {
            ask.run(command);
            let saved = ask.facts.run(command).map(CommandOutput::text).unwrap_or_default();
            iptables::recent_lists(&saved).into_iter().for_each(|path| ask.read(path));
        }
        ask.read(IPV6);
        ask.read(QUEUES);
    }
}

/// The queues from which programs take packets, one a line that begins with its number.
const QUEUES: &str = "/proc/net/netfilter/nfnetlink_queue";

/// The addresses of IPv6 of this machine.
const IPV6: &str = "/proc/net/if_inet6";

impl Facts<'_> {
    /// The rules that turn the client away from sshd, each with the port, in the order in which its packets meet them, those
    /// before taken as mended; without a client, those that turn everyone away, and those that turn someone away (not
    /// certain).
    pub(crate) fn blocks(&self) -> Known<Vec<(u16, Block)>> {
        self.cache.blocks.get_or_init(|| self.read_blocks()).clone()
    }

    fn read_blocks(&self) -> Known<Vec<(u16, Block)>> {
        let client = self.question.client_address();
        let families = match client {
            Some(client) => vec![client.is_ipv6()],
            None => [false, true].into_iter().filter(|v6| !v6 || self.has_ipv6()).collect(),
        };
        let mut blocks: Vec<(u16, Block)> = Vec::new();
        for (port, v6) in self.ports().into_iter().flat_map(|port| families.iter().map(move |v6| (port, *v6))) {
            for block in self.blocks_of(&self.connection(client, v6, port))? {
                match blocks.iter_mut().find(|(_, known)| known.seen == block.seen) {
                    Some((_, known)) => known.family = known.family.filter(|family| *family == v6),
                    None => blocks.push((port, Block { family: client.is_none().then_some(v6), ..block })),
                }
            }
        }
        Ok(blocks)
    }

    /// Of each base chain, the rules that the first packet meets that does not pass; where none is certain, the likeliest.
    fn blocks_of(&self, connection: &Connection) -> Known<Vec<Block>> {
        let mut connection = connection.clone();
        let (mut certain, mut possible): (Vec<Block>, Option<Block>) = (Vec::new(), None);
        for step in Step::ALL {
            let packet = connection.packet(step);
            let mut walked = self.ruleset(&packet)?.walk();
            if walked.untracked {
                connection.tracked &= step.is_reply();
                walked = self.ruleset(&packet.untracked())?.walk();
            }
            let known: Vec<String> = certain.iter().map(|block| block.base.clone()).collect();
            for block in walked.blocks.into_iter().map(|block| Block { step, ..block }) {
                match block.certain {
                    true if known.contains(&block.base) => {}
                    true => certain.push(block),
                    false if possible.as_ref().is_none_or(|known| known.seen.packets < block.seen.packets) => {
                        possible = Some(block);
                    }
                    false => {}
                }
            }
        }
        Ok(if certain.is_empty() { possible.into_iter().collect() } else { certain })
    }

    /// Whether the machine has an address of IPv6 by which others may come; taken so where it is not known.
    fn has_ipv6(&self) -> bool {
        let Ok(Some(text)) = self.text(IPV6) else { return !matches!(self.text(IPV6), Ok(None)) };
        text.lines().any(|line| line.split_whitespace().nth(3) == Some("00"))
    }

    fn connection(&self, client: Option<IpAddr>, v6: bool, port: u16) -> Connection {
        let way = client.and_then(|_| self.way_back()).unwrap_or_default();
        let (server, interface, served) = (way.source, way.interface, self.ports());
        let number = |line: &str| line.split_whitespace().next()?.parse().ok();
        let queues = self.text(QUEUES).ok().map(|text| text.unwrap_or_default().lines().filter_map(number).collect());
        Connection { v6, client, server, port, interface, tracked: true, served, queues }
    }

    /// Everything that the packet meets; tables of iptables are read from `iptables-save`, which shows them whole.
    fn ruleset(&self, packet: &Packet) -> Known<Ruleset> {
        let mut ruleset = Ruleset::default();
        let mut saved: Vec<String> = Vec::new();
        for (command, v6) in &IPTABLES {
            let Ok(output) = self.run_as_root(command) else { continue };
            let text = output.text();
            if *v6 == packet.v6 && output.success() && !saved.iter().any(|other| iptables::is_same(other, &text)) {
                ruleset.chains.extend(iptables::lower(command[0], &text, &self.ipsets(), packet).chains);
                saved.push(text);
            }
        }
        let json = self.nft();
        if let Ok(json) = json {
            let elsewhere = nft::iptables_tables(json, &saved);
            let listing = self.run_as_root(&NFT_TEXT)?.text();
            ruleset.chains.extend(nft::lower(json, &listing, packet, &elsewhere).chains);
        }
        match json {
            Err(unchecked) if ruleset.chains.is_empty() => Err(unchecked),
            _ => Ok(ruleset),
        }
    }

    /// The sets of `ipset`, and the lists of the match `recent`.
    fn ipsets(&self) -> iptables::Sets {
        let mut sets = self.run_as_root(&IPSET).map(|output| iptables::sets(&output.text())).unwrap_or_default();
        for (command, _) in &IPTABLES {
            let saved = self.run_as_root(command).map(CommandOutput::text).unwrap_or_default();
            for path in iptables::recent_lists(&saved) {
                if let Ok(Some(text)) = self.text(&path) {
                    sets.insert(path, iptables::recent_addresses(&text));
                }
            }
        }
        sets
    }

    fn nft(&self) -> Known<&Json> {
        let read = || {
            let output = self.run_as_root(&NFT)?;
            let failed = || Unchecked::new("firewall", String::from_utf8_lossy(&output.stderr).trim());
            if output.success() { serde_json::from_slice(&output.stdout).map_err(|_| failed()) } else { Err(failed()) }
        };
        self.cache.nft.get_or_init(read).as_ref().map_err(Clone::clone)
    }
}

impl Block {
    /// Where the rule stands and how it reads, with the packets it has met.
    pub(crate) fn evidence(&self) -> (String, String) {
        let Seen { source, place, text, packets, .. } = &self.seen;
        let count = packets.map_or_else(String::new, |packets| format!(" (packets: {packets})"));
        (format!("{source}: {place}"), format!("{text}{count}"))
    }
}

impl Block {
    /// Whether the connection goes elsewhere, rather than nowhere.
    pub(crate) fn diverts(&self) -> bool {
        self.how == How::Diverted
    }

    /// What the client sees.
    pub(crate) fn effect(&self) -> &'static str {
        match (self.step, self.how) {
            (Step::Opening, How::Drop) => "no answer comes, so the client times out",
            (Step::Opening, How::Reset | How::Refused) => "the client sees `Connection refused`",
            (Step::Opening, How::Unreachable) => "the client sees `No route to host`",
            (_, How::Diverted) => "it goes somewhere else",
            (Step::Answer, _) => "the server's answer never arrives, so the client times out",
            (_, How::Reset) => "the connection stands and is reset at once",
            (_, _) => "the connection stands, and then nothing comes",
        }
    }
}
