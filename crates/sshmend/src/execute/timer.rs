//! An undo that needs neither this process nor its terminal: a systemd timer, else a detached
//! process.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use sshmend_host::{Runner, boot, detach, now};
use sshmend_plan::Notice;
use sshmend_transaction::{Back, Id, Record, State};

use super::{Run, Way};
use crate::error::Failure;
use crate::recover_unit::is_installed;
use crate::session::Session;

/// Exists if systemd manages the machine (sd_booted(3)).
const BOOTED: &str = "/run/systemd/system";

/// Arms a timer that undoes the transaction after this time, unless it is settled by then.
///
/// # Errors
/// The reason why nothing will.
pub(crate) fn arm(session: &Session, id: &Id, after: Duration) -> Result<(), String> {
    let mut back = session.command(&["recover", "--due", id.as_str()]);
    back[0] = session.environment.program.display().to_string();
    if !is_managed_by_systemd(session) {
        back.extend(["--after".to_owned(), after.as_secs().to_string()]);
        return detach(&back);
    }
    let due = now().checked_add(after).ok();
    let mut refused = String::new();
    // A release that does not know the calendar's form is given the delay alone.
    for calendar in [due.map(calendar), None] {
        let timer = timer(&unit(id), after, calendar, &back);
        match Runner::default().run(&timer) {
            Ok(output) if output.success() => return Ok(()),
            Ok(output) => refused = String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => refused = error.to_string(),
        }
    }
    Err(format!("systemd-run: {refused}"))
}

/// The command line that has systemd run `command` once after a delay.
///
/// Each `systemctl daemon-reload` begins the delay anew (systemd issue 31914), so that on a machine
/// where packages are installed it might never end: the calendar names the same end once more.
/// The calendar alone would wait longer if the clock is set back.
fn timer(unit: &str, after: Duration, calendar: Option<String>, command: &[String]) -> Vec<String> {
    let mut words = vec![
        "systemd-run".to_owned(),
        "--quiet".to_owned(),
        "--collect".to_owned(),
        format!("--unit={unit}"),
        format!("--on-active={}", after.as_secs()),
    ];
    words.extend(calendar.map(|time| format!("--on-calendar={time}")));
    words.push("--timer-property=AccuracySec=1s".to_owned());
    words.push("--".to_owned());
    words.extend_from_slice(command);
    words
}

/// A time as systemd.time(7) writes it.
fn calendar(due: Timestamp) -> String {
    // Fractions are cut: a second later, so that it is not before the time that was announced.
    let due = due.checked_add(Duration::from_secs(1)).unwrap_or(due);
    due.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Removes the timer, if systemd has one. A timer that is left finds nothing to undo.
pub(crate) fn disarm(id: &Id) {
    let words = ["systemctl", "stop", &format!("{}.timer", unit(id))].map(str::to_owned);
    let live = sshmend_host::Machine::live();
    if live
        .names(Path::new(BOOTED))
        .is_ok_and(|names| names.is_some())
    {
        drop(Runner::default().run(&words));
    }
}

fn unit(id: &Id) -> String {
    format!("sshmend-rollback-{id}")
}

pub(crate) fn is_managed_by_systemd(session: &Session) -> bool {
    let names = session.machine.names(Path::new(BOOTED));
    names.is_ok_and(|names| names.is_some())
}

/// Whether a transaction is permanent: no timed undo is pending.
fn is_for_good(record: &Record) -> bool {
    record.state == State::Done && record.goes_back().is_none()
}

impl Run<'_> {
    /// The time after which it is undone automatically.
    pub(super) fn lasts(&self) -> Option<Duration> {
        self.flags.confirm_within.or(self.plan.lasts)
    }

    /// The same for the journal.
    pub(super) fn goes_back(&self) -> Option<Back> {
        let at = now().checked_add(self.lasts()?).ok()?;
        Some(Back {
            at,
            unless_confirmed: self.flags.confirm_within.is_some(),
            boot: boot(),
        })
    }

    /// Refuses to begin a temporary change if it could not be undone automatically.
    pub(super) fn can_be_undone(&mut self, changes_files: bool) -> Result<(), Failure> {
        let session = self.session;
        let why = if !session.machine.is_live() {
            "below --root nothing would undo it"
        } else if !session.is_root() {
            "nothing would undo it but root"
        } else if self.flags.no_reload {
            "with --no-reload nothing comes into force that could be confirmed"
        } else if self.plan.lasts.is_some() {
            "it ends by itself already"
        } else if matches!(&self.way, Way::Back(record) if !is_for_good(record)) {
            "it is undone by itself, or recovered, whatever this one does"
        } else if !changes_files {
            "no file changes, and what is run could not be undone by itself"
        } else {
            self.say_what_a_reboot_does();
            return Ok(());
        };
        Err(Failure::trouble(format!("nothing was changed: {why}"))
            .with_hint("leave --confirm-within out"))
    }

    fn say_what_a_reboot_does(&mut self) {
        if is_installed(self.session) {
            return;
        }
        let text = if is_managed_by_systemd(self.session) {
            "after a reboot before the confirmation sshmend recover undoes it; sshmend recover --install runs that at every boot"
        } else {
            "after a reboot before the confirmation sshmend recover --boot undoes it, which nothing runs here"
        };
        self.plan.notices.push(Notice::new("reboot", text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timer_has_a_delay_and_the_end_of_it_as_a_time_of_day() {
        let due: Timestamp = "2026-12-31T23:59:59.7Z".parse().unwrap();
        let command = ["sshmend", "recover"].map(str::to_owned);
        let timer = timer(
            "sshmend-rollback-1",
            Duration::from_secs(120),
            Some(calendar(due)),
            &command,
        );
        assert_eq!(
            timer[4..6],
            ["--on-active=120", "--on-calendar=2027-01-01 00:00:00 UTC"]
        );
        assert_eq!(timer[timer.len() - 3..], ["--", "sshmend", "recover"]);
    }
}
