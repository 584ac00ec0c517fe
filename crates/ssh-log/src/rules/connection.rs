//! Events of a single connection (kex.c, packet.c, serverloop.c, session.c; sshd.c up to 7.9).

use super::rule::{Rule, anybody, of, rule, shared};
use crate::cause::CauseName as Cause;
use crate::kind::Kind::{
    BadProtocol, ClientAliveTimeout, Closed, Connected, ConnectionError, Disconnected,
    Disconnecting, ForwardingDenied, ForwardingFault, IpOptions, NegotiationFailed,
    NoIdentification, NoMoreSessions, Noted, PacketCorrupt, Probed, ReceivedDisconnect, Reset,
    SessionChild, TooManyFailures,
};

const VANISHED: Cause = Cause::ClientVanished;
const NOT_SSH: Cause = Cause::NotAnSshClient;
const MISMATCH: Cause = Cause::AlgorithmMismatch;
const FORWARDING: Cause = Cause::ForwardingRefused;

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    // What was asked for inside a connection (channels.c). Up to 8.0 the request to connect names no client.
    of(
        FORWARDING,
        "Received request from {addr} port {port} to remote forward to host {word} port {n}, but the request was denied.",
        ForwardingDenied,
    ),
    of(
        FORWARDING,
        "Received request from {addr} port {port} to remote forward to path \"{}\", but the request was denied.",
        ForwardingDenied,
    ),
    of(
        FORWARDING,
        "Received request from {addr} port {port} to remote forward, but the request was denied.",
        ForwardingDenied,
    ),
    of(
        FORWARDING,
        "Received request from {addr} port {port} to connect to host {word} port {n}, but the request was denied.",
        ForwardingDenied,
    ),
    of(
        FORWARDING,
        "Received request to connect to host {word} port {n}, but the request was denied.",
        ForwardingDenied,
    ),
    of(
        FORWARDING,
        "Received request to connect to path {}, but the request was denied.",
        ForwardingDenied,
    ),
    // The client says the same of a port that it is to open itself.
    shared(of(
        FORWARDING,
        "channel_setup_fwd_listener_tcpip: cannot listen to port: {n}",
        ForwardingFault,
    )),
    shared(of(FORWARDING, "bind [{}]:{n}: {detail}", ForwardingFault)),
    of(Cause::IpOptions, "Connection from {addr} port {port} with IP opts: {detail}", IpOptions),
    of(Cause::IpOptions, "Connection from {addr} with IP options:{detail}", IpOptions),
    rule("Connection from {peer} timed out", ConnectionError),
    shared(rule("Connection from {addr} port {port}", Connected)),
    shared(rule("Connection from {addr}", Connected)),
    shared(of(VANISHED, "Connection closed by {peer}", Closed)),
    shared(of(VANISHED, "Connection reset by {peer}", Reset)),
    anybody(rule("Connection to {addr} timed out while waiting to read", ConnectionError)),
    anybody(rule("Connection to {addr} timed out{}", ConnectionError)),
    shared(rule("Disconnected from {peer}", Disconnected)),
    shared(rule("Received disconnect from {addr} port {port}:{n}: {detail}", ReceivedDisconnect)),
    shared(rule("Received disconnect from {addr} port {port}:{n}:", ReceivedDisconnect)),
    shared(rule("Received disconnect from {addr} port {port}: {detail}", ReceivedDisconnect)),
    shared(rule("Received disconnect from {addr}: {n}: {detail}", ReceivedDisconnect)),
    shared(rule("Received disconnect from {addr}: {n}:", ReceivedDisconnect)),
    of(
        Cause::MaxAuthTries,
        "Disconnecting {peer}: Too many authentication failures",
        TooManyFailures,
    ),
    shared(of(
        Cause::MaxAuthTries,
        "Disconnecting: Too many authentication failures{}",
        TooManyFailures,
    )),
    shared(rule("Disconnecting {peer}: {detail}", Disconnecting)),
    anybody(rule("Disconnecting: {detail}", Disconnecting)),
    // Identification.
    shared(of(
        VANISHED,
        "kex_exchange_identification: Connection closed by remote host",
        NoIdentification,
    )),
    // Together with the message that follows it on the same line.
    shared(of(
        VANISHED,
        "kex_exchange_identification: Connection closed by remote host {}",
        NoIdentification,
    )),
    shared(of(VANISHED, "kex_exchange_identification: read: {detail}", NoIdentification)),
    shared(of(VANISHED, "kex_exchange_identification: write: {detail}", NoIdentification)),
    of(
        NOT_SSH,
        "kex_exchange_identification: client sent invalid protocol identifier {detail}",
        BadProtocol,
    ),
    shared(of(NOT_SSH, "kex_exchange_identification: {detail}", BadProtocol)),
    of(VANISHED, "Did not receive identification string from {addr} port {port}", NoIdentification),
    of(VANISHED, "Did not receive identification string from {addr}", NoIdentification),
    of(
        NOT_SSH,
        "Bad protocol version identification '{quoted}' from {addr} port {port}",
        BadProtocol,
    ),
    of(NOT_SSH, "Bad protocol version identification '{quoted}' from {addr}", BadProtocol),
    of(NOT_SSH, "Bad remote protocol version identification: {detail}", BadProtocol),
    of(NOT_SSH, "Protocol major versions differ for {addr} port {port}: {detail}", BadProtocol),
    of(NOT_SSH, "Protocol major versions differ for {addr}: {detail}", BadProtocol),
    of(NOT_SSH, "Protocol major versions differ: {detail}", BadProtocol),
    of(NOT_SSH, "banner exchange: Connection from {peer}: invalid format", BadProtocol),
    of(
        NOT_SSH,
        "banner exchange: Connection from {peer}: could not read protocol version",
        BadProtocol,
    ),
    of(VANISHED, "banner exchange: Connection from {peer}: {detail}", NoIdentification),
    of(VANISHED, "probed from {addr} port {port} with {detail}.  Don't panic.", Probed),
    of(VANISHED, "probed from {addr} with {detail}.  Don't panic.", Probed),
    of(VANISHED, "scanned from {addr} port {port} with {detail}.  Don't panic.", Probed),
    of(VANISHED, "scanned from {addr} with {detail}.  Don't panic.", Probed),
    // Key exchange.
    shared(of(MISMATCH, "Unable to negotiate with {peer}: {detail}", NegotiationFailed)),
    shared(of(MISMATCH, "Unable to negotiate a key exchange method", NegotiationFailed)),
    anybody(of(MISMATCH, "no matching {detail}", NegotiationFailed)),
    anybody(of(MISMATCH, "no hostkey alg", NegotiationFailed)),
    of(
        MISMATCH,
        "Client version {detail} uses unsafe key agreement; refusing connection",
        NegotiationFailed,
    ),
    shared(of(NOT_SSH, "Bad packet length {n}.", PacketCorrupt)),
    shared(of(NOT_SSH, "padding error: {detail}", PacketCorrupt)),
    of(
        NOT_SSH,
        "ssh_dispatch_run_fatal: Connection from {peer}: message authentication code incorrect",
        PacketCorrupt,
    ),
    of(
        NOT_SSH,
        "ssh_dispatch_run_fatal: Connection from {peer}: Connection corrupted",
        PacketCorrupt,
    ),
    rule("ssh_dispatch_run_fatal: Connection from {peer}: {detail}", ConnectionError),
    anybody(rule("Corrupted MAC on input.", PacketCorrupt)),
    rule("Finished discarding for {addr} port {port}", PacketCorrupt),
    anybody(rule("Finished discarding for {addr}", PacketCorrupt)),
    // Cisco IOS.
    of(MISMATCH, "%SSH-3-NO_MATCH: {detail}", NegotiationFailed),
    // Transport.
    rule("Read error from remote host {addr} port {port}: {detail}", ConnectionError),
    rule("Read error from remote host {addr}: {detail}", ConnectionError),
    rule("Read error from remote host: {detail}", ConnectionError),
    anybody(of(VANISHED, "Read from socket failed: {detail}", ConnectionError)),
    anybody(of(VANISHED, "Write failed: {detail}", ConnectionError)),
    rule("packet_write_wait: Connection from {peer}: {detail}", ConnectionError),
    rule("packet_write_poll: Connection from {peer}: {detail}", ConnectionError),
    rule("ssh_packet_write_poll: Connection from {peer}: {detail}", ConnectionError),
    rule("SSH: Server;{};Remote: {addr}-{port};{}", Noted),
    // Sessions.
    of(Cause::ClientAliveTimeout, "Timeout, client not responding from {peer}", ClientAliveTimeout),
    of(Cause::ClientAliveTimeout, "Timeout, client not responding.", ClientAliveTimeout),
    of(Cause::MaxSessions, "no more sessions", NoMoreSessions),
    rule("terminating inactive connection from {peer}", Disconnecting),
    rule("User child is on pid {n}", SessionChild),
    rule("Starting session: {quoted} from {addr} port {port} id {n}", Noted),
    rule("Close session: user {user} from {addr} port {port} id {n}", Noted),
    rule("Closing connection to {addr} port {port}", Noted),
    anybody(rule("Exiting on signal {n}", Noted)),
    anybody(rule("Transferred: {}", Noted)),
    rule("subsystem request for {}", Noted),
    anybody(rule("Changed root directory to {}", Noted)),
    anybody(rule("connect_to {}", Noted)),
];
