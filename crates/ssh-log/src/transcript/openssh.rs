//! Lines of OpenSSH's `ssh` and of PuTTY, which print what they do in fixed words.

use std::sync::LazyLock;

use super::facts::{Named, Sign, Symptom};
use super::{Reached, Software};
use crate::template::Template;

/// The sign of a line, if it is known, with what the line names.
pub(super) fn sign(line: &[u8]) -> Option<(Sign, Named)> {
    let text = without_level(line);
    let (sign, fields) =
        TABLE.iter().find_map(|(template, sign)| template.fields(text).map(|fields| (*sign, fields)))?;
    let owned = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let named = Named {
        host: fields.host.map(owned),
        address: fields.addr.map(owned),
        port: fields.port,
        detail: fields.detail.map(owned),
    };
    Some((sign, named))
}

/// Whether `ssh -v` printed the line.
pub(super) fn is_debug(line: &[u8]) -> bool {
    LEVELS[..3].iter().any(|level| line.starts_with(level))
}

const LEVELS: &[&[u8]] = &[b"debug1: ", b"debug2: ", b"debug3: ", b"FATAL ERROR: ", b"Network error: "];

fn without_level(line: &[u8]) -> &[u8] {
    LEVELS.iter().find_map(|level| line.strip_prefix(*level)).unwrap_or_else(|| putty_time(line))
}

/// PuTTY's event log puts `2026-11-20 15:52:43<TAB>` before each line.
fn putty_time(line: &[u8]) -> &[u8] {
    let stamp = line.get(..19).is_some_and(|stamp| stamp.iter().all(|b| b.is_ascii_digit() || b"-: ".contains(b)));
    line.get(20..).filter(|_| stamp && line[19] == b'\t').unwrap_or(line)
}

static TABLE: LazyLock<Vec<(Template, Sign)>> =
    LazyLock::new(|| SIGNS.iter().map(|&(template, sign)| (Template::new(template), sign)).collect());

