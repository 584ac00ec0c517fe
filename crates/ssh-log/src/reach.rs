//! Whom a cause meets.

use crate::cause::CauseName;

/// Whom a cause meets; the order is that of its weight in a log. Scanners leave thousands of lines a day on every server
/// of the Internet: one line that everybody is concerned by outweighs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Whoever connects.
    Everybody,
    /// A client, an account, a session.
    Some,
    /// Mostly strangers, who bring it about themselves.
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
    /// Whom the cause of this name meets.
    pub fn of(cause: CauseName) -> Self {
        match cause {
            _ if STRANGERS.contains(&cause) => Self::Strangers,
            _ if SOME.contains(&cause) => Self::Some,
            _ => Self::Everybody,
        }
    }
}
