//! What a rule does with a packet that it applies to.

use super::reader::Reader;
use crate::verdict::{Action, How};

impl<'a> Reader<'a> {
    /// Reads the target behind `-j`, or behind `-g` with `goto`.
    pub(super) fn target(&mut self, target: &str, goto: bool) -> Action {
        let action = match target {
            "ACCEPT" => Action::Accept,
            "DROP" => Action::Block(How::Drop),
            "RETURN" => Action::Return,
            "REJECT" => Action::Block(self.rejection()),
            "NOTRACK" => Action::Untrack,
            "CT" if self.words.iter().any(|word| word == "--notrack") => Action::Untrack,
            "DNAT" | "REDIRECT" => self.diversion(),
            "NFQUEUE" => self.queue(),
            "TPROXY" | "QUEUE" | "SYNPROXY" | "NETMAP" | "SNAT" | "MASQUERADE" => Action::Unknown,
            "TARPIT" | "STEAL" => Action::Block(How::Drop),
            _ if is_builtin(target) => Action::Continue,
            _ if goto => Action::Goto(self.table.key(target)),
            _ => Action::Jump(self.table.key(target)),
        };
        self.words = &[];
        action
    }

    /// The word behind an option of the target.
    fn value_of(&self, option: &str) -> Option<&'a str> {
        let mut words = self.words.iter();
        words.find(|word| *word == option)?;
        words.next().map(String::as_str)
    }

    /// `--to-ports 2222`, `--to-destination 10.0.0.7:22`.
    fn diversion(&self) -> Action {
        let to = self.value_of("--to-destination").unwrap_or_default();
        let (address, port) = match to.rsplit_once(':') {
            Some((address, port)) if !address.contains(':') || address.ends_with(']') => {
                (address, Some(port))
            }
            _ => (to, None),
        };
        let port = self
            .value_of("--to-ports")
            .or(port)
            .and_then(|port| port.parse().ok());
        self.packet.diverted(address.trim_matches(['[', ']']), port)
    }

    /// `--queue-num 3`, with `--queue-bypass` if the queue may have no reader.
    fn queue(&self) -> Action {
        let has = |key: &str| self.words.iter().any(|word| word == key);
        let number = self.value_of("--queue-num");
        let number = number.map_or(Some(0), |number| number.parse().ok());
        self.packet
            .queued(number.filter(|_| !has("--queue-bypass") && !has("--queue-balance")))
    }

    fn rejection(&self) -> How {
        match self.value_of("--reject-with") {
            Some("tcp-reset") => How::Reset,
            None
            | Some(
                "icmp-port-unreachable"
                | "icmp-proto-unreachable"
                | "icmp6-port-unreachable"
                | "port-unreach",
            ) => How::Refused,
            Some(_) => How::Unreachable,
        }
    }
}

/// Targets that examine or change a packet and let it continue.
fn is_builtin(target: &str) -> bool {
    const NAMES: [&str; 22] = [
        "LOG",
        "NFLOG",
        "ULOG",
        "MARK",
        "CONNMARK",
        "CT",
        "TCPMSS",
        "SET",
        "TOS",
        "DSCP",
        "TTL",
        "HL",
        "TRACE",
        "AUDIT",
        "CLASSIFY",
        "CHECKSUM",
        "CONNSECMARK",
        "SECMARK",
        "HMARK",
        "RATEEST",
        "TEE",
        "TCPOPTSTRIP",
    ];
    NAMES.contains(&target)
}
