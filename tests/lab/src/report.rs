//! What people read: the list of cases, a line for each result, the table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::case::Case;
use crate::check::Check;
use crate::command;
use crate::error::{LabError, trying};
use crate::sandbox::Job;
use crate::suite::Suite;

const BEGIN: &str = "<!-- results: written by `cargo xtask lab test --write` -->\n";
const CANNOT: &str = "cannot be";
const END: &str = "<!-- end of results -->\n";

/// A job and the answers to its questions.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) job: Job,
    pub(crate) checks: Vec<Check>,
    /// Whether it had failed beside others before.
    pub(crate) alone: bool,
}

impl Outcome {
    /// Whether every check holds.
    pub(crate) fn holds(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|check| check.failure.is_none())
    }

    /// One line, and below it what failed.
    pub(crate) fn text(&self) -> String {
        let took: f64 = self.checks.iter().map(|check| check.took).sum();
        let word = if self.holds() { "ok" } else { "FAILED" };
        let mut text = format!(
            "{:28} {:9} {word:6} {} {took:6.1} s",
            self.job.case,
            self.job.suite,
            self.count()
        );
        for check in &self.checks {
            if let Some(why) = &check.failure {
                let _ = write!(
                    text,
                    "\n    {}: {}",
                    check.name,
                    command::tail(why, 40).replace('\n', "\n        ")
                );
            }
        }
        text
    }

    /// Its cell in the table.
    fn cell(&self) -> String {
        let (word, mark) = (
            if self.holds() { "yes" } else { "**no**" },
            if self.alone { ", alone" } else { "" },
        );
        format!("{word}{mark} {}", self.count())
    }

    /// Checks that hold, of checks that were made.
    fn count(&self) -> String {
        let good = self
            .checks
            .iter()
            .filter(|check| check.failure.is_none())
            .count();
        format!("{good}/{}", self.checks.len())
    }
}

/// Prints every case with the suites it runs on.
#[expect(clippy::print_stdout, reason = "the command's output")]
pub(crate) fn list(cases: &[Case]) -> Result<bool, LabError> {
    for case in cases {
        println!("{:28} {}", case.name, case.summary);
        for (suite, why) in &case.except {
            println!("{:28}   not on {suite}: {why}", "");
        }
    }
    Ok(true)
}

/// Puts the results into the table between the marks of a page; what was not run keeps the result that stands there.
pub(crate) fn write(page: &Path, cases: &[Case], outcomes: &[Outcome]) -> Result<(), LabError> {
    let what = page.display().to_string();
    let text = trying(&what, fs::read_to_string(page))?;
    let missing = || LabError::Usage(format!("{what} has no place for the results"));
    let (head, rest) = text.split_once(BEGIN).ok_or_else(missing)?;
    let (before, foot) = rest.split_once(END).ok_or_else(missing)?;
    trying(
        &what,
        fs::write(
            page,
            format!("{head}{BEGIN}{}{END}{foot}", table(before, cases, outcomes)),
        ),
    )
}

/// Every case with a cell a suite, how many hold, and what cannot be.
fn table(before: &str, cases: &[Case], outcomes: &[Outcome]) -> String {
    let mut cells: BTreeMap<(&str, Suite), String> = old_cells(before).collect();
    cells.extend(
        outcomes
            .iter()
            .map(|one| ((one.job.case.as_str(), one.job.suite), one.cell())),
    );
    let mut text = format!(
        "\n| case | {} |\n|---|---|---|---|\n",
        Suite::ALL.map(Suite::name).join(" | ")
    );
    let (mut notes, mut good, mut all) = (String::new(), 0, 0);
    for case in cases {
        let cell = |suite| match cells.get(&(case.name.as_str(), suite)) {
            _ if !case.runs_on(suite) => CANNOT,
            Some(cell) if cell != CANNOT => cell,
            _ => "not run",
        };
        let row = Suite::ALL.map(cell);
        good += row.iter().filter(|cell| cell.starts_with("yes")).count();
        all += row.iter().filter(|cell| **cell != CANNOT).count();
        let _ = writeln!(text, "| {} | {} |", case.name, row.join(" | "));
        for (suite, why) in &case.except {
            let _ = writeln!(notes, "- {} on {suite}: {why}", case.name);
        }
    }
    format!("{text}\n{good} of {all} hold every check.\n\nWhat cannot be:\n\n{notes}\n")
}

/// The cells of a table that was written before.
fn old_cells(table: &str) -> impl Iterator<Item = ((&str, Suite), String)> {
    let rows = table.lines().filter_map(|line| {
        line.strip_prefix("| ")?
            .strip_suffix(" |")?
            .split_once(" | ")
    });
    rows.flat_map(|(case, cells)| {
        Suite::ALL
            .into_iter()
            .zip(cells.split(" | "))
            .map(move |(suite, cell)| ((case, suite), cell.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(case: &str, suite: Suite, failure: Option<&str>) -> Outcome {
        let check = Check {
            name: "cause".into(),
            failure: failure.map(str::to_owned),
            took: 0.0,
        };
        let job = Job {
            case: case.into(),
            suite,
            id: String::new(),
        };
        Outcome {
            job,
            checks: vec![check],
            alone: false,
        }
    }

    #[test]
    fn rerun_cases_only_replace_their_own_cells() {
        let named = |name: &str| {
            Case::named(&crate::case::folder(), name)
                .unwrap()
                .expect("a case")
        };
        let cases = [named("healthy"), named("refuse-connection")];
        let first = table(
            "",
            &cases,
            &[
                outcome("healthy", Suite::Trixie, None),
                outcome("healthy", Suite::Bullseye, Some("no")),
            ],
        );
        assert!(
            first.contains("| healthy | **no** 0/1 | not run | yes 1/1 |"),
            "{first}"
        );
        assert!(
            first
                .contains("| refuse-connection | cannot be | cannot be | not run |\n\n1 of 4 hold"),
            "{first}"
        );
        let second = table(&first, &cases, &[outcome("healthy", Suite::Bullseye, None)]);
        assert!(
            second.contains("| healthy | yes 1/1 | not run | yes 1/1 |"),
            "{second}"
        );
    }
}
