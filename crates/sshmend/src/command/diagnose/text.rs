//! A diagnosis for people.

use sshmend_diagnose::{Diagnosis, Evidence, Finding};

use crate::output::escape::line;
use crate::output::words::{count, shell};
use crate::output::{Output, Role};

/// Renders the answer, its evidence, and what could not be looked at.
pub(crate) fn text(output: &Output, diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    if diagnosis.findings.is_empty() {
        text.push_str(&output.paint(Role::Title, "no cause found on this machine"));
        text.push_str(&format!(" ({} ruled out)\n", count(diagnosis.excluded.len(), "cause")));
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
    for unchecked in &diagnosis.unchecked {
        let (check, reason) = (output.quote(Role::Title, &unchecked.check), output.quote(Role::Dim, &unchecked.reason));
        text.push_str(&format!("  {check}: {reason}\n"));
    }
    text
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
