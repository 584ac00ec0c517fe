//! The words of libraries, which stand anywhere in the output of the programs that use them.
//!
//! Words that other programs print too ("connection refused") count where the library shows itself on the line or in the
//! stack trace around it, or where the line names port 22.

use super::super::{Reached, Software};
use super::Scope::{Anywhere, Named, Port};
use super::{Family, Phase, Row, Sign, Symptom};

const fn name(words: &'static str) -> Row {
    (words, Sign::Name, Anywhere)
}

const fn says(words: &'static str, symptoms: &'static [Symptom]) -> Row {
    (words, Sign::Library(symptoms, Reached::Nothing), Anywhere)
}

/// Words of other programs too.
const fn shared(words: &'static str, symptoms: &'static [Symptom]) -> Row {
    (words, Sign::Library(symptoms, Reached::Nothing), Named)
}

/// The same, which name a port.
const fn port(words: &'static str, symptoms: &'static [Symptom]) -> Row {
    (words, Sign::Library(symptoms, Reached::Nothing), Port)
}

const NAME_UNKNOWN: &[Symptom] = &[Symptom::NameUnknown];
const REFUSED: &[Symptom] = &[Symptom::Refused];
const NO_ROUTE: &[Symptom] = &[Symptom::NoRoute];
const UNREACHABLE: &[Symptom] = &[Symptom::Unreachable];
const TIMEOUT: &[Symptom] = &[Symptom::ConnectTimeout];
const SILENT: &[Symptom] = &[Symptom::BannerTimeout];
const SLOW: &[Symptom] = &[Symptom::ConnectTimeout, Symptom::BannerTimeout];
const CLOSED: &[Symptom] = &[Symptom::Closed];
const RESET: &[Symptom] = &[Symptom::Reset];
const MISMATCH: &[Symptom] = &[Symptom::Mismatch];
const CHANGED: &[Symptom] = &[Symptom::HostKeyChanged];
const UNKNOWN: &[Symptom] = &[Symptom::HostKeyUnknown];
const REJECTED: &[Symptom] = &[Symptom::HostKeyRejected];
const DENIED: &[Symptom] = &[Symptom::Denied];
const NOT_SSH: &[Symptom] = &[Symptom::NotSsh];

pub(super) const FAMILIES: &[Family] = &[
    (Some(Software::Paramiko), PARAMIKO),
    (Some(Software::Asyncssh), ASYNCSSH),
    (Some(Software::Go), GO),
    (Some(Software::Libssh2), LIBSSH2),
    (Some(Software::Libssh), LIBSSH),
    (Some(Software::Dropbear), DROPBEAR),
    (Some(Software::NodeSsh2), NODE),
    (Some(Software::Jsch), JSCH),
    (Some(Software::Sshj), SSHJ),
    (Some(Software::Trilead), TRILEAD),
    (Some(Software::Mina), MINA),
    (Some(Software::SshNet), SSH_NET),
    (Some(Software::NetSsh), NET_SSH),
    (Some(Software::Phpseclib), PHPSECLIB),
    (Some(Software::Russh), RUSSH),
    (None, SHARED),
];

