//! The rule that turns a packet away: where it stands, and what the client sees of it.

use crate::owner::Owner;
use crate::packet::Step;
use crate::verdict::{How, Seen};

/// The rule that turns a packet away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// How.
    pub how: How,
    /// Which packet of the connection it meets.
    pub step: Step,
    /// False where it depends on something that is not known.
    pub certain: bool,
    /// Where it stands and how it reads.
    pub seen: Seen,
    /// The chain by which the kernel came to it: family, table and name of nft, program, table and name of iptables.
    pub base: String,
    /// The chains that the packet came through to it, in order, those that it came back from as well.
    pub through: Vec<String>,
    /// Where nobody in particular is asked about: whether only IPv6, or only IPv4, meets it.
    pub family: Option<bool>,
    /// The program that has written it.
    pub owner: Owner,
}

impl Block {
    /// Where the rule stands and how it reads, with the packets it has met.
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

    /// Whether the connection goes elsewhere, rather than nowhere.
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
            (_, How::Diverted) => "it goes somewhere else",
            (Step::Answer, _) => "the server's answer never arrives, so the client times out",
            (_, How::Reset) => "the connection stands and is reset at once",
            (_, _) => "the connection stands, and then nothing comes",
        }
    }
}
