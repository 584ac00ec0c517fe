//! Messages of libraries in JavaScript, .NET, Ruby and PHP.

use super::super::Reached;
use super::row::{
    BAD_KEY, BAD_SIGNATURE, CHANGED, CLOSED, DAMAGED, DENIED, MISMATCH, NAME_UNKNOWN, NO_ROUTE,
    NOT_SSH, NOT_SSH_BYTES, REFUSED, REJECTED, RESET, SILENT, SLOW, STALLED, TIMEOUT, UNCONNECTED,
    UNKNOWN, UNREACHABLE, name, port, reached, says, shared,
};
use super::sign::Scope::{Anywhere, Named};
use super::sign::{Row, Sign, Symptom};

pub(super) const NODE: &[Row] = &[
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
    // lib/client.js, lib/protocol.
    says(
        "Handshake failed: signature verification failed",
        BAD_SIGNATURE,
    ),
    says("Host denied (verification failed)", REJECTED),
    says("Cannot parse privateKey: ", BAD_KEY),
    shared("Invalid identification string", NOT_SSH),
    shared("Header line too long", NOT_SSH_BYTES),
    shared("Max greeting lines exceeded", NOT_SSH_BYTES),
    says(
        "(SSH) Channel open failure: open failed",
        &[Symptom::SessionRefused],
    ),
    says(
        "(SSH) Channel open failure: Connection refused",
        &[Symptom::BehindRefused],
    ),
    shared("Bad packet length", DAMAGED),
    shared("Invalid MAC", DAMAGED),
    shared("Keepalive timeout", &[Symptom::LostSession]),
    shared("Unable to start subsystem: {}", &[Symptom::SubsystemFailed]),
    shared("No response from server", CLOSED),
    name("ssh2-sftp-client"),
];

pub(super) const SSH_NET: &[Row] = &[
    says(
        "Server response does not contain SSH protocol identification",
        CLOSED,
    ),
    says(
        "The server response contains a null character at position ",
        NOT_SSH_BYTES,
    ),
    says("Connection failed to establish within ", TIMEOUT),
    shared("SocketException (10061)", REFUSED),
    shared("SocketException (10060)", TIMEOUT),
    shared("SocketException (10054)", RESET),
    shared("SocketException (11001)", NAME_UNKNOWN),
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
    // Session.cs, KeyExchange.cs, ClientAuthentication.cs, PrivateKeyFile.cs, Connection.
    shared("Client not connected", CLOSED),
    shared("Session is not connected", CLOSED),
    shared("Connection was closed by the server", CLOSED),
    shared("The connection was closed by the remote host", CLOSED),
    says("Client encryption algorithm not found", MISMATCH),
    says("Server decryption algorithm not found", MISMATCH),
    says("Client HMAC algorithm not found", MISMATCH),
    says("Server HMAC algorithm not found", MISMATCH),
    says("Server version '{}' is not supported", NOT_SSH),
    says("Reached authentication attempt limit for method (", DENIED),
    says("No authentication methods defined on SSH server", DENIED),
    says(
        "Failed to open a channel after {n} attempts",
        &[Symptom::SessionRefused],
    ),
    says(
        "Subsystem '{}' could not be executed",
        &[Symptom::SubsystemFailed],
    ),
    shared("Invalid private key file", BAD_KEY),
    shared("Bad packet length: ", DAMAGED),
    shared("MAC error", DAMAGED),
    says("SOCKS5: ", &[Symptom::ProxyError]),
    says("SOCKS4: ", &[Symptom::ProxyError]),
    says("HTTP: Status code {n}, ", &[Symptom::ProxyError]),
    // Posh-SSH.
    name("New-SSHSession"),
    name("New-SFTPSession"),
    name("SSH.NewSshSession"),
];

pub(super) const NET_SSH: &[Row] = &[
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
        "Net::SSH::Disconnect: disconnected: Too many authentication failures",
        &[Symptom::TooManyFailures],
    ),
    (
        "Net::SSH::Disconnect: disconnected: {detail}",
        Sign::Goodbye,
        Anywhere,
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
    (
        "Net::SSH::ConnectionTimeout: timeout during server version negotiating",
        Sign::Library(SILENT, Reached::Connected),
        Anywhere,
    ),
    (
        "Net::SSH::ConnectionTimeout: timeout waiting for next packet",
        STALLED,
        Anywhere,
    ),
    says("Net::SSH::ConnectionTimeout", TIMEOUT),
    says("error connecting to proxy (", &[Symptom::ProxyError]),
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
    // transport/session.rb, server_version.rb, packet_stream.rb, and its log.
    (
        "timeout during server version negotiating",
        Sign::Library(SILENT, Reached::Connected),
        Anywhere,
    ),
    says("incompatible SSH version `", NOT_SSH),
    says("corrupted hmac detected", DAMAGED),
    says("could not verify server signature", BAD_SIGNATURE),
    shared("host key verification failed", REJECTED),
    says(
        "Net::SSH::Timeout: Timeout, server ",
        &[Symptom::LostSession],
    ),
    (
        "establishing connection to {endpoint}",
        Sign::Connecting,
        Named,
    ),
    reached("connection established", Reached::Connected),
    ("remote is `SSH-2.0-{detail}'", Sign::Server, Named),
    reached("sending KEXINIT", Reached::KeyExchange),
    name("net.ssh."),
];

pub(super) const PHPSECLIB: &[Row] = &[
    says("Server closed the connection before identifying", CLOSED),
    says("Expected SSH_MSG_KEXINIT", CLOSED),
    port("Cannot connect to {word} Error 111{}", REFUSED),
    port("Cannot connect to {word} Error 110{}", TIMEOUT),
    port("Cannot connect to {word} Error 113{}", NO_ROUTE),
    (
        "Connection closed by server; are you sure you",
        Sign::Library(CLOSED, Reached::Connected),
        Anywhere,
    ),
    shared("Connection closed by server", CLOSED),
    says("Connection closed (by server) prematurely", CLOSED),
    shared("Connection closed prematurely", CLOSED),
    shared("Invalid HMAC", DAMAGED),
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
    // Net/SSH2.php.
    (
        "Connection timed out whilst receiving server identification string",
        Sign::Library(SILENT, Reached::Connected),
        Anywhere,
    ),
    says(
        "Connection timed out whilst attempting to open socket connection",
        TIMEOUT,
    ),
    (
        "Error reading SSH identification string",
        Sign::Library(CLOSED, Reached::Connected),
        Anywhere,
    ),
    says("No compatible server host key algorithms found", MISMATCH),
    says(
        "No compatible client to server encryption algorithms found",
        MISMATCH,
    ),
    says(
        "No compatible client to server message authentication algorithms found",
        MISMATCH,
    ),
    says(
        "No compatible server to client message authentication algorithms found",
        MISMATCH,
    ),
    port("Cannot connect to {word} Error 10061{}", REFUSED),
    port("Cannot connect to {word} Error 10060{}", TIMEOUT),
    shared(
        "Received failure message when trying to open SFTP channel",
        &[Symptom::SubsystemFailed],
    ),
];
