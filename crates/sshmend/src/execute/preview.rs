//! What a person sees before anything happens, and the question.

use std::fmt::Write as _;

use dialoguer::Confirm;
use sshmend_plan::{Lockout, unified};

use super::Run;
use crate::error::Failure;
use crate::output::escape::line;
use crate::output::{Output, Role};

/// How many effects a person is shown.
const EFFECTS: usize = 10;

impl Run<'_> {
    /// Shows the plan: the diffs, what they change in effect, what the real programs say of it.
    pub(super) fn preview(&self, anything: bool) -> Result<(), Failure> {
        let output = &self.session.output;
        if output.is_json() {
            return Ok(());
        }
        let mut text = String::new();
        if !anything {
            writeln!(text, "nothing to change: {}", line(&self.plan.purpose)).expect("memory");
        }
        self.plan.files.iter().for_each(|change| text.push_str(&output.diff(&unified(change))));
        self.effects(output, &mut text);
        self.verdicts(output, &mut text);
        self.notices(output, &mut text);
        output.data(&text).map_err(|error| Failure::caused("cannot print", &error))
    }

    fn effects(&self, output: &Output, text: &mut String) {
        for effect in self.plan.effects.iter().take(EFFECTS) {
            let (what, before, after) =
                (line(&effect.what), line(&effect.before), output.quote(Role::Title, &effect.after));
            writeln!(text, "effect: {what} {before} -> {after}").expect("memory");
        }
        let more = self.plan.effects.len().saturating_sub(EFFECTS);
        if more > 0 {
            writeln!(text, "effect: and {} more: --format json lists them all", more).expect("memory");
        }
        for check in &self.plan.activation {
            let word = if self.flags.no_reload { "left:  " } else { "then:  " };
            writeln!(text, "{word} {}", line(&check.title)).expect("memory");
        }
    }

    fn verdicts(&self, output: &Output, text: &mut String) {
        for check in &self.checks {
            let verdict = if check.ok { output.paint(Role::Good, "ok") } else { output.paint(Role::Bad, "REFUSED") };
            writeln!(text, "check:  {} {verdict}", line(&check.program)).expect("memory");
            let said = check.output.lines().filter(|_| !check.ok);
            said.for_each(|said| writeln!(text, "        {}", output.quote(Role::Bad, said)).expect("memory"));
        }
    }

    fn notices(&self, output: &Output, text: &mut String) {
        for notice in &self.plan.notices {
            let place = notice.origin.as_ref().map(|origin| format!("{origin}: ")).unwrap_or_default();
            let name = output.paint(Role::Warning, &notice.name);
            writeln!(text, "note:   {}{} [{name}]", line(&place), line(&notice.text)).expect("memory");
        }
        match &self.plan.lockout {
            Lockout::Keeps => {}
            Lockout::Unknown(why) => {
                writeln!(text, "note:   whether you keep your own access: {}", line(why)).expect("memory")
            }
            Lockout::Loses { why, .. } => {
                writeln!(text, "note:   you lose your own access: {}", line(why)).expect("memory")
            }
        }
    }

    /// Asks the person; where nobody can be asked, nothing is done.
    pub(super) fn ask(&self) -> Result<(), Failure> {
        if self.flags.yes {
            return Ok(());
        }
        if !self.session.environment.can_ask {
            let message = "nothing was changed: there is no terminal to ask on";
            return Err(Failure::trouble(message).with_hint("--yes applies it without asking, --dry-run only shows it"));
        }
        let asked = Confirm::new().with_prompt("Apply this?").default(false).interact();
        match asked {
            Ok(true) => Ok(()),
            Ok(false) => Err(Failure::trouble("nothing was changed: you said no")),
            Err(error) => Err(Failure::caused("nothing was changed: the question got no answer", &error)),
        }
    }
}
