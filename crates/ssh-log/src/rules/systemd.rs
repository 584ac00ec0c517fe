//! systemd about the units of sshd, and xinetd.

use super::{Rule, is_ssh_unit, of, rule};
use crate::kind::Kind::{BindFailed, OomKill, SocketLimit, TriggerLimit, UnitChanged, UnitFailed, WrapperRefused};

const TRIGGER: &str = "socket-trigger-limit";
const LIMIT: &str = "socket-connection-limit";
const START: &str = "service-start-failure";
const MEMORY: &str = "out-of-memory";

/// What systemd says of a unit of sshd, without the name of the unit.
pub(super) const RULES: &[Rule] = &[
    of(TRIGGER, "Trigger limit hit, refusing further activation.", TriggerLimit),
    of(TRIGGER, "Failed with result 'trigger-limit-hit'.", TriggerLimit),
    of(LIMIT, "Too many incoming connections ({n}) from source {addr}, dropping connection.", SocketLimit),
    of(LIMIT, "Too many incoming connections ({n}), dropping connection.", SocketLimit),
    of("port-in-use", "Failed to create listening socket ({detail}): Address already in use", BindFailed),
    of("sshd-not-running", "Failed to create listening socket ({detail}): {}", BindFailed),
    of(MEMORY, "A process of this unit has been killed by the OOM killer.", OomKill),
    of(MEMORY, "Failed with result 'oom-kill'.", OomKill),
    of(START, "Start request repeated too quickly.", UnitFailed),
    of(START, "Failed with result '{detail}'.", UnitFailed),
    of(START, "Failed to queue service startup job{detail}", UnitFailed),
    of(START, "Failed at step {detail}", UnitFailed),
    of(START, "Failed to load environment files: {detail}", UnitFailed),
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
    of(LIMIT, "Deactivating service ssh due to excessive incoming connections.{}", SocketLimit),
    of("hosts-access-denied", "libwrap refused connection to ssh {} from {addr}", WrapperRefused),
];

/// How distributions describe the service; systemd before 250 names no unit in `Started …`.
const DESCRIPTIONS: &[&[u8]] = &[b"OpenBSD Secure Shell server", b"OpenSSH "];

/// The message without the unit, when it is about a unit of sshd.
pub(super) fn of_ssh_unit(message: &[u8]) -> Option<&[u8]> {
    if let Some(at) = memchr::memmem::find(message, b": ").filter(|&at| is_ssh_unit(&message[..at])) {
        return Some(&message[at + 2..]);
    }
    let mut subjects = memchr::memchr_iter(b' ', message).map(|at| &message[at + 1..]);
    let about_sshd = subjects.by_ref().take(3).any(|subject| {
        let unit = subject.split(|&b| b == b' ').next().unwrap_or_default();
        is_ssh_unit(unit.strip_suffix(b".").unwrap_or(unit))
            || DESCRIPTIONS.iter().any(|text| subject.starts_with(text))
    });
    about_sshd.then_some(message)
}
