//! What symptoms prove and exclude.

mod answers;
mod claim;
mod connecting;
mod session;

use super::words::Symptom;
use super::{Exclusion, Reached};
use crate::cause::CauseName;

pub(super) use claim::{Claims, When};

/// The claims of a symptom, in the order in which they are worth checking.
pub(super) fn of(symptom: Symptom) -> impl Iterator<Item = &'static Claims> {
    let tables = [connecting::CLAIMS, answers::CLAIMS, session::CLAIMS];
    tables
        .into_iter()
        .flatten()
        .filter(move |claims| claims.symptoms.contains(&symptom))
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
