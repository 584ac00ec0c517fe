//! Messages of compiled libraries: golang.org/x/crypto/ssh, libssh2, libssh, Dropbear's client and
//! russh.

use super::super::Reached;
use super::row::{
    BAD_KEY, BAD_SIGNATURE, CERTIFICATE, CHANGED, CLOSED, DAMAGED, DENIED, MISMATCH, NAME_UNKNOWN,
    NEVER, NO_ROUTE, NOT_SSH, REFUSED, REJECTED, RESET, SILENT, SLOW, STALLED, TIMEOUT,
    UNCONNECTED, UNKNOWN, UNREACHABLE, name, port, reached, says, shared,
};
use super::sign::Scope::{Anywhere, Named, Port};
use super::sign::{Row, Sign, Symptom};

#[rustfmt::skip]
pub(super) const GO: &[Row] = &[
    // client.go, handshake.go, cipher.go, keys.go, channel.go, knownhosts.
    says("ssh: handshake failed: ssh: MAC failure", DAMAGED),
    says("ssh: MAC failure", DAMAGED),
    says("ssh: signature did not verify", BAD_SIGNATURE),
    says("ssh: no authentication methods available", DENIED),
    says("ssh: no common public key signature algorithm", &[Symptom::SignatureRefused]),
    says("ssh: server-generated gex p is out of range", &[Symptom::GroupRefused]),
    says("ssh: junk character in version line", NOT_SSH),
    says("ssh: no key found", BAD_KEY),
    says("ssh: cannot decode encrypted private keys", BAD_KEY),
    says("ssh: invalid openssh private key", BAD_KEY),
    says("ssh: subsystem request failed", &[Symptom::SubsystemFailed]),
    says("ssh: tcpip-forward request denied by peer", &[Symptom::RemoteForwardingFailed]),
    says("ssh: rejected: administratively prohibited", &[Symptom::BehindForbidden]),
    says("ssh: rejected: connect failed (Connection refused", &[Symptom::BehindRefused]),
    says("ssh: rejected: connect failed", &[Symptom::BehindUnreachable]),
    (
        "ssh: unexpected message type {n} (expected ",
        Sign::Library(CLOSED, Reached::KeyExchange),
        Anywhere,
    ),
    port("dial tcp {word} connectex: No connection could be made", REFUSED),
    port("dial tcp {word} connectex: A connection attempt failed", TIMEOUT),
    port("dial tcp {word} connection refused", REFUSED),
    port("dial tcp {word} context deadline exceeded", TIMEOUT),
    port("read tcp {word} wsarecv: An existing connection was forcibly closed", RESET),
    // Terraform names the login before the reason.
    ("SSH authentication failed ({quoted}@{endpoint})", Sign::Whom, Anywhere),
    says("ssh: handshake failed: EOF", CLOSED),
    // Windows says it in the language of the machine.
    says(
        "ssh: handshake failed: read tcp {word} wsarecv: An existing connection was forcibly closed",
        RESET,
    ),
    says(
        "ssh: handshake failed: read tcp {word} wsarecv: An established connection was aborted",
        &[Symptom::Aborted],
    ),
    says("ssh: handshake failed: read tcp {word} wsarecv: {}", CLOSED),
    says("ssh: handshake failed: knownhosts: key mismatch", CHANGED),
    says("ssh: handshake failed: knownhosts: key is unknown", UNKNOWN),
    says("ssh: handshake failed: ssh: host key mismatch", CHANGED),
    says("ssh: handshake failed: ssh: no common algorithm for ", MISMATCH),
    says("ssh: handshake failed: ssh: unable to authenticate", DENIED),
    says("ssh: handshake failed: ssh: principal \"", CERTIFICATE),
    says("ssh: handshake failed: ssh: cert has expired", CERTIFICATE),
    says("ssh: handshake failed: ssh: cert is not yet valid", CERTIFICATE),
    says("ssh: handshake failed: ssh: no authorities for hostname: ", CERTIFICATE),
    says("ssh: handshake failed: ssh: invalid packet length", &[Symptom::Damaged]),
    says("ssh: disconnect, reason 11: Too many ", &[Symptom::TextTooMany]),
    says("ssh: disconnect, reason 12: ", &[Symptom::TextTooMany]),
    says("ssh: handshake failed: ssh: overflow reading version string", NOT_SSH),
    name("ssh: handshake failed: "),
    says("ssh: overflow reading version string", NOT_SSH),
    says("ssh: unable to authenticate", DENIED),
    says("ssh: no common algorithm for ", MISMATCH),
    says("ssh: host key mismatch", CHANGED),
    says("knownhosts: key mismatch", CHANGED),
    says("knownhosts: key is unknown", UNKNOWN),
    port("dial tcp {word} connect: connection refused", REFUSED),
    port("dial tcp {word} connect: no route to host", NO_ROUTE),
    port("dial tcp {word} connect: network is unreachable", UNREACHABLE),
    port("dial tcp {word} connect: connection timed out", TIMEOUT),
    port("dial tcp {word} connect: operation timed out", TIMEOUT),
    port("dial tcp {word} i/o timeout", TIMEOUT),
    shared("dial tcp: lookup {name} on {}: no such host", NAME_UNKNOWN),
    shared("dial tcp: lookup {name} on {}: server misbehaving", NAME_UNKNOWN),
    shared("dial tcp: lookup {addr}: no such host", NAME_UNKNOWN),
    port("read tcp {word} read: connection reset by peer", RESET),
    port("read tcp {word} i/o timeout", SILENT),
    port("read tcp {word} read: connection timed out", &[Symptom::Unanswered]),
    // Programs that name the connection before the network error.
    ("Attempting SSH connection to {endpoint}", Sign::Whom, Anywhere),
    ("(remote-exec):   Host: {addr}", Sign::Whom, Anywhere),
    ("(file):   Host: {addr}", Sign::Whom, Anywhere),
    says("Timeout waiting for SSH", NEVER),
    name("TCP connection to SSH ip/port failed"),
    name("connect SSH: "),
    name("ssh Dial() error: "),
    name("ssh.Dial"),
    name("ssh://"),
    name("x/crypto/ssh"),
    // After those with a known reason.
    ("ssh: disconnect, reason {n}: {detail}", Sign::Goodbye, Anywhere),
];

