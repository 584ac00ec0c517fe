//! systemd about the units of sshd, and xinetd.

use super::table::Table;
use super::{Rule, Verdict, is_ssh_unit, of, rule};
use crate::cause::CauseName as Cause;
use crate::kind::Kind::{
    BindFailed, OomKill, SocketLimit, TriggerLimit, UnitChanged, UnitFailed, WrapperRefused,
};

const TRIGGER: Cause = Cause::SocketTriggerLimit;
const LIMIT: Cause = Cause::SocketConnectionLimit;
const START: Cause = Cause::ServiceStartFailure;
const MEMORY: Cause = Cause::OutOfMemory;

/// What systemd says of a unit of sshd, without the name of the unit.
pub(super) const RULES: &[Rule] = &[
    of(
        TRIGGER,
        "Trigger limit hit, refusing further activation.",
        TriggerLimit,
    ),
    of(
        TRIGGER,
        "Failed with result 'trigger-limit-hit'.",
        TriggerLimit,
    ),
    of(
        LIMIT,
        "Too many incoming connections ({n}) from source {addr}, dropping connection.",
        SocketLimit,
    ),
    of(
        LIMIT,
        "Too many incoming connections ({n}), dropping connection.",
        SocketLimit,
    ),
    of(
        Cause::PortInUse,
        "Failed to create listening socket ({detail}): Address already in use",
        BindFailed,
    ),
    of(
        Cause::SshdNotRunning,
        "Failed to create listening socket ({detail}): {}",
        BindFailed,
    ),
    of(
        MEMORY,
        "A process of this unit has been killed by the OOM killer.",
        OomKill,
    ),
    of(MEMORY, "Failed with result 'oom-kill'.", OomKill),
    of(START, "Start request repeated too quickly.", UnitFailed),
    of(START, "Failed with result '{detail}'.", UnitFailed),
    of(
        START,
        "Failed to queue service startup job{detail}",
        UnitFailed,
    ),
    of(START, "Failed at step {detail}", UnitFailed),
    of(
        START,
        "Failed to load environment files: {detail}",
        UnitFailed,
    ),
    rule("Main process exited, {detail}", UnitChanged),
    rule("Control process exited, {detail}", UnitChanged),
    of(START, "Failed to start {detail}", UnitFailed),
    of(START, "Failed to listen on {detail}", UnitFailed),
    rule("Scheduled restart job, {detail}", UnitChanged),
    rule("Started {detail}", UnitChanged),
    rule("Stopped {detail}", UnitChanged),
    rule("Starting {detail}", UnitChanged),
    rule("Stopping {detail}", UnitChanged),
    rule("Reloading {detail}", UnitChanged),
    rule("Reloaded {detail}", UnitChanged),
    rule("Listening on {detail}", UnitChanged),
    rule("Closed {detail}", UnitChanged),
    rule("Deactivated successfully.", UnitChanged),
    rule("Succeeded.", UnitChanged),
];

pub(super) const XINETD: &[Rule] = &[
    of(LIMIT, "FAIL: ssh {word} from={addr}", SocketLimit),
    of(
        LIMIT,
        "Deactivating service ssh due to excessive incoming connections.{}",
        SocketLimit,
    ),
    of(
        Cause::HostsAccessDenied,
        "libwrap refused connection to ssh {} from {addr}",
        WrapperRefused,
    ),
];

/// How distributions describe the service; systemd before 250 names no unit in `Started …`.
const DESCRIPTIONS: &[&[u8]] = &[b"OpenBSD Secure Shell server", b"OpenSSH "];

/// Understands a message that is about a unit of sshd.
pub(super) fn verdict<'a>(table: &Table, message: &'a [u8]) -> Option<Verdict<'a>> {
    let unit = memchr::memmem::find(message, b": ")
        .map(|at| &message[..at])
        .filter(|unit| is_ssh_unit(unit));
    let Some(unit) = unit else {
        return table.verdict(message).filter(|_| names_ssh(message));
    };
    let verdict = table.verdict(&message[unit.len() + 2..])?;
    // The unit of one connection (`Accept=yes`) fails whenever sshd ends it.
    let of_connection = unit.contains(&b'@') && verdict.kind == UnitFailed;
    Some(Verdict {
        cause: verdict.cause.filter(|_| !of_connection),
        ..verdict
    })
}

/// Whether one of the first words is a unit of sshd or its description.
fn names_ssh(message: &[u8]) -> bool {
    memchr::memchr_iter(b' ', message)
        .take(3)
        .map(|at| &message[at + 1..])
        .any(|subject| {
            let unit = subject.split(|&b| b == b' ').next().unwrap_or_default();
            is_ssh_unit(unit.strip_suffix(b".").unwrap_or(unit))
                || DESCRIPTIONS.iter().any(|text| subject.starts_with(text))
        })
}
