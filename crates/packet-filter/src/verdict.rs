//! The action of a rule, and its place.

/// The way in which a packet is blocked, which determines what the client sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// No answer: the client times out.
    Drop,
    /// A reset comes back: `Connection refused`.
    Reset,
    /// An ICMP message that clients read as `Connection refused`.
    Refused,
    /// An ICMP message that clients read as `No route to host`.
    Unreachable,
    /// It goes to another port or machine.
    Diverted,
}

/// The action of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    Accept,
    Block(How),
    Jump(String),
    Goto(String),
    Return,
    /// It looks or counts; the next rule follows.
    Continue,
    /// Connection tracking must ignore the packet.
    Untrack,
    /// It does something that cannot be followed here, such as rewriting the destination.
    Unknown,
}

/// The place of a rule, for evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The command that showed it.
    pub source: String,
    /// Table and chain.
    pub place: String,
    /// The rule as its program writes it.
    pub text: String,
    /// The number of packets it has matched.
    pub packets: Option<u64>,
    /// The handle by which nft identifies it.
    pub handle: Option<u64>,
}

impl Seen {
    /// Whether it is the policy of a base chain, for packets on which no rule decides.
    #[must_use]
    pub fn is_policy(&self) -> bool {
        self.text.starts_with("policy ")
    }
}
