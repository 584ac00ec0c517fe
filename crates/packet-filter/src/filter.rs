//! The packet filter of a machine, and the path of a connection through it.

use serde_json::Value as Json;

use crate::block::Block;
use crate::iptables::{self, Sets};
use crate::nft;
use crate::packet::{Connection, Packet, Step};
use crate::walk::Ruleset;

/// The output of the machine's programs; without any, the filter is open.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    saved: Vec<Saved>,
    sets: Sets,
    nft: Option<Nft>,
}

/// The output of one variant of iptables.
#[derive(Debug, Clone)]
struct Saved {
    program: String,
    text: String,
}

#[derive(Debug, Clone)]
struct Nft {
    json: Json,
    listing: String,
}

impl Filter {
    /// Adds what `program -c` has printed, for example of `ip6tables-save`. What another program has shown of the same
    /// family counts once.
    pub fn add_iptables(&mut self, program: &str, text: &str) {
        let added = Saved {
            program: program.to_owned(),
            text: text.to_owned(),
        };
        let known =
            |saved: &Saved| saved.is_v6() == added.is_v6() && iptables::is_same(&saved.text, text);
        if !self.saved.iter().any(known) {
            self.saved.push(added);
        }
    }

    /// Adds what `ipset save` has printed.
    pub fn add_ipsets(&mut self, saved: &str) {
        self.sets.extend(iptables::sets(saved));
    }

    /// Adds a list of the match `recent`: one of the files that [`recent_lists`](crate::recent_lists) names.
    pub fn add_recent(&mut self, path: &str, text: &str) {
        self.sets
            .insert(path.to_owned(), iptables::recent_addresses(text));
    }

    /// Sets the output of `nft -j list ruleset` and, for the text of the rules, of `nft -a list
    /// ruleset`.
    pub fn set_nft(&mut self, json: Json, listing: String) {
        self.nft = Some(Nft { json, listing });
    }

    /// Whether nothing has shown a chain: neither nft nor any iptables.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nft.is_none()
            && !self
                .saved
                .iter()
                .any(|saved| saved.text.lines().any(|line| line.starts_with(':')))
    }

    /// For each base chain the rules that block the connection, in the order in which its packets
    /// meet them, each as if those before were repaired; if none is certain, the most likely one.
    #[must_use]
    pub fn blocks(&self, connection: &Connection) -> Vec<Block> {
        let mut connection = connection.clone();
        let (mut certain, mut possible): (Vec<Block>, Option<Block>) = (Vec::new(), None);
        for step in Step::ALL {
            let packet = connection.packet(step);
            let mut walked = self.ruleset(&packet).walk();
            if walked.untracked {
                connection.tracked &= step.is_reply();
                walked = self.ruleset(&packet.untracked()).walk();
            }
            let known: Vec<String> = certain.iter().map(|block| block.base.clone()).collect();
            for block in walked
                .blocks
                .into_iter()
                .map(|block| Block { step, ..block })
            {
                match block.certain {
                    true if known.contains(&block.base) => {}
                    true => certain.push(block),
                    false
                        if possible
                            .as_ref()
                            .is_none_or(|known| known.seen.packets < block.seen.packets) =>
                    {
                        possible = Some(block);
                    }
                    false => {}
                }
            }
        }
        if certain.is_empty() {
            possible.into_iter().collect()
        } else {
            certain
        }
    }

    /// All chains that the packet meets; tables of iptables are read from `iptables-save`, which
    /// shows them whole.
    fn ruleset(&self, packet: &Packet) -> Ruleset {
        let mut ruleset = Ruleset::default();
        let saved: Vec<&Saved> = self
            .saved
            .iter()
            .filter(|saved| saved.is_v6() == packet.v6)
            .collect();
        for Saved { program, text } in &saved {
            ruleset
                .chains
                .extend(iptables::lower(program, text, &self.sets, packet).chains);
        }
        if let Some(Nft { json, listing }) = &self.nft {
            let texts: Vec<&str> = saved.iter().map(|saved| saved.text.as_str()).collect();
            let elsewhere = nft::iptables_tables(json, &texts);
            ruleset
                .chains
                .extend(nft::lower(json, listing, packet, &elsewhere).chains);
        }
        ruleset
    }
}

impl Saved {
    fn is_v6(&self) -> bool {
        self.program.starts_with("ip6")
    }
}
