//! Suspects that are often blamed and cannot end a connection before the banner.

use sshmend_facts::CauseName;

/// A setting or circumstance that is not a cause of a connection reset before the banner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Negative {
    /// The keyword, or what people call it.
    pub name: &'static str,
    /// The reason why it cannot: one sentence without full stop.
    pub why: &'static str,
    /// The causes that it can bring about; empty if there are none.
    pub causes: &'static [CauseName],
}

const fn negative_of(
    name: &'static str,
    why: &'static str,
    causes: &'static [CauseName],
) -> Negative {
    Negative { name, why, causes }
}

/// All of them, in alphabetical order.
pub const NEGATIVES: &[Negative] = &[
    negative_of(
        "AllowUsers",
        "sshd does not know the user before the key exchange is over",
        &[CauseName::UserNotAllowed],
    ),
    negative_of(
        "authorized_keys",
        "it is read when a key is offered, after the key exchange",
        &[CauseName::UserNotAllowed],
    ),
    negative_of(
        "ClientAliveCountMax",
        "it counts unanswered keepalive messages of a session that is logged in",
        &[CauseName::ClientAliveTimeout],
    ),
    negative_of(
        "ClientAliveInterval",
        "it sends keepalive messages in a session that is logged in",
        &[CauseName::ClientAliveTimeout],
    ),
    negative_of(
        "clock",
        "times are compared only when certificates and passwords are checked",
        &[],
    ),
    negative_of(
        "HostKeyAlgorithms",
        "host keys are chosen in the key exchange, after the banner",
        &[CauseName::AlgorithmMismatch],
    ),
    negative_of(
        "known_hosts",
        "it is read by the client, after the server has shown its key",
        &[CauseName::HostKeyChanged, CauseName::HostKeyUnknown],
    ),
    negative_of(
        "LogLevel",
        "it decides what is logged, not what is done",
        &[CauseName::EvidenceHidden],
    ),
    negative_of(
        "MaxAuthTries",
        "it counts login attempts, after the key exchange",
        &[CauseName::MaxAuthTries, CauseName::TooManyKeys],
    ),
    negative_of(
        "MaxSessions",
        "it counts sessions inside one connection that is logged in",
        &[CauseName::MaxSessions],
    ),
    negative_of(
        "PermitRootLogin",
        "sshd does not know the user before the key exchange is over",
        &[CauseName::UserNotAllowed],
    ),
    negative_of(
        "UsePAM",
        "PAM is asked when the user logs in",
        &[CauseName::UserNotAllowed, CauseName::LoginGraceTime],
    ),
];

/// The explanation for a name that people blame, in any case; `None` if it can be the cause, or is
/// not known.
pub fn negative(name: &str) -> Option<&'static Negative> {
    NEGATIVES
        .iter()
        .find(|negative| negative.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_are_often_blamed_are_in_alphabetical_order() {
        assert!(NEGATIVES.is_sorted_by_key(|negative| negative.name.to_ascii_lowercase()));
    }

    #[test]
    fn names_are_found_regardless_of_case() {
        assert!(negative("maxsessions").is_some());
        assert!(negative("MaxStartups").is_none());
    }
}
