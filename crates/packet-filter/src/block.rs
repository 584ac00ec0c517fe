//! The rule that blocks a packet: its place, and what the client sees of it.

use crate::owner::Owner;
use crate::packet::Step;
use crate::verdict::{How, Seen};

/// The rule that keeps a packet from its destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The way of blocking.
    pub how: How,
    /// The packet of the connection that it matches.
    pub step: Step,
    /// False if it depends on something unknown.
    pub certain: bool,
    /// Its place and its text.
    pub seen: Seen,
    /// The base chain from which the kernel reached it: family, table and name of nft, program,
    /// table and name of iptables.
    pub base: String,
    /// The chains that the packet came through to it, in order, those that it came back from as well.
    pub through: Vec<String>,
    /// For a connection without a particular client: whether only IPv6, or only IPv4, is affected.
    pub family: Option<bool>,
    /// The program that has written it.
    pub owner: Owner,
}

impl Block {
    /// The place and the text of the rule, with its packet counter.
    #[must_use]
    pub fn evidence(&self) -> (String, String) {
        let Seen {
            source,
            place,
            text,
            packets,
            ..
        } = &self.seen;
        let count = packets.map_or_else(String::new, |packets| format!(" (packets: {packets})"));
        (format!("{source}: {place}"), format!("{text}{count}"))
    }

    /// Whether the connection is redirected rather than blocked.
    #[must_use]
    pub fn diverts(&self) -> bool {
        self.how == How::Diverted
    }

    /// What the client sees.
    #[must_use]
    pub fn effect(&self) -> &'static str {
        match (self.step, self.how) {
            (Step::Opening, How::Drop) => "no answer comes, so the client times out",
            (Step::Opening, How::Reset | How::Refused) => "the client sees `Connection refused`",
            (Step::Opening, How::Unreachable) => "the client sees `No route to host`",
            (_, How::Diverted) => "it is sent to another destination",
            (Step::Answer, _) => "the server's answer never arrives, so the client times out",
            (_, How::Reset) => "the connection is established and reset at once",
            (_, _) => "the connection is established, but no data arrives",
        }
    }
}
