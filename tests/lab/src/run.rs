//! The commands that need machines.

use std::collections::VecDeque;
use std::path::absolute;
use std::process::{self, Stdio};
use std::time::Instant;

use crate::args::{Args, Command};
use crate::binary;
use crate::case::Case;
use crate::controller;
use crate::error::{LabError, trying};
use crate::footprint;
use crate::image::{self, Held};
use crate::pool::Pool;
use crate::report;
use crate::sandbox::Job;
use crate::suite::Suite;
use crate::timing;

/// The case that a newcomer is shown.
const SHOWN: &str = "hosts-access-denied";

/// Runs the selected cases and prints a line for each; true if all checks hold and nothing is left
/// behind.
#[expect(clippy::print_stdout, reason = "the command's output")]
pub(crate) fn cases(words: &[&str], args: &Args) -> Result<bool, LabError> {
    let (cases, started) = (args.cases()?, Instant::now());
    let args = with_binary(args)?;
    if !args.symptom_only {
        controller::fetch_for(&cases, &args.suites)?;
    }
    let mut pool = Pool::open(words, &args, trees(&cases, &args)?)?;
    let outcomes = pool.run(jobs(&cases, &args))?;
    for (case, other) in left_out(&cases, &args) {
        println!("{case}: not run, {other} stands for it in a brief run");
    }
    drop(pool);
    footprint::nothing_left()?;
    let good = outcomes.iter().filter(|outcome| outcome.holds()).count();
    let alone = outcomes.iter().filter(|outcome| outcome.alone).count();
    let took = started.elapsed().as_secs();
    println!(
        "{good} of {} hold every check, {alone} asked alone; {took} s; nothing left behind",
        outcomes.len()
    );
    match (args.command, args.write) {
        (Command::Time, true) => timing::write(&outcomes)?,
        (Command::Time, false) => println!("{}", timing::table(&outcomes)),
        (_, true) => report::write(&outcomes)?,
        (_, false) => {}
    }
    Ok(good == outcomes.len())
}

/// Gives the terminal to one case: a shell in the broken machine, or all output of its repair.
pub(crate) fn interactive(words: &[&str], args: &Args) -> Result<bool, LabError> {
    let demo = args.command == Command::Demo;
    let mut args = if demo {
        with_binary(args)?
    } else {
        args.clone()
    };
    if args.names.is_empty() {
        args.names.push(SHOWN.to_owned());
    }
    let cases = args.cases()?;
    let job = jobs(&cases, &args)
        .pop_back()
        .ok_or_else(|| LabError::Usage("it cannot be on this suite".to_owned()))?;
    args.suites = vec![job.suite];
    let pool = Pool::open(words, &args, trees(&cases, &args)?)?;
    let mut worker = pool.command(&job);
    worker
        .stdin(Stdio::inherit())
        .arg(if demo { "--narrate" } else { "--stay" });
    if args.client {
        worker.arg("--client");
    }
    trying("setpriv", worker.status()).map(|status| status.success())
}

/// Builds sshmend, unless it is given or not wanted.
fn with_binary(args: &Args) -> Result<Args, LabError> {
    let mut args = args.clone();
    if args.sshmend.is_none() && !args.symptom_only {
        args.sshmend = Some(binary::build()?);
    }
    for path in [&mut args.sshmend, &mut args.record, &mut args.folder]
        .into_iter()
        .flatten()
    {
        *path = trying(path.display().to_string(), absolute(&*path))?;
    }
    Ok(args)
}

/// The trees of the chosen suites, and of those that a case requires.
fn trees(cases: &[Case], args: &Args) -> Result<Vec<Held>, LabError> {
    let mut suites: Vec<Suite> = cases
        .iter()
        .flat_map(|case| case.fleet.iter().flat_map(|fleet| fleet.servers.clone()))
        .collect();
    suites.extend(&args.suites);
    suites.sort();
    suites.dedup();
    image::hold_all(&suites)
}

fn jobs(cases: &[Case], args: &Args) -> VecDeque<Job> {
    // A fleet has other machines, where each command means something else.
    let asked = cases
        .iter()
        .filter(|case| args.command != Command::Time || case.fleet.is_none());
    let pairs = asked.flat_map(|case| {
        suites(case, args)
            .into_iter()
            .map(move |suite| (case, suite))
    });
    let own = footprint::prefix(process::id());
    pairs
        .enumerate()
        .map(|(n, (case, suite))| Job {
            case: case.name.clone(),
            suite,
            id: format!("{own}{n}"),
        })
        .collect()
}

/// The cases that a brief run leaves to others.
fn left_out<'a>(cases: &'a [Case], args: &Args) -> Vec<(&'a str, &'a str)> {
    let left = cases
        .iter()
        .filter_map(|case| Some((case.name.as_str(), case.like.as_deref()?)));
    left.filter(|_| args.brief).collect()
}

/// The suites on which a case runs: all that are possible, or one for each way in which they
/// differ.
fn suites(case: &Case, args: &Args) -> Vec<Suite> {
    if args.brief {
        return case.differing(&args.suites);
    }
    args.suites
        .iter()
        .copied()
        .filter(|suite| case.runs_on(*suite))
        .collect()
}
