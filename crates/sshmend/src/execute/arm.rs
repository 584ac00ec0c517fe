//! A way back that needs neither this process nor its terminal: a timer of systemd.

use std::time::Duration;

use sshmend_host::Runner;

use crate::error::Failure;
use crate::session::Session;

/// Has the transaction taken back after this time; one that is taken back earlier is left alone then.
pub(super) fn arm(session: &Session, id: &str, after: Duration) -> Result<(), Failure> {
    let answer = Runner::default().run(&timer(session, id, after));
    let why = match answer {
        Ok(output) if output.success() => return Ok(()),
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    let message = format!("nothing was changed: no timer would take it back: systemd-run: {why}");
    Err(Failure::trouble(message)
        .with_hint("make the change for good, and take it back with sshmend rollback"))
}

fn timer(session: &Session, id: &str, after: Duration) -> Vec<String> {
    let mut back = session.command(&["rollback", id, "--yes"]);
    back[0] = session.environment.program.display().to_string();
    let unit = format!("--unit=sshmend-rollback-{id}");
    let time = format!("--on-active={}", after.as_secs());
    let words = [
        "systemd-run",
        "--quiet",
        "--collect",
        &unit,
        &time,
        "--timer-property=AccuracySec=1s",
        "--",
    ];
    words.into_iter().map(str::to_owned).chain(back).collect()
}
