//! Messages of libraries in Python: paramiko with the programs based on it, and AsyncSSH.

use super::super::Reached;
use super::row::{
    BAD_KEY, BAD_SIGNATURE, CHANGED, CLOSED, DAMAGED, DENIED, MISMATCH, NAME_UNKNOWN, REFUSED,
    REJECTED, RESET, SILENT, STALLED, UNCONNECTED, UNKNOWN, name, reached, says, shared,
};
use super::sign::Scope::{Anywhere, Named};
use super::sign::{Phase, Row, Sign, Symptom};

#[rustfmt::skip]
pub(super) const PARAMIKO: &[Row] = &[
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
    ("paramiko.transport: Banner: {detail}", Sign::ServerText, Anywhere),
    ("Connected (version 2.0, client {detail}", Sign::Server, Anywhere),
    ("self.packetizer.read_message()", Sign::Library(&[], Reached::Identified), Anywhere),
    says("NoValidConnectionsError: ", REFUSED),
    says("BadHostKeyException: Host key for server", CHANGED),
    says("Server '{}' not found in known_hosts", UNKNOWN),
    says("TCP forwarding request denied", &[Symptom::RemoteForwardingFailed]),
    says("IncompatiblePeer: ", MISMATCH),
    says("Incompatible ssh peer", MISMATCH),
    // Libraries for other protocols have an exception with this name.
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
    says("TCP connection to device failed", &[Symptom::Refused, Symptom::ConnectTimeout]),
    says("Authentication to device failed", DENIED),
    ("Device settings: {word} {endpoint}", Sign::Whom, Named),
    // ncclient.
    says("SSHError: Could not open socket to {endpoint}", UNCONNECTED),
    says("SessionCloseError: Unexpected session close", CLOSED),
    // sshtunnel and duplicity.
    ("Could not connect to gateway: {endpoint} ", Sign::Whom, Anywhere),
    ("ssh connection to {quoted}@{endpoint} failed: ", Sign::Whom, Anywhere),
    says("Unknown {word} host key for {addr}", UNKNOWN),
    shared("EOFError", CLOSED),
    name("paramiko"),
    name("netmiko"),
    name("sshtunnel"),
    // transport.py, packet.py, auth_handler.py, pkey.py.
    shared("No existing session", SILENT),
    says("Incompatible ssh server (no acceptable ", MISMATCH),
    ("Key-exchange timed out waiting for key negotiation", STALLED, Anywhere),
    says("SSHException: Bad host key from server", REJECTED),
    says("SSHException: Signature verification (", BAD_SIGNATURE),
    says("SSHException: Mismatched MAC", DAMAGED),
    says("SSHException: SSH session not active", CLOSED),
    says("SSHException: not a valid {word} private key file", BAD_KEY),
    says("SSHException: encountered {word} key, expected {word} key", BAD_KEY),
];

#[rustfmt::skip]
pub(super) const ASYNCSSH: &[Row] = &[
    says("asyncssh.misc.ConnectionLost: Connection lost", CLOSED),
    says("asyncssh.misc.ConnectionLost: Login timeout expired", SILENT),
    says(
        "asyncssh.misc.PermissionDenied: Permission denied for user {user} on host {name}",
        DENIED,
    ),
    says("asyncssh.misc.PermissionDenied: ", DENIED),
    says("asyncssh.misc.KeyExchangeFailed: No matching ", MISMATCH),
    says("asyncssh.misc.HostKeyNotVerifiable: ", REJECTED),
    name("asyncssh"),
    says("asyncssh.misc.ConnectionLost: Connection closed", CLOSED),
    says("asyncssh.misc.DisconnectError: Disconnect Error: Connection lost", CLOSED),
    says("asyncssh.misc.DisconnectError: Disconnect Error: Permission denied", DENIED),
    says("asyncssh.misc.MACError: MAC verification failed", DAMAGED),
    ("Opening SSH connection to {name}, port {port}", Sign::Connecting, Named),
    reached("Connected to SSH server at {}", Reached::Connected),
    reached("Beginning key exchange", Reached::KeyExchange),
    reached("Completed key exchange", Reached::Encrypted),
    reached("Beginning auth for user {}", Reached::Authenticating),
];
