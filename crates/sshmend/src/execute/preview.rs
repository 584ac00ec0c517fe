//! The preview of a change, and the question before it.

use sshmend_plan::unified;

use super::Run;
use crate::error::Failure;
use crate::output::ask::confirm;
use crate::output::escape::line;
use crate::output::words::or_not_set;
use crate::output::{Output, Role};

/// The number of effects shown.
const EFFECTS: usize = 10;

impl Run<'_> {
    /// Shows the plan: the diffs, their effects, and the answers of the real programs.
    pub(super) fn preview(&self, anything: bool) -> Result<(), Failure> {
        let output = &self.session.output;
        if output.is_json() {
            return Ok(());
        }
        let mut text = String::new();
        if !anything {
            let answer = format!("nothing to change: {}\n", line(&self.plan.purpose));
            text.push_str(&output.fold(&answer));
        }
        for change in &self.plan.files {
            text.push_str(&output.diff(&unified(change)));
        }
        let mut said = String::new();
        self.effects(output, &mut said);
        self.verdicts(output, &mut said);
        self.notices(output, &mut said);
        // A diff is never folded.
        text.push_str(&output.fold(&said));
        output
            .data(&text)
            .map_err(|error| Failure::caused("cannot print", &error))
    }

    fn effects(&self, output: &Output, text: &mut String) {
        for effect in self.plan.effects.iter().take(EFFECTS) {
            let (what, before, after) = (
                line(&effect.what),
                line(or_not_set(&effect.before)),
                output.quote(Role::Title, or_not_set(&effect.after)),
            );
            text.push_str(&format!("effect: {what} {before} -> {after}\n"));
        }
        let more = self.plan.effects.len().saturating_sub(EFFECTS);
        if more > 0 {
            text.push_str(&format!(
                "effect: and {more} more: --format json lists them all\n"
            ));
        }
        if let Some(time) = self
            .flags
            .confirm_within
            .filter(|_| !self.plan.changes_nothing())
        {
            let time = sshmend_plan::spelled(time);
            text.push_str(&format!(
                "back:   after {time}, unless sshmend confirm keeps it\n"
            ));
        }
        for step in &self.plan.activation {
            let word = if self.flags.no_reload {
                "left:  "
            } else {
                "then:  "
            };
            text.push_str(&format!("{word} {}\n", line(&step.title())));
        }
    }

    fn verdicts(&self, output: &Output, text: &mut String) {
        for check in &self.checks {
            let verdict = if check.ok {
                output.paint(Role::Good, "ok")
            } else {
                output.paint(Role::Bad, "REFUSED")
            };
            text.push_str(&format!("check:  {} {verdict}\n", line(&check.program)));
            let said = check.output.lines().filter(|_| !check.ok);
            for said in said {
                text.push_str(&format!("        {}\n", output.quote(Role::Bad, said)));
            }
        }
    }

    fn notices(&self, output: &Output, text: &mut String) {
        for notice in self.plan.notes() {
            let place = notice
                .origin
                .as_ref()
                .map(|origin| format!("{origin}: "))
                .unwrap_or_default();
            let name = output.paint(Role::Warning, &notice.name);
            text.push_str(&format!(
                "note:   {}{} [{name}]\n",
                line(&place),
                line(&notice.text)
            ));
        }
    }

    /// Asks the person. If nobody can be asked, nothing is changed.
    pub(super) fn ask(&self) -> Result<bool, Failure> {
        if self.flags.yes {
            return Ok(true);
        }
        if !self.session.environment.can_ask {
            let message = "nothing was changed: there is no terminal to ask on";
            return Err(Failure::trouble(message)
                .with_hint("--yes applies it without asking, --dry-run only shows it"));
        }
        confirm("Apply this?", self.chosen)
    }
}
