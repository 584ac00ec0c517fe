//! Servers beside sshd and dropbear.
//!
//! In Go: Gitea (modules/ssh/ssh.go), Gogs (internal/ssh/ssh.go), SFTPGo (internal/sftpd/server.go) and `rclone serve sftp`
//! (cmd/serve/sftp/server.go); what follows their own words is an error of golang.org/x/crypto/ssh. Devices: Cisco ASA, RouterOS.
//! Those that a log names: tinysshd, mod_sftp of ProFTPD.

use super::rule::{Rule, of, rule};
use crate::cause::CauseName as Cause;
use crate::kind::Kind::{
    Accepted, AuthFailed, BadProtocol, Broken, Closed, Connected, Disconnected, GraceTimeout,
    NegotiationFailed, Noted, PacketCorrupt, ReceivedDisconnect, Reset, TooManyFailures,
    UserDenied,
};

const VANISHED: Cause = Cause::ClientVanished;
const NOT_ALLOWED: Cause = Cause::UserNotAllowed;
const MISMATCH: Cause = Cause::AlgorithmMismatch;
const NOT_SSH: Cause = Cause::NotAnSshClient;

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    of(MISMATCH, "{handshake}ssh: no common algorithm {detail}", NegotiationFailed),
    // The key exchange failed (RFC 4253, 11.1).
    of(MISMATCH, "{handshake}ssh: disconnect, reason 3: {detail}", NegotiationFailed),
    of(VANISHED, "{handshake}ssh: disconnect, reason {n}: {detail}", ReceivedDisconnect),
    // A client that disconnects without naming a language.
    of(
        VANISHED,
        "{handshake}ssh: unmarshal error for field Language of type disconnectMsg{}",
        ReceivedDisconnect,
    ),
    // The errors of all methods that were tried (server.go, ServerAuthError).
    rule("{handshake}[ssh: password auth not configured{}", AuthFailed),
    of(NOT_ALLOWED, "{handshake}[{detail}", AuthFailed),
    of(VANISHED, "{handshake}EOF", Closed),
    of(VANISHED, "{handshake}read tcp {}: connection reset by peer", Reset),
    // They give a handshake as long as this.
    of(Cause::LoginGraceTime, "{handshake}read tcp {}: i/o timeout", GraceTimeout),
    // transport.go, handshake.go, cipher.go.
    of(NOT_SSH, "{handshake}ssh: overflow reading version string", BadProtocol),
    of(NOT_SSH, "{handshake}ssh: junk character in version line", BadProtocol),
    of(NOT_SSH, "{handshake}ssh: first packet should be msgKexInit", BadProtocol),
    of(NOT_SSH, "{handshake}ssh: invalid packet length, {detail}", PacketCorrupt),
    of(NOT_ALLOWED, "Failed authentication attempt from {endpoint}", AuthFailed),
    rule("SSH: Handshaking for {endpoint}", Connected),
    // SFTPGo writes one for each method, and one for a connection that tried none, whose end is told above.
    rule("connection_failed: no_auth_tried for '' from {addr}: {detail}", Noted),
    rule("connection_failed: {word} for '{user}' from {addr}: {detail}", AuthFailed),
    // Cisco ASA (315004, 315011), RouterOS.
    of(
        Cause::HostKeysMissing,
        "Fail to establish SSH session because RSA host key retrieval failed{}",
        Broken,
    ),
    rule(
        "SSH session from {addr} on interface {word} for user {} disconnected by SSH server, reason: {detail}",
        Disconnected,
    ),
    rule("login failure for user {user} from {addr} via ssh", AuthFailed),
];

/// tinysshd (main_tinysshd.c), which puts its own name for the session and the level before a message, and the line of its
/// source behind it.
#[rustfmt::skip]
pub(super) const TINYSSH: &[Rule] = &[
    rule("{word} info: connection from {endpoint} {}", Connected),
    of(VANISHED, "{word} fatal: unable to receive hello-string {}", Closed),
    // The client went away, or no algorithm is common.
    rule("{word} fatal: unable to receive kex-message {}", Disconnected),
    rule("{word} fatal: authentication failed {}", AuthFailed),
    of(
        Cause::MaxAuthTries,
        "{word} {word} auth: too many authentication tries {}",
        TooManyFailures,
    ),
    of(Cause::HostKeysMissing, "{word} fatal: unable to read public key from file{}", Broken),
];

/// mod_sftp of ProFTPD (contrib/mod_sftp: mod_sftp.c, kex.c, auth.c, packet.c, disconnect.c).
#[rustfmt::skip]
pub(super) const PROFTPD: &[Rule] = &[
    rule("client ({endpoint}) connected to server {}", Connected),
    of(MISMATCH, "no shared {} algorithm found ({detail}", NegotiationFailed),
    of(NOT_SSH, "Bad protocol version '{quoted}' from {addr}", BadProtocol),
    of(
        Cause::MaxAuthTries,
        "Maximum login attempts ({n}) exceeded, refusing connection for user '{user}'",
        TooManyFailures,
    ),
    of(NOT_ALLOWED, "authentication for user '{user}' failed: Invalid shell", UserDenied),
    of(NOT_ALLOWED, "root login attempted, denied by RootLogin configuration", UserDenied),
    of(Cause::HostKeysMissing, "no available host keys, unable to handle session", Broken),
    of(VANISHED, "disconnecting client (received EOF)", Closed),
    of(VANISHED, "error reading from client (fd {n}): Connection reset by peer", Reset),
    rule("client at {addr} sent SSH_DISCONNECT message: {detail}", ReceivedDisconnect),
    rule("disconnecting client{}", Disconnected),
    rule("user '{user}' authenticated via '{word} method", Accepted),
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
