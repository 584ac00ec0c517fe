//! A diagnosis for people.

use sshmend_diagnose::{Certainty, Diagnosis, Evidence, Excluded, Finding};
use sshmend_facts::{Connections, Question, Unchecked, Vantage};
use sshmend_ssh_log::transcript::Attempt;

use crate::output::escape::line;
use crate::output::words::{count, shell};
use crate::output::{Output, Role, census};
use crate::session::Session;

const WIDTH: usize = 100;

/// Of the hosts of one way to fail, so many are named.
const HOSTS_SHOWN: usize = 8;

/// Renders the answer, its evidence, and what could not be looked at.
pub(crate) fn text(session: &Session, question: &Question, diagnosis: &Diagnosis) -> String {
    let output = &session.output;
    let mut text = String::new();
    if diagnosis.nothing_understood() {
        let title = "no answer: nothing in the logs that were named was understood";
        return format!(
            "{}\n{}",
            output.paint(Role::Title, title),
            census::text(output, &diagnosis.logs)
        );
    }
    if diagnosis.findings.is_empty() {
        text.push_str(&format!(
            "{}\n",
            output.paint(Role::Title, &without_findings(question, diagnosis))
        ));
    }
    if let Some(summary) = diagnosis.summary() {
        text.push_str(&format!("{}\n\n", output.paint(Role::Title, &summary)));
    }
    let blocks: Vec<String> = blocks(&diagnosis.findings)
        .into_iter()
        .map(|block| match undecided(diagnosis, block) {
            Some(sentence) => render_undecided(output, diagnosis, sentence, block),
            None => block
                .iter()
                .map(|finding| render(session, diagnosis, finding))
                .collect::<Vec<_>>()
                .join("\n"),
        })
        .collect();
    text.push_str(&blocks.join("\n"));
    if !diagnosis.unchecked.is_empty() {
        text.push_str(&format!("\n{}\n", output.paint(Role::Title, "not checked")));
    }
    for (reason, checks) in by_reason(&diagnosis.unchecked) {
        let (checks, reason) = (
            output.quote(Role::Title, &checks.join(", ")),
            output.quote(Role::Dim, reason),
        );
        text.push_str(&format!("  {checks}: {reason}\n"));
    }
    text.push_str(&ruled_out(output, diagnosis));
    if !diagnosis.logs.is_empty() {
        text.push_str(&format!("\n{}", census::text(output, &diagnosis.logs)));
    }
    text
}

fn without_findings(question: &Question, diagnosis: &Diagnosis) -> String {
    if let Some(connections) = diagnosis.connections {
        let Connections { made, worked } = connections;
        return format!(
            "no cause found from here: {worked} of {} worked",
            count(made, "connection")
        );
    }
    let said = match question.vantage {
        Vantage::Server(_) if !question.logs.is_empty() => {
            "no cause found in the logs that were named"
        }
        Vantage::Server(_) => "no cause found on this machine",
        Vantage::Client(_) => "no cause found from here",
        Vantage::Transcript(_) if diagnosis.attempts.is_empty() => {
            "nothing of an SSH client understood"
        }
        Vantage::Transcript(_) if diagnosis.attempts.iter().all(Attempt::succeeded) => {
            "the login succeeded"
        }
        Vantage::Transcript(_) => "no cause found in the transcript",
    };
    said.to_owned()
}

/// The findings of one way to fail together.
fn blocks(findings: &[Finding]) -> Vec<&[Finding]> {
    findings
        .chunk_by(|one, next| one.attempts == next.attempts)
        .collect()
}

/// What the text cannot decide, of a way to fail of which nothing is more than possible.
fn undecided<'a>(diagnosis: &'a Diagnosis, block: &[Finding]) -> Option<&'a str> {
    let open = block
        .iter()
        .all(|finding| finding.certainty == Certainty::Possible && finding.reason.is_some());
    let attempt = diagnosis.attempts.get(*block.first()?.attempts.first()?)?;
    attempt.undecided.as_deref().filter(|_| open)
}

/// What cannot be decided first, the evidence once, then each cause in one line, then what to run.
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
            .map(|evidence| format!("  {}", cite(output, evidence))),
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

/// The hosts that a finding of a paste is about.
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

/// How many more attempts ended like those whose lines are shown.
fn more(finding: &Finding) -> Option<String> {
    let rest = finding
        .attempts
        .len()
        .saturating_sub(finding.evidence.len().max(1));
    (rest > 0).then(|| format!("  … and {rest} more like this"))
}

/// The names help whoever has no certain answer.
fn ruled_out(output: &Output, diagnosis: &Diagnosis) -> String {
    let known = diagnosis
        .findings
        .first()
        .is_some_and(|finding| finding.certainty.is_certain());
    if known {
        return String::new();
    }
    let names = |list: &[Excluded], title: &str| {
        let names: Vec<&str> = list.iter().map(|one| one.cause.as_str()).collect();
        if names.is_empty() {
            return String::new();
        }
        let title = format!(
            "{title} ({}; why: --format json)",
            count(names.len(), "cause")
        );
        format!(
            "\n{}\n{}",
            output.paint(Role::Title, &title),
            wrapped(&names)
        )
    };
    let not_now = names(
        &diagnosis.not_now,
        "not now, which does not rule them out: run it again when it fails",
    );
    not_now + &names(&diagnosis.excluded, "ruled out")
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

fn render(session: &Session, diagnosis: &Diagnosis, finding: &Finding) -> String {
    let output = &session.output;
    let mut lines = vec![format!(
        "{}{} {}",
        about(output, diagnosis, finding),
        output.quote(Role::Title, &finding.summary),
        output.paint(
            Role::Warning,
            &format!("[{}, {}]", finding.cause, certainty(finding))
        ),
    )];
    lines.extend(
        finding
            .evidence
            .iter()
            .map(|evidence| format!("  {}", cite(output, evidence))),
    );
    lines.extend(more(finding));
    if let Some(remedy) = &finding.remedy {
        lines.push(format!(
            "  mend: {}",
            output.quote(Role::Good, &shell(&session.command_of(&remedy.wish)))
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

fn certainty(finding: &Finding) -> String {
    let word = finding.certainty.as_str();
    if finding.latent {
        format!("{word}, not yet acting")
    } else {
        word.to_owned()
    }
}

fn cite(output: &Output, evidence: &Evidence) -> String {
    let number = evidence
        .line
        .map(|number| format!(":{number}"))
        .unwrap_or_default();
    let source = output.quote(Role::Dim, &format!("{}{number}", evidence.source));
    format!("{source}: {}", line(&evidence.text))
}
