//! The whole answer: the findings in order, and what stays open.

use sshmend_facts::{Connections, Facts, Question, Unchecked, Vantage};
use sshmend_plan::Wish;
use sshmend_ssh_log::transcript::Attempt;
use sshmend_ssh_log::{CauseName, ReadLog};

use crate::at_hand;
use crate::chance::comes_and_goes;
use crate::evidence::transcript;
use crate::finding::Finding;
use crate::passage::{self, AtGate, Passage};
use crate::verdict::Verdict;

/// The result of a diagnosis: the findings (the first is the answer), what was not checked, and the
/// excluded causes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// Certain before likely before possible. With equal certainty, what acts now comes before what
    /// acts later, a cause before its consequences, and an earlier gate before a later one.
    pub findings: Vec<Finding>,
    /// The checks that could not be made, with the reason, in order of the check.
    pub unchecked: Vec<Unchecked>,
    /// Causes that the facts exclude, in the order in which they act.
    pub excluded: Vec<Excluded>,
    /// Causes that come and go, and did not act when we looked from the client: that excludes none of them.
    pub not_now: Vec<Excluded>,
    /// The state of each gate, in the order in which a connection meets them.
    pub gates: Vec<AtGate>,
    /// From the client: our own connections.
    pub connections: Option<Connections>,
    /// The log files that were named, and how much of each was understood.
    pub logs: Vec<ReadLog>,
    /// For a paste: the attempts it shows, in order.
    pub attempts: Vec<Attempt>,
    /// For a paste: how much of it was understood.
    pub read: Option<Read>,
}

/// How much of a text was understood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Read {
    /// The lines of the text.
    pub lines: usize,
    /// Those that are of SSH and understood.
    pub understood: usize,
}

/// A cause that the facts rule out, or that did not act when they were gathered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// The name of the cause.
    pub cause: CauseName,
    /// The reason why it is excluded.
    pub why: String,
}

impl Diagnosis {
    /// The finding that sshd is down, if `mended` repairs what kept it down: then sshd must also be
    /// started, which no remedy mentions by itself.
    pub fn started_after<'w>(
        &self,
        mended: impl IntoIterator<Item = &'w Wish>,
    ) -> Option<(&Finding, Wish)> {
        let down = self
            .findings
            .iter()
            .find(|finding| finding.cause == CauseName::SshdNotRunning)?;
        let starts = down.remedy.is_none() && mended.into_iter().any(Wish::lets_sshd_start);
        starts.then_some((down, Wish::Service { restart: false }))
    }

    /// Whether logs were named and none of them is an SSH server's log: then there is no answer.
    pub fn nothing_understood(&self) -> bool {
        !self.logs.is_empty() && self.logs.iter().all(|log| log.census.nothing_understood())
    }

    /// The number of gates that only root can examine completely.
    pub fn needing_root(&self) -> usize {
        let closed = |at: &&AtGate| at.passage == Passage::NeedsRoot;
        self.gates.iter().filter(closed).count()
    }

    /// The number of gates at which nothing could be examined, for another reason than root.
    pub fn unread(&self) -> usize {
        let unread = |at: &&AtGate| at.passage == Passage::Unchecked && !at.examined;
        self.gates.iter().filter(unread).count()
    }

    /// Whether nothing was found because most gates could not be examined: that is not an answer.
    pub fn is_inconclusive(&self) -> bool {
        let seen = |at: &&AtGate| at.passage != Passage::Unseen;
        let closed = self.needing_root() + self.unread();
        let tried = self.connections.is_some();
        self.findings.is_empty() && !tried && closed * 2 > self.gates.iter().filter(seen).count()
    }

    pub(crate) fn add(&mut self, question: &Question, verdict: Verdict) {
        passage::add(&mut self.gates, question, &verdict);
        let name = verdict.cause.name;
        // A client's view consists of the results of a few connections.
        let by_chance = matches!(question.vantage, Vantage::Client(_)) && comes_and_goes(name);
        let ruled_out = if by_chance {
            &mut self.not_now
        } else {
            &mut self.excluded
        };
        ruled_out.extend(verdict.exclusion().map(|why| Excluded {
            cause: name,
            why: why.to_owned(),
        }));
        self.findings.extend(verdict.findings);
        self.unchecked.extend(verdict.unchecked);
    }

    /// The sort is stable: causes were judged gate by gate.
    pub(crate) fn order(&mut self, facts: &Facts<'_>) {
        let found: Vec<CauseName> = self.findings.iter().map(|finding| finding.cause).collect();
        let follows =
            |finding: &Finding| finding.follows.is_some_and(|cause| found.contains(&cause));
        self.findings.sort_by_key(|finding| {
            let rank = transcript::rank(facts, finding.cause);
            (finding.certainty, finding.latent, follows(finding), rank)
        });
        transcript::advise(facts, &mut self.findings);
        at_hand::adapt(facts, &mut self.findings);
        let remedies = self
            .findings
            .iter_mut()
            .filter_map(|finding| finding.remedy.as_mut());
        if let Some(process) = facts.question.sshd {
            for remedy in remedies {
                remedy.wish = remedy.wish.clone().of_sshd(process);
            }
        }
    }

    /// Each thing that was not examined, once, in order.
    pub(crate) fn tidied(mut self) -> Self {
        self.unchecked.sort();
        self.unchecked.dedup();
        self
    }
}
