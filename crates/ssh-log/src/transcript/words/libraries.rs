//! Messages of libraries, which occur anywhere in the output of programs that use them.
//!
//! Messages that other programs print too ("connection refused") count if the library is named on
//! the line or in the stack trace around it, or if the line names port 22.

use super::super::Software;
use super::row::{NAME_UNKNOWN, NO_ROUTE, REFUSED, RESET, TIMEOUT, UNREACHABLE, shared};
use super::sign::Scope::Named;
use super::sign::{Family, Phase, Row, Sign};
use super::{java, managed, native, python};

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

/// Messages common to several languages.
#[rustfmt::skip]
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
    shared("java.net.SocketTimeoutException: connect timed out", TIMEOUT),
    // In the language of the machine.
    ("java.net.ConnectException: {detail}", Sign::Failed(Phase::Connect), Named),
    shared("java.net.SocketException: Connection reset", RESET),
    shared("java.io.IOException: Connection reset by peer", RESET),
    shared("No connection could be made because the target machine actively refused it", REFUSED),
    shared(
        "A connection attempt failed because the connected party did not properly respond",
        TIMEOUT,
    ),
    shared("An existing connection was forcibly closed by the remote host", RESET),
    shared("No such host is known", NAME_UNKNOWN),
];
