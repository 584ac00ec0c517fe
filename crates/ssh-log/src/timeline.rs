//! Counts over time in a bounded number of buckets.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Counts over time. The buckets grow as needed to stay a few hundred at most, whatever the span.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    step: usize,
    counts: BTreeMap<i64, u64>,
}

/// Widths of a bucket in seconds; each divides the next, so that buckets can be joined.
const WIDTHS: &[i64] = &[
    1,
    5,
    15,
    60,
    300,
    900,
    3_600,
    21_600,
    86_400,
    604_800,
    4 * 604_800,
    52 * 604_800,
    520 * 604_800,
];
const BUCKETS: usize = 256;

impl Timeline {
    /// Counts something at a time.
    pub fn add(&mut self, time: Timestamp, count: u64) {
        *self
            .counts
            .entry(time.as_second().div_euclid(self.width()))
            .or_default() += count;
        while self.counts.len() > BUCKETS && self.step + 1 < WIDTHS.len() {
            self.widen();
        }
    }

    /// Adds another timeline to this one.
    pub fn merge(&mut self, other: &Self) {
        let width = other.width();
        for (&bucket, &count) in &other.counts {
            if let Ok(time) = Timestamp::from_second(bucket * width) {
                self.add(time, count);
            }
        }
        while self.step < other.step {
            self.widen();
        }
    }

    /// The width of a bucket in seconds.
    pub fn width(&self) -> i64 {
        WIDTHS[self.step]
    }

    /// Counts in exactly `columns` equal stretches from the first to the last bucket, for a sparkline.
    pub fn columns(&self, columns: usize) -> Vec<u64> {
        let mut sums = vec![0; columns];
        let (Some((&first, _)), Some((&last, _))) =
            (self.counts.first_key_value(), self.counts.last_key_value())
        else {
            return sums;
        };
        let span = u128::from(last.abs_diff(first)) + 1;
        for (&bucket, &count) in &self.counts {
            let at = u128::from(bucket.abs_diff(first)) * columns as u128 / span;
            if let Some(sum) = usize::try_from(at).ok().and_then(|at| sums.get_mut(at)) {
                *sum += count;
            }
        }
        sums
    }

    /// The beginning of each bucket that is not empty, with its count, in order of time.
    pub fn buckets(&self) -> impl Iterator<Item = (Timestamp, u64)> {
        let width = self.width();
        self.counts.iter().filter_map(move |(&bucket, &count)| {
            Some((Timestamp::from_second(bucket * width).ok()?, count))
        })
    }

    fn widen(&mut self) {
        let factor = WIDTHS[self.step + 1] / WIDTHS[self.step];
        self.step += 1;
        for (bucket, count) in std::mem::take(&mut self.counts) {
            *self.counts.entry(bucket.div_euclid(factor)).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn buckets_grow_and_nothing_is_lost() {
        let mut timeline = Timeline::default();
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..20_000 {
            timeline.add(at(random.i64(-2_000_000_000..4_000_000_000)), 2);
            assert!(timeline.counts.len() <= BUCKETS);
        }
        assert_eq!(
            timeline.buckets().map(|(_, count)| count).sum::<u64>(),
            40_000
        );
        assert_eq!(timeline.columns(37).iter().sum::<u64>(), 40_000);
    }

    #[test]
    fn merging_is_the_same_as_counting_together() {
        let mut random = fastrand::Rng::with_seed(6);
        let (mut left, mut right, mut both) = (
            Timeline::default(),
            Timeline::default(),
            Timeline::default(),
        );
        for n in 0..3_000 {
            let time = at(random.i64(0..90_000));
            both.add(time, 1);
            if n % 2 == 0 {
                left.add(time, 1);
            } else {
                right.add(time, 1);
            }
        }
        left.merge(&right);
        assert_eq!(left, both);
    }

    #[test]
    fn columns_span_the_first_to_the_last_bucket() {
        let mut timeline = Timeline::default();
        assert_eq!(timeline.columns(3), [0, 0, 0]);
        for second in [100, 101, 103] {
            timeline.add(at(second), 1);
        }
        assert_eq!(timeline.columns(4), [1, 1, 0, 1]);
        assert_eq!(timeline.columns(1), [3]);
    }
}
