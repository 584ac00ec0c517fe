//! What a message says about its attempt.

use super::scan::Hit;
use super::words::{Sign, Symptom};
use super::{Reached, label};

/// The effect of a message on an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// Others may follow it.
    Context,
    /// The exchange of identifications failed.
    Early,
    /// Nothing about this attempt follows.
    Final,
}

/// How much a message says about the end of its attempt.
pub(super) fn weight(hit: &Hit) -> Weight {
    const FINAL: &[&str] = &[
        "Connection closed by ",
        "Connection reset by ",
        "Connection to ",
        "banner exchange: ",
        "ssh: ",
        "ssh_dispatch",
        "Unable to negotiate",
        "Host key verification failed",
        "Received disconnect",
        "FATAL ERROR: ",
        "Permission denied (",
    ];
    let text = hit.text.as_str();
    match hit.entry.sign {
        Sign::Pipe(_) => Weight::Final,
        Sign::ServerText => Weight::Context,
        _ if text.contains("exchange_identification: ")
            || text.contains("during banner exchange") =>
        {
            Weight::Early
        }
        _ if FINAL
            .iter()
            .any(|start| label::without_login(text).starts_with(start)) =>
        {
            Weight::Final
        }
        _ => Weight::Context,
    }
}

/// The stage that a connection must have reached for a symptom.
pub(super) fn least(symptom: Symptom) -> Reached {
    match symptom {
        Symptom::TextStartups
        | Symptom::TextNotAllowed
        | Symptom::TextOther
        | Symptom::NotSsh
        | Symptom::Unanswered
        | Symptom::RouteLost
        | Symptom::RefusedLate
        | Symptom::BannerTimeout => Reached::Connected,
        Symptom::Goodbye => Reached::Identified,
        Symptom::Mismatch
        | Symptom::CryptoPolicy
        | Symptom::BadSignature
        | Symptom::KeyTooShort
        | Symptom::GroupRefused
        | Symptom::HostKeyChanged
        | Symptom::HostKeyOfAddress
        | Symptom::HostKeyRevoked
        | Symptom::HostKeyCertificate
        | Symptom::HostKeyUnknown
        | Symptom::HostKeyAsked
        | Symptom::HostKeyRejected => Reached::KeyExchange,
        Symptom::TooManyFailures
        | Symptom::Denied
        | Symptom::SignatureRefused
        | Symptom::AccountRefused
        | Symptom::Booting
        | Symptom::TailnetRefused => Reached::Authenticating,
        Symptom::SessionRefused
        | Symptom::SessionLimit
        | Symptom::SessionFailed
        | Symptom::ForwardingFailed
        | Symptom::RemoteForwardingFailed
        | Symptom::ForwardingForbidden
        | Symptom::NoTerminal
        | Symptom::SubsystemFailed
        | Symptom::LostSession => Reached::LoggedIn,
        Symptom::Refused
        | Symptom::NoRoute
        | Symptom::Unreachable
        | Symptom::HostDown
        | Symptom::NetworkDown
        | Symptom::ConnectReset
        | Symptom::ConnectFailed => Reached::Connecting,
        _ => Reached::Nothing,
    }
}

/// Whether the server's text says that it accepts no more connections.
pub(super) fn speaks_of_limit(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let of = ["connection", "session", "login"];
    text.contains("too many ") && of.iter().any(|what| text.contains(what))
}

/// The meaning of a text in place of an identification.
pub(super) fn server_text(text: &str) -> Symptom {
    const FOREIGN: &[&str] = &[
        "HTTP/", "220 ", "220-", "+OK ", "* OK ", "RFB ", "<?xml", "<html",
    ];
    match text.trim() {
        "Exceeded MaxStartups" => Symptom::TextStartups,
        "Not allowed at this time" => Symptom::TextNotAllowed,
        text if FOREIGN.iter().any(|start| text.starts_with(start)) => Symptom::NotSsh,
        text if speaks_of_limit(text) => Symptom::TextTooMany,
        _ => Symptom::TextOther,
    }
}
