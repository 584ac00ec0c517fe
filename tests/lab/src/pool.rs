//! Workers side by side, and the tearing down after them.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{self, Child, ChildStdout, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::args::Args;
use crate::cgroup;
use crate::check::Check;
use crate::error::{LabError, trying};
use crate::footprint;
use crate::image::Held;
use crate::interrupt::Interrupt;
use crate::report::Outcome;
use crate::sandbox::{self, Job, Worker};

/// The longest that one case may take on one suite.
const LIMIT: Duration = Duration::from_secs(1500);

/// The most failures that may be blamed on a busy machine.
const MOST_REPEATED: usize = 12;

/// A worker at work.
struct Running {
    job: Job,
    child: Child,
    checks: JoinHandle<Vec<Check>>,
    started: Instant,
}

/// Everything that the workers of one run share. Dropping it tears down the rest of them.
pub(crate) struct Pool<'a> {
    worker: Worker<'a>,
    args: &'a Args,
    place: PathBuf,
    interrupt: Interrupt,
    running: Vec<Running>,
    _trees: Vec<Held>,
}

impl<'a> Pool<'a> {
    /// Clears away what killed runs have left, and makes room for this one.
    pub(crate) fn open(
        words: &'a [&'a str],
        args: &'a Args,
        trees: Vec<Held>,
    ) -> Result<Self, LabError> {
        let interrupt = Interrupt::watch()?;
        footprint::sweep()?;
        let place = footprint::place(process::id());
        trying(place.display().to_string(), fs::create_dir(&place))?;
        let worker = Worker::new(words)?;
        Ok(Self {
            worker,
            args,
            place,
            interrupt,
            running: Vec::new(),
            _trees: trees,
        })
    }

    /// Runs every job, prints a line for each, and stops at a signal. A job that fails beside
    /// others is repeated alone, because time limits are part of the checks; if many fail, time is
    /// not the reason.
    pub(crate) fn run(&mut self, jobs: VecDeque<Job>) -> Result<Vec<Outcome>, LabError> {
        let outcomes = self.side_by_side(jobs, self.args.jobs)?;
        let failed: VecDeque<Job> = outcomes
            .iter()
            .filter(|outcome| !outcome.holds())
            .map(|outcome| outcome.job.clone())
            .collect();
        if self.args.jobs < 2 || failed.len() > MOST_REPEATED {
            return Ok(outcomes);
        }
        let (mut outcomes, _): (Vec<Outcome>, Vec<Outcome>) =
            outcomes.into_iter().partition(Outcome::holds);
        outcomes.extend(
            self.side_by_side(failed, 1)?
                .into_iter()
                .map(|outcome| Outcome {
                    alone: true,
                    ..outcome
                }),
        );
        Ok(outcomes)
    }

    #[expect(clippy::print_stdout, reason = "the command's output")]
    fn side_by_side(
        &mut self,
        mut waiting: VecDeque<Job>,
        jobs: usize,
    ) -> Result<Vec<Outcome>, LabError> {
        let mut outcomes = Vec::new();
        while !(waiting.is_empty() && self.running.is_empty()) {
            if self.interrupt.came() {
                return Err(LabError::Interrupted);
            }
            while self.running.len() < jobs.max(1) {
                let Some(job) = waiting.pop_front() else {
                    break;
                };
                self.start(job)?;
            }
            for outcome in self.ended()? {
                println!("{}", outcome.text());
                outcomes.push(outcome);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(outcomes)
    }

    /// The command line of a job's worker.
    pub(crate) fn command(&self, job: &Job) -> process::Command {
        let mut command = self.worker.command(job, &self.place);
        sandbox::options(&mut command, self.args);
        command
    }

    fn start(&mut self, job: Job) -> Result<(), LabError> {
        let mut child = trying("setpriv", self.command(&job).stdout(Stdio::piped()).spawn())?;
        let stdout = child.stdout.take();
        let checks = thread::spawn(move || stdout.map(read).unwrap_or_default());
        self.running.push(Running {
            job,
            child,
            checks,
            started: Instant::now(),
        });
        Ok(())
    }

    /// Takes out the workers that have ended or overrun.
    fn ended(&mut self) -> Result<Vec<Outcome>, LabError> {
        let mut outcomes = Vec::new();
        for mut one in std::mem::take(&mut self.running) {
            if one.started.elapsed() > LIMIT {
                trying("kill", one.child.kill())?;
            }
            match trying("wait", one.child.try_wait())? {
                None => self.running.push(one),
                Some(status) => outcomes.push(one.outcome(status)?),
            }
        }
        Ok(outcomes)
    }
}

impl Running {
    fn outcome(self, status: process::ExitStatus) -> Result<Outcome, LabError> {
        cgroup::remove(&format!("{}-", self.job.id))?;
        let mut checks = self.checks.join().unwrap_or_default();
        let whole = matches!(status.code(), Some(0 | 1));
        if !whole {
            checks.push(Check::failed("worker", format!("{status}")));
        }
        Ok(Outcome {
            job: self.job,
            checks,
            alone: false,
        })
    }
}

impl Drop for Pool<'_> {
    #[expect(
        clippy::print_stderr,
        reason = "a destructor has no other way to say it"
    )]
    fn drop(&mut self) {
        for one in &mut self.running {
            let ended = one.child.kill().and_then(|()| one.child.wait());
            if let Err(error) = ended {
                eprintln!("lab: {}: {error}", one.job.case);
            }
        }
        let removed = cgroup::remove(&footprint::prefix(process::id()));
        if let Err(error) = removed.and_then(|()| {
            trying(
                self.place.display().to_string(),
                fs::remove_dir(&self.place),
            )
        }) {
            eprintln!("lab: {error}");
        }
    }
}

fn read(stdout: ChildStdout) -> Vec<Check> {
    let lines = BufReader::new(stdout).lines().map_while(Result::ok);
    lines
        .filter_map(|line| serde_json::from_str(&line).ok())
        .collect()
}