#[rustfmt::skip]
pub(super) const LIBSSH2: &[Row] = &[
    says("Failed getting banner", CLOSED),
    ("Unable to exchange encryption keys", Sign::Library(CLOSED, Reached::KeyExchange), Anywhere),
    // libgit2, of Cargo and others.
    says("attempted ssh-agent authentication, but no usernames succeeded", DENIED),
    says("error authenticating: failed connecting with agent", DENIED),
    says("remote authentication required but no callback set; class=Ssh", DENIED),
    (
        "The SSH host key for `{name}` is not known",
        Sign::KnownAs(Symptom::HostKeyUnknown),
        Anywhere,
    ),
    ("SSH host key has changed for `{name}`", Sign::KnownAs(Symptom::HostKeyChanged), Anywhere),
    // The extension of PHP.
    says("ssh2_connect(): Unable to connect to {addr} on port {port}", UNCONNECTED),
    says("ssh2_auth_{word} Authentication failed for ", DENIED),
    name("class=Ssh (23)"),
    says("curl: (67) ", DENIED),
    says("SSL peer certificate or SSH remote key was not OK", REJECTED),
    port(
        "Failed to connect to {addr} port {port} after {n} ms: {}",
        &[Symptom::Refused, Symptom::ConnectTimeout],
    ),
    ("Connected to {name} ({addr}) port {port}", Sign::Connecting, Port),
    name("Failure establishing ssh session"),
    name("libssh2"),
    // session.c, kex.c, userauth.c, channel.c.
    ("Timed out waiting for KEX reply", STALLED, Anywhere),
    ("Timeout waiting for ECDH_REPLY reply", STALLED, Anywhere),
    ("Timeout waiting for GEX_GROUP reply", STALLED, Anywhere),
    ("Unable to ask for ssh-userauth service", Sign::Library(CLOSED, Reached::Encrypted), Anywhere),
    says("Authentication failed (username/password)", DENIED),
    says("Authentication failed (keyboard-interactive)", DENIED),
    says("Username/PublicKey combination invalid", DENIED),
    says(
        "Invalid signature for supplied public key, or bad username/public key combination",
        DENIED,
    ),
    says("Channel open failure (administratively prohibited)", &[Symptom::BehindForbidden]),
    says("Channel open failure (connect failed)", &[Symptom::BehindUnreachable]),
    says("Channel open failure (resource shortage)", &[Symptom::SessionRefused]),
    says("Timeout waiting for response from SFTP subsystem", &[Symptom::SubsystemFailed]),
    shared("Timed out waiting on socket", SLOW),
    shared("Invalid MAC received", DAMAGED),
    says("invalid or unknown remote ssh hostkey", REJECTED),
    name("failed to start SSH session"),
    name("failed to authenticate SSH session"),
    name("failed to initialize SSH session"),
];

