//! Cases side by side, as many as there are cores, and the tearing down after them.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdout, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::args::{Args, Command};
use crate::binary;
use crate::case::Case;
use crate::cgroup;
use crate::check::Check;
use crate::error::{LabError, trying};
use crate::footprint;
use crate::image;
use crate::interrupt::Interrupt;
use crate::report::{self, Outcome};
use crate::sandbox::{self, Job};

/// The longest that one case may take on one suite.
const LIMIT: Duration = Duration::from_secs(900);

/// A worker at work.
struct Running {
    job: Job,
    child: Child,
    checks: JoinHandle<Vec<Check>>,
    started: Instant,
}

/// Everything that the workers of one run share. Dropping it tears down what is left of them.
struct Pool<'a> {
    program: &'a [OsString],
    args: &'a Args,
    place: PathBuf,
    interrupt: Interrupt,
    running: Vec<Running>,
}

/// Runs the cases that are meant, prints a line for each; true when all checks hold and nothing is left behind.
#[expect(clippy::print_stdout, reason = "the command's output")]
pub(crate) fn run(program: &[OsString], args: &Args) -> Result<bool, LabError> {
    let cases = args.cases()?;
    let args = prepared(args)?;
    let mut pool = Pool::open(program, &args)?;
    let started = Instant::now();
    let outcomes = pool.run(jobs(&cases, &args))?;
    drop(pool);
    footprint::nothing_left()?;
    let good = outcomes.iter().filter(|outcome| outcome.holds()).count();
    println!(
        "{good} of {} hold every check; {:.0} s; nothing left behind",
        outcomes.len(),
        started.elapsed().as_secs_f64()
    );
    if args.write {
        report::write(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lab.md"), &cases, &outcomes)?;
    }
    Ok(good == outcomes.len())
}

/// Hands the terminal to one case: a shell in the broken machine, or everything that is said while it is mended.
pub(crate) fn interactive(program: &[OsString], args: &Args) -> Result<bool, LabError> {
    let mut args = if args.command == Command::Demo { prepared(args)? } else { args.clone() };
    args.names.truncate(1);
    if args.names.is_empty() {
        args.names.push("hosts-access-denied".to_owned());
    }
    let job = jobs(&args.cases()?, &args).pop_back().ok_or_else(|| LabError::Usage("not on this suite".to_owned()))?;
    image::build(job.suite)?;
    let pool = Pool::open(program, &args)?;
    let mut worker = pool.command(&job);
    worker.stdin(Stdio::inherit()).arg(if args.command == Command::Demo { "--narrate" } else { "--stay" });
    if args.client {
        worker.arg("--client");
    }
    let status = trying("setpriv", worker.status())?;
    Ok(status.success())
}

/// Builds what the run needs: trees, and the program unless it is given or not wanted.
fn prepared(args: &Args) -> Result<Args, LabError> {
    image::build_all(&args.suites)?;
    let mut args = args.clone();
    if args.sshmend.is_none() && !args.symptom_only {
        args.sshmend = Some(binary::build()?);
    }
    for path in [&mut args.sshmend, &mut args.record].into_iter().flatten() {
        *path = trying(path.display().to_string(), std::path::absolute(&*path))?;
    }
    Ok(args)
}

fn jobs(cases: &[Case], args: &Args) -> VecDeque<Job> {
    let pairs = cases.iter().flat_map(|case| args.suites.iter().map(move |suite| (case, *suite)));
    let possible = pairs.filter(|(case, suite)| case.runs_on(*suite)).enumerate();
    let own = footprint::prefix(process::id());
    possible.map(|(n, (case, suite))| Job { case: case.name.clone(), suite, id: format!("{own}{n}") }).collect()
}

impl<'a> Pool<'a> {
    fn open(program: &'a [OsString], args: &'a Args) -> Result<Self, LabError> {
        let interrupt = Interrupt::watch()?;
        footprint::sweep()?;
        let place = footprint::place(process::id());
        trying(place.display().to_string(), fs::create_dir(&place))?;
        Ok(Self { program, args, place, interrupt, running: Vec::new() })
    }

    #[expect(clippy::print_stdout, reason = "the command's output")]
    fn run(&mut self, mut waiting: VecDeque<Job>) -> Result<Vec<Outcome>, LabError> {
        let mut outcomes = Vec::new();
        while !(waiting.is_empty() && self.running.is_empty()) {
            if self.interrupt.came() {
                return Err(LabError::Interrupted);
            }
            while self.running.len() < self.args.jobs.max(1) {
                let Some(job) = waiting.pop_front() else { break };
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

    fn command(&self, job: &Job) -> process::Command {
        let mut command = sandbox::command(self.program, job, &self.place);
        sandbox::options(&mut command, self.args);
        command
    }

    fn start(&mut self, job: Job) -> Result<(), LabError> {
        let mut child = trying("setpriv", self.command(&job).stdout(Stdio::piped()).spawn())?;
        let stdout = child.stdout.take();
        let checks = thread::spawn(move || stdout.map(read).unwrap_or_default());
        self.running.push(Running { job, child, checks, started: Instant::now() });
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
        Ok(Outcome { job: self.job, checks })
    }
}

impl Drop for Pool<'_> {
    #[expect(clippy::print_stderr, reason = "a destructor has no other way to say it")]
    fn drop(&mut self) {
        for one in &mut self.running {
            let ended = one.child.kill().and_then(|()| one.child.wait());
            if let Err(error) = ended {
                eprintln!("lab: {}: {error}", one.job.case);
            }
        }
        let removed = cgroup::remove(&footprint::prefix(process::id()));
        if let Err(error) = removed.and_then(|()| trying(self.place.display().to_string(), fs::remove_dir(&self.place)))
        {
            eprintln!("lab: {error}");
        }
    }
}

fn read(stdout: ChildStdout) -> Vec<Check> {
    let lines = BufReader::new(stdout).lines().map_while(Result::ok);
    lines.filter_map(|line| serde_json::from_str(&line).ok()).collect()
}
