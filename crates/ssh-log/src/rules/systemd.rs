//! systemd about the units of sshd, and xinetd.

use std::sync::LazyLock;

use memchr::memchr_iter;

use super::beginnings::Beginnings;
use super::rule::{Meaning, Rule, of, rule, unsure};
use super::table::Table;
use crate::bits::{WIDE, bits};
use crate::cause::CauseName as Cause;
use crate::kind::Kind::{
    BindFailed, Noted, OomKill, SocketLimit, TriggerLimit, UnitChanged, UnitFailed, WrapperRefused,
};
use crate::program::is_ssh_unit;
use crate::understand::FOLDED;

const TRIGGER: Cause = Cause::SocketTriggerLimit;
const LIMIT: Cause = Cause::SocketConnectionLimit;
const START: Cause = Cause::ServiceStartFailure;
const MEMORY: Cause = Cause::OutOfMemory;

/// Messages of systemd about a unit of sshd, without the name of the unit.
#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    of(TRIGGER, "Trigger limit hit, refusing further activation.", TriggerLimit),
    of(TRIGGER, "Failed with result 'trigger-limit-hit'.", TriggerLimit),
    of(
        LIMIT,
        "Too many incoming connections ({n}) from source {addr}, dropping connection.",
        SocketLimit,
    ),
    of(LIMIT, "Too many incoming connections ({n}), dropping connection.", SocketLimit),
    of(
        Cause::PortInUse,
        "Failed to create listening socket ({detail}): Address already in use",
        BindFailed,
    ),
    of(Cause::SshdNotRunning, "Failed to create listening socket ({detail}): {}", BindFailed),
    of(MEMORY, "A process of this unit has been killed by the OOM killer.", OomKill),
    of(MEMORY, "Failed with result 'oom-kill'.", OomKill),
    of(START, "Start request repeated too quickly.", UnitFailed),
    of(START, "Failed with result '{detail}'.", UnitFailed),
    of(START, "Failed to queue service startup job{detail}", UnitFailed),
    of(START, "Failed at step {detail}", UnitFailed),
    of(START, "Failed to load environment files: {detail}", UnitFailed),
    rule("Main process exited, {detail}", UnitChanged),
    // Failures after which it continues.
    rule("Failed to {}, ignoring{}", Noted),
    rule("Failed to kill {}", Noted),
    rule("Failed to send signal {}", Noted),
    rule("Failed to enqueue {}", Noted),
    // The service cannot be started (job.c, service.c, socket.c, exec-invoke.c; 247 to 257).
    of(START, "Dependency failed for {detail}", UnitFailed),
    of(START, "Assertion failed for {detail}", UnitFailed),
    of(START, "Timed out starting {detail}", UnitFailed),
    of(START, "Reload failed for {detail}", UnitFailed),
    of(START, "Starting requested but asserts failed.", UnitFailed),
    of(START, "Cannot start frozen unit {detail}", UnitFailed),
    of(START, "Job {}/start failed with result '{detail}'.", UnitFailed),
    of(START, "Job {}/start timed out.", UnitFailed),
    of(START, "start operation timed out. {}", UnitFailed),
    of(START, "start-pre operation timed out. {}", UnitFailed),
    of(START, "reload operation timed out. {}", UnitFailed),
    of(START, "Starting timed out. {}", UnitFailed),
    of(START, "Watchdog timeout {detail}", UnitFailed),
    of(START, "Daemon never wrote its PID file. Failing.", UnitFailed),
    of(START, "Service to activate vanished, refusing activation.", UnitFailed),
    of(START, "Socket service {} already active, refusing.", UnitFailed),
    of(START, "Socket service {} not loaded, refusing.", UnitFailed),
    of(START, "Connection service unit is masked, refusing.", UnitFailed),
    of(
        START,
        "Socket unit configuration has changed while unit has been running, {detail}",
        UnitFailed,
    ),
    of(START, "Got POLLHUP on a listening socket. {}", UnitFailed),
    of(START, "Service has {} Refusing.", UnitFailed),
    of(START, "Service {word} binary path {} Refusing.", UnitFailed),
    of(START, "Unit has {} Refusing.", UnitFailed),
    of(START, "Refusing to start, {detail}", UnitFailed),
    of(START, "Unable to locate executable {detail}", UnitFailed),
    of(START, "Changing to the requested working directory failed: {detail}", UnitFailed),
    of(START, "Chrooting to the requested root directory failed: {detail}", UnitFailed),
    of(START, "Changing group credentials failed: {detail}", UnitFailed),
    of(START, "Setting up kernel keyring failed: {detail}", UnitFailed),
    of(Cause::PortInUse, "Failed to listen on sockets: Address already in use", BindFailed),
    of(Cause::SshdNotRunning, "Failed to listen on sockets: {detail}", BindFailed),
    of(Cause::SshdNotRunning, "Unit is bound to inactive unit {detail}", UnitChanged),
    of(Cause::SshdNotRunning, "Service reached runtime time limit. Stopping.", UnitChanged),
    of(START, "Control process exited, {detail}", UnitFailed),
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
    of(START, "Explicit service configuration for accepting socket units {}", UnitFailed),
    of(START, "Unit configured for accepting sockets, {}", UnitFailed),
    of(START, "Got no socket.", UnitFailed),
    of(START, "Got more than one socket.", UnitFailed),
    of(START, "UID validation failed for {detail}", UnitFailed),
    of(START, "GID validation failed for {detail}", UnitFailed),
    of(START, "NetworkNamespacePath= is not supported, refusing.", UnitFailed),
    of(START, "IPCNamespacePath= is not supported, refusing.", UnitFailed),
    of(START, "Will not start SendSIGKILL=no service {}", UnitFailed),
    of(START, "Processes still around after final SIGKILL. {}", UnitFailed),
    of(START, "Timed out reloading {detail}", UnitFailed),
    rule("Timed out stopping {detail}", UnitChanged),
    rule("Killing process {detail}", UnitChanged),
    rule("Sent signal {detail}", UnitChanged),
    rule("Killed unit cgroup {detail}", UnitChanged),
    rule("Skipped {detail}", UnitChanged),
    rule("Triggering {detail}", UnitChanged),
    // Other failures for the unit; another line reports the consequence.
    unsure(of(START, "Failed to {detail}", UnitFailed)),
    unsure(of(START, "Failed acquire runtime: {detail}", UnitFailed)),
];

