//! A diagnosis for people.

use sshmend_diagnose::{Certainty, Diagnosis, Evidence, Finding, Question, Unchecked, Vantage};

use crate::output::escape::line;
use crate::output::words::{count, shell};
use crate::output::{Output, Role, census};

const WIDTH: usize = 100;

/// Renders the answer, its evidence, and what could not be looked at.
pub(crate) fn text(output: &Output, question: &Question, diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    if diagnosis.nothing_understood() {
        let title = "no answer: nothing in the logs that were named was understood";
        return format!("{}\n{}", output.paint(Role::Title, title), census::text(output, &diagnosis.logs));
    }
    if diagnosis.findings.is_empty() {
        let title = match question.vantage {
            Vantage::Server(_) if !question.logs.is_empty() => "no cause found in the logs that were named",
            Vantage::Server(_) => "no cause found on this machine",
            Vantage::Client(_) => "no cause found from here",
            Vantage::Transcript(_) => "no cause found in the transcript",
        };
        text.push_str(&format!("{}\n", output.paint(Role::Title, title)));
    }
    for (index, finding) in diagnosis.findings.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text.push_str(&render(output, finding));
    }
    if !diagnosis.unchecked.is_empty() {
        text.push_str(&format!("\n{}\n", output.paint(Role::Title, "not checked")));
    }
    for (reason, checks) in by_reason(&diagnosis.unchecked) {
        let (checks, reason) = (output.quote(Role::Title, &checks.join(", ")), output.quote(Role::Dim, reason));
        text.push_str(&format!("  {checks}: {reason}\n"));
    }
    text.push_str(&ruled_out(output, diagnosis));
    if !diagnosis.logs.is_empty() {
        text.push_str(&format!("\n{}", census::text(output, &diagnosis.logs)));
    }
    text
}

/// The names help whoever has no certain answer.
fn ruled_out(output: &Output, diagnosis: &Diagnosis) -> String {
    let names: Vec<&str> = diagnosis.excluded.iter().map(|excluded| excluded.cause).collect();
    let known = diagnosis.findings.first().is_some_and(|finding| finding.certainty == Certainty::Certain);
    if names.is_empty() || known {
        return String::new();
    }
    let title = format!("ruled out ({}; why: --format json)", count(names.len(), "cause"));
    format!("\n{}\n{}", output.paint(Role::Title, &title), wrapped(&names))
}

/// What was not looked at for the same reason, together; in the order of the first of each.
fn by_reason(unchecked: &[Unchecked]) -> Vec<(&str, Vec<&str>)> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for one in unchecked {
        match groups.iter_mut().find(|(reason, _)| *reason == one.reason) {
            Some((_, checks)) => checks.push(&one.check),
            None => groups.push((&one.reason, vec![&one.check])),
        }
    }
    groups
}

/// Names in lines of at most [`WIDTH`] characters.
fn wrapped(names: &[&str]) -> String {
    let mut lines = vec![String::new()];
    for name in names {
        match lines.last_mut() {
            Some(last) if last.is_empty() => last.push_str(name),
            Some(last) if last.len() + 1 + name.len() <= WIDTH => *last = format!("{last} {name}"),
            _ => lines.push((*name).to_owned()),
        }
    }
    lines.iter().map(|line| format!("  {line}\n")).collect()
}

fn render(output: &Output, finding: &Finding) -> String {
    let mut lines = vec![format!(
        "{} {}",
        output.quote(Role::Title, &finding.summary),
        output.paint(Role::Warning, &format!("[{}, {}]", finding.cause, certainty(finding))),
    )];
    lines.extend(finding.evidence.iter().map(|evidence| format!("  {}", cite(output, evidence))));
    if let Some(remedy) = &finding.remedy {
        lines.push(format!("  mend: {}", output.quote(Role::Good, &shell(&remedy.argv))));
        lines.push(format!("        {}", output.quote(Role::Dim, &remedy.summary)));
    }
    lines.extend(finding.steps.iter().map(|step| format!("  do:   {}", line(step))));
    lines.join("\n") + "\n"
}

fn certainty(finding: &Finding) -> String {
    let word = finding.certainty.as_str();
    if finding.latent { format!("{word}, not yet acting") } else { word.to_owned() }
}

fn cite(output: &Output, evidence: &Evidence) -> String {
    let number = evidence.line.map(|number| format!(":{number}")).unwrap_or_default();
    let source = output.quote(Role::Dim, &format!("{}{number}", evidence.source));
    format!("{source}: {}", line(&evidence.text))
}
