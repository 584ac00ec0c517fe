//! The evidence of a client's own messages.

use sshmend_facts::{Facts, Unchecked, Vantage};
use sshmend_ssh_log::CauseName;
use sshmend_ssh_log::transcript::{Advice, Certainty as Sure, Reached, is_of_provider};

use crate::evidence::probe::ask_the_server;
use crate::finding::Finding;
use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Cause, Gate, Verdict};

/// Adds the transcript's conclusions about a cause, unless our own connections have decided.
pub(crate) fn add(facts: &Facts<'_>, cause: &Cause, verdict: &mut Verdict) {
    let Some((_, transcript)) = facts.transcript() else {
        return;
    };
    if verdict.settled || !verdict.findings.is_empty() {
        return;
    }
    if counts(facts, cause) {
        transcript_evidence(facts, verdict);
    }
    let excludes = transcript
        .excluded
        .iter()
        .find(|exclusion| exclusion.causes.contains(&cause.name));
    if let Some(exclusion) = excludes {
        verdict.exclude(Fact::Printed, exclusion.reason);
    }
}

/// Adds the transcript's conclusion about a cause.
pub(crate) fn transcript_evidence<'v>(
    facts: &Facts<'_>,
    verdict: &'v mut Verdict,
) -> Option<&'v mut Finding> {
    let (source, transcript) = facts.transcript()?;
    let conclusion = transcript
        .conclusions
        .iter()
        .find(|conclusion| conclusion.cause == verdict.cause.name)?;
    let (title, reason) = (verdict.cause.title(), conclusion.reason);
    let summary = if says_the_same(title, reason) {
        title.to_owned()
    } else {
        format!("{title}: {reason}")
    };
    let finding = verdict.find(certainty(conclusion.certainty), summary);
    finding.reason = Some(conclusion.reason);
    Some(finding.shown_on(source, conclusion.line, &conclusion.text))
}

/// Whether at least half of the longer words of the reason stand in the title of the cause.
fn says_the_same(title: &str, reason: &str) -> bool {
    fn words(text: &str) -> impl Iterator<Item = &str> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.len() > 3)
    }
    let (told, all) = words(reason).fold((0, 0), |(told, all), word| {
        (
            told + usize::from(words(title).any(|one| one == word)),
            all + 1,
        )
    });
    told * 2 >= all
}

/// An attempt of our own never logs in, so its messages about the login mean nothing.
fn counts(facts: &Facts<'_>, cause: &Cause) -> bool {
    let pasted = matches!(facts.question.vantage, Vantage::Transcript(_));
    pasted || cause.gate < Gate::Authentication
}

fn certainty(sure: Sure) -> Certainty {
    match sure {
        Sure::Certain => Proof::Printed.certain(),
        Sure::Likely => Certainty::Likely,
        Sure::Possible => Certainty::Possible,
    }
}

/// The rank of a cause among those that the transcript finds equally likely.
pub(crate) fn rank(facts: &Facts<'_>, cause: CauseName) -> Option<usize> {
    let (_, transcript) = facts.transcript()?;
    transcript
        .conclusions
        .iter()
        .position(|conclusion| conclusion.cause == cause)
}

/// Adds what to run next to the first finding.
pub(crate) fn advise(facts: &Facts<'_>, findings: &mut [Finding]) {
    let Some(first) = findings.first_mut() else {
        return;
    };
    if facts.is_this_machine() {
        first.step(
            "the destination is this machine: `sudo sshmend diagnose` looks at it as the server",
        );
    }
    let Some((_, transcript)) = facts.transcript() else {
        return;
    };
    let own = matches!(facts.question.vantage, Vantage::Client(_));
    // Do not advise what is already done here.
    let done = |advice: &Advice| own && is_a_look(&advice.argv);
    for advice in transcript.next.iter().filter(|advice| !done(advice)) {
        first.step(step(advice));
    }
    let provider = facts
        .question
        .target()
        .is_some_and(|target| is_of_provider(target.host()));
    if own
        && !provider
        && !facts.is_this_machine()
        && !first.certainty.is_certain()
        && !transcript.conclusions.is_empty()
    {
        ask_the_server(first);
    }
}

/// The check that our own attempt leaves open without naming a cause: it ended with an unknown
/// message, or never ended.
pub(crate) fn untold(facts: &Facts<'_>) -> Option<Unchecked> {
    let (source, transcript) = facts.transcript()?;
    if transcript.reached >= Reached::Authenticating {
        return Some(Unchecked::new(
            "login",
            "is not tried: see what `ssh -v` says of it",
        ));
    }
    if !transcript.conclusions.is_empty() {
        return None;
    }
    let last = facts
        .printed_lines()?
        .filter(|line| !line.is_empty())
        .last()
        .unwrap_or_default();
    let reason = format!("it ended before the login with an unknown message: {last}");
    Some(Unchecked::new(source, reason))
}

fn is_a_look(argv: &[String]) -> bool {
    argv.starts_with(&["sshmend".to_owned(), "diagnose".to_owned()])
}

fn step(advice: &Advice) -> String {
    format!(
        "on the client: `{}` ({})",
        advice.argv.join(" "),
        advice.why
    )
}
