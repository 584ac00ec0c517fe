//! The evidence of the log for the causes that are recognised by messages.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::finding::Finding;
use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Cause, Gate, Verdict};
use sshmend_facts::{Facts, LogLine};
use sshmend_ssh_log::CauseName;

/// Log entries that indicate a cause, and the certainty they give.
pub(crate) struct LogEvidence<'a> {
    pub(crate) lines: Vec<&'a LogLine>,
    pub(crate) certainty: Certainty,
    /// The client in question, else the one that the lines name most often.
    pub(crate) client: Option<IpAddr>,
    /// Connections of others whose lines are not among these.
    pub(crate) besides: u64,
}

/// Looks for log entries of a cause. Entries about the client in question prove it if they are
/// recent and no login has succeeded since; without a client, those about strangers have the weight
/// of `strangers`, `None` for no weight.
pub(crate) fn log_evidence<'a>(
    facts: &'a Facts<'_>,
    verdict: &mut Verdict,
    cause: CauseName,
    strangers: Option<Certainty>,
) -> Option<LogEvidence<'a>> {
    let lines = verdict.look(facts.log_lines(cause))?;
    // The absence of entries excludes nothing: sshd may not log it, and the log may begin later.
    if lines.is_empty() {
        return None;
    }
    let recent = |named: bool| {
        lines
            .iter()
            .any(|line| facts.is_recent(line) && (!named || line.client.is_some()))
    };
    let worked = lines.last().is_some_and(|line| facts.worked_since(line));
    if worked && !recent(false) {
        verdict.exclude(
            Fact::Login,
            "the logged failures are old, and logins have succeeded since",
        );
        return None;
    }
    let over = worked || !recent(false);
    let certainty = match facts.question.client_address() {
        None if over => strangers?.max(Certainty::Possible),
        None => strangers?,
        Some(_) if over => Certainty::Possible,
        Some(_) if recent(true) => Proof::Log.certain(),
        Some(_) => Certainty::Likely,
    };
    // Words that others have too prove nothing.
    let vague = lines.iter().all(|line| line.is_vague);
    let certainty = if vague {
        certainty.max(Certainty::Possible)
    } else {
        certainty
    };
    let client = facts
        .question
        .client_address()
        .or_else(|| most_frequent(&lines));
    Some(LogEvidence {
        lines,
        certainty,
        client,
        besides: facts.more_log_lines(cause),
    })
}

/// Entries about other clients than the one in question: they indicate a cause too if it affects
/// every client.
pub(crate) fn log_evidence_of_others<'a>(
    facts: &'a Facts<'_>,
    cause: CauseName,
) -> Option<LogEvidence<'a>> {
    let asked = facts.question.client_address()?;
    let of_others = |line: &&LogLine| {
        line.cause == Some(cause) && line.client.is_some_and(|client| client != asked)
    };
    let lines: Vec<&LogLine> = facts.log().ok()?.iter().filter(of_others).collect();
    let recent = lines.iter().any(|line| facts.is_recent(line));
    let certainty = Certainty::likely_if(recent);
    let client = most_frequent(&lines);
    (!lines.is_empty()).then_some(LogEvidence {
        lines,
        certainty,
        client,
        besides: facts.log_lines_not_kept(cause),
    })
}

/// Adds the log's evidence for a cause that was not checked otherwise. Only for the gates between
/// the kernel and the banner, because what strangers meet later is nothing unusual.
pub(crate) fn add(facts: &Facts<'_>, cause: &Cause, verdict: &mut Verdict) {
    let between = (Gate::Kernel..=Gate::Session).contains(&cause.gate);
    if !between
        || !verdict.findings.is_empty()
        || verdict.excluded.is_some()
        || facts.question.asked_server().is_none()
    {
        return;
    }
    let Some(mut heard) = log_evidence(facts, verdict, cause.name, Some(Certainty::Possible))
    else {
        return;
    };
    heard.certainty = heard.certainty.max(Certainty::Likely);
    heard.report(verdict, cause.title());
}

/// Adds the evidence of another machine's log, which has nothing to do with the facts about this
/// one.
pub(crate) fn add_from_elsewhere(facts: &Facts<'_>, cause: &Cause, verdict: &mut Verdict) {
    let Some(mut heard) = log_evidence(facts, verdict, cause.name, Some(Certainty::Likely)) else {
        return;
    };
    if cause.gate > Gate::Wrappers && !heard.certainty.is_certain() {
        heard.certainty = Certainty::Possible;
    }
    let finding = heard.report(verdict, cause.title());
    let client = heard
        .client
        .map_or_else(|| "ADDRESS".to_owned(), |client| client.to_string());
    finding.step(format!(
        "on the machine that wrote this log: `sudo sshmend diagnose --client {client}`"
    ));
    finding.step(format!(
        "how it is mended: `sshmend explain {}`",
        cause.name
    ));
}

fn most_frequent(lines: &[&LogLine]) -> Option<IpAddr> {
    let mut counts: BTreeMap<IpAddr, usize> = BTreeMap::new();
    for client in lines.iter().filter_map(|line| line.client) {
        *counts.entry(client).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(_, count)| *count)
        .map(|(client, _)| client)
}

impl LogEvidence<'_> {
    /// Adds the finding with the entries as evidence: `what` is followed by the source, the number
    /// and the time.
    pub(crate) fn report<'v>(&self, verdict: &'v mut Verdict, what: &str) -> &'v mut Finding {
        let often = format!("{}{}", self.counted(), LogLine::last(&self.lines));
        let finding = verdict.find(self.certainty, format!("{what} ({often})"));
        let own: Vec<&LogLine> = self
            .lines
            .iter()
            .copied()
            .filter(|line| line.client == self.client)
            .collect();
        // The client's own lines show it best.
        finding.shown_by_lines(if self.client.is_none() || own.is_empty() {
            &self.lines
        } else {
            &own
        });
        finding
    }

    /// `3 times, client A`; `once for client A, 37 times in all`.
    fn counted(&self) -> String {
        let all = LogLine::count(&self.lines) + self.besides;
        let of_client = |line: &&&LogLine| line.client.is_some() && line.client == self.client;
        let own: u64 = self
            .lines
            .iter()
            .filter(of_client)
            .map(|line| line.connections.max(1))
            .sum();
        match self.client.filter(|_| own > 0) {
            Some(client) if own >= all => format!("{}, client {client}", times(all)),
            Some(client) => format!("{} for client {client}, {} in all", times(own), times(all)),
            None => times(all),
        }
    }
}

fn times(count: u64) -> String {
    if count == 1 {
        "once".to_owned()
    } else {
        format!("{count} times")
    }
}
