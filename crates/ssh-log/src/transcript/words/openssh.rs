//! Messages of OpenSSH's `ssh`.

use super::super::{Reached, Software};
use super::sign::Scope::{Anywhere, Debug};
use super::sign::{Phase, Row, Sign, Symptom};

const fn row(pattern: &'static str, sign: Sign) -> Row {
    (pattern, sign, Anywhere)
}

const fn debug(pattern: &'static str, sign: Sign) -> Row {
    (pattern, sign, Debug)
}

const fn symptom(pattern: &'static str, symptom: Symptom) -> Row {
    (pattern, Sign::Symptom(symptom), Anywhere)
}

const fn reached(pattern: &'static str, reached: Reached) -> Row {
    (pattern, Sign::Reached(reached), Debug)
}

/// Before anything is sent.
#[rustfmt::skip]
pub(super) const BEFORE: &[Row] = &[
    row("OpenSSH_for_Windows_{detail}", Sign::Version(Software::OpenSsh)),
    row("OpenSSH_{detail}", Sign::Version(Software::OpenSsh)),
    symptom("Bad configuration option: {}", Symptom::ConfigInvalid),
    symptom("terminating, {n} bad configuration options", Symptom::ConfigInvalid),
    symptom("command-line line {n}: {}", Symptom::ConfigInvalid),
    symptom("command-line: line {n}: {}", Symptom::ConfigInvalid),
    symptom(".ssh/config line {n}: {}", Symptom::ConfigInvalid),
    symptom(".ssh/config: line {n}: {}", Symptom::ConfigInvalid),
    symptom("ssh_config line {n}: {}", Symptom::ConfigInvalid),
    symptom("ssh_config: line {n}: {}", Symptom::ConfigInvalid),
    symptom("ssh_config.d/{} line {n}: {}", Symptom::ConfigInvalid),
    symptom("ssh_config.d/{}: line {n}: {}", Symptom::ConfigInvalid),
    symptom("Bad owner or permissions on {}", Symptom::ConfigInvalid),
    symptom("ControlPath too long {}", Symptom::ConfigInvalid),
    symptom("ControlPath \"{}\" too long for Unix domain socket", Symptom::ConfigInvalid),
    symptom("unix_listener: cannot bind to path {}", Symptom::ConfigInvalid),
    symptom("bind {}: Cannot assign requested address", Symptom::ConfigInvalid),
    symptom("bind {}: Can't assign requested address", Symptom::ConfigInvalid),
    symptom("unix_listener: path {}", Symptom::ConfigInvalid),
    symptom("getifaddrs: {}: no suitable addresses", Symptom::ConfigInvalid),
    symptom("KnownHostsCommand failed", Symptom::ConfigInvalid),
    symptom("Cannot execute command-line and remote command", Symptom::ConfigInvalid),
    symptom("Error checking host key {} in revoked keys file {}", Symptom::ConfigInvalid),
    symptom("OpenSSL version mismatch. Built against {}", Symptom::LibraryMismatch),
    symptom("ssh: error while loading shared libraries: {}", Symptom::LibraryMismatch),
    symptom("ssh: symbol lookup error: {}", Symptom::LibraryMismatch),
    symptom("ssh: relocation error: {}", Symptom::LibraryMismatch),
    symptom("ssh: /{}: version `{}' not found{}", Symptom::LibraryMismatch),
    symptom("Load key \"{}\": bad permissions", Symptom::KeyIgnored),
    symptom("Permissions {} for '{}' are too open.", Symptom::KeyIgnored),
    symptom("Load key ", Symptom::KeyUnreadable),
    symptom("Error loading key \"{}\": {}", Symptom::KeyUnreadable),
    row("Executing proxy command: exec {detail}", Sign::Proxy),
    row("Executing proxy command: {detail}", Sign::Proxy),
    row("Executing proxy dialer command: {detail}", Sign::Proxy),
    row("Setting implicit ProxyCommand from ProxyJump: {detail}", Sign::Proxy),
    symptom("Control socket connect({}): Connection refused", Symptom::MultiplexStale),
    symptom("ControlSocket {} already exists, disabling multiplexing", Symptom::MultiplexStale),
    symptom(
        "mux_client_request_session: session request failed: Session open refused by peer",
        Symptom::SessionRefused,
    ),
];

