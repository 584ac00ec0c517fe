//! What symptoms prove and exclude.

mod answers;
mod connecting;
mod session;

use super::Certainty;
use super::words::Symptom;
use super::{Exclusion, Reached};
use crate::cause::CauseName;

/// Causes that a symptom indicates, in the order in which they are worth checking: name, certainty,
/// reason.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claims {
    pub(super) symptom: Symptom,
    pub(super) when: When,
    pub(super) causes: &'static [(CauseName, Certainty, &'static str)],
}

/// The circumstances under which a symptom indicates a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Always,
    /// Over TCP, or through a jump host that admitted the client.
    Direct,
    /// Not for a jump host.
    Own,
    /// For a jump host: the message comes from the client that should carry the connection.
    Hop,
    /// Through a proxy command, before the server's identification, in addition to other claims.
    Piped,
    /// The same, unless it is a jump host that admitted the client.
    Carried,
    /// If nothing more specific is known.
    Untold,
    /// If ssh finally refused the host key.
    Rejected,
    /// Over TCP, before the server's identification.
    Unidentified,
    /// The same, if a text that the server may have sent is not shown.
    Unseen,
    /// The same, if it would be shown.
    Seen,
    /// After the server's identification, before the connection is encrypted.
    Exchanging,
    /// The same, in addition to other claims.
    Answered,
    /// Between the client's key and the server's reply.
    Replying,
    /// Encrypted, but not logged in.
    LoggingIn,
    /// Logged in.
    LoggedIn,
    /// Through a proxy command, before the server's identification.
    Proxied,
    /// For a client that gets no message when the two sides have no algorithm in common.
    Wordless,
    /// The address is invented by a proxy or a VPN.
    Fake,
    /// The port is that of another protocol, and the server did not say who it is.
    Misdirected,
}

const fn claims(
    symptom: Symptom,
    when: When,
    causes: &'static [(CauseName, Certainty, &'static str)],
) -> Claims {
    Claims {
        symptom,
        when,
        causes,
    }
}

/// The claims of a symptom, in the order in which they are worth checking.
pub(super) fn of(symptom: Symptom) -> impl Iterator<Item = &'static Claims> {
    let tables = [connecting::CLAIMS, answers::CLAIMS, session::CLAIMS];
    tables
        .into_iter()
        .flatten()
        .filter(move |claims| claims.symptom == symptom)
}

const fn exclusion(causes: &'static [CauseName], reason: &'static str) -> Exclusion {
    Exclusion { causes, reason }
}

/// What a stage excludes: for the stages from the first to the second, both included.
pub(super) const EXCLUSIONS: &[(Reached, Reached, Exclusion)] = &[
    (
        Reached::Nothing,
        Reached::Connected,
        exclusion(
            &[
                CauseName::MaxSessions,
                CauseName::MaxAuthTries,
                CauseName::ClientAliveTimeout,
                CauseName::UserNotAllowed,
                CauseName::TooManyKeys,
            ],
            "they act on users and sessions, and the server has not even identified itself",
        ),
    ),
    (
        Reached::Nothing,
        Reached::Connected,
        exclusion(
            &[
                CauseName::HostKeyChanged,
                CauseName::HostKeyUnknown,
                CauseName::AlgorithmMismatch,
                CauseName::MtuBlackHole,
            ],
            "keys and algorithms are exchanged behind the identification",
        ),
    ),
    (
        Reached::Connected,
        Reached::LoggedIn,
        exclusion(
            &[CauseName::NameNotResolved, CauseName::HostUnreachable],
            "a connection was established",
        ),
    ),
    (
        Reached::Identified,
        Reached::LoggedIn,
        exclusion(
            &[
                CauseName::MaxStartups,
                CauseName::PerSourceMaxStartups,
                CauseName::PerSourcePenalty,
                CauseName::HostsAccessDenied,
                CauseName::HostsDenyMalformed,
                CauseName::SocketConnectionLimit,
                CauseName::SshdNotRunning,
                CauseName::WrongService,
                CauseName::DeadBackend,
            ],
            "they act before the identification, and the server has sent it",
        ),
    ),
    (
        Reached::Encrypted,
        Reached::LoggedIn,
        exclusion(
            &[CauseName::AlgorithmMismatch, CauseName::HostKeyChanged],
            "the key exchange is complete",
        ),
    ),
];

/// What a connection that was never established excludes.
pub(super) const UNCONNECTED: Exclusion = exclusion(
    &[
        CauseName::MaxStartups,
        CauseName::PerSourceMaxStartups,
        CauseName::PerSourcePenalty,
        CauseName::HostsAccessDenied,
        CauseName::HostsDenyMalformed,
    ],
    "sshd refuses only connections that are established",
);

/// What an established connection that ends at once excludes.
pub(super) const CONNECTED: Exclusion = exclusion(
    &[CauseName::Fail2banBanned, CauseName::FirewallRejects],
    "a default ban or a rule that rejects lets no connection be established",
);

/// What silence of the server excludes if `ssh -v` would show its text.
pub(super) const SILENT: Exclusion = exclusion(
    &[CauseName::PerSourcePenalty],
    "sshd says `Not allowed at this time` before it closes, and -v would show it",
);
