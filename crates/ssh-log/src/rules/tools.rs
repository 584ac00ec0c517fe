//! Programs that ban.

use super::rule::{Meaning, Rule, Voice, of, rule};
use crate::cause::CauseName as Cause;
use crate::kind::Kind::{
    AlreadyBanned, BanFailed, BanIgnored, BanToolFault, Banned, FailureCounted, Noted,
    RefusedByMatch, Unbanned,
};

const FAIL2BAN_BAN: Cause = Cause::Fail2banBanned;
const OTHER_BAN: Cause = Cause::BannedByOther;

/// fail2ban (server/actions.py, server/filter.py); the detail is the jail.
#[rustfmt::skip]
pub(super) const FAIL2BAN: &[Rule] = &[
    of(FAIL2BAN_BAN, "[{detail}] Ban {addr}", Banned),
    of(FAIL2BAN_BAN, "[{detail}] Restore Ban {addr}", Banned),
    of(FAIL2BAN_BAN, "[{detail}] Reban {addr}", Banned),
    of(FAIL2BAN_BAN, "[{detail}] Reban {addr}, action {}", Banned),
    of(FAIL2BAN_BAN, "[{detail}] {addr} already banned", AlreadyBanned),
    rule("[{detail}] Unban {addr}", Unbanned),
    rule("[{detail}] Ignore {addr} by {}", BanIgnored),
    rule("[{detail}] Ignore {addr}, expired bantime", BanIgnored),
    rule("[{detail}] Found {addr} - {}", FailureCounted),
    rule("[{detail}] Found {addr}", FailureCounted),
    rule("Have not found any log file for {detail} jail{}", BanToolFault),
    rule("Failed to execute ban jail '{detail}' action {}", BanFailed),
    rule("{word} -- returned {n}", BanFailed),
    rule("{word} -- failed with {detail}", BanFailed),
    rule("{word} -- timed out after {n} seconds.", BanFailed),
    rule("{} returned {n}", BanFailed),
    rule("Failed to execute {} jail '{detail}' action {}", BanToolFault),
    rule("Failed to {} jail '{detail}' action {}", BanToolFault),
    rule("Jail '{detail}' {}", Noted),
];

/// The names of jails for other services: their bans close only the ports of those, unless the
/// action says otherwise.
const OTHER_JAILS: &[&str] = &[
    "apache",
    "nginx",
    "nextcloud",
    "owncloud",
    "wordpress",
    "wp-",
    "traefik",
    "caddy",
    "haproxy",
    "http",
    "php",
    "postfix",
    "dovecot",
    "exim",
    "sendmail",
    "roundcube",
    "vsftpd",
    "proftpd",
    "pure-ftpd",
    "named",
    "asterisk",
    "mysqld",
    "mongodb",
    "gitlab",
    "grafana",
    "vaultwarden",
    "bitwarden",
    "jellyfin",
    "home-assistant",
    "plesk-",
    "squid",
];

/// The same, less certain if the jail is for another service.
pub(super) fn of_jail(verdict: Meaning<'_>) -> Meaning<'_> {
    let jail = verdict.fields.detail.unwrap_or_default();
    let other = OTHER_JAILS
        .iter()
        .any(|name| jail.starts_with(name.as_bytes()));
    if verdict.cause.is_some() && other {
        Meaning {
            voice: Voice::Unsure,
            ..verdict
        }
    } else {
        verdict
    }
}

/// sshguard 2.x (sshg-blocker).
pub(super) const SSHGUARD: &[Rule] = &[
    of(OTHER_BAN, "Blocking \"{addr}/{}\" {detail}", Banned),
    rule(
        "Attack from \"{addr}\" on service {detail} with danger {n}.",
        FailureCounted,
    ),
    rule("{addr} has already been blocked.", AlreadyBanned),
    rule("{addr}: unblocking after {n} secs", Unbanned),
    rule("{addr}: not blocking (on whitelist)", BanIgnored),
];

/// DenyHosts, CrowdSec, blacklistd, lfd.
#[rustfmt::skip]
pub(super) const OTHERS: &[Rule] = &[
    of(OTHER_BAN, "blocked {addr}/{}:22 for {} seconds", Banned),
    of(Cause::HostsDenyOwned, "new denied hosts: ['{addr}']", Banned),
    of(Cause::HostsDenyOwned, "new denied hosts: [{detail}]", Banned),
    rule("num entries purged: {n}", Unbanned),
    of(OTHER_BAN, "({}) {detail} by ip {addr} {} ban on Ip {}", Banned),
    of(OTHER_BAN, "(sshd) Failed SSH login from {addr} {} *Blocked in csf* {}", Banned),
    of(OTHER_BAN, "(sshd) Failed SSH login from {addr}: {} *Blocked in csf* {}", Banned),
];

/// tailscaled (ssh/tailssh/tailssh.go).
pub(super) const TAILSCALED: &[Rule] = &[of(
    Cause::TailscaleSsh,
    "ssh-conn-{} tailnet policy does not permit you to SSH to this node: {detail}",
    RefusedByMatch,
)];

/// The message after the level of Python's logging.
pub(super) fn without_level(message: &[u8]) -> &[u8] {
    const LEVELS: &[&[u8]] = &[b"NOTICE", b"WARNING", b"INFO", b"ERROR", b"CRITICAL"];
    LEVELS
        .iter()
        .find_map(|level| message.strip_prefix(*level))
        .map_or(message, <[u8]>::trim_ascii_start)
}
