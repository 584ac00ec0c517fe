//! Authentication (auth.c, auth2.c, auth-pam.c, monitor.c).

use super::{Rule, of, rule};
use crate::kind::Kind::{
    Accepted, AuthFailed, AuthProgress, ChrootRefused, InvalidUser, KeyRevoked, Noted, PamDenied,
    PamFailure, RefusedByMatch, ReverseMapping, RootRefused, StrictModes, TooManyFailures,
    UserDenied,
};

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
    rule(
        "Invalid user {user} from {addr} port {port} ssh2",
        InvalidUser,
    ),
    rule("Invalid user {user} from {addr}", InvalidUser),
    rule("Illegal user {user} from {addr}", InvalidUser),
    rule("input_userauth_request: invalid user {user}", InvalidUser),
    rule("input_userauth_request: invalid user", InvalidUser),
    rule("input_userauth_request: illegal user {user}", InvalidUser),
    of(
        "user-not-allowed",
        "User {user} from {addr} not allowed because {detail}",
        UserDenied,
    ),
    of(
        "user-not-allowed",
        "User {user} not allowed because {detail}",
        UserDenied,
    ),
    of("user-not-allowed", "Account {user} has expired", UserDenied),
    of(
        "user-not-allowed",
        "Login restricted for {user}: {detail}",
        UserDenied,
    ),
    of(
        "user-not-allowed",
        "ROOT LOGIN REFUSED FROM {addr} port {port}",
        RootRefused,
    ),
    of(
        "user-not-allowed",
        "ROOT LOGIN REFUSED FROM {addr}",
        RootRefused,
    ),
    of(
        "user-not-allowed",
        "Access denied for user {user} by PAM account configuration",
        PamDenied,
    ),
    rule(
        "PAM: {} for illegal user {user} from {addr} via {word}",
        PamFailure,
    ),
    rule("PAM: {} for illegal user {user} from {addr}", PamFailure),
    rule("PAM: {} for {user} from {addr} via {word}", PamFailure),
    rule("PAM: {} for {user} from {addr}", PamFailure),
    of(
        "max-auth-tries",
        "maximum authentication attempts exceeded for invalid user {login}",
        TooManyFailures,
    ),
    of(
        "max-auth-tries",
        "maximum authentication attempts exceeded for {login}",
        TooManyFailures,
    ),
    of(
        "refuse-connection",
        "administratively prohibited connection for invalid user {user} from {addr} port {port}",
        RefusedByMatch,
    ),
    of(
        "refuse-connection",
        "administratively prohibited connection for {user} from {addr} port {port}",
        RefusedByMatch,
    ),
    of(
        "user-not-allowed",
        "Authentication refused for {user}: bad owner or modes for {detail}",
        StrictModes,
    ),
    of(
        "user-not-allowed",
        "Authentication refused: {detail}",
        StrictModes,
    ),
    of(
        "user-not-allowed",
        "bad ownership or modes for chroot directory {detail}",
        ChrootRefused,
    ),
    of(
        "user-not-allowed",
        "Authentication key {word} {word} revoked by file {detail}",
        KeyRevoked,
    ),
    of(
        "user-not-allowed",
        "Error checking authentication key {word} {word} in revoked keys file {detail}",
        KeyRevoked,
    ),
    rule(
        "reverse mapping checking getaddrinfo for {any} [{addr}] failed{}",
        ReverseMapping,
    ),
    rule(
        "Address {addr} maps to {}, but this does not map back to the address{}",
        ReverseMapping,
    ),
    rule("Nasty PTR record {}", ReverseMapping),
    rule("Could not get shadow information for {}", Noted),
    rule("Root login accepted for forced command{}", Noted),
];
