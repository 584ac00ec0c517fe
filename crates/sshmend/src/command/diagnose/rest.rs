//! The part of a diagnosis below the findings: what was not checked, which causes are excluded, and
//! which end was examined.

use sshmend_diagnose::{AtGate, Diagnosis, Excluded, Passage};
use sshmend_facts::{Unchecked, Vantage};

use super::shown::{Shown, is_answered};
use crate::output::words::{count, shell};
use crate::output::{Output, Role};

/// The gates that a connection passes through, with the one that stops it.
pub(super) fn gates(output: &Output, diagnosis: &Diagnosis) -> String {
    if diagnosis.gates.is_empty() {
        return String::new();
    }
    let stop = diagnosis
        .gates
        .iter()
        .position(|at| at.passage == Passage::Stopped);
    let width = diagnosis.gates.iter().map(|at| at.gate.title().len()).max();
    let width = width.unwrap_or(0);
    let rows: String = diagnosis
        .gates
        .iter()
        .enumerate()
        .map(|(place, at)| {
            let behind = stop.is_some_and(|stop| place > stop);
            let title = output.paint(Role::Title, &format!("{:width$}", at.gate.title()));
            format!("  {title}  {}\n", passage(output, at, behind))
        })
        .collect();
    let heading = output.paint(Role::Title, "the path of a connection");
    format!("\n{heading}\n{rows}")
}

/// The state of a connection at one gate; `behind` if an earlier gate stops it.
fn passage(output: &Output, at: &AtGate, behind: bool) -> String {
    let causes: Vec<&str> = at.causes.iter().map(|cause| cause.as_str()).collect();
    let causes = causes.join(", ");
    match at.passage {
        Passage::Stopped if behind => output.paint(Role::Warning, &format!("would stop: {causes}")),
        Passage::Stopped => output.paint(Role::Alarm, &format!("STOPS HERE: {causes}")),
        Passage::Suspected => output.paint(Role::Warning, &format!("may stop: {causes}")),
        Passage::Open => output.paint(Role::Good, "passes"),
        Passage::NeedsRoot => output.paint(Role::Dim, "needs root"),
        Passage::Unchecked => output.paint(Role::Dim, "not all checked"),
        Passage::Unseen => output.paint(Role::Dim, "not seen from here"),
    }
}

/// The checks of the server that need root, and the command that runs them.
pub(super) fn closed(shown: &Shown<'_>) -> String {
    let (session, diagnosis) = (shown.session, shown.diagnosis);
    let closed = diagnosis.needing_root();
    let is_server = matches!(shown.question.vantage, Vantage::Server(_));
    if closed == 0 || session.is_root() || !is_server || is_answered(diagnosis) {
        return String::new();
    }
    let mut argv = vec!["sudo".to_owned()];
    argv.extend(session.again());
    let command = session.output.quote(Role::Command, &shell(&argv));
    if diagnosis.findings.is_empty() {
        return format!("  do:   {command}\n");
    }
    format!("\n{}: {command}\n", needing_root(diagnosis))
}

/// `5 of 12 gates need root`.
pub(super) fn needing_root(diagnosis: &Diagnosis) -> String {
    let verb = if diagnosis.needing_root() == 1 {
        "gate needs"
    } else {
        "gates need"
    };
    format!(
        "{} of {} {verb} root",
        diagnosis.needing_root(),
        diagnosis.gates.len()
    )
}

/// The checks that were not made; only their number if the answer is known.
pub(super) fn unchecked(shown: &Shown<'_>) -> String {
    let (output, diagnosis, verbose) = (&shown.session.output, shown.diagnosis, shown.verbose);
    // On a mounted disk, checks of a running machine are never possible: do not list them.
    let never = |one: &Unchecked| shown.question.offline && is_of_running_machine(one);
    let all = diagnosis.unchecked.iter();
    let all: Vec<&Unchecked> = all.filter(|one| verbose || !never(one)).collect();
    if all.is_empty() {
        return String::new();
    }
    if is_answered(diagnosis) && !verbose {
        let title = output.paint(Role::Title, "not checked:");
        return format!("\n{title} {} (-v lists them)\n", count(all.len(), "thing"));
    }
    let mut text = format!("\n{}\n", output.paint(Role::Title, "not checked"));
    for (reason, checks) in by_reason(&all) {
        let (checks, reason) = (
            output.quote(Role::Title, &checks.join(", ")),
            output.quote(Role::Dim, reason),
        );
        text.push_str(&format!("  {checks}: {reason}\n"));
    }
    text
}

fn is_of_running_machine(unchecked: &Unchecked) -> bool {
    let reasons = [
        "only the running machine has it",
        "the machine is not running",
    ];
    reasons.contains(&unchecked.reason.as_str())
}

/// The unchecked items grouped by reason, in the order in which the reasons first occur.
fn by_reason<'u>(unchecked: &[&'u Unchecked]) -> Vec<(&'u str, Vec<&'u str>)> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for one in unchecked {
        match groups.iter_mut().find(|(reason, _)| *reason == one.reason) {
            Some((_, checks)) => checks.push(&one.check),
            None => groups.push((&one.reason, vec![&one.check])),
        }
    }
    groups
}

/// The excluded causes: their number, or each with its reason if verbose.
pub(super) fn ruled_out(output: &Output, diagnosis: &Diagnosis, verbose: bool) -> String {
    const NOT_NOW: &str = "not now, which does not rule them out (run it again when it fails)";
    if is_answered(diagnosis) && !verbose {
        return String::new();
    }
    let part = |list: &[Excluded], title: &str| {
        if list.is_empty() {
            return String::new();
        }
        if !verbose {
            let title = output.paint(Role::Title, &format!("{title}:"));
            return format!("\n{title} {} (-v lists them)\n", count(list.len(), "cause"));
        }
        let rows = list.iter().map(|one| {
            let name = output.paint(Role::Title, one.cause.as_str());
            format!("  {name}: {}\n", output.quote(Role::Dim, &one.why))
        });
        format!(
            "\n{}\n{}",
            output.paint(Role::Title, title),
            rows.collect::<String>()
        )
    };
    part(&diagnosis.not_now, NOT_NOW) + &part(&diagnosis.excluded, "ruled out")
}

/// The end of the connection that was examined, which sshd if there are several, and how to examine
/// the other end.
pub(super) fn looked_at(shown: &Shown<'_>) -> String {
    let said = match &shown.question.vantage {
        Vantage::Server(server) => {
            let narrowed = server.client.is_some() || server.user.is_some();
            let question = shown.question;
            if narrowed || question.offline || !question.logs.is_empty() {
                ""
            } else {
                "checked: this machine, as the server. For a server that you connect to: `sshmend diagnose HOST`; for what ssh, git or ansible printed: `… 2>&1 | sshmend diagnose -`"
            }
        }
        Vantage::Client(_) if !is_answered(shown.diagnosis) => {
            "checked: the path from here, as the client. On the server: `sudo sshmend diagnose --client ADDRESS`"
        }
        Vantage::Client(_) | Vantage::Transcript(_) => "",
    };
    let lines: String = [shown.several.unwrap_or_default(), said]
        .into_iter()
        .filter(|line| !line.is_empty())
        .map(|line| format!("{}\n", shown.session.output.quote(Role::Dim, line)))
        .collect();
    if lines.is_empty() {
        lines
    } else {
        format!("\n{lines}")
    }
}
