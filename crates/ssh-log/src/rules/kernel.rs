//! The kernel.

use std::sync::LazyLock;

use memchr::memmem;

use super::beginnings::Beginnings;
use super::rule::{Meaning, Rule, of, rule};
use super::table::Table;
use crate::cause::CauseName as Cause;
use crate::kind::Kind::{
    AccessDenied, AuthFailed, ConntrackFull, Crashed, FileTableFull, ForkRejected, ListenQueue,
    OomKill, PacketBlocked,
};
use crate::start::byte_in;

const CONNTRACK: Cause = Cause::ConntrackFull;
const MEMORY: Cause = Cause::OutOfMemory;
const PROCESSES: Cause = Cause::ProcessLimit;
const CRASH: Cause = Cause::ChildCrash;
const DENIED: Cause = Cause::MandatoryAccessDenied;
const FIREWALL: Cause = Cause::FirewallRejects;

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    of(CONNTRACK, "nf_conntrack: nf_conntrack: table full, dropping packet{}", ConntrackFull),
    of(CONNTRACK, "nf_conntrack: table full, dropping packet{}", ConntrackFull),
    of(CONNTRACK, "ip_conntrack: table full, dropping packet{}", ConntrackFull),
    of(Cause::ListenQueueOverflow, "TCP: {}ossible SYN flooding on port {detail}. {}", ListenQueue),
    of(Cause::ListenQueueOverflow, "possible SYN flooding on port {detail}. {}", ListenQueue),
    of(MEMORY, "Out of memory: Kill{} process {n} (sshd{}", OomKill),
    of(MEMORY, "Memory cgroup out of memory: Kill{} process {n} (sshd{}", OomKill),
    rule("Out of memory: Kill{} process {n} ({detail}){}", OomKill),
    rule("Memory cgroup out of memory: Kill{} process {n} ({detail}){}", OomKill),
    of(
        PROCESSES,
        "cgroup: fork rejected by pids controller in /system.slice/ssh{detail}",
        ForkRejected,
    ),
    of(
        PROCESSES,
        "cgroup: fork rejected by pids controller in /system.slice/system-ssh{detail}",
        ForkRejected,
    ),
    rule("cgroup: fork rejected by pids controller in {detail}", ForkRejected),
    of(Cause::FileDescriptorLimit, "VFS: file-max limit {n} reached", FileTableFull),
    of(CRASH, "type=1326 {} comm=\"sshd{} sig={n} {}", Crashed),
    of(CRASH, "SECCOMP {} comm=\"sshd{} sig={n} {}", Crashed),
    of(CRASH, "type=1701 {} comm=\"sshd{} sig={n}{}", Crashed),
    of(CRASH, "ANOM_ABEND {} comm=\"sshd{} sig={n}{}", Crashed),
    of(CRASH, "sshd[{n}]: segfault at {detail}", Crashed),
    of(CRASH, "sshd-session[{n}]: segfault at {detail}", Crashed),
    of(CRASH, "sshd-auth[{n}]: segfault at {detail}", Crashed),
    of(CRASH, "traps: sshd{}] general protection{detail}", Crashed),
    of(CRASH, "traps: sshd{}] trap {detail}", Crashed),
    // sshd reports each login to the audit daemon (audit-linux.c, and PAM).
    rule("USER_LOGIN {} addr={addr} terminal=ssh res=failed{}", AuthFailed),
    rule("USER_AUTH {} addr={addr} terminal=ssh res=failed{}", AuthFailed),
    rule("USER_ERR {} addr={addr} terminal=ssh res=failed{}", AuthFailed),
    of(DENIED, "type=1400 {}apparmor=\"DENIED\"{} comm=\"sshd{}", AccessDenied),
    of(DENIED, "type=1400 {}avc:  denied {} comm=\"sshd{}", AccessDenied),
    of(DENIED, "AVC {}apparmor=\"DENIED\"{} comm=\"sshd{}", AccessDenied),
    of(DENIED, "AVC {}avc:  denied {} comm=\"sshd{}", AccessDenied),
    of(FIREWALL, "[UFW {}BLOCK] {} SRC={addr} {} DPT=22 {}", PacketBlocked),
    rule("[UFW {}BLOCK] {} SRC={addr} {}", PacketBlocked),
];

/// A policy in permissive mode (`permissive=1`) denies nothing.
pub(super) fn verdict<'a>(table: &Table, message: &'a [u8]) -> Option<Meaning<'a>> {
    let verdict = table.verdict(text(message))?;
    let tried_out =
        verdict.kind == AccessDenied && memmem::find(message, b" permissive=1").is_some();
    (!tried_out).then_some(verdict)
}

/// What the rules begin with, and what may be before them beside the time since boot.
static BEGINNINGS: LazyLock<Beginnings> =
    LazyLock::new(|| Beginnings::new(RULES, &[b"audi", b"[ID ", b"kern", b"mess"]));

/// Whether a rule may know the message; false for most.
#[inline]
pub(super) fn may_know(message: &[u8]) -> bool {
    match message {
        // It is behind the time since boot, if that is what the bracket holds, or it begins with the bracket.
        [b'[', inner @ ..] => {
            let near = inner.first_chunk().map(|near| u128::from_le_bytes(*near));
            let end = near.map_or(16, |near| byte_in(b']', near));
            let behind = inner.get(end + 2..).filter(|_| end < 16);
            behind.is_none_or(|text| BEGINNINGS.may_begin(text)) || BEGINNINGS.may_begin(message)
        }
        _ => message.starts_with(b"(") || BEGINNINGS.may_begin(message),
    }
}

/// The text after the time since boot, which syslog keeps: `[  12.345678] text`.
fn text(message: &[u8]) -> &[u8] {
    let message = since_boot(message);
    // The kernel names its subsystem; if that is the whole head, it is taken for the program.
    message.strip_prefix(b"audit: ").unwrap_or(message)
}

fn since_boot(message: &[u8]) -> &[u8] {
    let Some(inner) = message.strip_prefix(b"[") else {
        return message;
    };
    let end = inner
        .iter()
        .position(|b| !matches!(b, b' ' | b'.' | b'0'..=b'9'))
        .unwrap_or(inner.len());
    inner[end..]
        .strip_prefix(b"] ")
        .filter(|_| end > 0)
        .unwrap_or(message)
}