/// Up to the server's identification.
#[rustfmt::skip]
pub(super) const CONNECTING: &[Row] = &[
    row("Connecting to {name} [{addr}] port {port}", Sign::Connecting),
    debug("Connecting to {addr} port {port}", Sign::Connecting),
    reached("Connection established.", Reached::Connected),
    reached("Local version string {}", Reached::Connected),
    symptom("ssh: Could not resolve hostname {name}: {}", Symptom::NameUnknown),
    row("ssh: connect to host {addr} port {port}: {detail}", Sign::Failed(Phase::Connect)),
    row("Connection closed by UNKNOWN port {}", Sign::Pipe(Symptom::Closed)),
    row("Connection reset by UNKNOWN port {}", Sign::Pipe(Symptom::Closed)),
    row("Connection to UNKNOWN port 65535 timed out", Sign::Pipe(Symptom::BannerTimeout)),
    row("Connection to UNKNOWN port {word} Broken pipe", Sign::Pipe(Symptom::Closed)),
    row(
        "banner exchange: Connection to UNKNOWN port {word} Broken pipe",
        Sign::Pipe(Symptom::Closed),
    ),
    row(
        "banner exchange: Connection to UNKNOWN port {word} Connection ",
        Sign::Pipe(Symptom::Closed),
    ),
    row(
        "banner exchange: Connection to UNKNOWN port {word} invalid format",
        Sign::Pipe(Symptom::NotSshBytes),
    ),
    row("banner exchange: Connection to UNKNOWN port {}", Sign::Pipe(Symptom::Closed)),
    symptom("CreateProcessW failed error:{n}", Symptom::ProxyError),
    symptom("posix_spawn: {}", Symptom::ProxyError),
    symptom("posix_spawnp: {}", Symptom::ProxyError),
    symptom("stdio forwarding failed", Symptom::ProxyError),
    symptom("channel {n}: open failed: connect failed: Connection refused", Symptom::BehindRefused),
    symptom(
        "channel {n}: open failed: connect failed: Connection timed out",
        Symptom::BehindUnreachable,
    ),
    symptom(
        "channel {n}: open failed: connect failed: No route to host",
        Symptom::BehindUnreachable,
    ),
    symptom(
        "channel {n}: open failed: connect failed: Network is unreachable",
        Symptom::BehindUnreachable,
    ),
    symptom("channel {n}: open failed: connect failed: {}", Symptom::BehindName),
    // The first channel of `-W` is the one that is to be forwarded; of `-L` and `-D` it is the port that ssh opens here (ssh.c).
    symptom("channel 0: open failed: administratively prohibited: {}", Symptom::BehindForbidden),
    symptom(
        "channel {n}: open failed: administratively prohibited: {}",
        Symptom::ForwardingForbidden,
    ),
    symptom("channel {n}: open failed: {}", Symptom::ProxyError),
    row("kex_exchange_identification: banner line {n}: {detail}", Sign::ServerText),
    symptom("ssh_exchange_identification: Connection closed by remote host", Symptom::Closed),
    row("ssh_exchange_identification: read: {detail}", Sign::Failed(Phase::Identification)),
    row("ssh_exchange_identification: write: {detail}", Sign::Failed(Phase::Identification)),
    symptom("ssh_exchange_identification: Invalid argument", Symptom::Closed),
    row("ssh_exchange_identification: {detail}", Sign::ServerText),
    symptom("kex_exchange_identification: Connection closed by remote host", Symptom::Closed),
    row("kex_exchange_identification: read: {detail}", Sign::Failed(Phase::Identification)),
    row("kex_exchange_identification: write: {detail}", Sign::Failed(Phase::Identification)),
    symptom(
        "kex_exchange_identification: No SSH version received in first {n} lines from server",
        Symptom::NotSsh,
    ),
    symptom("kex_exchange_identification: banner line {}", Symptom::NotSshBytes),
    symptom("Bad remote protocol version identification: {}", Symptom::NotSshBytes),
    row("banner exchange: Connection to {addr} port {port}: {detail}", Sign::Failed(Phase::Banner)),
    symptom("Connection timed out during banner exchange", Symptom::BannerTimeout),
];

