//! The real programs judge the future before it happens.

use sshmend_host::{RehearsalUnavailable, Runner};
use sshmend_lossless::CommandOutput;
use sshmend_plan::{Check, Notice};

use super::{Run, Way};
use crate::error::Failure;
use crate::json;

impl Run<'_> {
    /// Lets every check of the plan run on the future tree; without the privilege for it the model alone judges.
    pub(super) fn rehearse(&mut self) -> Result<(), Failure> {
        if self.plan.rehearsal.is_empty() {
            return Ok(());
        }
        let Some(answers) = self.answers() else {
            return Ok(());
        };
        let checks = self.plan.rehearsal.clone();
        let refused = checks
            .iter()
            .zip(&answers)
            .fold(None, |refused, (check, answer)| {
                let holds = self.hear(check, answer);
                refused.or((!holds).then_some(check.title.as_str()))
            });
        match (refused, &self.way) {
            (None, _) => Ok(()),
            (Some(title), Way::Forward) => {
                let message =
                    format!("nothing was changed: {title} does not agree with the result");
                let hint = "what it said stands above; sshmend diagnose tells what is wrong today";
                Err(Failure::trouble(message).with_hint(hint))
            }
            (Some(title), Way::Back(_)) => {
                let text =
                    format!("{title} does not accept what was before; it comes back all the same");
                self.leave_running(text);
                Ok(())
            }
        }
    }

    /// What the programs say of the future tree; `None` when it cannot be rehearsed.
    fn answers(&self) -> Option<Vec<Answer>> {
        let checks = &self.plan.rehearsal;
        if checks.iter().all(|check| check.stdin.is_some()) {
            return Some(checks.iter().map(ask).collect());
        }
        let commands: Vec<_> = checks
            .iter()
            .map(|c| (c.argv.clone(), c.stdin.clone().unwrap_or_default()))
            .collect();
        let answers = self.session.machine.rehearse(&self.plan.files, &commands);
        let said = |unavailable: RehearsalUnavailable| {
            self.session.output.talk(&format!(
                "no rehearsal, the model alone judges: {unavailable}"
            ));
        };
        answers.map_err(said).ok()
    }

    /// A daemon is never told to read what it refuses; what was started is stopped all the same.
    pub(super) fn leave_running(&mut self, why: String) {
        let stops = |check: &Check| !self.plan.undo.is_empty() && !is_reload(check);
        self.plan.activation = self
            .plan
            .activation
            .iter()
            .filter(|check| stops(check))
            .cloned()
            .collect();
        self.plan.reloaded.clear();
        self.plan.proof.clear();
        self.plan.notices.push(Notice {
            name: "not-reloaded".to_owned(),
            text: why,
            origin: None,
        });
    }

    /// Records an answer; true when it is the one that it has to be.
    fn hear(&mut self, check: &Check, answer: &Answer) -> bool {
        let heard = verdict(check, answer);
        let ok = heard.ok;
        self.checks.push(heard);
        ok
    }
}

/// Whether it tells a daemon to read its files again.
pub(super) fn is_reload(check: &Check) -> bool {
    [
        ["systemctl", "reload"],
        ["kill", "-HUP"],
        ["fail2ban-client", "reload"],
    ]
    .iter()
    .any(|words| check.begins_with(words))
}

/// What a program said, or why it was not run.
pub(super) type Answer = Result<CommandOutput, String>;

/// Runs a program on the machine as it is.
pub(super) fn ask(check: &Check) -> Answer {
    let stdin = check.stdin.as_deref().unwrap_or_default();
    Runner::default()
        .feed(&check.argv, stdin)
        .map_err(|error| error.to_string())
}

/// What a program said, and whether that is what it had to say.
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