#[rustfmt::skip]
pub(super) const XINETD: &[Rule] = &[
    // inetd of FreeBSD, macOS and Junos (`cpmip`).
    of(LIMIT, "ssh from {addr} exceeded counts/min (limit {n}/min){}", SocketLimit),
    of(LIMIT, "FAIL: ssh {word} from={addr}", SocketLimit),
    of(LIMIT, "Deactivating service ssh due to excessive incoming connections.{}", SocketLimit),
    of(
        Cause::HostsAccessDenied,
        "libwrap refused connection to ssh {} from {addr}",
        WrapperRefused,
    ),
];

/// The descriptions of the service in various distributions; systemd before 250 does not name the
/// unit in `Started …`.
const DESCRIPTIONS: &[&[u8]] = &[b"OpenBSD Secure Shell server", b"OpenSSH "];

/// Recognises a message about a unit of sshd.
pub(super) fn verdict<'a>(table: &Table, message: &'a [u8]) -> Option<Meaning<'a>> {
    // Most lines are about other units: compare names before rules.
    let named = message.starts_with(b"ssh");
    let end = named
        .then(|| memchr::memmem::find(message, b": "))
        .flatten();
    let unit = end.map(|at| &message[..at]);
    let Some(unit) = unit.filter(|unit| is_ssh_unit(unit)) else {
        return names_ssh(message).then(|| table.verdict(message)).flatten();
    };
    let verdict = table.verdict(&message[unit.len() + 2..])?;
    // The unit of one connection (`Accept=yes`) fails whenever sshd ends the connection.
    let of_connection = unit.contains(&b'@') && verdict.kind == UnitFailed;
    Some(Meaning {
        cause: verdict.cause.filter(|_| !of_connection),
        ..verdict
    })
}

static BEGINNINGS: LazyLock<Beginnings> = LazyLock::new(|| Beginnings::new(RULES, &[b"mess"]));

/// Whether the message may be about a unit of sshd; false for most. `onward` is a text that begins with the message.
#[inline]
pub(super) fn may_know(message: &[u8], onward: &[u8]) -> bool {
    let is_marked = matches!(message.first(), Some(b'[' | b'(' | b'k'));
    let may_begin = message.starts_with(b"ssh") || BEGINNINGS.may_begin(message);
    is_marked || may_begin && (may_name_ssh(message.len(), onward) || message.starts_with(FOLDED))
}

/// So many words behind the first may be the unit.
const SUBJECTS: usize = 4;

/// Whether one of the words of a message of this length begins as a unit of sshd or its description does.
fn may_name_ssh(length: usize, onward: &[u8]) -> bool {
    const LAST: u64 = 1 << (WIDE - 1);
    let Some(near) = onward.first_chunk() else {
        return true;
    };
    let within = u64::MAX >> (WIDE - length.clamp(1, WIDE));
    let [blanks, letters, capitals] = bits([b' ', b's', b'O'], near).map(|bits| bits & within);
    // If the last byte is an `s`, the next one is not among these.
    let words = blanks << 1 | 1;
    let begins = letters & (letters >> 1 | LAST) | capitals;
    words & begins != 0 || (length > WIDE && (blanks & !LAST).count_ones() < SUBJECTS as u32)
}

/// Whether one of the first words is a unit of sshd or its description.
fn names_ssh(message: &[u8]) -> bool {
    let blanks = memchr_iter(b' ', message).take(SUBJECTS);
    let mut subjects = blanks.map(|at| &message[at + 1..]);
    subjects.any(|subject| match subject.first() {
        Some(b's') if subject.starts_with(b"ssh") => {
            let unit = subject.split(|&b| b == b' ').next().unwrap_or_default();
            is_ssh_unit(unit.strip_suffix(b".").unwrap_or(unit))
        }
        Some(b'O') => DESCRIPTIONS.iter().any(|text| subject.starts_with(text)),
        _ => false,
    })
}
