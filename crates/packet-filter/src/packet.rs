//! The packet that is followed through the rules, and answers that may be unknown.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Not;

use crate::verdict::{Action, How};

/// Whether a rule applies to the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truth {
    Yes,
    No,
    /// It depends on something that is not known: a rate, a mark, an interface, who the client is.
    Maybe,
}

/// A TCP packet of a connection to sshd; unknown properties are left open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) v6: bool,
    pub(crate) source: Option<IpAddr>,
    pub(crate) destination: Option<IpAddr>,
    pub(crate) source_port: Option<u16>,
    pub(crate) destination_port: Option<u16>,
    /// The interface by which it arrives or leaves; an unknown one is not one of this machine's own
    /// (`lo`).
    pub(crate) interface: Option<String>,
    /// The packet of the connection.
    pub(crate) step: Step,
    /// Its connection tracking state, if known.
    pub(crate) state: Option<&'static str>,
    /// The ports that sshd listens on.
    pub(crate) served: Vec<u16>,
    /// The queues that a program reads, if known.
    pub(crate) queues: Option<Vec<u16>>,
}

/// The packets that a connection begins with, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The client's SYN.
    Opening,
    /// The server's SYN and ACK.
    Answer,
    /// A later packet of the client.
    Following,
    /// The client's identification.
    Saying,
    /// The server's banner.
    Speaking,
}

/// The two ends of a connection, as far as known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Whether it is an IPv6 packet.
    pub v6: bool,
    /// The client's address.
    pub client: Option<IpAddr>,
    /// The address to which it is sent.
    pub server: Option<IpAddr>,
    /// The port to which it is sent.
    pub port: u16,
    /// The interface by which it arrives.
    pub interface: Option<String>,
    /// Whether connection tracking sees the client's packets.
    pub tracked: bool,
    /// The ports that sshd listens on.
    pub served: Vec<u16>,
    /// The queues that a program reads, if known.
    pub queues: Option<Vec<u16>>,
}

impl Connection {
    /// A connection from any client to an IPv4 port on which sshd listens.
    #[must_use]
    pub fn to(port: u16) -> Self {
        Self {
            v6: false,
            client: None,
            server: None,
            port,
            interface: None,
            tracked: true,
            served: vec![port],
            queues: None,
        }
    }

    /// The packet of this step.
    pub(crate) fn packet(&self, step: Step) -> Packet {
        let (client, server, port) = (self.client, self.server, Some(self.port));
        let (source, destination) = if step.is_reply() {
            (server, client)
        } else {
            (client, server)
        };
        let (source_port, destination_port) = if step.is_reply() {
            (port, None)
        } else {
            (None, port)
        };
        let interface = self.interface.clone();
        let state = if step == Step::Opening {
            "new"
        } else {
            "established"
        };
        let state = (self.tracked || !step.is_reply()).then_some(state);
        Packet {
            v6: self.v6,
            source,
            destination,
            source_port,
            destination_port,
            interface,
            step,
            state,
            served: self.served.clone(),
            queues: self.queues.clone(),
        }
    }
}

impl Step {
    /// All of them, in order.
    pub(crate) const ALL: [Self; 5] = [
        Self::Opening,
        Self::Answer,
        Self::Following,
        Self::Saying,
        Self::Speaking,
    ];

    /// Whether the server sends it, so that it leaves through the hook `output`.
    pub(crate) fn is_reply(self) -> bool {
        matches!(self, Self::Answer | Self::Speaking)
    }
}

impl Packet {
    /// The same packet after a rule has excluded it from connection tracking.
    pub(crate) fn untracked(self) -> Self {
        Self {
            state: Some("untracked"),
            ..self
        }
    }

    /// The action for a packet whose destination a rule changes: sshd may be listening there too.
    pub(crate) fn diverted(&self, address: &str, port: Option<u16>) -> Action {
        let address: Option<IpAddr> = address.parse().ok();
        let stays = address
            .is_none_or(|address| address.is_loopback() || Some(address) == self.destination);
        match port {
            Some(port) if stays && self.served.contains(&port) => Action::Unknown,
            None if stays => Action::Unknown,
            _ => Action::Block(How::Diverted),
        }
    }

    /// The action for a packet in a queue; `None` if it passes because no program reads the queue.
    pub(crate) fn queued(&self, queue: Option<u16>) -> Action {
        match (queue, &self.queues) {
            (Some(queue), Some(queues)) if !queues.contains(&queue) => Action::Block(How::Drop),
            _ => Action::Unknown,
        }
    }

