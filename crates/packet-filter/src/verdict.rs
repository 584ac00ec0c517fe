//! What a rule does with a packet, and where it stands.

/// How a packet is turned away, and so what the client sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Nothing comes back: the client times out.
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

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    Accept,
    Block(How),
    Jump(String),
    Goto(String),
    Return,
    /// It looks or counts; the next rule follows.
    Continue,
    /// Connection tracking is to leave the packet alone.
    Untrack,
    /// It does something that cannot be followed here, such as rewriting the destination.
    Unknown,
}

/// Where a rule stands, for evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The command that showed it.
    pub source: String,
    /// Table and chain.
    pub place: String,
    /// The rule as its program writes it.
    pub text: String,
    /// How many packets it has met.
    pub packets: Option<u64>,
    /// The number by which nft knows it.
    pub handle: Option<u64>,
}

impl Seen {
    /// Whether it is what a base chain does with packets that no rule decides on.
    #[must_use]
    pub fn is_policy(&self) -> bool {
        self.text.starts_with("policy ")
    }
}
