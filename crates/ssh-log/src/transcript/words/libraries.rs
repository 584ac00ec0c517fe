//! The words of libraries, which stand anywhere in the output of the programs that use them.
//!
//! Words that other programs print too ("connection refused") count where the library shows itself on the line or in the
//! stack trace around it, or where the line names port 22.

use super::super::{Reached, Software};
use super::Scope::{Anywhere, Named, Port};
use super::{Family, Phase, Row, Sign, Symptom, java};

pub(super) const fn name(words: &'static str) -> Row {
    (words, Sign::Name, Anywhere)
}

pub(super) const fn says(words: &'static str, symptoms: &'static [Symptom]) -> Row {
    (words, Sign::Library(symptoms, Reached::Nothing), Anywhere)
}

/// Words of other programs too.
pub(super) const fn shared(words: &'static str, symptoms: &'static [Symptom]) -> Row {
    (words, Sign::Library(symptoms, Reached::Nothing), Named)
}

/// The same, which name a port.
pub(super) const fn port(words: &'static str, symptoms: &'static [Symptom]) -> Row {
    (words, Sign::Library(symptoms, Reached::Nothing), Port)
}

pub(super) const NAME_UNKNOWN: &[Symptom] = &[Symptom::NameUnknown];
pub(super) const REFUSED: &[Symptom] = &[Symptom::Refused];
pub(super) const NO_ROUTE: &[Symptom] = &[Symptom::NoRoute];
pub(super) const UNREACHABLE: &[Symptom] = &[Symptom::Unreachable];
pub(super) const TIMEOUT: &[Symptom] = &[Symptom::ConnectTimeout];
pub(super) const SILENT: &[Symptom] = &[Symptom::BannerTimeout];
pub(super) const SLOW: &[Symptom] = &[Symptom::ConnectTimeout, Symptom::BannerTimeout];
pub(super) const CLOSED: &[Symptom] = &[Symptom::Closed];
pub(super) const RESET: &[Symptom] = &[Symptom::Reset];
pub(super) const MISMATCH: &[Symptom] = &[Symptom::Mismatch];
pub(super) const CHANGED: &[Symptom] = &[Symptom::HostKeyChanged];
pub(super) const UNKNOWN: &[Symptom] = &[Symptom::HostKeyUnknown];
pub(super) const REJECTED: &[Symptom] = &[Symptom::HostKeyRejected];
pub(super) const DENIED: &[Symptom] = &[Symptom::Denied];
pub(super) const NOT_SSH: &[Symptom] = &[Symptom::NotSsh];
/// The program waited until it could log in, and does not say why it could not.
pub(super) const NEVER: &[Symptom] = &[Symptom::ConnectTimeout, Symptom::Refused];
/// The library could not connect, and does not say why.
pub(super) const UNCONNECTED: &[Symptom] = &[Symptom::Refused, Symptom::ConnectTimeout];
/// The host certificate is not valid.
pub(super) const CERTIFICATE: &[Symptom] = &[Symptom::HostKeyCertificate, Symptom::HostKeyRejected];