const PARAMIKO: &[Row] = &[
    (
        "Error reading SSH protocol banner[Errno 104]",
        Sign::Library(RESET, Reached::Connected),
        Anywhere,
    ),
    (
        "Error reading SSH protocol banner[WinError 10054]",
        Sign::Library(RESET, Reached::Connected),
        Anywhere,
    ),
    (
        "Error reading SSH protocol banner[Errno 54]",
        Sign::Library(RESET, Reached::Connected),
        Anywhere,
    ),
    (
        "Error reading SSH protocol banner",
        Sign::Library(
            &[Symptom::Closed, Symptom::BannerTimeout],
            Reached::Connected,
        ),
        Anywhere,
    ),
    (
        "paramiko.transport: Banner: {detail}",
        Sign::ServerText,
        Anywhere,
    ),
    (
        "Connected (version 2.0, client {detail}",
        Sign::Server,
        Anywhere,
    ),
    (
        "self.packetizer.read_message()",
        Sign::Library(&[], Reached::Identified),
        Anywhere,
    ),
    says("NoValidConnectionsError: ", REFUSED),
    says("BadHostKeyException: Host key for server", CHANGED),
    says("Server '{}' not found in known_hosts", UNKNOWN),
    says("IncompatiblePeer: ", MISMATCH),
    says("Incompatible ssh peer", MISMATCH),
    says("AuthenticationException: Authentication failed", DENIED),
    says("BadAuthenticationType: ", DENIED),
    says("SSHException: No authentication methods available", DENIED),
    says("SSHException: No existing session", SILENT),
    says("SSHException: Negotiation failed", CLOSED),
    // Fabric 1.
    (
        "Low level socket error connecting to host {name} on port {port}: {detail}",
        Sign::Failed(Phase::Connect),
        Anywhere,
    ),
    says("Fatal error: Name lookup failed for {name}", NAME_UNKNOWN),
    // Netmiko.
    says(
        "TCP connection to device failed",
        &[Symptom::Refused, Symptom::ConnectTimeout],
    ),
    says("Authentication to device failed", DENIED),
    ("Device settings: {word} {endpoint}", Sign::Whom, Named),
    shared("EOFError", CLOSED),
    name("paramiko"),
    name("netmiko"),
    name("sshtunnel"),
];

const ASYNCSSH: &[Row] = &[
    says("asyncssh.misc.ConnectionLost: Connection lost", CLOSED),
    says(
        "asyncssh.misc.ConnectionLost: Login timeout expired",
        SILENT,
    ),
    says(
        "asyncssh.misc.PermissionDenied: Permission denied for user {user} on host {name}",
        DENIED,
    ),
    says("asyncssh.misc.PermissionDenied: ", DENIED),
    says("asyncssh.misc.KeyExchangeFailed: No matching ", MISMATCH),
    says("asyncssh.misc.HostKeyNotVerifiable: ", REJECTED),
    name("asyncssh"),
];

const GO: &[Row] = &[
    // Terraform says whom it could not log in as before it says why.
    (
        "SSH authentication failed ({quoted}@{endpoint})",
        Sign::Whom,
        Anywhere,
    ),
    says("ssh: handshake failed: EOF", CLOSED),
    says("ssh: handshake failed: knownhosts: key mismatch", CHANGED),
    says("ssh: handshake failed: knownhosts: key is unknown", UNKNOWN),
    says("ssh: handshake failed: ssh: host key mismatch", CHANGED),
    says(
        "ssh: handshake failed: ssh: no common algorithm for ",
        MISMATCH,
    ),
    says("ssh: handshake failed: ssh: unable to authenticate", DENIED),
    says(
        "ssh: handshake failed: ssh: overflow reading version string",
        NOT_SSH,
    ),
    name("ssh: handshake failed: "),
    says("ssh: overflow reading version string", NOT_SSH),
    says("ssh: unable to authenticate", DENIED),
    says("ssh: no common algorithm for ", MISMATCH),
    says("ssh: host key mismatch", CHANGED),
    says("knownhosts: key mismatch", CHANGED),
    says("knownhosts: key is unknown", UNKNOWN),
    port("dial tcp {word} connect: connection refused", REFUSED),
    port("dial tcp {word} connect: no route to host", NO_ROUTE),
    port(
        "dial tcp {word} connect: network is unreachable",
        UNREACHABLE,
    ),
    port("dial tcp {word} connect: connection timed out", TIMEOUT),
    port("dial tcp {word} connect: operation timed out", TIMEOUT),
    port("dial tcp {word} i/o timeout", TIMEOUT),
    shared("dial tcp: lookup {}: no such host", NAME_UNKNOWN),
    port("read tcp {word} read: connection reset by peer", RESET),
    port("read tcp {word} i/o timeout", SILENT),
    port(
        "read tcp {word} read: connection timed out",
        &[Symptom::Unanswered],
    ),
    name("x/crypto/ssh"),
];

