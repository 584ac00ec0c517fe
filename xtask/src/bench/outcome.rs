//! What was measured, and what was aimed at.

use std::fmt;

use super::cost::Cost;

/// Times below this many seconds are the start of the program and show nothing about a slope.
const START: f64 = 0.05;

/// The result of one row.
pub(super) struct Outcome {
    pub(super) question: String,
    /// Empty if no other program does the same.
    pub(super) theirs: String,
    pub(super) unit: &'static str,
    pub(super) limit: String,
    pub(super) aim: Aim,
    pub(super) points: Vec<Point>,
}

/// The targets of a row for its largest input; empty if only its growth is checked.
#[derive(Clone, Copy, Default)]
pub(super) struct Aim {
    /// The ratio of the other program's time to ours.
    pub(super) faster: Option<f64>,
    /// The ratio of the other program's memory to ours.
    pub(super) smaller: Option<f64>,
    /// The most memory that ours takes, in MB.
    pub(super) megabytes: Option<f64>,
}

/// One size of the input.
pub(super) struct Point {
    pub(super) size: usize,
    pub(super) ours: Cost,
    pub(super) theirs: Option<Cost>,
    /// The ratio of their time to ours: the median over the pairs that ran one after the other.
    pub(super) faster: Option<f64>,
    /// The time that no program can avoid, in seconds.
    pub(super) floor: f64,
}

impl Point {
    /// The ratio of their memory to ours.
    pub(super) fn smaller(&self) -> Option<f64> {
        Some(self.theirs?.mib() / self.ours.mib())
    }
}

impl Aim {
    pub(super) fn faster(times: f64) -> Self {
        Self {
            faster: Some(times),
            ..Self::default()
        }
    }

    /// Whether a point reaches the target, in words; `None` without a target.
    pub(super) fn said(&self, point: &Point) -> Option<&'static str> {
        let fast = self.faster.is_none_or(|least| point.faster >= Some(least));
        let small = self
            .smaller
            .is_none_or(|least| point.smaller() >= Some(least))
            && self
                .megabytes
                .is_none_or(|most| point.ours.megabytes() <= most);
        match (fast, small) {
            _ if self.is_none() => None,
            (true, true) => Some("reached"),
            (true, false) => Some("not yet: memory"),
            (false, true) => Some("not yet: time"),
            (false, false) => Some("not yet: time, memory"),
        }
    }

    pub(super) fn is_none(&self) -> bool {
        self.faster.is_none() && self.smaller.is_none() && self.megabytes.is_none()
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [
            self.faster.map(|times| {
                if times < 1.0 {
                    format!("at most {:.1} times as long", 1.0 / times)
                } else {
                    format!("{times} times faster")
                }
            }),
            self.smaller.map(|times| format!("{times} times smaller")),
            self.megabytes.map(|most| format!("under {most} MB")),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        f.write_str(&words.join(", "))
    }
}

/// The slope of our times in a double logarithmic picture, between the last two sizes that take longer than a start.
pub(super) fn slope(points: &[Point]) -> Option<f64> {
    let [.., before, last] = points else {
        return None;
    };
    let (short, long) = (before.ours.seconds(), last.ours.seconds());
    let grown = (last.size as f64 / before.size as f64).ln();
    (long > START && grown > 0.0).then(|| (long / short).ln() / grown)
}
