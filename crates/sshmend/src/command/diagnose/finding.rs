//! One finding as text: certainty, cause, evidence, remedy.

use std::collections::HashSet;

use sshmend_diagnose::{Certainty, Diagnosis, Evidence, Finding};
use sshmend_ssh_log::transcript::Attempt;

use crate::output::escape::line;
use crate::output::{Output, Role};
use crate::session::Session;

/// The number of hosts named for one kind of failure.
const HOSTS_SHOWN: usize = 8;

/// All findings; those about the same kind of failure together.
pub(super) fn blocks(session: &Session, diagnosis: &Diagnosis) -> String {
    let output = &session.output;
    let mut findings = diagnosis.findings.clone();
    say_once(&mut findings);
    let ways = findings.chunk_by(|one, next| one.attempts == next.attempts);
    let blocks: Vec<String> = ways
        .map(|block| match undecided(diagnosis, block) {
            Some(sentence) => render_undecided(output, diagnosis, sentence, block),
            None => block
                .iter()
                .map(|finding| render(session, diagnosis, finding))
                .collect::<Vec<_>>()
                .join("\n"),
        })
        .collect();
    blocks.join("\n")
}

/// Leaves out steps that an earlier finding has already: a person does them once.
fn say_once(findings: &mut [Finding]) {
    let mut said: HashSet<String> = HashSet::new();
    for finding in findings {
        finding.steps.retain(|step| said.insert(step.clone()));
    }
}

/// The reason why the text cannot decide, if every finding of this failure is only possible.
fn undecided<'a>(diagnosis: &'a Diagnosis, block: &[Finding]) -> Option<&'a str> {
    let open = block
        .iter()
        .all(|finding| finding.certainty == Certainty::Possible && finding.reason.is_some());
    let attempt = diagnosis.attempts.get(*block.first()?.attempts.first()?)?;
    attempt.undecided.as_deref().filter(|_| open)
}

/// Renders the undecided question, the evidence once, one line for each cause, and the commands to
/// run.
fn render_undecided(
    output: &Output,
    diagnosis: &Diagnosis,
    sentence: &str,
    block: &[Finding],
) -> String {
    let mut lines = vec![format!(
        "{}{}",
        about(output, diagnosis, &block[0]),
        output.quote(Role::Title, sentence)
    )];
    lines.extend(
        block[0]
            .evidence
            .iter()
            .map(|evidence| cite(output, evidence)),
    );
    lines.extend(more(&block[0]));
    lines.push("  possible:".to_owned());
    let width = block
        .iter()
        .map(|finding| finding.cause.as_str().len())
        .max()
        .unwrap_or(0);
    for finding in block {
        let name = output.paint(Role::Warning, &format!("{:width$}", finding.cause));
        lines.push(format!(
            "    {name}  {}",
            finding.reason.unwrap_or_default()
        ));
    }
    let steps = block.iter().flat_map(|finding| &finding.steps);
    lines.extend(steps.map(|step| format!("  do:   {}", line(step))));
    lines.join("\n") + "\n"
}

fn render(session: &Session, diagnosis: &Diagnosis, finding: &Finding) -> String {
    let output = &session.output;
    let mut lines = vec![format!(
        "{} {}{} {}",
        certainty(output, finding),
        about(output, diagnosis, finding),
        output.quote(Role::Title, &finding.summary),
        output.paint(Role::Dim, &format!("[{}]", finding.cause)),
    )];
    lines.extend(
        finding
            .evidence
            .iter()
            .map(|evidence| cite(output, evidence)),
    );
    lines.extend(more(finding));
    if let Some(remedy) = &finding.remedy {
        lines.push(format!(
            "  mend: {}",
            output.command(&session.command_to_run(&remedy.wish))
        ));
        lines.push(format!(
            "        {}",
            output.quote(Role::Dim, &remedy.summary)
        ));
    }
    lines.extend(
        finding
            .steps
            .iter()
            .map(|step| format!("  do:   {}", line(step))),
    );
    lines.join("\n") + "\n"
}

/// The certainty, as the first word.
fn certainty(output: &Output, finding: &Finding) -> String {
    let role = match finding.certainty {
        Certainty::Certain(_) => Role::Alarm,
        Certainty::Likely => Role::Warning,
        Certainty::Possible => Role::Dim,
    };
    let later = if finding.latent {
        ", not yet acting"
    } else {
        ""
    };
    output.paint(role, &format!("{}{later}:", finding.certainty.as_str()))
}

/// The hosts that a finding of a paste concerns.
fn about(output: &Output, diagnosis: &Diagnosis, finding: &Finding) -> String {
    if let [attempt] = finding.attempts.as_slice() {
        let title = diagnosis.attempts.get(*attempt).and_then(Attempt::title);
        return title.map_or_else(String::new, |title| {
            output.quote(Role::Title, &format!("{title}: "))
        });
    }
    if finding.hosts.is_empty() {
        return String::new();
    }
    let shown = finding
        .hosts
        .iter()
        .take(HOSTS_SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    let rest = finding.hosts.len().saturating_sub(HOSTS_SHOWN);
    let rest = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    output.quote(Role::Title, &format!("{shown}{rest}: "))
}

/// The number of further attempts that ended like those shown.
fn more(finding: &Finding) -> Option<String> {
    let rest = finding
        .attempts
        .len()
        .saturating_sub(finding.evidence.len().max(1));
    (rest > 0).then(|| format!("  … and {rest} more like this"))
}

/// The location and text of the evidence. If the fault has a column, the line is shown with that
/// place marked.
fn cite(output: &Output, evidence: &Evidence) -> String {
    // Program output has line numbers too, but `ssh host:48` would read as a port.
    let number = match evidence.line {
        Some(number) if evidence.source.contains(' ') => format!(", line {number}"),
        Some(number) => format!(":{number}"),
        None => String::new(),
    };
    let source = output.quote(Role::Dim, &format!("{}{number}", evidence.source));
    let Some(mark) = &evidence.mark else {
        return format!("  {source}: {}", line(&evidence.text));
    };
    let excerpt = output.excerpt(&mark.line, mark.column, mark.length, &mark.label);
    format!("  {source}:\n{excerpt}")
}
