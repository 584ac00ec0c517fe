//! PAM, which logs under the name of sshd: the library, and messages of modules about passwords and
//! sessions.

use super::rule::{Rule, anybody, of, rule};
use crate::cause::CauseName as Cause;
use crate::kind::Kind::{Broken, Noted, PamDenied, PamFailure, SessionClosed, SessionOpened};

const DENIED: Cause = Cause::UserNotAllowed;

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    rule("pam_{}(sshd:auth): authentication failure; {} rhost={addr}  user={user}", PamFailure),
    rule("pam_{}(sshd:auth): authentication failure; {} rhost={addr} user={user}", PamFailure),
    rule("pam_{}(sshd:auth): authentication failure; {} rhost={addr}", PamFailure),
    rule("pam_{}(sshd:auth): authentication failure; {}", PamFailure),
    anybody(rule("authentication failure; {} rhost={addr}  user={user}", PamFailure)),
    rule("pam_{}(sshd:auth): {n} more authentication failure{}", PamFailure),
    anybody(rule("authentication failure; {} rhost={addr}", PamFailure)),
    rule("PAM {n} more authentication failure{} rhost={addr}  user={user}", PamFailure),
    rule("PAM {n} more authentication failure{} rhost={addr} user={user}", PamFailure),
    rule("PAM {n} more authentication failure{} rhost={addr}", PamFailure),
    rule("PAM service(sshd) ignoring max retries; {}", Noted),
    rule("pam_{}(sshd:session): session opened for user {user} by {}", SessionOpened),
    rule("pam_{}(sshd:session): session closed for user {user}", SessionClosed),
    anybody(rule("session opened for user {user} by {}", SessionOpened)),
    anybody(rule("session closed for user {user}", SessionClosed)),
    anybody(rule("check pass; user unknown", Noted)),
    of(DENIED, "PAM: pam_open_session(): {detail}", PamDenied),
    of(DENIED, "PAM unable to dlopen({detail}): {}", Broken),
    of(DENIED, "PAM unable to dlopen({detail})", Broken),
    of(DENIED, "PAM adding faulty module: {detail}", Broken),
    of(DENIED, "PAM unable to resolve symbol: {detail}", Broken),
    of(DENIED, "PAM error loading {detail}", Broken),
    of(DENIED, "PAM error adding substack {detail}", Broken),
    of(DENIED, "PAM error reading PAM configuration file", Broken),
    of(DENIED, "PAM pam_start: failed to initialize handlers", Broken),
    of(DENIED, "PAM no modules loaded for `{any}' service", Broken),
    of(DENIED, "PAM bad jump in stack", Broken),
    of(DENIED, "PAM _pam_load_conf_file: {detail}", Broken),
    of(DENIED, "PAM _pam_init_handlers: {detail}", Broken),
    of(DENIED, "PAM (sshd) {detail}", Broken),
    of(DENIED, "PAM maximum level of {detail}", Broken),
    of(DENIED, "PAM pam_parse: {detail}", Broken),
    of(DENIED, "PAM unable to open static handler {detail}", Broken),
    of(DENIED, "PAM unable to resolve static symbol: {detail}", Broken),
    of(DENIED, "PAM no static module named {detail}", Broken),
    rule("PAM conversation failed", Noted),
    rule("PAM audit_{}", Noted),
    rule("PAM _pam_{}", Noted),
    anybody(rule("PAM: {detail}", PamFailure)),
];

/// Any other message of a module; after all other rules.
pub(super) const REST: &[Rule] = &[anybody(rule("pam_{}", Noted))];