    /// Its TCP flags.
    pub(crate) fn flags(&self) -> &'static [&'static str] {
        match self.step {
            Step::Opening => &["syn"],
            Step::Answer => &["syn", "ack"],
            Step::Following => &["ack"],
            Step::Saying | Step::Speaking => &["psh", "ack"],
        }
    }

    /// The interface by which it arrives; `None` if it comes from this machine.
    pub(crate) fn comes_in_by(&self) -> Option<Option<&str>> {
        (!self.step.is_reply()).then_some(self.interface.as_deref())
    }

    /// The interface by which it leaves; `None` if it is for this machine.
    pub(crate) fn goes_out_by(&self) -> Option<Option<&str>> {
        self.step.is_reply().then_some(self.interface.as_deref())
    }
}

impl Truth {
    /// Both must hold.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Maybe,
        }
    }

    /// One of them must hold.
    pub(crate) fn or(self, other: Self) -> Self {
        !(!self).and(!other)
    }

    /// Any of them must hold.
    pub(crate) fn any(truths: impl IntoIterator<Item = Self>) -> Self {
        truths.into_iter().fold(Self::No, Self::or)
    }

    /// All of them must hold.
    pub(crate) fn all(truths: impl IntoIterator<Item = Self>) -> Self {
        truths.into_iter().fold(Self::Yes, Self::and)
    }
}

impl Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::Yes } else { Self::No }
    }
}

/// Whether a port lies in a range; an unknown one is the client's, which is at least 1024.
pub(crate) fn port_in(port: Option<u16>, low: u16, high: u16) -> Truth {
    match port {
        Some(port) => (low..=high).contains(&port).into(),
        None if high < EPHEMERAL => Truth::No,
        None if low <= EPHEMERAL && high == u16::MAX => Truth::Yes,
        None => Truth::Maybe,
    }
}

/// The lowest port that a client gets when it does not ask for one (RFC 6335, 6).
const EPHEMERAL: u16 = 1024;

/// Whether an address lies in `network/bits`; never across families.
pub(crate) fn in_network(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let (address, network, width) = match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) => (
            u128::from(u32::from(a)),
            u128::from(u32::from(n)),
            Ipv4Addr::BITS,
        ),
        (IpAddr::V6(a), IpAddr::V6(n)) => (u128::from(a), u128::from(n), Ipv6Addr::BITS),
        _ => return false,
    };
    let host = width.saturating_sub(bits);
    host >= u128::BITS || (address >> host) == (network >> host)
}

/// Whether an address lies in a network written as text: `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `10.1.2.3`.
#[must_use]
pub fn in_network_text(address: IpAddr, network: &str) -> Option<bool> {
    let (network, mask) = network.split_once('/').unwrap_or((network, "128"));
    let bits = match mask.parse() {
        Ok(bits) => bits,
        Err(_) => u32::from(mask.parse::<Ipv4Addr>().ok()?).leading_ones(),
    };
    let network: IpAddr = network.parse().ok()?;
    let bits = if network.is_ipv4() {
        bits.min(Ipv4Addr::BITS)
    } else {
        bits
    };
    Some(in_network(address, network, bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_of_both_families_are_matched() {
        let cases = [
            ("10.1.2.3", "10.0.0.0/8", Some(true)),
            ("10.1.2.3", "10.0.0.0/255.0.0.0", Some(true)),
            ("10.1.2.3", "10.1.2.3", Some(true)),
            ("10.1.2.3", "0.0.0.0/0", Some(true)),
            ("10.1.2.3", "::/0", Some(false)),
            ("11.1.2.3", "10.0.0.0/8", Some(false)),
            ("2001:db8::7", "2001:db8::/32", Some(true)),
            ("2001:db8::7", "::/0", Some(true)),
            ("2001:db8::7", "2001:db8::8", Some(false)),
            ("10.1.2.3", "junk/99", None),
        ];
        for (address, network, expected) in cases {
            let address = address.parse().expect("an address");
            assert_eq!(
                in_network_text(address, network),
                expected,
                "{address} in {network}"
            );
        }
    }

    #[test]
    fn unknown_truth_values_stay_unknown() {
        assert_eq!(Truth::Yes.and(Truth::Maybe), Truth::Maybe);
        assert_eq!(Truth::No.and(Truth::Maybe), Truth::No);
        assert_eq!(Truth::Yes.or(Truth::Maybe), Truth::Yes);
        assert_eq!(!Truth::Maybe, Truth::Maybe);
    }
}
