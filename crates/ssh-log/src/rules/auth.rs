//! Authentication (auth.c, auth2.c, auth-pam.c, monitor.c).

use super::rule::{Rule, of, rule};
use crate::cause::CauseName as Cause;
use crate::kind::Kind::{
    Accepted, AuthFailed, AuthProgress, ChrootRefused, InvalidUser, KeyRevoked, Noted, PamDenied,
    PamFailure, RefusedByMatch, ReverseMapping, RootRefused, StrictModes, TooManyFailures,
    UserDenied,
};

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    rule("Failed {word} for invalid user {login}", AuthFailed),
    rule("Failed {word} for illegal user {login}", AuthFailed),
    rule("Failed {word} for {login}", AuthFailed),
    rule("Accepted {word} for {login}", Accepted),
    rule("Accepted key {}", AuthProgress),
    rule("Accepted certificate ID {}", AuthProgress),
    rule("Postponed {word} for invalid user {login}", AuthProgress),
    rule("Postponed {word} for {login}", AuthProgress),
    rule("Partial {word} for invalid user {login}", AuthProgress),
    rule("Partial {word} for {login}", AuthProgress),
    rule("Invalid user {user} from {addr} port {port}", InvalidUser),
    rule("Invalid user {user} from {addr} port {port} ssh2", InvalidUser),
    rule("Invalid user {user} from {addr}", InvalidUser),
    rule("Illegal user {user} from {addr}", InvalidUser),
    rule("input_userauth_request: invalid user {user}", InvalidUser),
    rule("input_userauth_request: invalid user", InvalidUser),
    rule("input_userauth_request: illegal user {user}", InvalidUser),
    of(Cause::UserNotAllowed, "User {user} from {addr} not allowed because {detail}", UserDenied),
    of(Cause::UserNotAllowed, "User {user} not allowed because {detail}", UserDenied),
    of(Cause::UserNotAllowed, "Account {user} has expired", UserDenied),
    of(Cause::UserNotAllowed, "Login restricted for {user}: {detail}", UserDenied),
    of(Cause::UserNotAllowed, "ROOT LOGIN REFUSED FROM {addr} port {port}", RootRefused),
    of(Cause::UserNotAllowed, "ROOT LOGIN REFUSED FROM {addr}", RootRefused),
    of(
        Cause::UserNotAllowed,
        "Access denied for user {user} by PAM account configuration",
        PamDenied,
    ),
    rule("PAM: {} for illegal user {user} from {addr} via {word}", PamFailure),
    rule("PAM: {} for illegal user {user} from {addr}", PamFailure),
    rule("PAM: {} for {user} from {addr} via {word}", PamFailure),
    rule("PAM: {} for {user} from {addr}", PamFailure),
    of(
        Cause::MaxAuthTries,
        "maximum authentication attempts exceeded for invalid user {login}",
        TooManyFailures,
    ),
    of(
        Cause::MaxAuthTries,
        "maximum authentication attempts exceeded for {login}",
        TooManyFailures,
    ),
    of(
        Cause::RefuseConnection,
        "administratively prohibited connection for invalid user {user} from {addr} port {port}",
        RefusedByMatch,
    ),
    of(
        Cause::RefuseConnection,
        "administratively prohibited connection for {user} from {addr} port {port}",
        RefusedByMatch,
    ),
    of(
        Cause::UserNotAllowed,
        "Authentication refused for {user}: bad owner or modes for {detail}",
        StrictModes,
    ),
    of(Cause::UserNotAllowed, "Authentication refused: {detail}", StrictModes),
    // Windows (w32-sshfileperm.c).
    of(
        Cause::UserNotAllowed,
        "Bad permissions. Try removing permissions for user: {} on file {}authorized_keys.",
        StrictModes,
    ),
    // Junos.
    of(
        Cause::MaxAuthTries,
        "SSHD_LOGIN_ATTEMPTS_THRESHOLD: Threshold for unsuccessful authentication attempts ({n}) reached by user '{user}'",
        TooManyFailures,
    ),
    rule("SSHD_LOGIN_FAILED: Login failed for user '{user}' from host '{addr}'", AuthFailed),
    of(
        Cause::UserNotAllowed,
        "bad ownership or modes for chroot directory {detail}",
        ChrootRefused,
    ),
    of(
        Cause::UserNotAllowed,
        "Authentication key {word} {word} revoked by file {detail}",
        KeyRevoked,
    ),
    of(
        Cause::UserNotAllowed,
        "Error checking authentication key {word} {word} in revoked keys file {detail}",
        KeyRevoked,
    ),
    rule("reverse mapping checking getaddrinfo for {any} [{addr}] failed{}", ReverseMapping),
    rule("Address {addr} maps to {}, but this does not map back to the address{}", ReverseMapping),
    rule("Nasty PTR record {}", ReverseMapping),
    rule("Could not get shadow information for {}", Noted),
    rule("Root login accepted for forced command{}", Noted),
];
