//! Messages of libraries in Java: JSch, sshj, trilead-ssh2 and Apache MINA SSHD.

use super::super::Reached;
use super::row::{
    BAD_KEY, BAD_SIGNATURE, CHANGED, CLOSED, DENIED, MISMATCH, NO_ROUTE, NOT_SSH, NOT_SSH_BYTES,
    REFUSED, REJECTED, RESET, SILENT, SLOW, STALLED, TIMEOUT, UNKNOWN, name, says, shared,
};
use super::sign::Scope::{Anywhere, Named};
use super::sign::{Phase, Row, Sign, Symptom};

#[rustfmt::skip]
pub(super) const JSCH: &[Row] = &[
    says("Algorithm negotiation fail", MISMATCH),
    says("HostKey has been changed: ", CHANGED),
    says("reject HostKey: ", UNKNOWN),
    says("UnknownHostKey: ", UNKNOWN),
    says("timeout: socket is not established", TIMEOUT),
    says("invalid server's version string", NOT_SSH),
    // Its own log.
    ("Connecting to {addr} port {port}", Sign::Connecting, Named),
    ("Connection established", Sign::Reached(Reached::Connected), Named),
    ("Remote version string: SSH-2.0-{detail}", Sign::Server, Named),
    ("SSH_MSG_KEXINIT sent", Sign::Reached(Reached::KeyExchange), Named),
    ("SSH_MSG_NEWKEYS received", Sign::Reached(Reached::Encrypted), Named),
    ("SSH_MSG_SERVICE_ACCEPT received", Sign::Reached(Reached::Authenticating), Named),
    ("Authentications that can continue: ", Sign::Reached(Reached::Authenticating), Named),
    says("java.io.IOException: End of IO Stream Read", CLOSED),
    says("Session.connect: java.io.IOException: End of IO Stream Read", CLOSED),
    says("Session.connect: java.net.SocketException: Connection reset", RESET),
    says("Session.connect: java.net.SocketTimeoutException: Read timed out", SILENT),
    says("JSchException: connection is closed by foreign host", CLOSED),
    says("JSchException: Auth fail", DENIED),
    says("JSchException: Auth cancel", DENIED),
    shared("Auth fail", DENIED),
    says("JSchException: verify: false", &[Symptom::BadSignature]),
    ("timeout in waiting for rekeying process", STALLED, Anywhere),
    // Publish over SSH, of Jenkins.
    name("Failed to connect session for config ["),
    name("com.jcraft.jsch"),
    name("JSchException"),
    // Session.java, KnownHosts.java, KeyPair.java, the proxies.
    says("revoked HostKey: ", &[Symptom::HostKeyRevoked]),
    says("JSchException: USERAUTH fail", DENIED),
    says("JSchException: Packet corrupt", &[Symptom::Damaged]),
    says("JSchException: invalid privatekey", BAD_KEY),
    says("JSchException: session is down", CLOSED),
    says("JSchException: channel is not opened", CLOSED),
    says("JSchException: MaxAuthTries: ", &[Symptom::TooManyFailures]),
    says("JSchPartialAuthException", DENIED),
    says("ProxySOCKS5: ", &[Symptom::ProxyError]),
    says("ProxySOCKS4: ", &[Symptom::ProxyError]),
    says("ProxyHTTP: ", &[Symptom::ProxyError]),
    ("SSH_MSG_DISCONNECT: {n} {detail}", Sign::Goodbye, Anywhere),
];

