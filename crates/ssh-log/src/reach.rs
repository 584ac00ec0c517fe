//! The connections that a cause affects.

use crate::cause::CauseName;

/// The connections that a cause affects, in the order of their weight in a log. Scanners leave
/// thousands of lines a day on every server on the Internet: one line that concerns everybody
/// outweighs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Every client.
    Everybody,
    /// A client, an account, or a session.
    Some,
    /// Mostly strangers, who cause it themselves.
    Strangers,
}

const STRANGERS: [CauseName; 4] = [
    CauseName::ClientVanished,
    CauseName::NotAnSshClient,
    CauseName::AlgorithmMismatch,
    CauseName::MaxAuthTries,
];
const SOME: [CauseName; 13] = [
    CauseName::TailscaleSsh,
    CauseName::HostsAccessDenied,
    CauseName::HostsDenyOwned,
    CauseName::PerSourcePenalty,
    CauseName::Fail2banBanned,
    CauseName::BannedByOther,
    CauseName::FirewallRejects,
    CauseName::IpOptions,
    CauseName::LoginGraceTime,
    CauseName::UserNotAllowed,
    CauseName::RefuseConnection,
    CauseName::MaxSessions,
    CauseName::ClientAliveTimeout,
];

impl Reach {
    /// The connections affected by the cause with this name.
    pub fn of(cause: CauseName) -> Self {
        match cause {
            _ if STRANGERS.contains(&cause) => Self::Strangers,
            _ if SOME.contains(&cause) => Self::Some,
            _ => Self::Everybody,
        }
    }
}
