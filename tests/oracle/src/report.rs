//! The findings of a comparison.

use std::fmt;

/// The result of comparing many cases: how many agreed, and each one that did not.
#[derive(Debug, Default)]
pub struct Report {
    /// Comparisons made.
    pub compared: u64,
    /// One text for each disagreement: the input, our answer, the program's answer.
    pub disagreements: Vec<String>,
    /// Cases that could not be compared, with the reason: never silent.
    pub uncompared: Vec<String>,
}

impl Report {
    /// Counts one comparison; `ours` and `theirs` are shown when they differ.
    pub fn compare<T: PartialEq + fmt::Debug>(&mut self, case: &str, ours: &T, theirs: &T) {
        self.compared += 1;
        if ours != theirs {
            self.disagreements
                .push(format!("{case}\n  ours:   {ours:?}\n  theirs: {theirs:?}"));
        }
    }

    /// Notes a case that could not be compared.
    pub fn leave_out(&mut self, case: &str, reason: &str) {
        self.uncompared.push(format!("{case}: {reason}"));
    }

    /// Adds another report to this one.
    pub fn absorb(&mut self, other: Self) {
        self.compared += other.compared;
        self.disagreements.extend(other.disagreements);
        self.uncompared.extend(other.uncompared);
    }

    /// True when something was compared and nothing disagreed.
    pub fn passed(&self) -> bool {
        self.compared > 0 && self.disagreements.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for text in &self.disagreements {
            writeln!(f, "DISAGREES {text}")?;
        }
        for text in &self.uncompared {
            writeln!(f, "not compared: {text}")?;
        }
        write!(
            f,
            "{} compared, {} disagree",
            self.compared,
            self.disagreements.len()
        )?;
        write!(f, ", {} not compared", self.uncompared.len())
    }
}
