//! `sshmend diagnose`: the answer on the first line, the evidence under it, then the command that mends it.

use std::fmt::Write as _;

use jiff::Timestamp;
use sshmend_diagnose::{Diagnosis, Evidence, Finding, Question, Server, Vantage, diagnose, wants};

use sshmend_host::now;

use crate::cli;
use crate::error::{Failure, Outcome};
use crate::json;
use crate::output::times::past;
use crate::output::words::{count, shell};
use crate::output::{Output, Role};
use crate::session::Session;

/// Looks, concludes, prints.
pub(crate) fn run(session: &Session, arguments: &cli::Diagnose) -> Result<Outcome, Failure> {
    let server = Server { client: arguments.client, user: arguments.user.clone() };
    let question = Question {
        vantage: Vantage::Server(server),
        logs: arguments.log.iter().map(|path| session.environment.absolute(path)).collect(),
        since: arguments.since.as_deref().map(|text| past(text, now())).transpose()?.map(Timestamp::as_second),
        ..session.question()
    };
    let snapshot = session.capture(|snapshot| wants(snapshot, &question));
    let diagnosis = diagnose(&snapshot, &question);
    let printed = if session.output.is_json() {
        session.output.json(&json::diagnosis::Diagnosis::new(&question, &diagnosis))
    } else {
        session.output.data(&text(&session.output, &diagnosis))
    };
    printed.map_err(|error| Failure::caused("cannot print", &error))?;
    Ok(if diagnosis.findings.is_empty() { Outcome::Fine } else { Outcome::Findings })
}

fn text(output: &Output, diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    if diagnosis.findings.is_empty() {
        text.push_str(&output.paint(Role::Title, "no cause found on this machine"));
        writeln!(text, " ({} ruled out)", count(diagnosis.excluded.len(), "cause")).expect("memory");
    }
    for (index, finding) in diagnosis.findings.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text.push_str(&render(output, finding));
    }
    if !diagnosis.unchecked.is_empty() {
        writeln!(text, "\n{}", output.paint(Role::Title, "not checked")).expect("memory");
    }
    for unchecked in &diagnosis.unchecked {
        let (check, reason) = (output.quote(Role::Title, &unchecked.check), output.quote(Role::Dim, &unchecked.reason));
        writeln!(text, "  {check}: {reason}").expect("memory");
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
    lines.extend(finding.steps.iter().map(|step| format!("  do:   {}", crate::output::escape::line(step))));
    lines.join("\n") + "\n"
}

fn certainty(finding: &Finding) -> String {
    let word = finding.certainty.as_str();
    if finding.latent { format!("{word}, not yet acting") } else { word.to_owned() }
}

fn cite(output: &Output, evidence: &Evidence) -> String {
    let line = evidence.line.map(|line| format!(":{line}")).unwrap_or_default();
    let source = output.quote(Role::Dim, &format!("{}{line}", evidence.source));
    format!("{source}: {}", crate::output::escape::line(&evidence.text))
}
