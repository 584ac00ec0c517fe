//! How far a connection gets: the state of each gate.

use sshmend_facts::Question;
use sshmend_ssh_log::CauseName;

use crate::finding::Finding;
use crate::proof::Certainty;
use crate::verdict::{Gate, Verdict};

/// The state of one gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtGate {
    /// The gate.
    pub gate: Gate,
    /// Whether a connection passes it.
    pub passage: Passage,
    /// The causes that were found there.
    pub causes: Vec<CauseName>,
    /// Whether at least one cause was ruled out there, or never can be on a disk that does not run.
    pub(crate) examined: bool,
}

/// Whether connections pass a gate; worse or less known states are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Passage {
    /// It cannot be seen from here.
    Unseen,
    /// Everything that was checked lets connections pass.
    Open,
    /// Part of it could not be checked.
    Unchecked,
    /// Checking part of it needs root.
    NeedsRoot,
    /// A cause may act there.
    Suspected,
    /// A cause acts there, certainly or likely.
    Stopped,
}

impl Passage {
    /// The word in the JSON form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unseen => "unseen",
            Self::Open => "open",
            Self::Unchecked => "unchecked",
            Self::NeedsRoot => "needs-root",
            Self::Suspected => "suspected",
            Self::Stopped => "stopped",
        }
    }

    /// The state of a gate according to the result for one cause.
    fn of(verdict: &Verdict) -> Self {
        let found = verdict.findings.iter().map(Self::with).max();
        let closed = verdict.unchecked.iter().map(|one| {
            if one.needs_root {
                Self::NeedsRoot
            } else {
                Self::Unchecked
            }
        });
        let passed = verdict.exclusion().map(|_| Self::Open);
        found
            .into_iter()
            .chain(closed)
            .chain(passed)
            .max()
            .unwrap_or(Self::Unseen)
    }

    /// A finding that does no harm yet stops nobody.
    fn with(finding: &Finding) -> Self {
        match finding.certainty {
            _ if finding.latent => Self::Open,
            Certainty::Certain(_) | Certainty::Likely => Self::Stopped,
            Certainty::Possible => Self::Suspected,
        }
    }
}

/// Adds the answer of one cause; causes are judged gate by gate.
pub(crate) fn add(gates: &mut Vec<AtGate>, question: &Question, verdict: &Verdict) {
    let (gate, passage) = (verdict.cause.gate, Passage::of(verdict));
    let here = match gates.iter().position(|known| known.gate == gate) {
        Some(at) => &mut gates[at],
        None => {
            gates.push(AtGate {
                gate,
                passage,
                causes: Vec::new(),
                examined: false,
            });
            let last = gates.len() - 1;
            &mut gates[last]
        }
    };
    here.passage = here.passage.max(passage);
    here.examined |= question.offline || verdict.exclusion().is_some();
    if passage >= Passage::Suspected {
        here.causes.push(verdict.cause.name);
    }
}

#[cfg(test)]
mod tests {
    use sshmend_facts::Question;
    use sshmend_facts::fixture::{NOW, machine};
    use sshmend_lossless::{Entry, Unread};

    use super::{AtGate, Passage};
    use crate::{Diagnosis, Gate, diagnose};

    fn diagnosed(extra: &str, privileged: bool) -> Diagnosis {
        let question = Question {
            privileged,
            ..Question::server(NOW)
        };
        diagnose(&machine(extra), &question)
    }

    fn at(diagnosis: &Diagnosis, gate: Gate) -> Passage {
        let found = diagnosis.gates.iter().find(|at| at.gate == gate);
        found.expect("every gate has causes").passage
    }

    #[test]
    fn every_gate_is_reported_in_order() {
        let gates: Vec<Gate> = diagnosed("", true).gates.iter().map(|at| at.gate).collect();
        assert_eq!(gates, Gate::ALL);
    }

    #[test]
    fn the_gate_that_stops_the_client_names_the_cause() {
        let refused = "//$ /usr/sbin/sshd -t => 255\n/etc/ssh/sshd_config: line 3: Bad configuration option: X\n";
        let diagnosis = diagnosed(refused, true);
        // The running listener uses what it has read before.
        assert_eq!(at(&diagnosis, Gate::Listener), Passage::Open);
        let stopped =
            "//$ systemctl is-system-running => 0\nrunning\n//- /etc/hosts.deny\nALL: ALL\n";
        assert_ne!(
            at(&diagnosed(stopped, true), Gate::Client),
            Passage::Stopped
        );
    }

    #[test]
    fn gates_that_need_root_are_not_reported_as_passed() {
        let closed = diagnosed("", false);
        assert!(closed.findings.is_empty(), "{:?}", closed.findings);
        assert_eq!(at(&closed, Gate::Firewall), Passage::NeedsRoot);
        assert!(closed.needing_root() > 0 && diagnosed("", true).needing_root() == 0);
        assert!(!diagnosed("", true).is_inconclusive());
    }

    #[test]
    fn a_machine_of_which_nothing_can_be_read_is_not_healthy() {
        let mut snapshot = machine("");
        let paths: Vec<_> = snapshot.paths().map(|(path, _)| path.to_owned()).collect();
        for path in paths {
            let failed = Unread::Failed("Too many open files".to_owned());
            snapshot.insert(path, Entry::Unreadable(failed));
        }
        let question = Question::server(NOW);
        let diagnosis = diagnose(&snapshot, &question);
        assert!(diagnosis.is_inconclusive(), "{:?}", diagnosis.gates);
        assert!(diagnosis.unread() >= 5, "{:?}", diagnosis.gates);
        // A disk that is repaired on another machine is never running.
        let offline = diagnose(
            &machine(""),
            &Question {
                offline: true,
                ..question
            },
        );
        assert_eq!(offline.unread(), 0);
    }

    #[test]
    fn there_is_no_answer_if_most_of_the_gates_that_can_be_seen_need_root() {
        let with = |passages: &[Passage]| Diagnosis {
            gates: Gate::ALL
                .into_iter()
                .zip(passages)
                .map(|(gate, &passage)| AtGate {
                    gate,
                    passage,
                    causes: Vec::new(),
                    examined: true,
                })
                .collect(),
            ..Diagnosis::default()
        };
        let (open, root) = (Passage::Open, Passage::NeedsRoot);
        assert!(with(&[root, open, root]).is_inconclusive());
        assert!(with(&[root, Passage::Unseen, Passage::Unseen]).is_inconclusive());
        assert!(!with(&[root, open]).is_inconclusive());
        assert!(!with(&[root, Passage::Unchecked, open]).is_inconclusive());
    }
}
