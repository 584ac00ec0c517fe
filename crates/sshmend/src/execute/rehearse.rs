//! Checks by the real programs on the future tree, before anything is written.

use std::collections::BTreeSet;

use sshmend_host::{RehearsalUnavailable, Runner};
use sshmend_lossless::{CommandOutput, Request, Snapshot};
use sshmend_plan::{Check, Expect, Notice};

use super::{Run, Way};
use crate::error::Failure;
use crate::json;

/// The number of checks whose questions are held at once: each has a copy of the bytes that it is
/// about, and a policy may name thousands of hosts.
const TOGETHER: usize = 64;

impl Run<'_> {
    /// Runs every check of the plan on the future tree, and the handshakes beside them. If that is
    /// not possible, they run later on the real files, before anything is reloaded.
    pub(super) fn rehearse(&mut self) -> Result<(), Failure> {
        if self.plan.rehearsal.is_empty() {
            return Ok(());
        }
        let handshakes = self.handshakes();
        let Some(mut answers) = self.answers(&handshakes) else {
            self.unrehearsed = self.session.machine.is_live();
            return Ok(());
        };
        let of_handshakes = answers.split_off(self.plan.rehearsal.len());
        let judges = self.plan.rehearsal.iter().zip(&answers);
        let heard = judges
            .map(|(check, answer)| verdict(check, answer))
            .collect();
        let refused = self.first_refused(heard);
        match (refused, &self.way) {
            (None, _) => {
                self.judge_handshakes(&of_handshakes);
                Ok(())
            }
            (Some(check), Way::Forward) => {
                let today = self.today(&check);
                let (message, hint) = disagrees(&check, today.as_ref());
                Err(Failure::trouble(format!("nothing was changed: {message}")).with_hint(hint))
            }
            (Some(check), Way::Back(_)) => {
                self.leave_running(comes_back(&check));
                Ok(())
            }
        }
    }

    /// Records the output of the programs, and returns the first check that failed.
    pub(super) fn first_refused(&mut self, heard: Vec<json::change::Check>) -> Option<Check> {
        let judges = self.plan.rehearsal.iter().zip(&heard);
        let refused = judges
            .filter(|(_, heard)| !heard.ok)
            .map(|(check, _)| check.clone())
            .next();
        self.checks.extend(heard);
        refused
    }

    /// The answers of the programs for the future tree, those of the handshakes last; `None` if it
    /// cannot be shown to them.
    fn answers(&self, handshakes: &[Check]) -> Option<Vec<Answer>> {
        let checks: Vec<&Check> = self.plan.rehearsal.iter().chain(handshakes).collect();
        if checks.iter().all(|check| check.stdin.is_some()) {
            let heard = checks.chunks(TOGETHER).map(|some| self.heard(some));
            return Some(heard.flatten().collect());
        }
        let commands: Vec<_> = checks.iter().map(|check| command(check)).collect();
        let answers = self.session.machine.rehearse(&self.plan.files, &commands);
        let said = |unavailable: RehearsalUnavailable| {
            let instead = if self.session.machine.is_live() {
                let first = checks.first().map_or("", |check| check.title.as_str());
                format!(
                    "{first} checks the files after they are written and before anything is reloaded"
                )
            } else {
                "only the model checks it".to_owned()
            };
            let talk = format!("no rehearsal, {instead}: {unavailable}");
            self.session.output.status(&talk);
        };
        answers.map_err(said).ok()
    }

    /// The answers that were given while the plan was made, and the others now, side by side. None of
    /// these questions is asked twice: ssh-keygen prints all keys of a host, and each of them is a
    /// check.
    fn heard(&self, checks: &[&Check]) -> Vec<Answer> {
        let open = checks.iter().filter(|check| check.answer.is_none());
        let questions: BTreeSet<Request> = open
            .map(|check| command(check))
            .map(|(argv, stdin)| Request::Feed(argv, stdin))
            .collect();
        let mut heard = Snapshot::default();
        let machine = &self.session.machine;
        machine.answer_all(&Vec::from_iter(questions), &mut heard);
        let answer = |check: &&Check| {
            let (argv, stdin) = command(check);
            let before = check.answer.as_ref().map(Result::as_ref);
            match before.or_else(|| heard.fed(&argv, &stdin)) {
                Some(answer) => answer.cloned().map_err(ToString::to_string),
                None => ask(check),
            }
        };
        checks.iter().map(answer).collect()
    }

    /// The result of a check on the machine as it is now; `None` if the check does not concern the
    /// machine.
    pub(super) fn today(&self, check: &Check) -> Option<json::change::Check> {
        if check.stdin.is_some() {
            return None;
        }
        // In a namespace, even without a change: there sshd finds the directory that it requires.
        let rehearsed = self.session.machine.rehearse(&[], &[command(check)]);
        let answer = match rehearsed.map(|answers| answers.into_iter().next()) {
            Ok(Some(answer)) => answer,
            _ => ask(check),
        };
        Some(verdict(check, &answer))
    }

    /// Removes the reloads from the plan, because a daemon must not reload what it rejects.
    /// Services that were started are still stopped.
    pub(super) fn leave_running(&mut self, why: String) {
        // If there are no undo steps, the activation consists of reloads only.
        let stops = !self.plan.undo.is_empty();
        self.plan
            .activation
            .retain(|step| stops && !step.is_reload());
        self.plan.reloaded.clear();
        self.plan.proof.clear();
        self.plan.notices.push(Notice::new("not-reloaded", why));
    }
}

