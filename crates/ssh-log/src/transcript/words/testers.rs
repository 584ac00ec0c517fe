//! The words of programs that only open a connection and show what comes: telnet (netkit, inetutils, BusyBox, Windows), nc
//! (OpenBSD's, the traditional one, Ncat), curl with `telnet://`, `openssl s_client`, `Test-NetConnection`.
//!
//! They have the same words for every port: they count behind a command that shows a port of SSH.

use super::super::Reached;
use super::row::{CLOSED, NOT_SSH, SILENT, UNCONNECTED};
use super::sign::Scope::{Anywhere, Named, Port};
use super::sign::{Phase, Row, Sign, Symptom};

/// Something went wrong.
const fn named(words: &'static str, symptoms: &'static [Symptom], reached: Reached) -> Row {
    (words, Sign::Library(symptoms, reached), Named)
}

/// It went wrong in words of the operating system.
const fn failed(words: &'static str, phase: Phase) -> Row {
    (words, Sign::Failed(phase), Named)
}

const fn connected(words: &'static str) -> Row {
    (words, Sign::Reached(Reached::Connected), Named)
}

/// The greeting of another protocol.
const fn greets(words: &'static str) -> Row {
    named(words, NOT_SSH, Reached::Connected)
}

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    // telnet
    ("Trying ", Sign::Reached(Reached::Connecting), Named),
    connected("Escape character is '"),
    named("Connection closed by foreign host", CLOSED, Reached::Connected),
    // Who leaves it by its prompt waited for something.
    named("telnet> ", SILENT, Reached::Connected),
    failed("telnet: Unable to connect to remote host: {detail}", Phase::Connect),
    failed("telnet: connect to address {addr}: {detail}", Phase::Connect),
    failed("telnet: can't connect to remote host ({addr}): {detail}", Phase::Connect),
    (
        "Could not open connection to the host, on port {port}: Connect failed",
        Sign::Library(UNCONNECTED, Reached::Nothing),
        Port,
    ),
    // nc
    (
        "Connection to {addr} {port} port [tcp/ssh] succeeded!",
        Sign::Library(&[], Reached::Connected),
        Anywhere,
    ),
    connected("Connection to {} succeeded!"),
    connected("Ncat: Connected to {}"),
    failed("connect to {addr} port {port} (tcp) failed: {detail}", Phase::Connect),
    failed("Ncat: {detail}", Phase::Any),
    failed("(UNKNOWN) [{addr}] {n} ({}) : {detail}", Phase::Connect),
    // curl
    failed("connect to {addr} port {port} failed: {detail}", Phase::Connect),
    failed("Recv failure: {detail}", Phase::Identification),
    // openssl
    connected("CONNECTED({n})"),
    // PowerShell
    ("TCP connect to ({addr} : {port}) failed", Sign::Library(UNCONNECTED, Reached::Nothing), Port),
    // What the server sends.
    ("SSH-2.0-{detail}", Sign::Server, Named),
    ("SSH-1.99-{detail}", Sign::Server, Named),
    greets("HTTP/1."),
    greets("220 "),
    greets("220-"),
    greets("+OK "),
    greets("* OK "),
    greets("RFB 00"),
];
