//! Servers in Go: Gitea (modules/ssh/ssh.go), Gogs, SFTPGo (internal/sftpd/server.go) and `rclone serve sftp`
//! (cmd/serve/sftp/server.go). What follows their own words is an error of golang.org/x/crypto/ssh.

use super::{Rule, of};
use crate::cause::CauseName as Cause;
use crate::kind::Kind::{AuthFailed, Closed, NegotiationFailed, ReceivedDisconnect, Reset};

const VANISHED: Cause = Cause::ClientVanished;
const NOT_ALLOWED: Cause = Cause::UserNotAllowed;
const MISMATCH: Cause = Cause::AlgorithmMismatch;

pub(super) const RULES: &[Rule] = &[
    of(
        MISMATCH,
        "Failed connection from {endpoint} with error: ssh: no common algorithm {detail}",
        NegotiationFailed,
    ),
    of(
        NOT_ALLOWED,
        "Failed connection from {endpoint} with error: [ssh: no auth passed yet{detail}",
        AuthFailed,
    ),
    of(
        VANISHED,
        "Failed connection from {endpoint} with error: EOF",
        Closed,
    ),
    of(
        VANISHED,
        "Failed connection from {endpoint} with error: read tcp {}: connection reset by peer",
        Reset,
    ),
    of(
        NOT_ALLOWED,
        "Failed authentication attempt from {endpoint}",
        AuthFailed,
    ),
    of(
        MISMATCH,
        "SSH: Error on handshaking: ssh: no common algorithm {detail}",
        NegotiationFailed,
    ),
    of(
        NOT_ALLOWED,
        "SSH: Error on handshaking: [ssh: no auth passed yet{detail}",
        AuthFailed,
    ),
    of(VANISHED, "SSH: Error on handshaking: EOF", Closed),
    of(
        MISMATCH,
        "failed to accept an incoming connection from ip \"{addr}\": ssh: no common algorithm {detail}",
        NegotiationFailed,
    ),
    of(
        NOT_ALLOWED,
        "failed to accept an incoming connection from ip \"{addr}\": [ssh: no auth passed yet{detail}",
        AuthFailed,
    ),
    of(
        VANISHED,
        "failed to accept an incoming connection from ip \"{addr}\": EOF",
        Closed,
    ),
    of(
        MISMATCH,
        "failed to accept an incoming connection: ssh: no common algorithm {detail}",
        NegotiationFailed,
    ),
    of(
        NOT_ALLOWED,
        "failed to accept an incoming connection: [ssh: no auth passed yet{detail}",
        AuthFailed,
    ),
    of(
        VANISHED,
        "failed to accept an incoming connection: EOF",
        Closed,
    ),
    of(
        MISMATCH,
        "serve sftp {endpoint}->{word} SSH login failed: ssh: no common algorithm {detail}",
        NegotiationFailed,
    ),
    of(
        NOT_ALLOWED,
        "serve sftp {endpoint}->{word} SSH login failed: [ssh: no auth passed yet{detail}",
        AuthFailed,
    ),
    of(
        VANISHED,
        "serve sftp {endpoint}->{word} SSH login failed: EOF",
        Closed,
    ),
    of(
        MISMATCH,
        "Failed connection from {endpoint} with error: ssh: disconnect, reason 3: {detail}",
        NegotiationFailed,
    ),
    of(
        VANISHED,
        "Failed connection from {endpoint} with error: ssh: disconnect, reason {n}: {detail}",
        ReceivedDisconnect,
    ),
    of(
        MISMATCH,
        "SSH: Error on handshaking: ssh: disconnect, reason 3: {detail}",
        NegotiationFailed,
    ),
    of(
        VANISHED,
        "SSH: Error on handshaking: ssh: disconnect, reason {n}: {detail}",
        ReceivedDisconnect,
    ),
    of(
        MISMATCH,
        "failed to accept an incoming connection from ip \"{addr}\": ssh: disconnect, reason 3: {detail}",
        NegotiationFailed,
    ),
    of(
        VANISHED,
        "failed to accept an incoming connection from ip \"{addr}\": ssh: disconnect, reason {n}: {detail}",
        ReceivedDisconnect,
    ),
    of(
        MISMATCH,
        "failed to accept an incoming connection: ssh: disconnect, reason 3: {detail}",
        NegotiationFailed,
    ),
    of(
        VANISHED,
        "failed to accept an incoming connection: ssh: disconnect, reason {n}: {detail}",
        ReceivedDisconnect,
    ),
    // The key exchange failed (RFC 4253, 11.1).
    of(
        MISMATCH,
        "serve sftp {endpoint}->{word} SSH login failed: ssh: disconnect, reason 3: {detail}",
        NegotiationFailed,
    ),
    of(
        VANISHED,
        "serve sftp {endpoint}->{word} SSH login failed: ssh: disconnect, reason {n}: {detail}",
        ReceivedDisconnect,
    ),
];
