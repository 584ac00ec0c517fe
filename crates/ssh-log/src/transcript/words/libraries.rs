//! The words of libraries, which stand anywhere in the output of the programs that use them.
//!
//! Words that other programs print too ("connection refused") count where the library shows itself on the line or in the
//! stack trace around it, or where the line names port 22.

use super::super::{Reached, Software};
use super::Scope::{Anywhere, Named, Port};
use super::{Family, Phase, Row, Sign, Symptom, java, managed, native, python};

pub(super) const fn name(words: &'static str) -> Row {
    (words, Sign::Name, Anywhere)
}

pub(super) const fn says(words: &'static str, symptoms: &'static [Symptom]) -> Row {
    (words, Sign::Library(symptoms, Reached::Nothing), Anywhere)
}

/// Words of other programs too.
pub(super) const fn shared(words: &'static str, symptoms: &'static [Symptom]) -> Row {
    (words, Sign::Library(symptoms, Reached::Nothing), Named)
}

/// The same, which name a port.
pub(super) const fn port(words: &'static str, symptoms: &'static [Symptom]) -> Row {
    (words, Sign::Library(symptoms, Reached::Nothing), Port)
}

pub(super) const NAME_UNKNOWN: &[Symptom] = &[Symptom::NameUnknown];
pub(super) const REFUSED: &[Symptom] = &[Symptom::Refused];
pub(super) const NO_ROUTE: &[Symptom] = &[Symptom::NoRoute];
pub(super) const UNREACHABLE: &[Symptom] = &[Symptom::Unreachable];
pub(super) const TIMEOUT: &[Symptom] = &[Symptom::ConnectTimeout];
pub(super) const SILENT: &[Symptom] = &[Symptom::BannerTimeout];
pub(super) const SLOW: &[Symptom] = &[Symptom::ConnectTimeout, Symptom::BannerTimeout];
pub(super) const CLOSED: &[Symptom] = &[Symptom::Closed];
pub(super) const RESET: &[Symptom] = &[Symptom::Reset];
pub(super) const MISMATCH: &[Symptom] = &[Symptom::Mismatch];
pub(super) const CHANGED: &[Symptom] = &[Symptom::HostKeyChanged];
pub(super) const UNKNOWN: &[Symptom] = &[Symptom::HostKeyUnknown];
pub(super) const REJECTED: &[Symptom] = &[Symptom::HostKeyRejected];
pub(super) const DENIED: &[Symptom] = &[Symptom::Denied];
pub(super) const NOT_SSH: &[Symptom] = &[Symptom::NotSsh];
/// The program waited until it could log in, and does not say why it could not.
pub(super) const NEVER: &[Symptom] = &[Symptom::ConnectTimeout, Symptom::Refused];
/// The library could not connect, and does not say why.
pub(super) const UNCONNECTED: &[Symptom] = &[Symptom::Refused, Symptom::ConnectTimeout];
/// The host certificate is not valid.
pub(super) const CERTIFICATE: &[Symptom] = &[Symptom::HostKeyCertificate, Symptom::HostKeyRejected];

pub(super) const BAD_SIGNATURE: &[Symptom] = &[Symptom::BadSignature];
pub(super) const DAMAGED: &[Symptom] = &[Symptom::Damaged];
/// A private key that the library cannot read.
pub(super) const BAD_KEY: &[Symptom] = &[Symptom::KeyUnreadable];
/// Both sides said who they are, and then nobody answered.
pub(super) const STALLED: Sign = Sign::Library(&[Symptom::Unanswered], Reached::KeyExchange);

/// A stage in words of other programs too.
pub(super) const fn reached(words: &'static str, reached: Reached) -> Row {
    (words, Sign::Reached(reached), Named)
}

pub(super) const FAMILIES: &[Family] = &[
    (Some(Software::Paramiko), python::PARAMIKO),
    (Some(Software::Asyncssh), python::ASYNCSSH),
    (Some(Software::Go), native::GO),
    (Some(Software::Libssh2), native::LIBSSH2),
    (Some(Software::Libssh), native::LIBSSH),
    (Some(Software::Dropbear), native::DROPBEAR),
    (Some(Software::NodeSsh2), managed::NODE),
    (Some(Software::Jsch), java::JSCH),
    (Some(Software::Sshj), java::SSHJ),
    (Some(Software::Trilead), java::TRILEAD),
    (Some(Software::Mina), java::MINA),
    (Some(Software::SshNet), managed::SSH_NET),
    (Some(Software::NetSsh), managed::NET_SSH),
    (Some(Software::Phpseclib), managed::PHPSECLIB),
    (Some(Software::Russh), native::RUSSH),
    (None, SHARED),
];

/// What several languages say for their users.
const SHARED: &[Row] = &[
    shared("ConnectionRefusedError: ", REFUSED),
    shared("ConnectionResetError: ", RESET),
    shared("socket.gaierror: ", NAME_UNKNOWN),
    shared("TimeoutError: timed out", TIMEOUT),
    shared("[Errno 111] ", REFUSED),
    shared("[Errno 61] ", REFUSED),
    shared("[Errno 104] ", RESET),
    shared("[Errno 113] ", NO_ROUTE),
    shared("[Errno 101] ", UNREACHABLE),
    shared("[Errno 110] ", TIMEOUT),
    shared("[WinError 10061] ", REFUSED),
    shared("[WinError 10060] ", TIMEOUT),
    shared("[WinError 10054] ", RESET),
    shared("[Errno 54] ", RESET),
    shared("[Errno 60] ", TIMEOUT),
    shared("[Errno 65] ", NO_ROUTE),
    shared("Connection refused (os error {n})", REFUSED),
    shared("Connection reset by peer (os error {n})", RESET),
    shared("Connection timed out (os error {n})", TIMEOUT),
    shared("No route to host (os error {n})", NO_ROUTE),
    shared("Network is unreachable (os error {n})", UNREACHABLE),
    shared("failed to lookup address information: {}", NAME_UNKNOWN),
    shared("java.net.UnknownHostException: ", NAME_UNKNOWN),
    shared("java.net.ConnectException: Connection refused", REFUSED),
    shared("java.net.NoRouteToHostException: ", NO_ROUTE),
    shared("java.net.ConnectException: Connection timed out", TIMEOUT),
    shared(
        "java.net.SocketTimeoutException: connect timed out",
        TIMEOUT,
    ),
    // In the language of the machine.
    (
        "java.net.ConnectException: {detail}",
        Sign::Failed(Phase::Connect),
        Named,
    ),
    shared("java.net.SocketException: Connection reset", RESET),
    shared("java.io.IOException: Connection reset by peer", RESET),
    shared(
        "No connection could be made because the target machine actively refused it",
        REFUSED,
    ),
    shared(
        "A connection attempt failed because the connected party did not properly respond",
        TIMEOUT,
    ),
    shared(
        "An existing connection was forcibly closed by the remote host",
        RESET,
    ),
    shared("No such host is known", NAME_UNKNOWN),
];
