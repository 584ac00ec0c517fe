//! Real lines of sshd in envelopes: each must give the same result as alone.

use fastrand::Rng;

use super::seen::{Log, Seen};
use crate::Report;

/// Texts that a collector, a container runtime, a build server or a person puts around a line,
/// `{}`.
const ENVELOPES: &[&str] = &[
    "2026-11-20T15:52:43.123456789Z stderr F {}",
    "{\"log\":JSON,\"stream\":\"stderr\",\"time\":\"2026-11-20T15:52:43Z\"}",
    "{\"timestamp\":1795189963250,\"message\":JSON}",
    "{\"jsonPayload\":{\"message\":JSON},\"timestamp\":\"2026-11-20T15:52:43Z\"}",
    "sshd_1  | {}",
    "[pod/jump-0/sshd] {}",
    "2026-11-20T15:52:43.123456Z 01O {}",
    "[2026-11-20T15:52:43.123Z] {}",
    "#12 3.456 {}",
    "\u{1b}[31m{}\u{1b}[0m",
    "  12  {}",
    "> {}",
    "Nov 20 15:52:43 gw auth.info sshd[8]: {}",
    "sshd[8]: {}",
    "gw sshd[8]: {}",
    "auth.log:Nov 20 15:52:43 gw sshd[8]: {}",
    "<86>1 2026-11-20T15:52:43Z gw sshd 8 - - {}",
    "{\"SYSLOG_IDENTIFIER\":\"sshd\",\"_PID\":\"8\",\"MESSAGE\":JSON}",
];

/// Puts each understood line into an envelope of its own log, and compares the result with that of
/// the bare line.
pub(super) fn compare(report: &mut Report, log: &Log, random: &mut Rng) {
    for &line in log.events.keys() {
        let Some(envelope) = random.choice(ENVELOPES) else {
            continue;
        };
        let text = log.text(line);
        let said = |line: &str| {
            Log::read(line.as_bytes())
                .events
                .into_values()
                .next()
                .map(|seen| alone(&seen))
        };
        let wrapped = wrap(envelope, &text);
        report.compare(
            &format!("in its envelope: {wrapped}"),
            &said(&wrapped),
            &said(&text),
        );
    }
}

/// The part of a line's result that does not depend on its surroundings.
fn alone(seen: &Seen) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        seen.kind,
        seen.source.clone(),
        seen.port,
        seen.user.clone(),
        seen.detail.clone(),
    )
}

fn wrap(envelope: &str, text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    envelope.replace("JSON", &json).replace("{}", text)
}
