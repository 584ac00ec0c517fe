//! Messages of PuTTY, its siblings (plink, pscp, psftp) and its descendants (WinSCP, FileZilla).

use super::super::{Reached, Software};
use super::sign::Scope::{Anywhere, Named};
use super::sign::{Phase, Row, Sign, Symptom};

const fn row(pattern: &'static str, sign: Sign) -> Row {
    (pattern, sign, Anywhere)
}

const fn symptom(pattern: &'static str, symptom: Symptom) -> Row {
    (pattern, Sign::Symptom(symptom), Anywhere)
}

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row("We claim version: SSH-2.0-PuTTY_{detail}", Sign::Version(Software::Putty)),
    row("We claim version: SSH-2.0-{detail}", Sign::Version(Software::Putty)),
    row("Looking up host \"{name}\" for SSH connection", Sign::Connecting),
    row("Looking up host {name} for SSH connection", Sign::Connecting),
    row("open \"{quoted}@{name}\" {port}", Sign::Connecting),
    row("open {quoted}@{name} {port}", Sign::Connecting),
    ("Connecting to {addr} port {port}", Sign::Connecting, Named),
    ("Connected to {addr}", Sign::Reached(Reached::Connected), Named),
    row("Remote version: SSH-2.0-{detail}", Sign::Server),
    row("Server version: SSH-2.0-{detail}", Sign::Server),
    ("Doing {} key exchange{}", Sign::Reached(Reached::KeyReply), Named),
    ("Offered public key", Sign::KeyOffered, Named),
    ("Access granted", Sign::Reached(Reached::LoggedIn), Named),
    ("Access denied", Sign::Symptom(Symptom::Denied), Named),
    row("Network error: {detail}", Sign::Failed(Phase::Any)),
    row("FATAL ERROR: Network error: {detail}", Sign::Failed(Phase::Any)),
    symptom("FATAL ERROR: Host does not exist", Symptom::NameUnknown),
    row("FATAL ERROR: {detail}", Sign::Failed(Phase::Any)),
    symptom("Network error: Connection to {quoted} timed out", Symptom::ConnectTimeout),
    symptom("Network error: Connection to {quoted} refused", Symptom::Refused),
    ("Host does not exist", Sign::Symptom(Symptom::NameUnknown), Named),
    ("Name or service not known", Sign::Symptom(Symptom::NameUnknown), Named),
    ("Connection refused", Sign::Failed(Phase::Any), Named),
    ("Connection reset by peer", Sign::Failed(Phase::Any), Named),
    ("Connection timed out", Sign::Failed(Phase::Any), Named),
    ("No route to host", Sign::Failed(Phase::Any), Named),
    ("Network is unreachable", Sign::Failed(Phase::Any), Named),
    ("Connection closed by remote host", Sign::Symptom(Symptom::Closed), Named),
    symptom("Remote side unexpectedly closed network connection", Symptom::Closed),
    symptom("Server unexpectedly closed network connection", Symptom::Closed),
    row("Server sent disconnect message type {n} ({detail})", Sign::Goodbye),
    // The line behind the next one.
    ("type {n} ({detail})", Sign::Goodbye, Named),
    row(
        "Server sent disconnect message type {n} ",
        Sign::Library(&[Symptom::Goodbye], Reached::Identified),
    ),
    row(
        "Remote side sent disconnect message",
        Sign::Library(&[Symptom::Goodbye], Reached::Identified),
    ),
    // WinSCP (TextsCore1.rc).
    symptom("Host \"{name}\" does not exist", Symptom::NameUnknown),
    ("Timeout waiting for server to respond", Sign::Symptom(Symptom::BannerTimeout), Named),
    symptom(
        "Cannot initialize SFTP protocol. Is the host running an SFTP server?",
        Symptom::SubsystemFailed,
    ),
    symptom("Received too large ({n} B) SFTP packet", Symptom::SubsystemFailed),
    symptom("Host key does not match configured key fingerprint", Symptom::HostKeyChanged),
    symptom("You cannot connect to an SFTP server using an FTP protocol", Symptom::OtherProtocol),
    symptom("Couldn't agree a {} (available: {})", Symptom::Mismatch),
    symptom("WARNING - POTENTIAL SECURITY BREACH!", Symptom::HostKeyChanged),
    symptom("The host key is not cached for this server:", Symptom::HostKeyUnknown),
    symptom("The server's host key is not cached", Symptom::HostKeyUnknown),
    symptom("Cannot confirm a host key in batch mode", Symptom::HostKeyRejected),
    symptom(
        "Disconnection message text: Too many authentication failures",
        Symptom::TooManyFailures,
    ),
    symptom("Disconnected: No supported authentication methods available", Symptom::Denied),
    symptom("No supported authentication methods available", Symptom::Denied),
    // ssh2bpp.c, ssh2transport.c, mainchan.c, psftp.c.
    symptom("Incorrect MAC received on packet", Symptom::Damaged),
    symptom("Incoming packet was garbled on decryption", Symptom::Damaged),
    symptom("Signature from server's host key is invalid", Symptom::BadSignature),
    symptom("Server refused to start a shell/command", Symptom::SessionFailed),
    symptom("Received unexpected end-of-file from SFTP server", Symptom::SubsystemFailed),
];
