//! Rehearses a handshake between the future sshd and the real ssh. Nothing is changed if no
//! algorithms are left to agree on or no authentication method is left.

use sshmend_host::may_run;
use sshmend_plan::{Check, Lockout, Notice, why_no_handshake};

use super::Run;
use super::rehearse::{Answer, ask, verdict};
use crate::error::Failure;
use crate::json;

impl Run<'_> {
    /// The handshakes to rehearse. They take longer than all judges together, so that they do not wait for them. But a shell
    /// starts sshd here, whoever owns that program: there are none if a judge is a program that must not be run.
    pub(super) fn handshakes(&self) -> Vec<Check> {
        let must_not_run =
            |judge: &Check| judge.argv.first().is_some_and(|program| !may_run(program));
        match &self.plan.handshake {
            Some(check) if !self.plan.rehearsal.iter().any(must_not_run) => {
                let all = std::iter::once(check).chain(&self.plan.handshakes_from);
                all.cloned().collect()
            }
            _ => Vec::new(),
        }
    }

    /// Judges the handshakes that were rehearsed. What fails today as well is not blamed on the change.
    pub(super) fn judge_handshakes(&mut self, answers: &[Answer]) {
        let Some((check, (answer, from))) = self.plan.handshake.clone().zip(answers.split_first())
        else {
            return;
        };
        let heard = verdict(&check, answer);
        if heard.ok {
            self.checks.push(heard);
            self.judge_handshakes_from(from);
        } else if self.today(&check).is_some_and(|today| today.ok) {
            let why = nobody(&heard);
            self.checks.push(json::change::Check {
                output: why_no_handshake(&heard.output),
                ..heard
            });
            let lockout = std::mem::take(&mut self.plan.lockout);
            self.plan.lockout = lockout.worse(Lockout::Loses { why, origin: None });
            self.plan.handshake = None;
        } else {
            self.no_handshake(&heard);
        }
    }

    /// Judges those from certain addresses, for which a network of its own has to be had. What says nothing today, for
    /// whatever reason, says nothing of the change.
    fn judge_handshakes_from(&mut self, answers: &[Answer]) {
        let checks = std::mem::take(&mut self.plan.handshakes_from);
        for (check, answer) in checks.iter().zip(answers) {
            let heard = verdict(check, answer);
            if heard.ok {
                self.checks.push(heard);
                continue;
            }
            if !self.today(check).is_some_and(|today| today.ok) {
                continue;
            }
            let said = why_no_handshake(&heard.output);
            let why = format!("{} does not reach the login: {said}", check.title);
            let output = said;
            self.checks.push(json::change::Check { output, ..heard });
            let lockout = std::mem::take(&mut self.plan.lockout);
            self.plan.lockout = lockout.worse(Lockout::Loses { why, origin: None });
        }
    }

    /// Checks whether the handshake works before the files are written, if it cannot be rehearsed.
    pub(super) fn shake_hands_today(&mut self) {
        if let Some(check) = self.plan.handshake.clone().filter(|_| self.unrehearsed) {
            let heard = verdict(&check, &ask(&check));
            if !heard.ok {
                self.no_handshake(&heard);
            }
        }
    }

    /// Rehearses the handshake with the files on disk, before any daemon has read them.
    pub(super) fn shake_hands_on_disk(&mut self) -> Result<(), Failure> {
        let handshake = self.plan.handshake.clone().filter(|_| self.unrehearsed);
        let Some(check) = handshake else {
            return Ok(());
        };
        let heard = verdict(&check, &ask(&check));
        let why = nobody(&heard);
        let ok = heard.ok;
        self.checks.push(heard);
        if ok {
            return Ok(());
        }
        self.plan.handshake = None;
        if self.flags.allow_lockout {
            return Ok(());
        }
        Err(Failure::trouble(format!("this would lock you out: {why}")))
    }

    fn no_handshake(&mut self, heard: &json::change::Check) {
        let text = format!(
            "a handshake could not be rehearsed, because it already fails today: {}",
            why_no_handshake(&heard.output)
        );
        self.plan.handshake = None;
        self.plan.notices.push(Notice::new("no-handshake", text));
    }
}

fn nobody(heard: &json::change::Check) -> String {
    format!(
        "with this configuration the ssh of this machine does not reach the login: {}",
        why_no_handshake(&heard.output)
    )
}

/// Whether ssh completes a key exchange with the server at that address.
pub(super) fn exchanges_keys(check: &Check) -> json::change::Check {
    verdict(check, &ask(check))
}