#[rustfmt::skip]
pub(super) const SSHJ: &[Row] = &[
    // The programs of JetBrains.
    ("Cannot connect to remote host {quoted}@{name}:{port}: ", Sign::Whom, Anywhere),
    ("SSH connection to {quoted}@{endpoint}", Sign::Whom, Anywhere),
    says("Connection is not established within the specified timeout", SLOW),
    shared("Timeout expired: {n} MILLISECONDS", SLOW),
    says("Broken transport; encountered EOF", CLOSED),
    says("Server closed connection during identification exchange", CLOSED),
    says("Exhausted available authentication methods", DENIED),
    says("Could not verify `{}` host key with fingerprint", UNKNOWN),
    says("Unable to reach a settlement: ", MISMATCH),
    ("Server identity string: SSH-2.0-{detail}", Sign::Server, Anywhere),
    ("Server identity string: SSH-1.99-{detail}", Sign::Server, Anywhere),
    ("Sending SSH_MSG_KEXINIT", Sign::Reached(Reached::KeyExchange), Named),
    // The key exchange begins once both sides have sent their identifications.
    (
        "net.schmizz.sshj.transport.KeyExchanger.waitForDone",
        Sign::Library(&[], Reached::KeyExchange),
        Anywhere,
    ),
    says("net.schmizz.sshj.transport.TransportException: Timeout expired", &[Symptom::Unanswered]),
    says("KeyExchange signature verification failed", &[Symptom::BadSignature]),
    name("net.schmizz.sshj"),
    name("com.hierynomus.sshj"),
    name("n.s.sshj"),
    // TransportImpl.java, IdentificationStringParser.java, KeyExchanger.java.
    (
        "Received end of connection, but no identification received",
        Sign::Library(CLOSED, Reached::Connected),
        Anywhere,
    ),
    says("Incorrect identification String received, line was longer than expected", NOT_SSH),
    says("Host key for `{}` has changed!", CHANGED),
    says("TransportException: MAC Error", &[Symptom::Damaged]),
    ("Received SSH_MSG_DISCONNECT (reason={word} msg={detail}", Sign::Goodbye, Anywhere),
];

#[rustfmt::skip]
pub(super) const TRILEAD: &[Row] = &[
    // Connection.java, KexManager.java, AuthenticationManager.java, and the plugins of Jenkins.
    ("There was a problem while connecting to {endpoint}", Sign::Whom, Anywhere),
    says("[SSH] No Known Hosts file was found at {}", UNKNOWN),
    says("Cannot negotiate algorithms, proposals do not match", MISMATCH),
    says("Hostkey signature sent by remote is wrong!", BAD_SIGNATURE),
    says("Authentication method {word} not supported by the server at this stage", DENIED),
    shared("Publickey authentication failed", DENIED),
    shared("Password authentication failed", DENIED),
    shared("Keyboard-interactive authentication failed", DENIED),
    shared("Illegal packet size! (", &[Symptom::Damaged]),
    // The agents of Jenkins.
    ("Opening SSH connection to {endpoint}.", Sign::Whom, Anywhere),
    name("SSH Connection failed with IOException"),
    says("No entry currently exists in the Known Hosts file for this host", UNKNOWN),
    shared("Connection refused (Connection refused)", REFUSED),
    shared("Connection timed out (Connection timed out)", TIMEOUT),
    shared("No route to host (Host unreachable)", NO_ROUTE),
    says("Key exchange was not finished, connection is closed", CLOSED),
    says("Cannot negotiate, proposals do not match", MISMATCH),
    shared("Premature connection close", CLOSED),
    shared("Cannot read full block, EOF reached", CLOSED),
    shared("The connect timeout expired", TIMEOUT),
    name("com.trilead.ssh2"),
    name("ch.ethz.ssh2"),
];

#[rustfmt::skip]
pub(super) const MINA: &[Row] = &[
    says("Unable to negotiate key exchange for ", MISMATCH),
    says("Server key did not validate", REJECTED),
    says("No more authentication methods available", DENIED),
    ("JGitClientSession[{quoted}@{name}/{endpoint}]", Sign::Whom, Anywhere),
    ("ClientSessionImpl[{quoted}@{name}/{endpoint}]", Sign::Whom, Anywhere),
    ("DefaultConnectFuture[{quoted}@{name}/{endpoint}]", Sign::Whom, Anywhere),
    ("Failed ({word} to execute: {detail}", Sign::Failed(Phase::Any), Named),
    // ClientSessionImpl.java, AbstractSession.java, AbstractSshFuture.java.
    says("Incorrect identification (", NOT_SSH_BYTES),
    ("Session closing while KEX in progress", Sign::Library(CLOSED, Reached::KeyExchange), Named),
    shared("MAC Error", &[Symptom::Damaged]),
    // It waits for a login once the connection stands.
    ("DefaultAuthFuture[", Sign::Reached(Reached::Connected), Anywhere),
    shared("SocketException: Connection reset", RESET),
    shared("Session is being closed", CLOSED),
    shared("Session has been closed", CLOSED),
    shared("Failed to get operation result within specified timeout", SLOW),
    name("org.apache.sshd"),
    name("SshException"),
];
