//! Servers in Go: Gitea (modules/ssh/ssh.go), Gogs (internal/ssh/ssh.go), SFTPGo (internal/sftpd/server.go) and
//! `rclone serve sftp` (cmd/serve/sftp/server.go). What follows their own words is an error of golang.org/x/crypto/ssh.

use super::{Rule, of, rule};
use crate::cause::CauseName as Cause;
use crate::kind::Kind::{
    AuthFailed, BadProtocol, Closed, Connected, GraceTimeout, NegotiationFailed, Noted,
    PacketCorrupt, ReceivedDisconnect, Reset,
};

const VANISHED: Cause = Cause::ClientVanished;
const NOT_ALLOWED: Cause = Cause::UserNotAllowed;
const MISMATCH: Cause = Cause::AlgorithmMismatch;
const NOT_SSH: Cause = Cause::NotAnSshClient;

pub(super) const RULES: &[Rule] = &[
    of(
        MISMATCH,
        "{handshake}ssh: no common algorithm {detail}",
        NegotiationFailed,
    ),
    // The key exchange failed (RFC 4253, 11.1).
    of(
        MISMATCH,
        "{handshake}ssh: disconnect, reason 3: {detail}",
        NegotiationFailed,
    ),
    of(
        VANISHED,
        "{handshake}ssh: disconnect, reason {n}: {detail}",
        ReceivedDisconnect,
    ),
    // A client that disconnects without naming a language.
    of(
        VANISHED,
        "{handshake}ssh: unmarshal error for field Language of type disconnectMsg{}",
        ReceivedDisconnect,
    ),
    // The errors of all methods that were tried (server.go, ServerAuthError).
    rule(
        "{handshake}[ssh: password auth not configured{}",
        AuthFailed,
    ),
    of(NOT_ALLOWED, "{handshake}[{detail}", AuthFailed),
    of(VANISHED, "{handshake}EOF", Closed),
    of(
        VANISHED,
        "{handshake}read tcp {}: connection reset by peer",
        Reset,
    ),
    // They give a handshake as long as this.
    of(
        Cause::LoginGraceTime,
        "{handshake}read tcp {}: i/o timeout",
        GraceTimeout,
    ),
    // transport.go, handshake.go, cipher.go.
    of(
        NOT_SSH,
        "{handshake}ssh: overflow reading version string",
        BadProtocol,
    ),
    of(
        NOT_SSH,
        "{handshake}ssh: junk character in version line",
        BadProtocol,
    ),
    of(
        NOT_SSH,
        "{handshake}ssh: first packet should be msgKexInit",
        BadProtocol,
    ),
    of(
        NOT_SSH,
        "{handshake}ssh: invalid packet length, {detail}",
        PacketCorrupt,
    ),
    of(
        NOT_ALLOWED,
        "Failed authentication attempt from {endpoint}",
        AuthFailed,
    ),
    rule("SSH: Handshaking for {endpoint}", Connected),
    // SFTPGo writes one for each method, and one for a connection that tried none, whose end is told above.
    rule(
        "connection_failed: no_auth_tried for '' from {addr}: {detail}",
        Noted,
    ),
    rule(
        "connection_failed: {word} for '{user}' from {addr}: {detail}",
        AuthFailed,
    ),
];

/// How the end of a handshake begins: `{handshake}` stands for each of these in turn.
pub(super) const HANDSHAKE: &[&str] = &[
    "Failed connection from {endpoint} with error: ",
    "SSH: Error on handshaking: ",
    "SSH: Error on handshaking with {endpoint}: ",
    "SSH: Handshaking was terminated: ",
    "SSH: Handshaking with {endpoint} was terminated: ",
    "failed to accept an incoming connection from ip \"{addr}\": ",
    "failed to accept an incoming connection: ",
    "serve sftp {endpoint}->{word} SSH login failed: ",
];