const SIGNS: &[(&str, Sign)] = &[
    ("OpenSSH_for_Windows_{detail}", Sign::Version(Software::OpenSsh)),
    ("OpenSSH_{detail}", Sign::Version(Software::OpenSsh)),
    ("We claim version: SSH-2.0-PuTTY_{detail}", Sign::Version(Software::Putty)),
    ("Looking up host \"{host}\" for SSH connection", Sign::Connecting),
    ("Looking up host \"{host}\"", Sign::Connecting),
    ("Connecting to {host} [{addr}] port {port}.", Sign::Connecting),
    ("Connecting to {addr} port {port}", Sign::Connecting),
    ("Connected to {addr}", Sign::Reached(Reached::Connected)),
    ("Executing proxy command: exec {detail}", Sign::Proxy),
    ("Executing proxy command: {detail}", Sign::Proxy),
    ("Executing proxy dialer command: {detail}", Sign::Proxy),
    ("Setting implicit ProxyCommand from ProxyJump: {detail}", Sign::Proxy),
    ("Connection established.", Sign::Reached(Reached::Connected)),
    ("Local version string {}", Sign::Reached(Reached::Connected)),
    ("Remote protocol version {word} remote software version {detail}", Sign::Server),
    ("Remote version: SSH-2.0-{detail}", Sign::Server),
    ("Server version: SSH-2.0-{detail}", Sign::Server),
    ("Authenticating to {host}:{port} as '{}'", Sign::Destination),
    ("SSH2_MSG_KEXINIT sent", Sign::Reached(Reached::KeyExchange)),
    ("SSH2_MSG_KEXINIT received", Sign::Reached(Reached::KeyExchange)),
    ("Doing {} key exchange{}", Sign::Reached(Reached::KeyReply)),
    ("expecting SSH2_MSG_KEX_{}", Sign::Reached(Reached::KeyReply)),
    ("SSH2_MSG_NEWKEYS sent", Sign::Reached(Reached::Encrypted)),
    ("SSH2_MSG_NEWKEYS received", Sign::Reached(Reached::Encrypted)),
    ("SSH2_MSG_SERVICE_ACCEPT received", Sign::Reached(Reached::Authenticating)),
    ("Authentications that can continue: {}", Sign::Reached(Reached::Authenticating)),
    ("Offering public key: {}", Sign::KeyOffered),
    ("Offered public key", Sign::KeyOffered),
    ("Authentication succeeded {}", Sign::Reached(Reached::LoggedIn)),
    ("Authenticated to {}", Sign::Reached(Reached::LoggedIn)),
    ("Access granted", Sign::Reached(Reached::LoggedIn)),
    ("Entering interactive session.", Sign::Reached(Reached::LoggedIn)),
    // The shell that should run the proxy.
    ("/{}: line {n}: {}: No such file or directory", Sign::Symptom(Symptom::ProxyError)),
    ("/{}: line {n}: {}: not found", Sign::Symptom(Symptom::ProxyError)),
    ("/{}: line {n}: {}: command not found", Sign::Symptom(Symptom::ProxyError)),
    ("/{}: {n}: {}: not found", Sign::Symptom(Symptom::ProxyError)),
    ("sh: {}: not found", Sign::Symptom(Symptom::ProxyError)),
    ("bash: line {n}: {}: command not found", Sign::Symptom(Symptom::ProxyError)),
    ("zsh:{n}: command not found: {}", Sign::Symptom(Symptom::ProxyError)),
    // Before the connection stands.
    ("/{}: line {n}: Bad configuration option: {}", Sign::Symptom(Symptom::ConfigInvalid)),
    ("/{}: terminating, {n} bad configuration options", Sign::Symptom(Symptom::ConfigInvalid)),
    ("/{} line {n}: {}", Sign::Symptom(Symptom::ConfigInvalid)),
    ("command-line line {n}: {}", Sign::Symptom(Symptom::ConfigInvalid)),
    ("command-line: line {n}: {}", Sign::Symptom(Symptom::ConfigInvalid)),
    ("Bad owner or permissions on {}", Sign::Symptom(Symptom::ConfigInvalid)),
    ("ssh: Could not resolve hostname {}", Sign::Symptom(Symptom::NameUnknown)),
    ("Host does not exist", Sign::Symptom(Symptom::NameUnknown)),
    ("Name or service not known", Sign::Symptom(Symptom::NameUnknown)),
    ("ssh: connect to host {host} port {port}: Connection refused", Sign::Symptom(Symptom::Refused)),
    ("ssh: connect to host {host} port {port}: No route to host", Sign::Symptom(Symptom::NoRoute)),
    ("ssh: connect to host {host} port {port}: Network is unreachable", Sign::Symptom(Symptom::Unreachable)),
    ("ssh: connect to host {host} port {port}: Connection timed out", Sign::Symptom(Symptom::ConnectTimeout)),
    ("ssh: connect to host {host} port {port}: Operation timed out", Sign::Symptom(Symptom::ConnectTimeout)),
    ("Connection refused", Sign::Symptom(Symptom::Refused)),
    ("No route to host", Sign::Symptom(Symptom::NoRoute)),
    ("Network is unreachable", Sign::Symptom(Symptom::Unreachable)),
    ("Connection timed out", Sign::Symptom(Symptom::ConnectTimeout)),
    // The proxy.
    ("Connection closed by UNKNOWN port 65535", Sign::Pipe),
    ("Connection reset by UNKNOWN port 65535", Sign::Pipe),
    ("Connection to UNKNOWN port 65535 timed out", Sign::Pipe),
    ("stdio forwarding failed", Sign::Symptom(Symptom::ProxyError)),
    ("channel {n}: open failed: connect failed: Connection refused", Sign::Symptom(Symptom::BehindRefused)),
    ("channel {n}: open failed: connect failed: Connection timed out", Sign::Symptom(Symptom::BehindUnreachable)),
    ("channel {n}: open failed: connect failed: No route to host", Sign::Symptom(Symptom::BehindUnreachable)),
    ("channel {n}: open failed: connect failed: Network is unreachable", Sign::Symptom(Symptom::BehindUnreachable)),
    ("channel {n}: open failed: connect failed: {}", Sign::Symptom(Symptom::BehindName)),
    ("channel {n}: open failed: {}", Sign::Symptom(Symptom::ProxyError)),
    // Instead of an identification.
    ("kex_exchange_identification: banner line {n}: {detail}", Sign::ServerText),
    ("ssh_exchange_identification: Connection closed by remote host", Sign::Symptom(Symptom::Closed)),
    ("ssh_exchange_identification: read: Connection reset by peer", Sign::Symptom(Symptom::Reset)),
    ("ssh_exchange_identification: {detail}", Sign::ServerText),
    ("Exceeded MaxStartups", Sign::Symptom(Symptom::TextStartups)),
    ("Not allowed at this time", Sign::Symptom(Symptom::TextNotAllowed)),
    ("kex_exchange_identification: Connection closed by remote host", Sign::Symptom(Symptom::Closed)),
    ("kex_exchange_identification: read: Connection reset by peer", Sign::Symptom(Symptom::Reset)),
    (
        "kex_exchange_identification: No SSH version received in first {n} lines from server",
        Sign::Symptom(Symptom::NotSsh),
    ),
    ("kex_exchange_identification: {}", Sign::Symptom(Symptom::NotSshBytes)),
    ("Bad remote protocol version identification: {}", Sign::Symptom(Symptom::NotSshBytes)),
    ("banner exchange: Connection to {addr} port {port}: {}", Sign::Symptom(Symptom::NotSshBytes)),
    ("Connection timed out during banner exchange", Sign::Symptom(Symptom::BannerTimeout)),
    // Later.
    ("Connection closed by {addr} port {port}", Sign::Symptom(Symptom::Closed)),
    ("Connection closed by {addr}", Sign::Symptom(Symptom::Closed)),
    ("Connection closed by remote host.", Sign::Symptom(Symptom::Closed)),
    ("Remote side unexpectedly closed network connection", Sign::Symptom(Symptom::Closed)),
    ("Server unexpectedly closed network connection", Sign::Symptom(Symptom::Closed)),
    ("Connection reset by {addr} port {port}", Sign::Symptom(Symptom::Reset)),
    ("Connection reset by peer", Sign::Symptom(Symptom::Reset)),
    ("Read from socket failed: Connection reset by peer", Sign::Symptom(Symptom::Reset)),
    ("Unable to negotiate with {addr} port {port}: {}", Sign::Symptom(Symptom::Mismatch)),
    ("Unable to negotiate with {addr}: {}", Sign::Symptom(Symptom::Mismatch)),
    ("no matching {} found: {}", Sign::Symptom(Symptom::Mismatch)),
    ("Couldn't agree a {} (available: {})", Sign::Symptom(Symptom::Mismatch)),
    ("@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @", Sign::Symptom(Symptom::HostKeyChanged)),
    ("WARNING - POTENTIAL SECURITY BREACH!", Sign::Symptom(Symptom::HostKeyChanged)),
    ("No {} host key is known for {} and you have requested strict checking.", Sign::Symptom(Symptom::HostKeyUnknown)),
    ("The host key is not cached for this server:", Sign::Symptom(Symptom::HostKeyUnknown)),
    ("The server's host key is not cached{}", Sign::Symptom(Symptom::HostKeyUnknown)),
    (
        "Received disconnect from {addr} port {port}:2: Too many authentication failures{}",
        Sign::Symptom(Symptom::TooManyFailures),
    ),
    ("Received disconnect from {addr}: 2: Too many authentication failures{}", Sign::Symptom(Symptom::TooManyFailures)),
    ("Disconnection message text: Too many authentication failures", Sign::Symptom(Symptom::TooManyFailures)),
    ("\"Too many authentication failures\"", Sign::Symptom(Symptom::TooManyFailures)),
    ("Permission denied ({}).", Sign::Symptom(Symptom::Denied)),
    ("{any}@{addr}: Permission denied ({}).", Sign::Symptom(Symptom::Denied)),
    ("Access denied", Sign::Symptom(Symptom::Denied)),
    (
        "mux_client_request_session: session request failed: Session open refused by peer",
        Sign::Symptom(Symptom::SessionRefused),
    ),
    ("Control socket connect({}): Connection refused", Sign::Symptom(Symptom::MultiplexStale)),
    ("ControlSocket {} already exists, disabling multiplexing", Sign::Symptom(Symptom::MultiplexStale)),
    ("Connection to {} closed by remote host.", Sign::Symptom(Symptom::LostSession)),
    ("client_loop: send disconnect: {}", Sign::Symptom(Symptom::LostSession)),
    ("packet_write_wait: Connection to {}: Broken pipe", Sign::Symptom(Symptom::LostSession)),
    ("Timeout, server {} not responding.", Sign::Symptom(Symptom::LostSession)),
    ("Write failed: Broken pipe", Sign::Symptom(Symptom::LostSession)),
];
