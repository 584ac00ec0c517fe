//! The whole answer: every cause judged, the findings in order.

use sshmend_facts::{Connections, Facts, Memory, Question, Server, Unchecked, Vantage};
use sshmend_lossless::Snapshot;
use sshmend_plan::Wish;
use sshmend_ssh_log::transcript::Attempt;
use sshmend_ssh_log::{CauseName, ReadLog};

use crate::at_hand;
use crate::causes::CAUSES;
use crate::chance::comes_and_goes;
use crate::evidence::{log, transcript};
use crate::finding::Finding;
use crate::passage::{self, AtGate, Passage};
use crate::paste;
use crate::verdict::{Gate, Verdict};

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
    /// Causes that come and go, and did not act when we looked from the client: that excludes none of them.
    pub not_now: Vec<Excluded>,
    /// What was seen at each gate, in the order in which a connection meets them.
    pub gates: Vec<AtGate>,
    /// From the client: our own connections.
    pub connections: Option<Connections>,
    /// The log files that were named, and how much of them was understood.
    pub logs: Vec<ReadLog>,
    /// Of a paste: the attempts that it shows, in order.
    pub attempts: Vec<Attempt>,
    /// Of a paste: how much of it was understood.
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
    /// Why it cannot be it.
    pub why: String,
}

/// A question on its way to the answer: the judges are run again with each answer, until they look for nothing more.
pub struct Inquiry<'q> {
    question: &'q Question,
    memory: Memory,
}

impl<'q> Inquiry<'q> {
    /// Nothing was looked at yet.
    pub fn new(question: &'q Question) -> Self {
        let memory = Memory::default();
        Self { question, memory }
    }

    /// Judges every cause by what was seen, and looks for what was not.
    pub fn conclude(&mut self, snapshot: &Snapshot) -> Diagnosis {
        self.memory.judge(snapshot, self.question, conclude)
    }
}

/// Judges every cause by what was seen, and asks for nothing.
pub fn diagnose(snapshot: &Snapshot, question: &Question) -> Diagnosis {
    conclude(&Facts::new(snapshot, question))
}

fn conclude(facts: &Facts<'_>) -> Diagnosis {
    if let Some(paste) = facts.paste() {
        let mut diagnosis = paste::diagnose(facts, paste, |diagnosis| judge(facts, diagnosis));
        if !facts.question.logs.is_empty() {
            diagnosis.add_log(facts);
        }
        return diagnosis;
    }
    let mut diagnosis = Diagnosis {
        logs: facts.named_logs(),
        connections: facts.connections(),
        ..Diagnosis::default()
    };
    if diagnosis.nothing_understood() {
        // Nothing is known of the server: no cause is found, and none is ruled out.
        return diagnosis;
    }
    judge(facts, &mut diagnosis);
    if diagnosis.findings.is_empty() {
        diagnosis.unchecked.extend(transcript::untold(facts));
    }
    diagnosis.tidied()
}

/// The causes that ask who holds the port.
const AT_THE_DOOR: [CauseName; 3] = [
    CauseName::DeadBackend,
    CauseName::SshdNotRunning,
    CauseName::WrongService,
];

/// Judges every cause; of a paste by the attempt in focus.
fn judge(facts: &Facts<'_>, diagnosis: &mut Diagnosis) {
    if !facts.is_behind_another() {
        return judge_each(facts, facts, diagnosis);
    }
    // sshd sees the address of the program in between, and not that of the client.
    let question = Question {
        vantage: Vantage::Server(Server {
            client: None,
            ..facts.question.asked_server().cloned().unwrap_or_default()
        }),
        ..facts.question.clone()
    };
    judge_each(facts, &Facts::new(facts.snapshot, &question), diagnosis);
}

/// Judges each cause by the facts, and those beyond the port by what is seen `behind` the program that holds it.
fn judge_each(facts: &Facts<'_>, behind: &Facts<'_>, diagnosis: &mut Diagnosis) {
    let question = facts.question;
    let elsewhere = question.asked_server().is_some() && facts.is_log_of_elsewhere();
    for cause in CAUSES {
        let facts = if cause.gate > Gate::Firewall && !AT_THE_DOOR.contains(&cause.name) {
            behind
        } else {
            facts
        };
        let mut verdict = Verdict::of(cause);
        if elsewhere {
            log::add_from_elsewhere(facts, cause, &mut verdict);
        } else {
            cause.judge(question)(facts, &mut verdict);
            log::add(facts, cause, &mut verdict);
        }
        transcript::add(facts, cause, &mut verdict);
        diagnosis.add(question, verdict);
    }
    diagnosis.order(facts);
}

impl Diagnosis {
    /// Where sshd is down, and `mended` is what kept it down, the finding that says so: sshd can be started as well then,
    /// which no remedy of its own says.
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

    /// Whether logs were named and none of them is one of an SSH server: then there is no answer.
    pub fn nothing_understood(&self) -> bool {
        !self.logs.is_empty() && self.logs.iter().all(|log| log.census.nothing_understood())
    }

    /// How many gates only root can look at whole.
    pub fn needing_root(&self) -> usize {
        let closed = |at: &&AtGate| at.passage == Passage::NeedsRoot;
        self.gates.iter().filter(closed).count()
    }

    /// Whether nothing was found because most of what could be seen was closed to this user: that is not an answer.
    pub fn is_inconclusive(&self) -> bool {
        let seen = |at: &&AtGate| at.passage != Passage::Unseen;
        self.findings.is_empty() && self.needing_root() * 2 > self.gates.iter().filter(seen).count()
    }

    /// What sshd logged of the attempts of a paste, where both stand in it: it names the cause where the client can only guess.
    fn add_log(&mut self, facts: &Facts<'_>) {
        let question = Question {
            vantage: Vantage::Server(Server::default()),
            ..facts.question.clone()
        };
        let logged = Facts::new(facts.snapshot, &question);
        self.logs = logged.named_logs();
        let mut of_log = Self::default();
        for cause in CAUSES {
            let mut verdict = Verdict::of(cause);
            log::add_from_elsewhere(&logged, cause, &mut verdict);
            of_log.add(&question, verdict);
        }
        of_log.order(&logged);
        // That the client went away, its own words say better.
        let is_new = |finding: &Finding| finding.cause != CauseName::ClientVanished;
        of_log.findings.retain(is_new);
        let found: Vec<CauseName> = of_log
            .findings
            .iter()
            .map(|finding| finding.cause)
            .collect();
        self.findings
            .retain(|finding| !found.contains(&finding.cause));
        self.excluded
            .retain(|excluded| !found.contains(&excluded.cause));
        self.findings.splice(0..0, of_log.findings);
        self.findings.sort_by_key(|finding| finding.certainty);
    }

    fn add(&mut self, question: &Question, verdict: Verdict) {
        passage::add(&mut self.gates, &verdict);
        let name = verdict.cause.name;
        // What was seen from the client is how a few connections went.
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
    fn order(&mut self, facts: &Facts<'_>) {
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

    /// Each thing that was not looked at once, in order.
    pub(crate) fn tidied(mut self) -> Self {
        self.unchecked.sort();
        self.unchecked.dedup();
        self
    }
}