pub(super) const FAMILIES: &[Family] = &[
    (Some(Software::Paramiko), PARAMIKO),
    (Some(Software::Asyncssh), ASYNCSSH),
    (Some(Software::Go), GO),
    (Some(Software::Libssh2), LIBSSH2),
    (Some(Software::Libssh), LIBSSH),
    (Some(Software::Dropbear), DROPBEAR),
    (Some(Software::NodeSsh2), NODE),
    (Some(Software::Jsch), java::JSCH),
    (Some(Software::Sshj), java::SSHJ),
    (Some(Software::Trilead), java::TRILEAD),
    (Some(Software::Mina), java::MINA),
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
    // Other libraries for other protocols have an exception of this name.
    shared("AuthenticationException: Authentication failed", DENIED),
    says("BadAuthenticationType: ", DENIED),
    says("SSHException: No authentication methods available", DENIED),
    says("SSHException: No existing session", SILENT),
    says("SSHException: Negotiation failed", CLOSED),
    says("SSHException: Server connection dropped", CLOSED),
    says("SSHException: Incompatible version (", MISMATCH),
    shared("EOF in transport thread", CLOSED),
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
    // ncclient.
    says("SSHError: Could not open socket to {endpoint}", UNCONNECTED),
    says("SessionCloseError: Unexpected session close", CLOSED),
    // sshtunnel and duplicity.
    (
        "Could not connect to gateway: {endpoint} ",
        Sign::Whom,
        Anywhere,
    ),
    (
        "ssh connection to {quoted}@{endpoint} failed: ",
        Sign::Whom,
        Anywhere,
    ),
    says("Unknown {word} host key for {addr}", UNKNOWN),
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
    says("ssh: handshake failed: ssh: principal \"", CERTIFICATE),
    says("ssh: handshake failed: ssh: cert has expired", CERTIFICATE),
    says(
        "ssh: handshake failed: ssh: cert is not yet valid",
        CERTIFICATE,
    ),
    says(
        "ssh: handshake failed: ssh: no authorities for hostname: ",
        CERTIFICATE,
    ),
    says(
        "ssh: handshake failed: ssh: invalid packet length",
        &[Symptom::Damaged],
    ),
    says(
        "ssh: disconnect, reason 11: Too many ",
        &[Symptom::TextTooMany],
    ),
    says("ssh: disconnect, reason 12: ", &[Symptom::TextTooMany]),
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
    shared("dial tcp: lookup {name} on {}: no such host", NAME_UNKNOWN),
    shared(
        "dial tcp: lookup {name} on {}: server misbehaving",
        NAME_UNKNOWN,
    ),
    shared("dial tcp: lookup {addr}: no such host", NAME_UNKNOWN),
    port("read tcp {word} read: connection reset by peer", RESET),
    port("read tcp {word} i/o timeout", SILENT),
    port(
        "read tcp {word} read: connection timed out",
        &[Symptom::Unanswered],
    ),
    // Programs that say for which connection the words of the network are.
    (
        "Attempting SSH connection to {endpoint}",
        Sign::Whom,
        Anywhere,
    ),
    ("(remote-exec):   Host: {addr}", Sign::Whom, Anywhere),
    ("(file):   Host: {addr}", Sign::Whom, Anywhere),
    says("Timeout waiting for SSH", NEVER),
    name("TCP connection to SSH ip/port failed"),
    name("connect SSH: "),
    name("ssh Dial() error: "),
    name("ssh.Dial"),
    name("ssh://"),
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
    says(
        "remote authentication required but no callback set; class=Ssh",
        DENIED,
    ),
    (
        "The SSH host key for `{name}` is not known",
        Sign::KnownAs(Symptom::HostKeyUnknown),
        Anywhere,
    ),
    (
        "SSH host key has changed for `{name}`",
        Sign::KnownAs(Symptom::HostKeyChanged),
        Anywhere,
    ),
    // The extension of PHP.
    says(
        "ssh2_connect(): Unable to connect to {addr} on port {port}",
        UNCONNECTED,
    ),
    says("ssh2_auth_{word} Authentication failed for ", DENIED),
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
    says(
        "Access denied for {word} Authentication that can continue",
        DENIED,
    ),
    name("ssh connect failed: "),
    // Multipass.
    name("ssh connection failed: "),
    shared("Failed to connect: Connection refused", REFUSED),
    shared("Failed to connect: Connection timed out", TIMEOUT),
    shared("Failed to connect: No route to host", NO_ROUTE),
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
    ("Remote ident: 'SSH-2.0-{detail}", Sign::Server, Named),
    ("Remote ident: 'SSH-1.99-{detail}", Sign::Server, Named),
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

const SSH_NET: &[Row] = &[
    says(
        "Server response does not contain SSH protocol identification",
        CLOSED,
    ),
    says("Connection failed to establish within ", TIMEOUT),
    says("Key exchange negotiation failed", MISMATCH),
    says("Failed to negotiate key exchange algorithm", MISMATCH),
    says("Host key could not be verified", REJECTED),
    says(
        "No suitable authentication method found to complete authentication",
        DENIED,
    ),
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
    says(
        "Net::SSH::Disconnect: disconnected: {}",
        &[Symptom::Goodbye],
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
    says(
        "League\\Flysystem\\PhpseclibV3\\UnableToConnectToSftpHost: Unable to connect to host: {addr}",
        UNCONNECTED,
    ),
    name("phpseclib"),
];

const RUSSH: &[Row] = &[
    shared("Connection closed by the remote side", CLOSED),
    shared("Unknown server key", UNKNOWN),
    says("No common key algorithm", MISMATCH),
    says("NoCommonAlgo ", MISMATCH),
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
    name("russh-"),
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
