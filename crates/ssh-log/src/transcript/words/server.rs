//! Messages of sshd that people paste beside those of the client; the rules for logs interpret
//! them.

use super::sign::Scope::Anywhere;
use super::sign::{Row, Sign};

const fn row(pattern: &'static str) -> Row {
    (pattern, Sign::OfServer, Anywhere)
}

pub(super) const ROWS: &[Row] = &[
    row("drop connection #{}"),
    row("beginning MaxStartups throttling"),
    row("exited MaxStartups throttling after {}"),
    row("Missing privilege separation directory: {}"),
    row("Privilege separation user sshd does not exist"),
    row("refused connect from {}"),
    row("kex_exchange_identification: client sent invalid protocol identifier {}"),
    row("sshd: no hostkeys available -- exiting."),
    row("no hostkeys available -- exiting"),
];
