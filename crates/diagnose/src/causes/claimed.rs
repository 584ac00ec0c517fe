//! What a client's own words say of a cause.

use sshmend_ssh_log::transcript::{Advice, Certainty as Sure, Place};

use crate::facts::Facts;
use crate::finding::{Certainty, Finding};
use crate::question::Vantage;
use crate::verdict::{Cause, Gate, Verdict};

/// Adds what the transcript concludes of a cause, unless our own connections told already.
pub(crate) fn add(facts: &Facts<'_>, cause: &Cause, verdict: &mut Verdict) {
    let Some((_, transcript)) = facts.transcript() else { return };
    if !verdict.findings.is_empty() {
        return;
    }
    if counts(facts, cause) {
        claim(facts, cause, verdict);
    }
    let excludes = transcript.excluded.iter().find(|exclusion| exclusion.causes.contains(&cause.name));
    if let Some(exclusion) = excludes {
        verdict.exclude(exclusion.reason);
    }
}

/// Adds what the transcript concludes of a cause.
pub(super) fn claim<'v>(facts: &Facts<'_>, cause: &Cause, verdict: &'v mut Verdict) -> Option<&'v mut Finding> {
    let (source, transcript) = facts.transcript()?;
    let conclusion = transcript.conclusions.iter().find(|conclusion| conclusion.cause == cause.name)?;
    let finding = verdict.find(certainty(conclusion.certainty), format!("{}: {}", cause.title, conclusion.reason));
    Some(finding.shown_on(source, conclusion.line, &conclusion.text))
}

/// A try of our own never logs in, so that what it says of that means nothing; and a client that refuses the host key
/// has met nothing before it.
fn counts(facts: &Facts<'_>, cause: &Cause) -> bool {
    let pasted = matches!(facts.question.vantage, Vantage::Transcript(_));
    let refused = facts.printed_line("Host key verification failed.").is_some();
    (pasted || cause.gate < Gate::Authentication) && !(refused && cause.gate < Gate::HostKey)
}

fn certainty(sure: Sure) -> Certainty {
    match sure {
        Sure::Certain => Certainty::Certain,
        Sure::Likely => Certainty::Likely,
        Sure::Possible => Certainty::Possible,
    }
}

/// Where the transcript puts a cause among those that it finds equally sure.
pub(crate) fn rank(facts: &Facts<'_>, cause: &str) -> Option<usize> {
    let (_, transcript) = facts.transcript()?;
    transcript.conclusions.iter().position(|conclusion| conclusion.cause == cause)
}

/// Adds what to run next to the first finding.
pub(crate) fn advise(facts: &Facts<'_>, findings: &mut [Finding]) {
    let Some(first) = findings.first_mut() else { return };
    if facts.is_this_machine() {
        first.step("the destination is this machine: `sudo sshmend diagnose` looks at it as the server");
    }
    let advice = facts.transcript().map_or(&[][..], |(_, transcript)| &transcript.next);
    advice.iter().for_each(|advice| _ = first.step(step(advice)));
}

fn step(advice: &Advice) -> String {
    let place = match advice.place {
        Place::Client => "on the client",
        Place::Server => "on the server, at its console",
    };
    format!("{place}: `{}` ({})", advice.argv.join(" "), advice.why)
}
