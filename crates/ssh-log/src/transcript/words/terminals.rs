//! Messages of terminals and graphical clients that are not descendants of PuTTY: Bitvise, Termius,
//! Xshell, SecureCRT.

use super::super::{Reached, Software};
use super::row::{
    CLOSED, DENIED, MISMATCH, NAME_UNKNOWN, NO_ROUTE, REFUSED, RESET, TIMEOUT, UNREACHABLE, name,
    says, shared,
};
use super::sign::Scope::{Anywhere, Named};
use super::sign::{Family, Phase, Row, Sign, Symptom};

pub(super) const FAMILIES: &[Family] = &[
    (Some(Software::Bitvise), BITVISE),
    (Some(Software::Termius), TERMIUS),
    (Some(Software::Xshell), XSHELL),
    (Some(Software::SecureCrt), SECURE_CRT),
];

const fn named(words: &'static str, reached: Reached) -> Row {
    (words, Sign::Reached(reached), Named)
}

#[rustfmt::skip]
const BITVISE: &[Row] = &[
    ("Connecting to SSH server {endpoint}.", Sign::Connecting, Anywhere),
    name("Started a new SSH connection"),
    name("FlowSocketConnector: "),
    name("FlowSocketReader: "),
    named("Connection established.", Reached::Connected),
    named("First key exchange started", Reached::KeyExchange),
    named("First key exchange completed", Reached::Encrypted),
    named("Attempting publickey authentication", Reached::Authenticating),
    named("Attempting password authentication", Reached::Authenticating),
    ("Server version: SSH-2.0-{detail}", Sign::Server, Named),
    shared("Windows error 10061", REFUSED),
    shared("Windows error 10060", TIMEOUT),
    shared("Windows error 10065", NO_ROUTE),
    shared("Windows error 10051", UNREACHABLE),
    shared("Windows error 10054", RESET),
    shared("Windows error 10053", &[Symptom::Aborted]),
    shared("Windows error 11001", NAME_UNKNOWN),
    shared("Authentication failed. ", DENIED),
    shared("Authentication aborted", DENIED),
    says("The SSH connection has been terminated", CLOSED),
    says("The SSH2 session has been terminated", CLOSED),
];

#[rustfmt::skip]
const TERMIUS: &[Row] = &[
    ("Starting a new connection to: \"{name}\" port \"{port}\"", Sign::Connecting, Anywhere),
    ("Connection to \"{name}\" established", Sign::Reached(Reached::Connected), Named),
    (
        "Connection to \"{name}\" failed: Connection establishment time",
        Sign::Library(TIMEOUT, Reached::Connecting),
        Anywhere,
    ),
    ("Connection to \"{name}\" failed: {detail}", Sign::Failed(Phase::Connect), Named),
    ("Remote server: \"SSH-2.0-{detail}\"", Sign::Server, Named),
    ("Connection closed with error: {detail}", Sign::Failed(Phase::Banner), Named),
];

const XSHELL: &[Row] = &[
    name("Xshell "),
    name("Type `help' to learn how to use Xshell prompt"),
    (
        "Could not connect to '{name}' (port {port}): {detail}",
        Sign::Failed(Phase::Connect),
        Anywhere,
    ),
    named("Connection established.", Reached::Connected),
    says("Connection closing...Socket close", CLOSED),
    (
        "Disconnected from remote host({name}) at ",
        Sign::Whom,
        Named,
    ),
];

const SECURE_CRT: &[Row] = &[
    says("No compatible key exchange method. The server", MISMATCH),
    says("No compatible cipher. The server", MISMATCH),
    says("No compatible hostkey. The server", MISMATCH),
    says("No compatible MAC. The server", MISMATCH),
    says("The remote system refused the connection", REFUSED),
    says(
        "Unable to authenticate using any of the configured authentication methods",
        DENIED,
    ),
    name("SSH2Core version"),
    ("Connecting to {endpoint} ", Sign::Connecting, Named),
];
