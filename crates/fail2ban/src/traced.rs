//! Text that records the file and the bytes it was copied from.

use std::ops::Range;

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    /// The index of the file among those read.
    pub(crate) file: usize,
    /// The line number, counted from 1.
    pub(crate) line: usize,
    /// The byte offset in the file.
    pub(crate) offset: usize,
}

/// A text and, for each part of it, its source.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traced {
    text: String,
    runs: Vec<Run>,
    /// True if part of its content is unknown, or may still change.
    pub(crate) opaque: bool,
}

/// From `at` to the next run the text was copied from `spot` on.
#[derive(Debug, Clone, Copy)]
struct Run {
    at: usize,
    spot: Option<Spot>,
}

impl Traced {
    /// Text that is in no file.
    pub(crate) fn plain(text: &str) -> Self {
        let mut traced = Self::default();
        traced.push_str(text, None);
        traced
    }

    /// A text that exists, but that is not known.
    pub(crate) fn unknown() -> Self {
        Self {
            opaque: true,
            ..Self::default()
        }
    }

    /// The same text; opaque from now on if `doubtful`.
    pub(crate) fn doubtful(self, doubtful: bool) -> Self {
        Self {
            opaque: self.opaque || doubtful,
            ..self
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn push_str(&mut self, text: &str, spot: Option<Spot>) {
        self.runs.push(Run {
            at: self.text.len(),
            spot,
        });
        self.text.push_str(text);
    }

    /// Appends a stretch of another text, with its places.
    pub(crate) fn push(&mut self, other: &Self, range: Range<usize>) {
        let base = self.text.len();
        self.runs.push(Run {
            at: base,
            spot: other.spot(range.start),
        });
        let first = other.runs.partition_point(|run| run.at <= range.start);
        let inner = other
            .runs
            .get(first..)
            .unwrap_or_default()
            .iter()
            .take_while(|run| run.at < range.end);
        self.runs.extend(inner.map(|run| Run {
            at: base + run.at - range.start,
            spot: run.spot,
        }));
        self.text.push_str(&other.text[range]);
        self.opaque |= other.opaque;
    }

    /// Cuts the text off.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.text.truncate(length);
    }

    /// The source of the byte at `at`.
    pub(crate) fn spot(&self, at: usize) -> Option<Spot> {
        let after = self.runs.partition_point(|run| run.at <= at);
        let run = self.runs.get(after.checked_sub(1)?)?;
        run.spot.map(|spot| Spot {
            offset: spot.offset + (at - run.at),
            ..spot
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copied_range_keeps_the_origins_of_its_bytes() {
        let spot = |file, offset| {
            Some(Spot {
                file,
                line: 1,
                offset,
            })
        };
        let mut first = Traced::default();
        first.push_str("one", spot(0, 10));
        first.push_str("two", spot(1, 20));
        let mut second = Traced::plain("x");
        second.push(&first, 1..5);
        assert_eq!(second.text(), "xnetw");
        let spots: Vec<_> = (0..5).map(|at| second.spot(at)).collect();
        assert_eq!(
            spots,
            [None, spot(0, 11), spot(0, 12), spot(1, 20), spot(1, 21)]
        );
    }
}