const LIBSSH2: &[Row] = &[
    says("Failed getting banner", CLOSED),
    (
        "Unable to exchange encryption keys",
        Sign::Library(CLOSED, Reached::KeyExchange),
        Anywhere,
    ),
    // libgit2, of Cargo and others.
    says(
        "attempted ssh-agent authentication, but no usernames succeeded",
        DENIED,
    ),
    says("error authenticating: failed connecting with agent", DENIED),
    name("class=Ssh (23)"),
    says("curl: (67) ", DENIED),
    says(
        "SSL peer certificate or SSH remote key was not OK",
        REJECTED,
    ),
    port(
        "Failed to connect to {addr} port {port} after {n} ms: {}",
        &[Symptom::Refused, Symptom::ConnectTimeout],
    ),
    (
        "Connected to {name} ({addr}) port {port}",
        Sign::Connecting,
        Port,
    ),
    name("Failure establishing ssh session"),
    name("libssh2"),
];

const LIBSSH: &[Row] = &[
    says("kex error : no match for method ", MISMATCH),
    says("Error authenticating: Access denied for ", DENIED),
    says("Socket error: Connection reset by peer", RESET),
    says("Socket error: disconnected", CLOSED),
    shared("Timeout connecting to ", SLOW),
    name("libssh"),
];

const DROPBEAR: &[Row] = &[
    (
        "ssh: Connection to {quoted}@{name}:{port} ",
        Sign::Whom,
        Anywhere,
    ),
    (
        "dbclient: Connection to {quoted}@{name}:{port} ",
        Sign::Whom,
        Anywhere,
    ),
    name("dbclient: "),
    shared("exited: Remote closed the connection", CLOSED),
    shared("exited: Error reading: Connection reset by peer", RESET),
    shared("exited: Connect failed: Connection refused", REFUSED),
    shared("exited: Connect failed: No route to host", NO_ROUTE),
    shared(
        "exited: Connect failed: Network is unreachable",
        UNREACHABLE,
    ),
    shared("exited: Connect failed: Connection timed out", TIMEOUT),
    shared("exited: Connect failed: Error resolving ", NAME_UNKNOWN),
    shared("exited: No matching algo ", MISMATCH),
    shared("exited: Didn't validate host key", UNKNOWN),
    shared("exited: No auth methods could be used", DENIED),
    says("host key mismatch for ", CHANGED),
];

const NODE: &[Row] = &[
    says("Connection lost before handshake", CLOSED),
    says("Timed out while waiting for handshake", SLOW),
    says("All configured authentication methods failed", DENIED),
    says("Handshake failed: no matching ", MISMATCH),
    (
        "Client: Trying {addr} on port {port}",
        Sign::Connecting,
        Anywhere,
    ),
    (
        "Remote ident: '{}",
        Sign::Reached(Reached::Identified),
        Named,
    ),
    port("connect ECONNREFUSED {word}", REFUSED),
    port("connect EHOSTUNREACH {word}", NO_ROUTE),
    port("connect ENETUNREACH {word}", UNREACHABLE),
    port("connect ETIMEDOUT {word}", TIMEOUT),
    shared("getaddrinfo ENOTFOUND {word}", NAME_UNKNOWN),
    shared("read ECONNRESET", RESET),
    name("/ssh2/lib/"),
    name("ssh2/lib/"),
    name("ssh2js"),
    name("level: 'client-socket'"),
];