/// The message and the hint for a program that rejects the result, or already rejects the present
/// files.
pub(super) fn disagrees(
    check: &Check,
    today: Option<&json::change::Check>,
) -> (String, &'static str) {
    let title = &check.title;
    let of_files = check.expect == Expect::Success;
    match today.filter(|today| of_files && !today.ok) {
        Some(today) => {
            // fail2ban-client warns of other things before it says what it refuses.
            let error = today.output.lines().find(|line| line.contains(" ERROR "));
            let said = error.or_else(|| today.output.lines().next());
            let said = said.unwrap_or_default();
            let message = format!(
                "{title} already refuses the present configuration, and would refuse the result: {said}"
            );
            (message, "mend that first: sshmend diagnose names it")
        }
        None => (
            format!("{title} does not confirm the result"),
            "its output is above; sshmend diagnose names what is wrong today",
        ),
    }
}

pub(super) fn comes_back(check: &Check) -> String {
    let title = &check.title;
    format!("{title} does not accept the old files; they are restored anyway")
}

/// The output of a program, or the reason why it was not run.
pub(crate) type Answer = Result<CommandOutput, String>;

pub(super) fn command(check: &Check) -> (Vec<String>, Vec<u8>) {
    let stdin = check.stdin.clone().unwrap_or_default();
    (check.argv.clone(), stdin)
}

/// Runs a program on the machine as it is.
pub(crate) fn ask(check: &Check) -> Answer {
    let stdin = check.stdin.as_deref().unwrap_or_default();
    Runner::default()
        .feed(&check.argv, stdin)
        .map_err(|error| error.to_string())
}

/// The output of a program, and whether it is what the check requires.
pub(super) fn verdict(check: &Check, answer: &Answer) -> json::change::Check {
    let (ok, output) = match answer {
        Ok(answer) => {
            let said = [&answer.stdout[..], &answer.stderr[..]].concat();
            let ok = check.holds(answer);
            (
                ok,
                if ok {
                    String::new()
                } else {
                    String::from_utf8_lossy(&said).trim().to_owned()
                },
            )
        }
        Err(reason) => (false, reason.clone()),
    };
    json::change::Check {
        program: check.title.clone(),
        ok,
        output,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_quoted_and_not_an_earlier_warning() {
        let check = Check {
            title: "fail2ban-client -t".to_owned(),
            argv: Vec::new(),
            stdin: None,
            expect: Expect::Success,
            answer: None,
        };
        let quoted = |output: &str| {
            let today = json::change::Check {
                program: check.title.clone(),
                ok: false,
                output: output.to_owned(),
            };
            disagrees(&check, Some(&today)).0
        };
        let of_fail2ban = "2026-11-29 [7]: WARNING 'allowipv6' not defined\n2026-11-29 [7]: ERROR   no log file for sshd";
        assert!(quoted(of_fail2ban).ends_with("ERROR   no log file for sshd"));
        let of_sshd = "sshd_config: line 3: Bad configuration option: Prot\nterminating";
        assert!(quoted(of_sshd).ends_with("option: Prot"));
    }
}
