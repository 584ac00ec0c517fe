//! Modules of PAM that refuse an account, or cannot do what a login needs, and their other
//! messages.
//!
//! A module's message proves nothing by itself: the stack may ignore it (`optional`, `sufficient`,
//! `[default=ignore]`). The refusal is logged by sshd; the rules here name the module involved.

use super::rule::{Rule, of, rule, unsure};
use crate::cause::CauseName as Cause;
use crate::kind::Kind::{Noted, PamDenied, PamFailure};

/// A module refuses the account.
const fn refuses(template: &'static str) -> Rule {
    of(Cause::UserNotAllowed, template, PamDenied)
}

/// A module cannot do its work; the consequence depends on the stack.
const fn fails(template: &'static str) -> Rule {
    unsure(refuses(template))
}

const fn notes(template: &'static str) -> Rule {
    rule(template, Noted)
}

/// Messages of modules about an option, a rule or a line that they skip.
pub(super) const PASSED_OVER: &[Rule] = &[
    notes("pam_{}(sshd:{}): unknown option{}"),
    notes("pam_{}(sshd:{}): Unknown option: {}"),
    notes("pam_{}(sshd:{}): unrecognized option{}"),
    notes("pam_{}(sshd:{}): cannot resolve hostname {}"),
    notes("pam_access(sshd:{}): {}: line {n}: bad {}"),
    notes("pam_access(sshd:{}): {}: line {n}: missing newline {}"),
    notes("pam_access(sshd:{}): warning: cannot open {}"),
    notes("pam_access(sshd:{}): pam_access does not have netgroup support"),
    notes("pam_listfile(sshd:{}): Got file = {}"),
    notes("pam_listfile(sshd:{}): Returning {}"),
    notes("pam_listfile(sshd:{}): Non-sense use {}"),
    // pam_time skips rules that it cannot parse, and logs nothing when it refuses.
    notes("pam_time(sshd:{}): {}"),
    notes("pam_faillock(sshd:{}): User unknown{}"),
    notes("pam_faillock(sshd:{}): Error sending audit message{}"),
    notes("pam_faillock(sshd:{}): Bad number supplied {}"),
    notes("pam_faillock(sshd:{}): Tally directory is not absolute path {}"),
    notes("pam_faillock(sshd:{}): {} contains very long lines; corrupted?"),
    // sssd does not know accounts of /etc/passwd, and the stacks of distributions then continue
    // (`user_unknown=ignore`).
    notes("pam_sss(sshd:account): Access denied for user {user}: 10 ({}"),
    notes("pam_sss(sshd:{}): authentication success; {}"),
    notes("pam_sss(sshd:{}): User {user} message: {}"),
    notes("pam_sepermit(sshd:{}): Parsing config file{}"),
    notes("pam_sepermit(sshd:{}): Matching {}"),
    notes("pam_sepermit(sshd:{}): Enforcing mode, {}"),
    notes("pam_sepermit(sshd:{}): sepermit_match returned{}"),
    notes("pam_sepermit(sshd:{}): Unlocking fd{}"),
    notes("pam_succeed_if(sshd:{}): requirement {} was met by user {}"),
    notes("pam_namespace(sshd:{}): Protect mount of {} over itself"),
];

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    // The stack itself, and the account.
    refuses("pam_unix(sshd:account): account {user} has expired{}"),
    refuses("pam_unix(sshd:account): expired password for user {user} ({}"),
    fails("pam_unix(sshd:{}): could not identify user {detail}"),
    fails("pam_unix(sshd:{}): auth could not identify password for {detail}"),
    fails("pam_unix(sshd:{}): The password hash {detail}"),
    fails("pam_unix(sshd:{}): The support for password hash {detail}"),
    fails("pam_unix(sshd:{}): unix_chkpwd {detail}"),
    fails("pam_unix(sshd:{}): helper binary {detail}"),
    fails("pam_unix(sshd:account): read unix_chkpwd output error {detail}"),
    rule("pam_unix(sshd:auth): bad username [{user}]", PamFailure),
    refuses("pam_access(sshd:account): access denied for user `{user}' from `{addr}'"),
    refuses("pam_access(sshd:{}): access denied for user `{user}' from `{detail}'"),
    fails("pam_access(sshd:{}): failed to open accessfile={detail}"),
    fails("pam_access(sshd:{}): {detail}"),
    refuses("pam_listfile(sshd:{}): Refused user {user} for service sshd"),
    fails("pam_listfile(sshd:{}): {detail}"),
    refuses("pam_shells(sshd:{}): User has an invalid shell {detail}"),
    fails("pam_shells(sshd:{}): {detail}"),
    fails("pam_nologin(sshd:{}): {detail}"),
    refuses(
        "pam_faillock(sshd:{}): Consecutive login failures for user {user} account temporarily locked",
    ),
    fails("pam_faillock(sshd:{}): {detail}"),
    // pam_tally and pam_tally2, up to Linux-PAM 1.3.
    refuses("pam_{}(sshd:{}): user {user} ({n}) has time limit {detail}"),
    refuses("pam_{}(sshd:{}): user {user} ({n}) tally {detail}"),
    fails("pam_tally2(sshd:{}): {detail}"),
    fails("pam_tally(sshd:{}): {detail}"),
    fails("pam_succeed_if(sshd:{}): requirement {} not met by user \"{user}\""),
    fails("pam_succeed_if(sshd:{}): error retrieving {detail}"),
    fails("pam_succeed_if(sshd:{}): incomplete condition detected"),
    fails("pam_succeed_if(sshd:{}): unknown attribute {detail}"),
    fails("pam_usertype(sshd:{}): error retrieving {detail}"),
    fails("pam_securetty(sshd:{}): access denied: {detail}"),
    fails("pam_securetty(sshd:{}): {detail}"),
    fails("pam_localuser(sshd:{}): error opening {detail}"),
    fails("pam_rhosts(sshd:{}): denied access to {detail}"),
    fails("pam_sepermit(sshd:{}): User {user} with exclusive login already logged in"),
    fails("pam_sepermit(sshd:{}): User {user} processes are running. Exclusive login not allowed"),
    fails("pam_sepermit(sshd:{}): {detail}"),
    fails("pam_userdb(sshd:{}): user_lookup: could not open database {detail}"),
    rule("pam_userdb(sshd:{}): user `{user}' denied access {}", PamFailure),
    rule("pam_userdb(sshd:{}): user `{user}' not found in the database", PamFailure),
    refuses("pam_lastlog(sshd:{}): user {user} inactive for {detail}"),
    // Directories and one-time codes.
    refuses("pam_sss(sshd:account): Access denied for user {user}: {detail}"),
    rule("pam_sss(sshd:auth): Authentication failed for user {user}: {}", PamFailure),
    fails("pam_sss(sshd:auth): received for user {user}: 4 ({detail}"),
    fails("pam_sss(sshd:auth): received for user {user}: 9 ({detail}"),
    fails("pam_sss(sshd:auth): received for user {user}: 12 ({detail}"),
    rule("pam_sss(sshd:{}): received for user {user}: {}", PamFailure),
    fails("pam_sss(sshd:{}): Request to sssd failed. {detail}"),
    rule("pam_ldap(sshd:auth): {}; user={user}", PamFailure),
    refuses("pam_ldap(sshd:account): {}; user={user}"),
    fails("pam_ldap(sshd:account): {}; user={word} err={detail}"),
    fails("pam_ldap(sshd:{}): failed to get {detail}"),
    rule("Invalid verification code for {user}", PamFailure),
    rule("Invalid verification code", PamFailure),
    fails("Did not receive verification code from user"),
    fails("Failed to read \"{detail}"),
    fails("Secret file \"{detail}"),
    fails("Invalid file {detail}"),
    fails("Could not find a valid BASE32 encoded secret in {detail}"),
    fails("Failed to compute location of secret file{}"),
    fails("Failed to change user id to \"{user}\""),
    fails("Failed to update secret file {detail}"),
    fails("Failed to create tempfile {detail}"),
    fails("Too many concurrent login attempts{}"),
    fails("Trying to reuse a previously used time-based code{}"),
    fails("Invalid RATE_LIMIT option{}"),
    fails("Invalid STEP_SIZE option{}"),
    fails("Invalid WINDOW_SIZE option{}"),
    fails("user(\"{user}\") not found"),
    fails("user(\"{user}\") has no home dir"),
    fails("Missing host, ikey, or skey in {detail}"),
    fails("Parse error in {detail}"),
    notes("Dummy password supplied by PAM. {}"),
    notes("Accepted google_authenticator for {user}"),
    notes("No secret configured for user {user}, asking for code anyway."),
    notes("within grace period: {}"),
    rule("Failed Duo login for '{user}' from {addr}: {}", PamFailure),
    fails("Aborted Duo login for '{user}' from {addr}: {detail}"),
    fails("Failsecure Duo login for '{user}' from {addr}: {detail}"),
    fails("Error in Duo login for '{user}' from {addr}: {detail}"),
    fails("Couldn't open Duo API handle for '{user}' from {addr}{}"),
    notes("Failsafe Duo login for '{user}' from {addr}: {}"),
    notes("Skipped Duo login for '{user}' from {addr}: {}"),
    notes("Successful Duo login for '{user}' from {addr}{}"),
    // The session.
    refuses("pam_limits(sshd:session): Too many {detail}"),
    refuses("pam_limits(sshd:session): No logins allowed for {detail}"),
    fails("pam_limits(sshd:session): Could not set limit for {detail}"),
    fails("pam_limits(sshd:session): cannot read settings from {detail}"),
    fails("pam_limits(sshd:session): error parsing {detail}"),
    fails("pam_limits(sshd:session): cannot initialize"),
    fails("pam_limits(sshd:session): open_session {detail}"),
    fails("pam_loginuid(sshd:{}): {detail}"),
    fails("pam_exec(sshd:{}): {detail}"),
    fails("pam_mkhomedir(sshd:{}): {detail}"),
    fails("pam_namespace(sshd:{}): {detail}"),
    fails("pam_selinux(sshd:session): Unable to get valid context for {user}"),
    fails("pam_selinux(sshd:session): Security context {} is not allowed for {detail}"),
    fails("pam_selinux(sshd:session): Setting {} context {detail}"),
    fails("pam_selinux(sshd:session): Error!  Unable to set {detail}"),
    fails("pam_selinux(sshd:session): Failed to {detail}"),
    fails("pam_selinux(sshd:session): Error translating {detail}"),
    fails("pam_{}(sshd:account): could not {detail}"),
    // logind continues without a session of its own if the line is `optional`, as it is in every
    // distribution.
    notes("pam_systemd(sshd:session): {}"),
    // pam_mount names its own source line (log.c); a volume that is not mounted is not a refusal.
    notes("(mount.c:{n}): {}"),
    notes("(pam_mount.c:{n}): {}"),
    notes("(rdconf1.c:{n}): {}"),
    notes("(rdconf2.c:{n}): {}"),
];
