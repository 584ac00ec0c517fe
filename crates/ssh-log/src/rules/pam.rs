//! PAM modules, which log under the name of sshd.

use super::{Rule, anybody, of, rule};
use crate::kind::Kind::{Broken, Noted, PamDenied, PamFailure, SessionClosed, SessionOpened};

const DENIED: &str = "user-not-allowed";

pub(super) const RULES: &[Rule] = &[
    rule(
        "pam_{}(sshd:auth): authentication failure; {} rhost={addr}  user={user}",
        PamFailure,
    ),
    rule(
        "pam_{}(sshd:auth): authentication failure; {} rhost={addr} user={user}",
        PamFailure,
    ),
    rule(
        "pam_{}(sshd:auth): authentication failure; {} rhost={addr}",
        PamFailure,
    ),
    rule("pam_{}(sshd:auth): authentication failure; {}", PamFailure),
    anybody(rule(
        "authentication failure; {} rhost={addr}  user={user}",
        PamFailure,
    )),
    anybody(rule("authentication failure; {} rhost={addr}", PamFailure)),
    rule(
        "PAM {n} more authentication failure{} rhost={addr}  user={user}",
        PamFailure,
    ),
    rule(
        "PAM {n} more authentication failure{} rhost={addr} user={user}",
        PamFailure,
    ),
    rule(
        "PAM {n} more authentication failure{} rhost={addr}",
        PamFailure,
    ),
    rule("PAM service(sshd) ignoring max retries; {}", Noted),
    rule(
        "pam_{}(sshd:session): session opened for user {user} by {}",
        SessionOpened,
    ),
    rule(
        "pam_{}(sshd:session): session closed for user {user}",
        SessionClosed,
    ),
    anybody(rule("session opened for user {user} by {}", SessionOpened)),
    anybody(rule("session closed for user {user}", SessionClosed)),
    anybody(rule("check pass; user unknown", Noted)),
    of(
        DENIED,
        "pam_{}(sshd:account): account {user} has expired{}",
        PamDenied,
    ),
    of(
        DENIED,
        "pam_access(sshd:account): access denied for user `{user}' from `{addr}'",
        PamDenied,
    ),
    of(
        DENIED,
        "pam_{}(sshd:auth): Consecutive login failures for user {user} account temporarily locked",
        PamDenied,
    ),
    of(
        DENIED,
        "pam_listfile(sshd:{}): Refused user {user} for service sshd",
        PamDenied,
    ),
    of(
        DENIED,
        "pam_{}(sshd:account): expired password for user {user} ({}",
        PamDenied,
    ),
    of(
        DENIED,
        "pam_limits(sshd:session): Too many {detail}",
        PamDenied,
    ),
    of(DENIED, "PAM: pam_open_session(): {detail}", PamDenied),
    of(DENIED, "PAM unable to dlopen({detail}): {}", Broken),
    of(DENIED, "PAM unable to dlopen({detail})", Broken),
    of(DENIED, "pam_nologin(sshd:{}): {detail}", PamDenied),
    anybody(rule("pam_{}", Noted)),
];
