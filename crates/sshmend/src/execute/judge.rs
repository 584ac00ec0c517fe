//! Checks by the real programs on the written files, before anything is reloaded, if the future
//! could not be rehearsed.

use std::path::PathBuf;

use sshmend_facts::Sshd;
use sshmend_host::Machine;
use sshmend_lossless::{Step, UnitVerb};
use sshmend_plan::{Check, Expect, SshdSource, reload_sshd, restart_sshd};

use super::Run;
use super::rehearse::{Answer, ask, comes_back, disagrees, verdict};
use crate::error::Failure;
use crate::json;

/// The last message of sshd's config test: the directory is missing, which its unit or script
/// creates at start.
const DIRECTORY: &str = "Missing privilege separation directory";

impl Run<'_> {
    /// Runs the checks before the files are written. What they reject already is not blamed on the
    /// change.
    pub(super) fn judge_today(&mut self) {
        if !self.unrehearsed {
            return;
        }
        self.refused_today = self
            .judges_of_files()
            .filter_map(|check| self.today(check))
            .filter(|heard| !heard.ok)
            .collect();
        self.shake_hands_today();
    }

    /// Runs the checks on the files as they are now.
    pub(super) fn judge_on_disk(&mut self) -> Result<(), Failure> {
        if !self.unrehearsed {
            return Ok(());
        }
        let heard = self.heard_on_disk();
        let Some(check) = self.first_refused(heard.clone()) else {
            return self.shake_hands_on_disk();
        };
        let (message, _) = disagrees(&check, said_by(&self.refused_today, &check));
        // The preview is over, so the output goes into the error.
        let said = said_by(&heard, &check).map_or("", |heard| heard.output.as_str());
        Err(Failure::trouble(message).after(&Failure::trouble(said)))
    }

    /// Checks the restored files. They stay, but nothing is reloaded if a check rejects them.
    pub(super) fn judge_what_came_back(&mut self) {
        if self.unrehearsed {
            let heard = self.heard_on_disk();
            if let Some(check) = self.first_refused(heard) {
                let why = comes_back(&check);
                self.session.output.status(&format!("note: {why}"));
                self.leave_running(why);
            }
        }
    }

    /// The check that rejects the restored files and so prevents a reload, if any.
    pub(super) fn refused_now(&self) -> Option<String> {
        let refuses = |check: &&Check| self.today(check).is_some_and(|heard| !heard.ok);
        let first = self.judges_of_files().find(refuses);
        first.map(|check| check.title.clone())
    }

    /// The checks that accept or reject the files as a whole.
    fn judges_of_files(&self) -> impl Iterator<Item = &Check> {
        let judges = self.plan.rehearsal.iter();
        judges.filter(|check| check.expect == Expect::Success && check.stdin.is_none())
    }

    fn heard_on_disk(&self) -> Vec<json::change::Check> {
        let judges = self.plan.rehearsal.iter();
        judges
            .map(|check| heard_but_for_directory(check, &ask(check)))
            .collect()
    }

    /// The steps that activate the old files again. A daemon that has ended since is started
    /// instead of reloaded.
    pub(super) fn revived(&self, steps: Vec<Step>) -> Result<Vec<Step>, Failure> {
        let mut revived = Vec::new();
        for step in steps {
            if !self.has_ended(&step) {
                revived.push(step);
                continue;
            }
            // Its supervisor may have started it already.
            let (configuration, _) = self.session.configuration(&SshdSource::default())?;
            let sshd = configuration.sshd;
            match reload_sshd(&sshd) {
                Some((reload, _)) if self.is_the_same(&sshd) && !self.has_ended(&reload) => {
                    revived.push(reload);
                }
                _ if self.plan.restart.is_empty() => revived.push(step),
                _ => revived.extend(self.plan.restart.clone()),
            }
        }
        revived.dedup();
        Ok(revived)
    }

    /// Whether it was started in the same way as the one that ended: another one may be listening
    /// beside it.
    fn is_the_same(&self, sshd: &Sshd) -> bool {
        let started = restart_sshd(sshd);
        started.is_some_and(|started| self.plan.restart.contains(&started))
    }

    /// Whether the daemon that a step would reload has ended.
    pub(super) fn has_ended(&self, step: &Step) -> bool {
        match step {
            Step::HangUp(pid) => process_has_ended(*pid),
            Step::Systemctl(UnitVerb::Reload, units) => {
                units.iter().any(|unit| !unit_is_active(unit))
            }
            _ => false,
        }
    }
}

fn said_by<'h>(heard: &'h [json::change::Check], check: &Check) -> Option<&'h json::change::Check> {
    heard.iter().find(|heard| heard.program == check.title)
}

/// Whether systemd reports a unit as active; false if systemd cannot be asked.
pub(crate) fn unit_is_active(unit: &str) -> bool {
    let is_active = Check::success(unit, &["systemctl", "is-active", unit]);
    ask(&is_active).map_or(true, |answer| answer.success())
}

/// A process that ended remains a zombie until its parent has waited for it (proc(5)).
fn process_has_ended(pid: u32) -> bool {
    let stat = PathBuf::from(format!("/proc/{pid}/stat"));
    match Machine::live().read(&stat) {
        Ok(None) => true,
        Ok(Some(stat)) => {
            let text = String::from_utf8_lossy(&stat.bytes).into_owned();
            let state = text.rsplit(')').next().unwrap_or_default().trim_start();
            state.starts_with(['Z', 'X'])
        }
        Err(_) => false,
    }
}

/// A config test that complains only about that directory accepts the files.
fn heard_but_for_directory(check: &Check, answer: &Answer) -> json::change::Check {
    let heard = verdict(check, answer);
    let last = heard.output.lines().next_back().unwrap_or_default();
    if last.starts_with(DIRECTORY) {
        json::change::Check { ok: true, ..heard }
    } else {
        heard
    }
}