/// From the server's identification on.
#[rustfmt::skip]
pub(super) const LATER: &[Row] = &[
    row("Remote protocol version {word} remote software version {detail}", Sign::Server),
    row("Authenticating to {name}:{port} as '{quoted}'", Sign::Destination),
    reached("SSH2_MSG_KEXINIT sent", Reached::KeyExchange),
    reached("SSH2_MSG_KEXINIT received", Reached::KeyExchange),
    debug("kex: algorithm: {detail}", Sign::Method),
    reached("expecting SSH2_MSG_KEX_{}", Reached::KeyReply),
    reached("SSH2_MSG_NEWKEYS sent", Reached::Encrypted),
    reached("SSH2_MSG_NEWKEYS received", Reached::Encrypted),
    reached("SSH2_MSG_SERVICE_ACCEPT received", Reached::Authenticating),
    reached("Authentications that can continue: {}", Reached::Authenticating),
    debug("Offering public key: {}", Sign::KeyOffered),
    debug(
        "send_pubkey_test: no mutual signature algorithm",
        Sign::Verbose(Symptom::SignatureRefused),
    ),
    reached("Authentication succeeded {}", Reached::LoggedIn),
    row("Authenticated to {}", Sign::Reached(Reached::LoggedIn)),
    reached("Entering interactive session.", Reached::LoggedIn),
    symptom("Connection closed by {addr} port {port}", Symptom::Closed),
    symptom("Connection closed by {addr}", Symptom::Closed),
    symptom("Connection reset by {addr} port {port}", Symptom::Reset),
    row(
        "ssh_dispatch_run_fatal: Connection to {addr} port {port}: {detail}",
        Sign::Failed(Phase::Exchange),
    ),
    row("ssh_dispatch_run_fatal: {detail}", Sign::Failed(Phase::Exchange)),
    symptom("Connection to {addr} port {port} timed out", Symptom::BannerTimeout),
    row("Connection to {addr} port {port}: {detail}", Sign::Failed(Phase::Exchange)),
    symptom("Read from socket failed: Connection reset by peer", Symptom::Reset),
    symptom("Read from remote host {name}: Connection reset by peer", Symptom::LostSession),
    symptom("Corrupted MAC on input", Symptom::Damaged),
    symptom("key_verify failed for server_host_key", Symptom::BadSignature),
    symptom("ssh_rsa_verify: RSA modulus too small: {}", Symptom::KeyTooShort),
    symptom("sign_and_send_pubkey: no mutual signature supported", Symptom::SignatureRefused),
    symptom("Bad packet length {n}", Symptom::Damaged),
    symptom("Unable to negotiate with {addr} port {port}: {}", Symptom::Mismatch),
    symptom("Unable to negotiate with {addr}: {}", Symptom::Mismatch),
    symptom("Protocol major versions differ: {}", Symptom::Mismatch),
    symptom("no matching {} found: {}", Symptom::Mismatch),
    symptom("Bad server host key: Invalid key length", Symptom::KeyTooShort),
    symptom("Bad server host key: {}", Symptom::Mismatch),
    symptom("@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @", Symptom::HostKeyChanged),
    symptom("WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!", Symptom::HostKeyChanged),
    row(
        "Host key for {name} has changed and you have requested",
        Sign::KnownAs(Symptom::HostKeyChanged),
    ),
    row(
        "host key for {name} has changed and you have requested",
        Sign::KnownAs(Symptom::HostKeyChanged),
    ),
    row(
        "host key for '{name}' differs from the key for the IP address '{addr}'",
        Sign::KnownAs(Symptom::HostKeyOfAddress),
    ),
    symptom("@       WARNING: REVOKED HOST KEY DETECTED!               @", Symptom::HostKeyRevoked),
    symptom("WARNING: REVOKED HOST KEY DETECTED!", Symptom::HostKeyRevoked),
    row("host key for {name} is marked as revoked", Sign::KnownAs(Symptom::HostKeyRevoked)),
    row(
        "host key for {name} was revoked and you have requested",
        Sign::KnownAs(Symptom::HostKeyRevoked),
    ),
    symptom("Host key {word} {word} revoked by file {}", Symptom::HostKeyRevoked),
    row(
        "host key is known for {name} and you have requested strict checking",
        Sign::KnownAs(Symptom::HostKeyUnknown),
    ),
    symptom(
        "The authenticity of host '{name} ({addr})' can't be established",
        Symptom::HostKeyAsked,
    ),
    symptom("Certificate invalid: {}", Symptom::HostKeyCertificate),
    symptom("Host key verification failed", Symptom::HostKeyRejected),
    symptom(
        "Received disconnect from {addr} port {port}:2: Too many authentication failures",
        Symptom::TooManyFailures,
    ),
    symptom(
        "Received disconnect from {addr}: 2: Too many authentication failures",
        Symptom::TooManyFailures,
    ),
    symptom(
        "Received disconnect from {addr} port {port}:2: no authentication methods enabled",
        Symptom::Denied,
    ),
    symptom("Received disconnect from {addr} port {port}:12: {}", Symptom::TextTooMany),
    symptom("Received disconnect from {addr}: 12: {}", Symptom::TextTooMany),
    symptom("Received disconnect from {addr} port {port}:14: {}", Symptom::Denied),
    symptom("Received disconnect from {addr} port {port}:3: {}", Symptom::Mismatch),
    row("Received disconnect from {addr} port {port}:{n}: {detail}", Sign::Goodbye),
    row("Received disconnect from {addr}: {n}: {detail}", Sign::Goodbye),
    symptom("Permission denied, please try again", Symptom::Denied),
    symptom("Permission denied (publickey", Symptom::Denied),
    symptom("Permission denied (password", Symptom::Denied),
    symptom("Permission denied (keyboard-interactive", Symptom::Denied),
    symptom("Permission denied (gssapi", Symptom::Denied),
    symptom("Permission denied (hostbased", Symptom::Denied),
    symptom("Permission denied (none", Symptom::Denied),
    symptom("Could not request local forwarding", Symptom::ForwardingFailed),
    debug(
        "Remote: Server has disabled port forwarding",
        Sign::Verbose(Symptom::ForwardingForbidden),
    ),
    debug(
        "Remote: Server has disabled streamlocal forwarding",
        Sign::Verbose(Symptom::ForwardingForbidden),
    ),
    debug("Remote: port forwarding refused", Sign::Verbose(Symptom::ForwardingForbidden)),
    symptom("Error: remote port forwarding failed for listen {}", Symptom::RemoteForwardingFailed),
    symptom(
        "Warning: remote port forwarding failed for listen {}",
        Symptom::RemoteForwardingFailed,
    ),
    symptom("PTY allocation request failed on channel {n}", Symptom::NoTerminal),
    symptom("subsystem request failed on channel {n}", Symptom::SubsystemFailed),
    symptom("exec request failed on channel {n}", Symptom::SessionFailed),
    symptom("shell request failed on channel {n}", Symptom::SessionFailed),
    symptom("Connection to {addr} closed by remote host", Symptom::LostSession),
    symptom("client_loop: send disconnect: {}", Symptom::LostSession),
    symptom(
        "packet_write_wait: Connection to {addr} port {port}: Broken pipe",
        Symptom::LostSession,
    ),
    symptom("packet_write_wait: Connection to {}: Broken pipe", Symptom::LostSession),
    symptom("Timeout, server {} not responding", Symptom::LostSession),
    symptom("Timeout, server not responding", Symptom::LostSession),
    symptom("Write failed: Broken pipe", Symptom::LostSession),
];

/// Messages that clients of every kind show, because they come from sshd.
pub(super) const SHARED: &[Row] = &[
    symptom("Exceeded MaxStartups", Symptom::TextStartups),
    symptom("Not allowed at this time", Symptom::TextNotAllowed),
    symptom("Too many authentication failures", Symptom::TooManyFailures),
];
