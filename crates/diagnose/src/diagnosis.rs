//! The whole answer: every cause judged, the findings in order.

use sshmend_lossless::Snapshot;
use sshmend_ssh_log::ReadLog;

use crate::causes::{CAUSES, claimed, heard};
use crate::facts::Facts;
use crate::finding::Finding;
use crate::question::Question;
use crate::verdict::{Cause, Unchecked, Verdict};

/// What the facts say: the findings (the first is the answer), what was not looked at, and what is ruled out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// Certain before likely before possible; of equal certainty, what acts now before what acts later, a cause before
    /// what it brings about, and the gate that a connection meets first before later ones.
    pub findings: Vec<Finding>,
    /// What could not be looked at, with the reason, in order of the check.
    pub unchecked: Vec<Unchecked>,
    /// Causes that the facts rule out, in the order in which they act.
    pub excluded: Vec<Excluded>,
    /// The log files that were named, and how much of them was understood.
    pub logs: Vec<ReadLog>,
}

/// A cause that the facts rule out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// The name of the cause.
    pub cause: &'static str,
    /// Why it cannot be it.
    pub why: String,
}

/// Judges every cause by what was seen.
pub fn diagnose(snapshot: &Snapshot, question: &Question) -> Diagnosis {
    let facts = Facts::new(snapshot, question);
    let mut causes: Vec<&Cause> = CAUSES.iter().collect();
    causes.sort_by_key(|cause| cause.gate);
    let mut diagnosis = Diagnosis { logs: facts.named_logs(), ..Diagnosis::default() };
    if diagnosis.nothing_understood() {
        // Nothing is known of the server: no cause is found, and none is ruled out.
        return diagnosis;
    }
    let elsewhere = question.asked_server().is_some() && facts.is_log_of_elsewhere();
    for cause in causes {
        let mut verdict = Verdict::default();
        if elsewhere {
            heard::add_from_elsewhere(&facts, cause, &mut verdict);
        } else {
            cause.judge(question)(&facts, &mut verdict);
            heard::add(&facts, cause, &mut verdict);
        }
        claimed::add(&facts, cause, &mut verdict);
        diagnosis.add(cause, verdict);
    }
    diagnosis.finish(&facts)
}

impl Diagnosis {
    /// Whether logs were named and none of them is one of an SSH server: then there is no answer.
    pub fn nothing_understood(&self) -> bool {
        !self.logs.is_empty() && self.logs.iter().all(|log| log.census.nothing_understood())
    }

    fn add(&mut self, cause: &Cause, verdict: Verdict) {
        let name = cause.name;
        self.excluded.extend(verdict.exclusion().map(|why| Excluded { cause: name, why: why.to_owned() }));
        self.findings.extend(verdict.findings.into_iter().map(|finding| Finding { cause: name, ..finding }));
        self.unchecked.extend(verdict.unchecked);
    }

    /// The sort is stable: causes were judged gate by gate.
    fn finish(mut self, facts: &Facts<'_>) -> Self {
        let found: Vec<&'static str> = self.findings.iter().map(|finding| finding.cause).collect();
        let follows = |finding: &Finding| finding.follows.is_some_and(|cause| found.contains(&cause));
        self.findings.sort_by_key(|finding| {
            let rank = claimed::rank(facts, finding.cause);
            (finding.certainty, finding.latent, follows(finding), rank)
        });
        claimed::advise(facts, &mut self.findings);
        if self.findings.is_empty() {
            self.unchecked.extend(claimed::untold(facts));
        }
        self.unchecked.sort();
        self.unchecked.dedup();
        self
    }
}
