//! PAM modules, which log under the name of sshd.

use super::{Rule, anybody, of, rule};
use crate::cause::CauseName as Cause;
use crate::kind::Kind::{Broken, Noted, PamDenied, PamFailure, SessionClosed, SessionOpened};

const DENIED: Cause = Cause::UserNotAllowed;

pub(super) const RULES: &[Rule] = &[
    // The most frequent one of all comes first.
    rule("pam_unix(sshd:auth): check pass; user unknown", Noted),
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
    // Modules that refuse an account, or cannot do what they are required to (Linux-PAM 1.4 to 1.7).
    of(DENIED, "pam_{}(sshd:{}): requirement {detail}", PamDenied),
    of(
        DENIED,
        "pam_sss(sshd:account): Access denied for user {user}: {detail}",
        PamDenied,
    ),
    of(DENIED, "pam_listfile(sshd:{}): {detail}", PamDenied),
    of(DENIED, "pam_shells(sshd:{}): {detail}", PamDenied),
    of(DENIED, "pam_exec(sshd:{}): {detail}", PamDenied),
    of(
        DENIED,
        "pam_{}(sshd:{}): user {user} ({n}) tally {detail}",
        PamDenied,
    ),
    of(DENIED, "pam_faillock(sshd:{}): Error {detail}", PamDenied),
    of(
        DENIED,
        "pam_faillock(sshd:{}): Configuration file missing or broken",
        PamDenied,
    ),
    of(
        DENIED,
        "pam_lastlog(sshd:{}): user {user} inactive for {detail}",
        PamDenied,
    ),
    of(
        DENIED,
        "pam_access(sshd:{}): failed to open accessfile={detail}",
        PamDenied,
    ),
    of(
        DENIED,
        "pam_access(sshd:{}): cannot open {detail}",
        PamDenied,
    ),
    of(
        DENIED,
        "pam_limits(sshd:session): No logins allowed for {detail}",
        PamDenied,
    ),
    of(
        DENIED,
        "pam_limits(sshd:session): cannot read settings from {detail}",
        PamDenied,
    ),
    of(DENIED, "pam_loginuid(sshd:{}): {detail}", PamDenied),
    of(
        DENIED,
        "pam_mkhomedir(sshd:{}): unable to {detail}",
        PamDenied,
    ),
    of(DENIED, "pam_time(sshd:{}): {detail}", PamDenied),
    of(
        DENIED,
        "pam_{}(sshd:account): could not {detail}",
        PamDenied,
    ),
    of(DENIED, "PAM adding faulty module: {detail}", Broken),
    of(DENIED, "PAM unable to resolve symbol: {detail}", Broken),
    of(DENIED, "PAM error loading {detail}", Broken),
    of(DENIED, "PAM error adding substack {detail}", Broken),
    of(DENIED, "PAM error reading PAM configuration file", Broken),
    of(
        DENIED,
        "PAM pam_start: failed to initialize handlers",
        Broken,
    ),
    of(DENIED, "PAM no modules loaded for `{any}' service", Broken),
    of(DENIED, "PAM bad jump in stack", Broken),
    of(DENIED, "PAM _pam_load_conf_file: {detail}", Broken),
    of(DENIED, "PAM _pam_init_handlers: {detail}", Broken),
    of(DENIED, "PAM (sshd) {detail}", Broken),
    anybody(rule("PAM: {detail}", PamFailure)),
    anybody(rule("pam_{}", Noted)),
];
