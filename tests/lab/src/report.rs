//! Output for people: the list of cases, a line for each result, the table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use crate::case::{self, Case};
use crate::check::Check;
use crate::command;
use crate::error::{LabError, trying};
use crate::project;
use crate::sandbox::Job;
use crate::suite::Suite;

const BEGIN: &str = "<!-- results: written by `cargo xtask lab test --write` -->\n";
const CANNOT: &str = "cannot be";
const NOT_RUN: &str = "not run";
const END: &str = "<!-- end of results -->\n";

/// A job and the answers to its questions.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) job: Job,
    pub(crate) checks: Vec<Check>,
    /// Whether it had failed before, beside others.
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

/// The page with the results, below the project.
pub const PAGE: &str = "docs/lab.md";

/// Updates the page's table with the results; cases that were not run keep their result.
pub(crate) fn write(outcomes: &[Outcome]) -> Result<(), LabError> {
    let page = project().join(PAGE);
    let text = trying(PAGE, fs::read_to_string(&page))?;
    trying(PAGE, fs::write(&page, with(&text, outcomes)?))
}

/// The text of the page with a row for each existing case: one that was never run is marked so, and
/// a removed case has none.
///
/// # Errors
/// If a case cannot be read, or the page has no place for the table.
pub fn refreshed(page: &str) -> Result<String, LabError> {
    with(page, &[])
}

/// Puts the table between the marks of the page.
fn with(page: &str, outcomes: &[Outcome]) -> Result<String, LabError> {
    let missing = || LabError::Usage(format!("{PAGE} has no place for the results"));
    let (head, rest) = page.split_once(BEGIN).ok_or_else(missing)?;
    let (before, foot) = rest.split_once(END).ok_or_else(missing)?;
    let table = table(before, &Case::all(&case::folder())?, outcomes);
    Ok(format!("{head}{BEGIN}{table}{END}{foot}"))
}

/// Every case with a cell for each suite, the number that hold, and what is impossible.
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
    let (mut notes, mut good, mut failed, mut open) = (String::new(), 0, 0, 0);
    for case in cases {
        let cell = |suite| match cells.get(&(case.name.as_str(), suite)) {
            _ if !case.runs_on(suite) => CANNOT,
            Some(cell) if cell != CANNOT => cell,
            _ => NOT_RUN,
        };
        let row = Suite::ALL.map(cell);
        for cell in row {
            match cell {
                CANNOT => {}
                NOT_RUN => open += 1,
                cell if cell.starts_with("yes") => good += 1,
                _ => failed += 1,
            }
        }
        let _ = writeln!(text, "| {} | {} |", case.name, row.join(" | "));
        for (suite, why) in &case.except {
            let _ = writeln!(notes, "- {} on {suite}: {why}", case.name);
        }
    }
    let run = good + failed;
    let open = if open > 0 {
        format!(" {open} were not run yet.")
    } else {
        String::new()
    };
    format!("{text}\n{good} of {run} hold every check.{open}\n\nWhat cannot be:\n\n{notes}\n")
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
    fn the_page_lists_every_case_and_no_other() {
        let old = format!(
            "head\n{BEGIN}\n| healthy | yes 1/1 | yes 1/1 | yes 1/1 |\n| gone | yes 1/1 | yes 1/1 | yes 1/1 |\n\n{END}foot\n"
        );
        let page = refreshed(&old).unwrap();
        assert!(
            page.contains("\n| healthy | yes 1/1 | yes 1/1 | yes 1/1 |\n"),
            "{page}"
        );
        assert!(!page.contains("| gone |"), "{page}");
        for case in Case::all(&case::folder()).unwrap() {
            assert!(
                page.contains(&format!("\n| {} | ", case.name)),
                "{}",
                case.name
            );
        }
        assert_eq!(refreshed(&page).unwrap(), page);
    }

    #[test]
    fn rerun_cases_only_replace_their_own_cells() {
        let named = |name: &str| Case::named(&case::folder(), name).unwrap().expect("a case");
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
                .contains("| refuse-connection | cannot be | cannot be | not run |\n\n1 of 2 hold every check. 2 were not run yet.\n"),
            "{first}"
        );
        let second = table(&first, &cases, &[outcome("healthy", Suite::Bullseye, None)]);
        assert!(
            second.contains("| healthy | yes 1/1 | not run | yes 1/1 |"),
            "{second}"
        );
    }
}
