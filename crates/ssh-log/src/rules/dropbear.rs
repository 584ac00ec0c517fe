//! dropbear (svr-session.c, svr-auth.c, svr-authpasswd.c, svr-authpubkey.c, svr-main.c).
//!
//! Up to 2019.78 the message about the end of a connection has no address: the one about its
//! beginning does, from the same process.

use super::rule::{Rule, of, rule};
use crate::cause::CauseName as Cause;
use crate::envelope::stamp::number;
use crate::kind::Kind::{
    Accepted, AuthFailed, BadProtocol, BindFailed, Broken, Closed, Connected, Disconnected,
    GraceTimeout, InvalidUser, NegotiationFailed, Noted, PacketCorrupt, SessionClosed, Stopped,
    StrictModes, TooManyFailures, UserDenied,
};

const VANISHED: Cause = Cause::ClientVanished;
const NOT_ALLOWED: Cause = Cause::UserNotAllowed;

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    rule("Child connection from {endpoint}", Connected),
    rule("Password auth succeeded for '{user}' from {endpoint}", Accepted),
    rule("PAM password auth succeeded for '{user}' from {endpoint}", Accepted),
    rule("Pubkey auth succeeded for '{user}' with {} from {endpoint}", Accepted),
    rule("Auth succeeded with blank password for '{user}' from {endpoint}", Accepted),
    rule("Bad password attempt for '{user}' from {endpoint}", AuthFailed),
    rule("Bad PAM password attempt for '{user}' from {endpoint}", AuthFailed),
    rule("Login attempt for nonexistent user from {endpoint}", InvalidUser),
    rule("Login attempt for nonexistent user", InvalidUser),
    // Up to 0.52.
    rule("bad password attempt for '{user}' from {endpoint}", AuthFailed),
    rule("login attempt for nonexistent user from {endpoint}", InvalidUser),
    of(NOT_ALLOWED, "{path} must be owned by user or root, and not {}", StrictModes),
    of(NOT_ALLOWED, "root login rejected", UserDenied),
    of(NOT_ALLOWED, "user '{user}' has invalid shell, rejected", UserDenied),
    of(NOT_ALLOWED, "User '{user}' has invalid shell, rejected", UserDenied),
    of(NOT_ALLOWED, "User '{user}' has blank password, rejected", UserDenied),
    of(
        Cause::MaxAuthTries,
        "{exit}Max auth tries reached - user '{}' from {endpoint}",
        TooManyFailures,
    ),
    of(Cause::MaxAuthTries, "{exit}Max auth tries reached - user '{}'", TooManyFailures),
    of(Cause::AlgorithmMismatch, "{exit}No matching algo {detail}", NegotiationFailed),
    of(Cause::LoginGraceTime, "{exit}Timeout before auth", GraceTimeout),
    of(Cause::NotAnSshClient, "{exit}Incompatible remote version {detail}", BadProtocol),
    of(Cause::NotAnSshClient, "{exit}Bad packet size {n}", PacketCorrupt),
    rule("{exit}Integrity error{}", PacketCorrupt),
    of(VANISHED, "{gone}", Closed),
    rule("{exit}{detail}", Disconnected),
    rule("Exit ({user}) from <{endpoint}>: {}", SessionClosed),
    rule("Exit ({user}): {}", SessionClosed),
    of(
        Cause::PortInUse,
        "Failed listening on '{detail}': Error listening: Address already in use",
        BindFailed,
    ),
    of(Cause::SshdNotRunning, "Failed listening on '{detail}': {}", BindFailed),
    of(Cause::SshdNotRunning, "Early exit: No listening ports available.", BindFailed),
    rule("Early exit: Terminated by signal", Stopped),
    of(Cause::HostKeysMissing, "Early exit: No hostkeys available{}", Broken),
    rule("Early exit{}: {detail}", Disconnected),
    rule("Failed loading {detail}", Noted),
    rule("Not backgrounding", Noted),
    rule("Running in background", Noted),
    rule("Generating {detail}", Noted),
];

/// The beginnings of messages about the end of a connection before login: `{exit}` stands for each
/// of these in turn.
pub(super) const EXIT: &[&str] = &[
    "Exit before auth from <{endpoint}>: (user '{user}', {n} fails): ",
    "Exit before auth from <{endpoint}>: ",
    "Exit before auth (user '{user}', {n} fails): ",
    "Exit before auth: ",
];

/// Messages about a client that disconnects without having sent a user name: `{gone}` stands for
/// each of these in turn.
pub(super) const GONE: &[&str] = &[
    "Exit before auth from <{endpoint}>: Exited normally",
    "Exit before auth from <{endpoint}>: Error reading: {detail}",
    "Exit before auth from <{endpoint}>: Disconnect received",
    "Exit before auth: Exited normally",
    "Exit before auth: Error reading: {detail}",
    "Exit before auth: Disconnect received",
];

/// The message after `[825] Jul 10 23:53:52 `, which dropbear puts before it when it writes to a
/// terminal.
pub(super) fn without_stamp(message: &[u8]) -> &[u8] {
    let behind = || {
        let (_, rest) = number(message.strip_prefix(b"[")?)?;
        let rest = rest.strip_prefix(b"] ")?;
        let (day, text) = (rest.get(..16)?, &rest[16..]);
        (day[3] == b' ' && day[9] == b':' && day[12] == b':' && day[15] == b' ').then_some(text)
    };
    behind().unwrap_or(message)
}
