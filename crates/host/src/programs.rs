//! Runs the programs of one round in parallel, so that one that hangs does not delay the others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use sshmend_lossless::{CommandOutput, NotRun, Request, beside};

use crate::machine::Machine;
use crate::run::{RunError, Runner};

/// The number of programs that run at once: they wait far more than they compute.
const AT_ONCE: usize = 8;

/// The time after which a person is shown which programs have not answered yet.
const PATIENCE: Duration = Duration::from_secs(3);

/// The time limit of a program that has hung before: its obstacle is seldom gone by the next call.
const SECOND_CHANCE: Duration = Duration::from_secs(3);

/// The total time that programs which do not answer may take in one run, so that nobody waits
/// longer than half a minute for a diagnosis.
const BUDGET: Duration = Duration::from_secs(24);

/// The time limit of a program once that budget is used up: a healthy one answers sooner.
const LAST_CHANCE: Duration = Duration::from_secs(1);

/// The time lost so far to programs of a machine that did not answer.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    lost: Mutex<Lost>,
    /// Called with the programs that are waited for; not set by default.
    waiting: Option<fn(&str)>,
}

/// A request with the output of the program, or the reason why there is none.
type Answer = (Request, Result<CommandOutput, NotRun>);

/// The waits for programs that did not answer.
#[derive(Debug, Default)]
struct Lost {
    /// Those that were killed for taking too long.
    hung: BTreeSet<String>,
    /// The time spent on them; waiting for several at once counts once.
    time: Duration,
    /// The end of the last wait.
    until: Option<Instant>,
}

impl Lost {
    fn deadline(&self, program: &str) -> Duration {
        let usual = if self.hung.contains(program) {
            SECOND_CHANCE
        } else {
            Runner::default().deadline
        };
        usual.min(BUDGET.saturating_sub(self.time).max(LAST_CHANCE))
    }

    /// Records a time span in which a program was waited for without result.
    fn note(&mut self, program: &str, from: Instant, to: Instant) {
        self.hung.insert(program.to_owned());
        let new = self.until.map_or(from, |until| until.max(from));
        self.time += to.saturating_duration_since(new);
        self.until = Some(to);
    }
}

impl Programs {
    fn runner(&self, program: &str) -> Runner {
        let lost = self.lost.lock();
        Runner {
            deadline: lost.map_or(LAST_CHANCE, |lost| lost.deadline(program)),
            ..Runner::default()
        }
    }

    /// Runs one program, and records whether it hung; calls `waiting` if a person is to be told of it.
    /// Its standard input is empty unless given.
    pub(crate) fn run(
        &self,
        argv: &[String],
        stdin: Option<&[u8]>,
        waiting: &dyn Fn(),
    ) -> Result<CommandOutput, RunError> {
        let program = argv.first().map_or("", String::as_str);
        let started = Instant::now();
        let runner = self.runner(program);
        let answer = runner.run_watched(argv, stdin, PATIENCE, waiting);
        if matches!(answer, Err(RunError::TimedOut(_)))
            && let Ok(mut lost) = self.lost.lock()
        {
            lost.note(program, started, Instant::now());
        }
        answer
    }
}

impl Machine {
    /// The same machine, which calls `waiting` when a program takes longer than three seconds.
    #[must_use]
    pub fn telling(mut self, waiting: fn(&str)) -> Self {
        self.programs.waiting = Some(waiting);
        self
    }

    /// Runs the programs of the requests in parallel; requests of other kinds get no answer here.
    pub(crate) fn run_all(&self, requests: &[Request]) -> Vec<Answer> {
        // One alone needs no thread beside this one.
        if let [alone] = requests {
            let waiting = || self.tell([(0, alone)].into_iter());
            return self.ask(alone, &waiting).into_iter().collect();
        }
        thread::scope(|scope| {
            let answers = side_by_side(scope, requests, |request| self.ask(request, &|| {}));
            self.collect(requests, &answers)
        })
    }

    fn ask(&self, request: &Request, waiting: &dyn Fn()) -> Option<Answer> {
        let run = |argv: &[String], stdin| {
            if self.is_live() {
                self.programs
                    .run(argv, stdin, waiting)
                    .map_err(NotRun::from)
            } else {
                Err(NotRun::Failed("not run under --root".to_owned()))
            }
        };
        let answer = match request {
            Request::Run(argv) => run(argv, None),
            Request::Feed(argv, stdin) => run(argv, Some(stdin)),
            Request::Journal(words) => self.journal(words, waiting).map_err(NotRun::from),
            _ => return None,
        };
        Some((request.clone(), answer))
    }

