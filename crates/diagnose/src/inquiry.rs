//! Judges every cause, again and again until nothing more has to be looked at.

use sshmend_facts::{Facts, Memory, Question, Server, Vantage};
use sshmend_lossless::Snapshot;
use sshmend_ssh_log::CauseName;

use crate::causes::CAUSES;
use crate::diagnosis::Diagnosis;
use crate::evidence::{log, transcript};
use crate::finding::Finding;
use crate::paste;
use crate::verdict::{Gate, Verdict};

/// A diagnosis in progress: the judges are run again with each answer, until no lookup is
/// unanswered.
pub struct Inquiry<'q> {
    question: &'q Question,
    memory: Memory,
}

impl<'q> Inquiry<'q> {
    /// Begins without any answers.
    pub fn new(question: &'q Question) -> Self {
        let memory = Memory::default();
        Self { question, memory }
    }

    /// Judges every cause by the answers so far, and records the lookups that are unanswered.
    pub fn conclude(&mut self, snapshot: &Snapshot) -> Diagnosis {
        self.memory.judge(snapshot, self.question, conclude)
    }
}

/// Judges every cause by the snapshot, and makes no requests.
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
        // Nothing is known about the server: no cause is found, and none is excluded.
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

/// Judges every cause; for a paste by the attempt in focus.
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

/// Judges each cause by the facts; the gates beyond the port are judged by the view `behind` the
/// program that holds it.
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
    /// Adds what sshd logged of the attempts of a paste: the log names the cause where the client can only guess.
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
        // A client that disconnects is described better by its own messages.
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
}
