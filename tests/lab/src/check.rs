//! The checks of a case, and their results.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::error::LabError;

/// One question and its answer, as a worker prints it: one line of JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Check {
    /// The name of the check.
    pub(crate) name: String,
    /// The reason for the failure; `None` if it passed.
    pub(crate) failure: Option<String>,
    /// Seconds.
    pub(crate) took: f64,
}

/// A yes, or why not.
pub(crate) type Verdict = Result<(), String>;

impl Check {
    /// Asks a question; trouble with the lab is a no, too.
    pub(crate) fn ask(name: &str, question: impl FnOnce() -> Result<Verdict, LabError>) -> Self {
        let started = Instant::now();
        let failure = match question() {
            Ok(verdict) => verdict.err(),
            Err(error) => Some(format!("the lab itself failed: {error}")),
        };
        Self {
            name: name.to_owned(),
            failure,
            took: started.elapsed().as_secs_f64(),
        }
    }

    /// The answer for a person.
    pub(crate) fn words(&self) -> String {
        match &self.failure {
            None => format!("=== {}: holds\n", self.name),
            Some(why) => format!("=== {}: does not hold: {why}\n", self.name),
        }
    }

    /// A question that could not even be asked.
    pub(crate) fn failed(name: &str, why: String) -> Self {
        Self {
            name: name.to_owned(),
            failure: Some(why),
            took: 0.0,
        }
    }
}

/// Yes when it holds.
pub(crate) fn holds(condition: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    if condition { Ok(()) } else { Err(otherwise()) }
}

/// Yes when two listings are the same; else the lines that differ.
pub(crate) fn same(before: &str, after: &str, what: &str) -> Verdict {
    holds(before == after, || {
        let only = |these: &str, those: &str, mark: &str| -> String {
            let those: std::collections::BTreeSet<&str> = those.lines().collect();
            these
                .lines()
                .filter(|line| !those.contains(line))
                .map(|line| format!("\n{mark}{line}"))
                .collect()
        };
        format!(
            "{what}:{}{}",
            only(before, after, "- "),
            only(after, before, "+ ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_the_lines_of_both_sides() {
        assert_eq!(same("a\nb\n", "a\nb\n", "moved"), Ok(()));
        assert_eq!(
            same("a\nb\n", "a\nc\n", "moved"),
            Err("moved:\n- b\n+ c".to_owned())
        );
    }
}
