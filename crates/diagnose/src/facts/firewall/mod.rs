//! The packet filter: which rule turns a client away from sshd, of nftables and of both kinds of iptables.

mod iptables;
mod nft;
mod owner;
mod packet;
#[cfg(test)]
mod tests;
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
const IPTABLES: [([&str; 2], bool); 4] = [
    (["iptables-save", "-c"], false),
    (["ip6tables-save", "-c"], true),
    (["iptables-legacy-save", "-c"], false),
    (["ip6tables-legacy-save", "-c"], true),
];

pub(super) fn ask(ask: &mut Ask<'_>) {
    if ask.facts.question.privileged {
        ask.run(&NFT);
        ask.run(&NFT_TEXT);
        ask.run(&IPSET);
        IPTABLES.iter().for_each(|(command, _)| ask.run(command));
    }
    if let Some(client) = ask.facts.question.client_address() {
        ask.run(&route(client));
    }
}

fn route(client: IpAddr) -> [String; 4] {
    ["ip", "route", "get", &client.to_string()].map(str::to_owned)
}

impl Facts<'_> {
    /// The rules that turn the client away from sshd, each with the port; without a client,
    /// those that turn everyone away, and those that turn someone away (not certain).
    pub(crate) fn blocks(&self) -> Known<Vec<(u16, Block)>> {
        let client = self.question.client_address();
        let families = client.map_or(vec![false, true], |client| vec![client.is_ipv6()]);
        let mut blocks: Vec<(u16, Block)> = Vec::new();
        for (port, v6) in self.ports().into_iter().flat_map(|port| families.iter().map(move |v6| (port, *v6))) {
            let connection = self.connection(client, v6, port);
            let mut block = None;
            for step in Step::ALL {
                let found = self.ruleset(&connection.packet(step))?.block().map(|block| Block { step, ..block });
                block = if found.as_ref().is_some_and(|found| found.certain) { found } else { block.or(found) };
                if block.as_ref().is_some_and(|block| block.certain) {
                    break;
                }
            }
            blocks.extend(block.map(|block| (port, block)));
        }
        blocks.dedup_by(|a, b| a.1.seen == b.1.seen);
        Ok(blocks)
    }

    fn connection(&self, client: Option<IpAddr>, v6: bool, port: u16) -> Connection {
        let route = client.and_then(|client| self.run(&route(client)).ok()).map(CommandOutput::text);
        let word_after = |key: &str| {
            let text = route.as_deref()?;
            text.split_whitespace().skip_while(|word| *word != key).nth(1).map(str::to_owned)
        };
        let server = word_after("src").and_then(|text| text.parse().ok());
        Connection { v6, client, server, port, interface: word_after("dev") }
    }

    /// Everything that the packet meets; tables of iptables are read from `iptables-save`, which shows them whole.
    fn ruleset(&self, packet: &Packet) -> Known<Ruleset> {
        let mut ruleset = Ruleset::default();
        let mut elsewhere = Vec::new();
        let sets = self.run_as_root(&IPSET).map(|output| iptables::sets(&output.text())).unwrap_or_default();
        for (command, v6) in &IPTABLES {
            let Ok(output) = self.run_as_root(command) else { continue };
            if *v6 == packet.v6 && output.success() {
                ruleset.chains.extend(iptables::lower(command[0], &output.text(), &sets, packet).chains);
            }
        }
        let json = self.nft();
        if let Ok(json) = json {
            if !ruleset.chains.is_empty() {
                elsewhere = nft::iptables_tables(json);
            }
            let listing = self.run_as_root(&NFT_TEXT)?.text();
            ruleset.chains.extend(nft::lower(json, &listing, packet, &elsewhere).chains);
        }
        match json {
            Err(unchecked) if ruleset.chains.is_empty() => Err(unchecked),
            _ => Ok(ruleset),
        }
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
        let Seen { source, place, text, packets } = &self.seen;
        let count = packets.map_or_else(String::new, |packets| format!(" (packets: {packets})"));
        (format!("{source}: {place}"), format!("{text}{count}"))
    }
}

impl Block {
    /// What the client sees.
    pub(crate) fn effect(&self) -> &'static str {
        match (self.step, self.how) {
            (Step::Opening, How::Drop) => "no answer comes, so the client times out",
            (Step::Opening, How::Reset | How::Refused) => "the client sees `Connection refused`",
            (Step::Opening, How::Unreachable) => "the client sees `No route to host`",
            (Step::Answer, _) => "the server's answer never arrives, so the client times out",
            (Step::Following | Step::Speaking, How::Reset) => "the connection stands and is reset at once",
            (Step::Following | Step::Speaking, _) => "the connection stands, and then nothing comes",
        }
    }
}
