//! `cargo xtask bench`: whole commands side by side, on the same input, in one run.
//!
//! Absolute times on a shared machine mean little; the ratio of two commands that took turns means
//! more. Each row makes its own input, runs both programs, compares the answers, and only then
//! measures them in turns.

mod cost;
mod input;
mod number;
mod outcome;
mod page;
mod picture;
mod rows;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

pub(crate) use self::cost::{Measured, measure};
use self::cost::{cost, median, ratio};
use self::outcome::{Outcome, Point, slope};
use self::rows::Row;
use crate::packages;
use crate::run::{self, project};

#[derive(Args)]
pub(crate) struct Arguments {
    /// How often each command runs
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Small inputs only, as where every change is checked
    #[arg(long)]
    quick: bool,
    /// Only the rows whose question contains this
    #[arg(long, value_name = "WORD")]
    only: Option<String>,
    /// Also put the ratios into docs/bench.md and the pictures into docs/bench/
    #[arg(long)]
    write: bool,
    /// The command to measure instead of one that is built first
    #[arg(long, value_name = "PROGRAM")]
    program: Option<PathBuf>,
}

/// The largest input on which everything is measured and must be fast.
const LARGEST: usize = usize::MAX;
const LARGEST_QUICK: usize = 10_000;

/// How much steeper than linear the times of two neighbouring sizes may appear on a shared machine.
const STEEPEST: f64 = 1.15;

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    packages::install(packages::TESTS)?;
    packages::install(packages::PEERS)?;
    // sshd -T wants the directory that its service makes, and a machine that never ran it has none.
    fs::create_dir_all("/run/sshd").map_err(|error| format!("/run/sshd: {error}"))?;
    let program = match &arguments.program {
        Some(program) => fs::canonicalize(program).map_err(|error| error.to_string())?,
        None => build()?,
    };
    let folder = std::env::temp_dir().join(format!("sshmend-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let (results, mut wrong) = measure_all(arguments, &program, &folder);
    fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    if arguments.write {
        page::write(&results, arguments.runs)?;
    }
    wrong.extend(results.iter().filter_map(steep));
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n"))
    }
}

fn build() -> Result<PathBuf, String> {
    let words = ["build", "--release", "--quiet", "-p", "sshmend"];
    run::run(&mut run::cargo(&words))?;
    Ok(project().join("target/release/sshmend"))
}

/// The results of the rows, and the reasons why some failed; a failure does not affect the other
/// rows.
fn measure_all(
    arguments: &Arguments,
    program: &Path,
    folder: &Path,
) -> (Vec<Outcome>, Vec<String>) {
    let (mut results, mut failed) = (Vec::new(), Vec::new());
    for row in rows::all(program, folder) {
        let wanted = arguments.only.as_ref();
        if wanted.is_some_and(|word| !row.question.contains(word.as_str())) {
            continue;
        }
        if let Some(missing) = row.missing() {
            println!(
                "{}: not measured: {missing} is not installed\n",
                row.question
            );
            continue;
        }
        match measure_row(&row, arguments) {
            Ok(outcome) => results.push(outcome),
            Err(error) => {
                println!("{}: not measured: {error}\n", row.question);
                failed.push(format!("{}: {error}", row.question));
            }
        }
    }
    (results, failed)
}

fn measure_row(row: &Row, arguments: &Arguments) -> Result<Outcome, String> {
    let largest = if arguments.quick {
        LARGEST_QUICK
    } else {
        LARGEST
    };
    let mut sizes: Vec<usize> = row
        .sizes
        .iter()
        .copied()
        .filter(|&size| size <= largest)
        .collect();
    if sizes.is_empty() {
        sizes.push(largest.min(row.sizes.first().copied().unwrap_or(largest)));
    }
    let mut points = Vec::new();
    for size in sizes {
        let point = measure_point(row, size, arguments.runs)?;
        print(row, &point);
        if let Some(said) = row
            .aim
            .said(&point)
            .filter(|_| row.sizes.last() == Some(&size))
        {
            println!("  to reach: {}: {said}\n", row.aim);
        }
        points.push(point);
    }
    Ok(Outcome {
        question: row.question.clone(),
        theirs: row.theirs_name.clone(),
        unit: row.unit,
        limit: row.limit.to_owned(),
        aim: row.aim,
        points,
    })
}

fn measure_point(row: &Row, size: usize, runs: usize) -> Result<Point, String> {
    let input = (row.prepare)(size)?;
    (input.check)()?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        (input.renew)()?;
        ours.push(cost(&input.ours)?);
        if let Some(line) = &input.theirs {
            (input.renew)()?;
            theirs.push(cost(line)?);
        }
    }
    (input.renew)()?;
    let floor = (input.floor)()?;
    Ok(Point {
        size,
        faster: ratio(&ours, &theirs),
        ours: median(ours),
        theirs: (!theirs.is_empty()).then(|| median(theirs)),
        floor,
    })
}

fn print(row: &Row, point: &Point) {
    println!("{} ({} {})", row.question, point.size, row.unit);
    let theirs = point
        .theirs
        .map(|theirs| (row.theirs_name.as_str(), theirs));
    for (name, cost) in [("sshmend", point.ours)].into_iter().chain(theirs) {
        let (wall, mib) = (cost.seconds() * 1e3, cost.mib());
        println!("  {name:<28} {wall:>9.1} ms {mib:>8.1} MiB");
    }
    println!("  {:<28} {:>9.1} ms", row.limit, point.floor * 1e3);
    if let (Some(faster), Some(smaller)) = (point.faster, point.smaller()) {
        println!("  {faster:.1} times faster, {smaller:.1} times smaller");
    }
    println!();
}

/// The fault of a row whose time grows faster than its input.
fn steep(result: &Outcome) -> Option<String> {
    let slope = slope(&result.points)?;
    (slope > STEEPEST).then(|| {
        format!(
            "{}: the time grows with the power {slope:.2} of the input",
            result.question
        )
    })
}