const JSCH: &[Row] = &[
    says("Algorithm negotiation fail", MISMATCH),
    says("HostKey has been changed: ", CHANGED),
    says("reject HostKey: ", UNKNOWN),
    says("UnknownHostKey: ", UNKNOWN),
    says("timeout: socket is not established", TIMEOUT),
    says("invalid server's version string", NOT_SSH),
    // Its own log.
    ("Connecting to {addr} port {port}", Sign::Connecting, Named),
    (
        "Connection established",
        Sign::Reached(Reached::Connected),
        Named,
    ),
    (
        "Remote version string: SSH-2.0-{detail}",
        Sign::Server,
        Named,
    ),
    (
        "SSH_MSG_KEXINIT sent",
        Sign::Reached(Reached::KeyExchange),
        Named,
    ),
    (
        "SSH_MSG_NEWKEYS received",
        Sign::Reached(Reached::Encrypted),
        Named,
    ),
    (
        "SSH_MSG_SERVICE_ACCEPT received",
        Sign::Reached(Reached::Authenticating),
        Named,
    ),
    (
        "Authentications that can continue: ",
        Sign::Reached(Reached::Authenticating),
        Named,
    ),
    says("java.io.IOException: End of IO Stream Read", CLOSED),
    says(
        "Session.connect: java.io.IOException: End of IO Stream Read",
        CLOSED,
    ),
    says(
        "Session.connect: java.net.SocketException: Connection reset",
        RESET,
    ),
    says(
        "Session.connect: java.net.SocketTimeoutException: Read timed out",
        SILENT,
    ),
    says(
        "JSchException: connection is closed by foreign host",
        CLOSED,
    ),
    says("JSchException: Auth fail", DENIED),
    says("JSchException: Auth cancel", DENIED),
    name("com.jcraft.jsch"),
    name("JSchException"),
];

const SSHJ: &[Row] = &[
    // The programs of JetBrains.
    (
        "Cannot connect to remote host {quoted}@{name}:{port}: ",
        Sign::Whom,
        Anywhere,
    ),
    says(
        "Connection is not established within the specified timeout",
        SLOW,
    ),
    shared("Timeout expired: {n} MILLISECONDS", SLOW),
    says("Broken transport; encountered EOF", CLOSED),
    says(
        "Server closed connection during identification exchange",
        CLOSED,
    ),
    says("Exhausted available authentication methods", DENIED),
    says("Could not verify `{}` host key with fingerprint", UNKNOWN),
    says("Unable to reach a settlement: ", MISMATCH),
    name("net.schmizz.sshj"),
    name("com.hierynomus.sshj"),
    name("n.s.sshj"),
];

const TRILEAD: &[Row] = &[
    // The agents of Jenkins.
    (
        "Opening SSH connection to {endpoint}.",
        Sign::Whom,
        Anywhere,
    ),
    name("SSH Connection failed with IOException"),
    shared("Connection refused (Connection refused)", REFUSED),
    shared("Connection timed out (Connection timed out)", TIMEOUT),
    shared("No route to host (Host unreachable)", NO_ROUTE),
    says(
        "Key exchange was not finished, connection is closed",
        CLOSED,
    ),
    says("Cannot negotiate, proposals do not match", MISMATCH),
    shared("Premature connection close", CLOSED),
    shared("Cannot read full block, EOF reached", CLOSED),
    shared("The connect timeout expired", TIMEOUT),
    name("com.trilead.ssh2"),
    name("ch.ethz.ssh2"),
];

const MINA: &[Row] = &[
    says("Unable to negotiate key exchange for ", MISMATCH),
    says("Server key did not validate", REJECTED),
    says("No more authentication methods available", DENIED),
    shared("Session is being closed", CLOSED),
    shared("Session has been closed", CLOSED),
    shared(
        "Failed to get operation result within specified timeout",
        SLOW,
    ),
    name("org.apache.sshd"),
    name("SshException"),
];

const SSH_NET: &[Row] = &[
    says(
        "Server response does not contain SSH protocol identification",
        CLOSED,
    ),
    says("Connection failed to establish within ", TIMEOUT),
    says("Key exchange negotiation failed", MISMATCH),
    says("Failed to negotiate key exchange algorithm", MISMATCH),
    says("Host key could not be verified", REJECTED),
    shared(
        "An established connection was aborted by the server",
        CLOSED,
    ),
    shared("The connection was closed by the server", CLOSED),
    shared("Socket read operation has timed out", SILENT),
    shared("Session operation has timed out", SILENT),
    shared("Permission denied (", DENIED),
    name("Renci.SshNet"),
    name("SSH.NET"),
];