#[rustfmt::skip]
pub(super) const LIBSSH: &[Row] = &[
    says("kex error : no match for method ", MISMATCH),
    says("Error authenticating: Access denied for ", DENIED),
    says("Socket error: Connection reset by peer", RESET),
    says("Socket error: disconnected", CLOSED),
    shared("Timeout connecting to ", SLOW),
    says("Access denied for {word} Authentication that can continue", DENIED),
    name("ssh connect failed: "),
    // Multipass.
    name("ssh connection failed: "),
    shared("Failed to connect: Connection refused", REFUSED),
    shared("Failed to connect: Connection timed out", TIMEOUT),
    shared("Failed to connect: No route to host", NO_ROUTE),
    name("libssh"),
    // kex.c, socket.c, packet_cb.c, misc.c.
    ("Received SSH_MSG_DISCONNECT: {n}:{detail}", Sign::Goodbye, Anywhere),
    says("No version of SSH protocol usable (banner: {})", NOT_SSH),
    says("Receiving banner: too large banner", NOT_SSH),
    says("Failed to resolve hostname {name} (", NAME_UNKNOWN),
    says("Public key from server ({}) doesn't match user ", MISMATCH),
    shared("HMAC error", DAMAGED),
    shared("Connection correctly closed but no disconnect message", CLOSED),
];

#[rustfmt::skip]
pub(super) const DROPBEAR: &[Row] = &[
    ("ssh: Connection to {quoted}@{name}:{port} ", Sign::Whom, Anywhere),
    ("dbclient: Connection to {quoted}@{name}:{port} ", Sign::Whom, Anywhere),
    name("dbclient: "),
    says("Remote TCP forward request failed ", &[Symptom::RemoteForwardingFailed]),
    shared("exited: Remote closed the connection", CLOSED),
    shared("exited: Error reading: Connection reset by peer", RESET),
    shared("exited: Connect failed: Connection refused", REFUSED),
    shared("exited: Connect failed: No route to host", NO_ROUTE),
    shared("exited: Connect failed: Network is unreachable", UNREACHABLE),
    shared("exited: Connect failed: Connection timed out", TIMEOUT),
    shared("exited: Connect failed: Error resolving ", NAME_UNKNOWN),
    shared("exited: No matching algo ", MISMATCH),
    shared("exited: Didn't validate host key", UNKNOWN),
    shared("exited: No auth methods could be used", DENIED),
    says("host key mismatch for ", CHANGED),
];

#[rustfmt::skip]
pub(super) const RUSSH: &[Row] = &[
    shared("Connection closed by the remote side", CLOSED),
    shared("Unknown server key", UNKNOWN),
    says("No common key algorithm", MISMATCH),
    says("NoCommonAlgo ", MISMATCH),
    shared("No common {} algorithm", MISMATCH),
    shared("Key changed, line {n}", CHANGED),
    shared("Connection timeout", SLOW),
    shared("Disconnected", CLOSED),
    ("read_ssh_id: reading", Sign::Reached(Reached::Connected), Named),
    ("Ok(\"SSH-2.0-{detail}", Sign::Server, Named),
    reached("userauth_failure", Reached::Authenticating),
    reached("userauth_success", Reached::LoggedIn),
    // What it has read so far.
    ("Ok(\"{detail}", Sign::ServerText, Named),
    name("russh::"),
    name("russh/src"),
    name("russh-"),
    name("thrussh"),
    // russh/src/lib.rs, keys/mod.rs.
    says("The server key changed at line {n}", CHANGED),
    shared("Key exchange init failed", CLOSED),
    ("Key exchange failed", Sign::Library(CLOSED, Reached::KeyExchange), Named),
    shared("Wrong server signature", BAD_SIGNATURE),
    shared("Wrong packet authentication code", DAMAGED),
    shared("invalid SSH version string", NOT_SSH),
    shared("Keepalive timeout", &[Symptom::LostSession]),
    shared("Inactivity timeout", &[Symptom::LostSession]),
    shared("No authentication method", DENIED),
    shared("Host not found", NAME_UNKNOWN),
];
