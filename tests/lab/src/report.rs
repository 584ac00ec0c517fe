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
        let mut text = format!("{:28} {:9} {word:6} {} {took:6.1} s", self.job.case, self.job.suite, self.count());
        for check in &self.checks {
            if let Some(why) = &check.failure {
                let _ = write!(text, "\n    {}: {}", check.name, command::tail(why, 40).replace('\n', "\n        "));
            }
        }
        text
    }

    /// Says that it was asked alone.
    fn mark(&self) -> &'static str {
        if self.alone { ", alone" } else { "" }
    }

    /// Checks that hold, of checks that were made.
    fn count(&self) -> String {
        let good = self.checks.iter().filter(|check| check.failure.is_none()).count();
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

/// Puts the table of results between its marks in a page.
pub(crate) fn write(page: &Path, cases: &[Case], outcomes: &[Outcome]) -> Result<(), LabError> {
    let what = page.display().to_string();
    let text = trying(&what, fs::read_to_string(page))?;
    let missing = || LabError::Usage(format!("{what} has no place for the results"));
    let (head, rest) = text.split_once(BEGIN).ok_or_else(missing)?;
    let (_, foot) = rest.split_once(END).ok_or_else(missing)?;
    trying(&what, fs::write(page, format!("{head}{BEGIN}{}{END}{foot}", table(cases, outcomes))))
}

fn table(cases: &[Case], outcomes: &[Outcome]) -> String {
    let of: BTreeMap<_, _> = outcomes.iter().map(|one| ((one.job.case.as_str(), one.job.suite), one)).collect();
    let mut text = format!("\n| case | {} |\n|---|---|---|---|\n", Suite::ALL.map(Suite::name).join(" | "));
    let mut notes = String::new();
    for case in cases {
        let cell = |suite| match (of.get(&(case.name.as_str(), suite)), case.except.get(&suite)) {
            (Some(one), _) => format!("{}{} {}", if one.holds() { "yes" } else { "**no**" }, one.mark(), one.count()),
            (None, Some(_)) => "cannot be".to_owned(),
            (None, None) => "not run".to_owned(),
        };
        let _ = writeln!(text, "| {} | {} |", case.name, Suite::ALL.map(cell).join(" | "));
        for (suite, why) in &case.except {
            let _ = writeln!(notes, "- {} on {suite}: {why}", case.name);
        }
    }
    let good = outcomes.iter().filter(|one| one.holds()).count();
    format!("{text}\n{good} of {} runs hold every check.\n\nWhat cannot be:\n\n{notes}\n", outcomes.len())
}