const NET_SSH: &[Row] = &[
    // SSHKit, of Capistrano.
    (
        "Exception while executing as {quoted}@{name}: ",
        Sign::Whom,
        Anywhere,
    ),
    shared("Authentication failed for user ", DENIED),
    name("SSHKit::"),
    // Vagrant.
    ("SSH address: {endpoint}", Sign::Whom, Anywhere),
    says("Warning: Connection reset. Retrying...", RESET),
    says("Warning: Remote connection disconnect. Retrying...", CLOSED),
    says("Warning: Connection aborted. Retrying...", CLOSED),
    says("Warning: Connection refused. Retrying...", REFUSED),
    says("Warning: Connection timeout. Retrying...", SLOW),
    says("Warning: Host unreachable. Retrying...", NO_ROUTE),
    says("Warning: Authentication failure. Retrying...", DENIED),
    says(
        "connection closed by remote host (Net::SSH::Disconnect)",
        CLOSED,
    ),
    says(
        "Net::SSH::Disconnect: connection closed by remote host",
        CLOSED,
    ),
    shared("connection closed by remote host", CLOSED),
    name("Train::Transports::SSH"),
    port("Errno::ECONNREFUSED: {}", REFUSED),
    port("Errno::ECONNRESET: {}", RESET),
    port("Errno::ETIMEDOUT: {}", TIMEOUT),
    port("Errno::EHOSTUNREACH: {}", NO_ROUTE),
    port("Errno::ENETUNREACH: {}", UNREACHABLE),
    says("Net::SSH::AuthenticationFailed", DENIED),
    says("Net::SSH::HostKeyMismatch", CHANGED),
    says("Net::SSH::HostKeyUnknown", UNKNOWN),
    says("Net::SSH::ConnectionTimeout", TIMEOUT),
    says("could not settle on {word} algorithm", MISMATCH),
    (
        "net/ssh/transport/server_version.rb",
        Sign::Library(&[], Reached::Connected),
        Anywhere,
    ),
    shared("Connection reset by peer", RESET),
    shared("Connection refused", REFUSED),
    shared("Connection timed out", TIMEOUT),
    shared("No route to host", NO_ROUTE),
    name("Net::SSH"),
    name("net/ssh/"),
    name("net-ssh-"),
];

const PHPSECLIB: &[Row] = &[
    says("Server closed the connection before identifying", CLOSED),
    says("Expected SSH_MSG_KEXINIT", CLOSED),
    port("Cannot connect to {word} Error 111{}", REFUSED),
    port("Cannot connect to {word} Error 110{}", TIMEOUT),
    port("Cannot connect to {word} Error 113{}", NO_ROUTE),
    shared("Connection closed by server", CLOSED),
    shared("Connection closed prematurely", CLOSED),
    shared("No compatible key exchange algorithms found", MISMATCH),
    shared(
        "No compatible server to client encryption algorithms found",
        MISMATCH,
    ),
    name("phpseclib"),
];

const RUSSH: &[Row] = &[
    shared("Connection closed by the remote side", CLOSED),
    shared("Unknown server key", UNKNOWN),
    shared("No common {} algorithm", MISMATCH),
    shared("Key changed, line {n}", CHANGED),
    shared("Connection timeout", SLOW),
    shared("Disconnected", CLOSED),
    (
        "read_ssh_id: reading",
        Sign::Reached(Reached::Connected),
        Named,
    ),
    ("Ok(\"SSH-2.0-{detail}\\n\"", Sign::Server, Named),
    name("russh::"),
    name("russh/src"),
    name("thrussh"),
];

/// What several languages say for their users.
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
    shared(
        "java.net.SocketTimeoutException: connect timed out",
        TIMEOUT,
    ),
    // In the language of the machine.
    (
        "java.net.ConnectException: {detail}",
        Sign::Failed(Phase::Connect),
        Named,
    ),
    shared("java.net.SocketException: Connection reset", RESET),
    shared("java.io.IOException: Connection reset by peer", RESET),
    shared(
        "No connection could be made because the target machine actively refused it",
        REFUSED,
    ),
    shared(
        "A connection attempt failed because the connected party did not properly respond",
        TIMEOUT,
    ),
    shared(
        "An existing connection was forcibly closed by the remote host",
        RESET,
    ),
    shared("No such host is known", NAME_UNKNOWN),
];