    /// All answers in the order of the requests.
    fn collect(
        &self,
        requests: &[Request],
        receiver: &Receiver<(usize, Option<Answer>)>,
    ) -> Vec<Answer> {
        let mut answers = BTreeMap::new();
        let mut told = false;
        loop {
            match receiver.recv_timeout(PATIENCE) {
                Ok((index, answer)) => _ = answers.insert(index, answer),
                Err(RecvTimeoutError::Disconnected) => {
                    return answers.into_values().flatten().collect();
                }
                Err(RecvTimeoutError::Timeout) if told => {}
                Err(RecvTimeoutError::Timeout) => {
                    told = true;
                    self.tell(
                        requests
                            .iter()
                            .enumerate()
                            .filter(|(at, _)| !answers.contains_key(at)),
                    );
                }
            }
        }
    }

    fn tell<'r>(&self, open: impl Iterator<Item = (usize, &'r Request)>) {
        let Some(waiting) = self.programs.waiting else {
            return;
        };
        let programs: BTreeSet<&str> = open.filter_map(|(_, request)| program(request)).collect();
        let limit = Runner::default().deadline.as_secs();
        let names: Vec<&str> = programs.into_iter().collect();
        waiting(&format!(
            "waiting for {} ({limit} s at most for each)",
            names.join(", ")
        ));
    }
}

/// Answers each job in a thread of `scope`, at most eight at once. Each answer comes with the index of its job; the channel
/// is closed after the last one.
pub(crate) fn side_by_side<'scope, J: Sync, A: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    jobs: &'scope [J],
    answer: impl Fn(&J) -> A + Copy + Send + Sync + 'scope,
) -> Receiver<(usize, A)> {
    let (sender, receiver) = channel();
    let next = Arc::new(AtomicUsize::new(0));
    for _ in 0..jobs.len().min(AT_ONCE) {
        let (next, sender) = (Arc::clone(&next), sender.clone());
        beside(scope, move || {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(job) = jobs.get(index) else {
                    return;
                };
                // Whoever does not wait for the answers any more needs none.
                let _ = sender.send((index, answer(job)));
            }
        });
    }
    receiver
}

/// True for a request that runs a program.
pub(crate) fn runs_a_program(request: &Request) -> bool {
    program(request).is_some()
}

fn program(request: &Request) -> Option<&str> {
    match request {
        Request::Run(argv) | Request::Feed(argv, _) => argv.first().map(String::as_str),
        Request::Journal(_) => Some("journalctl"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Request {
        Request::Run(["sh", "-c", text].map(str::to_owned).to_vec())
    }

    #[test]
    fn programs_of_one_round_run_together_and_answer_in_order() {
        // Each waits for the file that the next one creates: one after the other, none would ever
        // end.
        let folder = tempfile::tempdir().expect("a folder");
        let step = |number: usize, next: usize| {
            let at = folder.path().display();
            script(&format!(
                "until [ -e {at}/{next} ]; do sleep 0.01; done; touch {at}/{number}; echo {number}"
            ))
        };
        let last = script(&format!("touch {}/3; echo 3", folder.path().display()));
        let answers = Machine::live().run_all(&[step(1, 2), step(2, 3), last]);
        let said: Vec<String> = answers
            .into_iter()
            .map(|(_, answer)| answer.expect("it ran").text())
            .collect();
        assert_eq!(said, ["1\n", "2\n", "3\n"]);
    }

    #[test]
    fn a_program_that_hung_once_gets_a_short_deadline() {
        let mut lost = Lost::default();
        let start = Instant::now();
        lost.note("stuck", start, start);
        assert_eq!(lost.deadline("stuck"), SECOND_CHANCE);
        assert_eq!(lost.deadline("other"), Runner::default().deadline);
    }

    #[test]
    fn programs_that_hang_delay_a_run_by_half_a_minute_at_most() {
        let mut lost = Lost::default();
        let mut now = Instant::now();
        let start = now;
        // Seven programs at once, each of which hangs as long as it may, in every round.
        for round in 0..6 {
            let deadlines = (0..7).map(|number| lost.deadline(&format!("program{round}-{number}")));
            let longest = deadlines.max().expect("seven");
            for number in 0..7 {
                lost.note(&format!("program{round}-{number}"), now, now + longest);
            }
            now += longest;
        }
        assert_eq!(now - start, BUDGET + 4 * LAST_CHANCE);
    }
}
