//! What sshd writes most, each as one text: the beginning alone finds it, at the first try. The other tables have rules for
//! the same messages and all that resemble them.

use super::rule::{Rule, rule};
use crate::kind::Kind::{
    Accepted, AuthFailed, Connected, Noted, PamFailure, SessionClosed, SessionOpened,
};

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    rule("Failed password for invalid user {user} from {addr} port {port} ssh2", AuthFailed),
    rule("Failed password for {user} from {addr} port {port} ssh2", AuthFailed),
    rule("Accepted publickey for {user} from {addr} port {port} ssh2: {detail}", Accepted),
    rule("Connection from {addr} port {port} on {}", Connected),
    rule("pam_unix(sshd:auth): check pass; user unknown", Noted),
    rule("pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={addr}  user={user}", PamFailure),
    rule("pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={addr}", PamFailure),
    rule("pam_unix(sshd:auth): authentication failure; {} rhost={addr}  user={user}", PamFailure),
    rule("pam_unix(sshd:auth): authentication failure; {} rhost={addr}", PamFailure),
    rule("PAM service(sshd) ignoring max retries; {}", Noted),
    rule("PAM {n} more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost={addr}  user={user}", PamFailure),
    rule("PAM {n} more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost={addr}", PamFailure),
    rule("pam_unix(sshd:session): session opened for user {user} by {}", SessionOpened),
    rule("pam_unix(sshd:session): session closed for user {user}", SessionClosed),
];
