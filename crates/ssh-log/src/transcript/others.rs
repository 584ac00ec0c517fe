//! The messages of libraries, which stand anywhere in the output of the programs that use them.

use memchr::memmem;

use super::facts::Symptom;
use super::{Reached, Software};

/// Words that give an implementation away.
const SOFTWARE: &[(&str, Software)] = &[
    ("kex_exchange_identification: ", Software::OpenSsh),
    ("ssh_exchange_identification: ", Software::OpenSsh),
    ("ssh: connect to host ", Software::OpenSsh),
    ("ssh: Could not resolve hostname ", Software::OpenSsh),
    ("Host key verification failed.", Software::OpenSsh),
    ("Connection closed by ", Software::OpenSsh),
    ("paramiko", Software::Paramiko),
    ("com.jcraft.jsch", Software::Jsch),
    ("JSchException", Software::Jsch),
    ("PuTTY", Software::Putty),
    ("Looking up host \"", Software::Putty),
    ("FATAL ERROR: ", Software::Putty),
    ("Remote side unexpectedly closed network connection", Software::Putty),
    ("ssh: handshake failed: ", Software::Go),
    ("dial tcp ", Software::Go),
    ("libssh2", Software::Libssh2),
    ("Failed getting banner", Software::Libssh2),
    ("Unable to exchange encryption keys", Software::Libssh2),
];

/// Words that tell what went wrong and how far the connection had come; the more special ones first.
const PHRASES: &[(&str, &[Symptom], Reached)] = &[
    ("Error reading SSH protocol banner[Errno 104]", &[Symptom::Reset], Reached::Connected),
    ("Error reading SSH protocol banner", &[Symptom::Closed, Symptom::BannerTimeout], Reached::Connected),
    ("NoValidConnectionsError", &[Symptom::Refused], Reached::Connecting),
    ("BadHostKeyException: Host key for server", &[Symptom::HostKeyChanged], Reached::Nothing),
    ("' not found in known_hosts", &[Symptom::HostKeyUnknown], Reached::Nothing),
    ("IncompatiblePeer: ", &[Symptom::Mismatch], Reached::Nothing),
    ("Incompatible ssh peer", &[Symptom::Mismatch], Reached::Nothing),
    ("AuthenticationException: Authentication failed", &[Symptom::Denied], Reached::Nothing),
    ("BadAuthenticationType: ", &[Symptom::Denied], Reached::Nothing),
    ("EOFError", &[Symptom::Closed], Reached::Identified),
    ("SSHException: No existing session", &[Symptom::BannerTimeout], Reached::Nothing),
    ("socket.gaierror: ", &[Symptom::NameUnknown], Reached::Nothing),
    ("self.packetizer.read_message()", &[], Reached::Identified),
    ("ConnectionResetError: ", &[Symptom::Reset], Reached::Nothing),
    ("Too many authentication failures", &[Symptom::TooManyFailures], Reached::Nothing),
    ("ssh: unable to authenticate, ", &[Symptom::Denied], Reached::Nothing),
    ("knownhosts: key mismatch", &[Symptom::HostKeyChanged], Reached::Nothing),
    ("knownhosts: key is unknown", &[Symptom::HostKeyUnknown], Reached::Nothing),
    ("ssh: host key mismatch", &[Symptom::HostKeyChanged], Reached::Nothing),
    ("ssh: no common algorithm for ", &[Symptom::Mismatch], Reached::Nothing),
    ("ssh: overflow reading version string", &[Symptom::NotSsh], Reached::Nothing),
    ("ssh: handshake failed: EOF", &[Symptom::Closed], Reached::Nothing),
    ("connect: connection refused", &[Symptom::Refused], Reached::Connecting),
    ("connect: no route to host", &[Symptom::NoRoute], Reached::Nothing),
    ("connect: network is unreachable", &[Symptom::Unreachable], Reached::Nothing),
    (": no such host", &[Symptom::NameUnknown], Reached::Nothing),
    (": i/o timeout", &[Symptom::ConnectTimeout], Reached::Nothing),
    ("read: connection reset by peer", &[Symptom::Reset], Reached::Nothing),
    ("Failed getting banner", &[Symptom::Closed], Reached::Nothing),
    ("Algorithm negotiation fail", &[Symptom::Mismatch], Reached::Nothing),
    ("HostKey has been changed: ", &[Symptom::HostKeyChanged], Reached::Nothing),
    ("reject HostKey: ", &[Symptom::HostKeyUnknown], Reached::Nothing),
    ("UnknownHostKey: ", &[Symptom::HostKeyUnknown], Reached::Nothing),
    ("java.net.UnknownHostException: ", &[Symptom::NameUnknown], Reached::Nothing),
    ("java.net.ConnectException: Connection refused", &[Symptom::Refused], Reached::Connecting),
    ("java.net.NoRouteToHostException: ", &[Symptom::NoRoute], Reached::Nothing),
    ("java.net.ConnectException: Connection timed out", &[Symptom::ConnectTimeout], Reached::Nothing),
    ("timeout: socket is not established", &[Symptom::ConnectTimeout], Reached::Nothing),
    ("invalid server's version string", &[Symptom::NotSsh], Reached::Nothing),
    ("java.io.IOException: End of IO Stream Read", &[Symptom::Closed], Reached::Nothing),
    ("connection is closed by foreign host", &[Symptom::Closed], Reached::Nothing),
    ("java.net.SocketException: Connection reset", &[Symptom::Reset], Reached::Nothing),
    ("JSchException: Auth fail", &[Symptom::Denied], Reached::Nothing),
];

pub(super) fn software(line: &[u8]) -> Option<Software> {
    SOFTWARE.iter().find(|(words, _)| memmem::find(line, words.as_bytes()).is_some()).map(|&(_, software)| software)
}

/// What a line says went wrong, and how far the connection must have come for it.
pub(super) fn symptoms(line: &[u8]) -> Option<(&'static [Symptom], Reached)> {
    PHRASES
        .iter()
        .find(|(words, _, _)| memmem::find(line, words.as_bytes()).is_some())
        .map(|&(_, symptoms, reached)| (symptoms, reached))
}
