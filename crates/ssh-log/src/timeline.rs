//! Counts over time in a bounded number of buckets.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Counts over time. The buckets are widened as needed to stay a few hundred at most, for any time
/// span.
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
    /// Adds a count at a time.
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

    /// The start of the first bucket and the end of the last one, in seconds since 1970.
    pub fn bounds(&self) -> Option<(i64, i64)> {
        let ((&first, _), (&last, _)) = (
            self.counts.first_key_value()?,
            self.counts.last_key_value()?,
        );
        Some((first * self.width(), (last + 1) * self.width()))
    }

    /// Counts in exactly `columns` equal intervals of a span that includes all of it, for a picture
    /// in one line.
    pub fn columns(&self, columns: usize, (from, to): (i64, i64)) -> Vec<u64> {
        let mut sums = vec![0; columns];
        let span = u128::from(to.abs_diff(from)).max(1);
        for (&bucket, &count) in &self.counts {
            let middle = bucket * self.width() + self.width() / 2;
            let at = u128::from(middle.abs_diff(from)) * columns as u128 / span;
            if let Some(sum) = usize::try_from(at).ok().and_then(|at| sums.get_mut(at)) {
                *sum += count;
            }
        }
        sums
    }

    /// Counts in intervals of an hour, a day or another common width, with the width in seconds:
    /// the narrowest of which at most `most` are needed, empty ones included. They are aligned with
    /// a clock that is `offset` seconds ahead of UTC.
    pub fn stretches(&self, most: usize, offset: i64) -> (i64, Vec<(Timestamp, u64)>) {
        let Some((from, to)) = self.bounds() else {
            return (self.width(), Vec::new());
        };
        let place = |second: i64, width: i64| (second + offset).div_euclid(width);
        let number = |width: i64| place(to - 1, width) - place(from, width) + 1;
        let fits = |width: &i64| usize::try_from(number(*width)).is_ok_and(|number| number <= most);
        let mut readable = WIDTHS
            .iter()
            .copied()
            .filter(|&width| width >= self.width().max(60));
        let width = readable.find(fits).unwrap_or(WIDTHS[WIDTHS.len() - 1]);
        let first = place(from, width);
        let mut sums = vec![0; usize::try_from(number(width)).unwrap_or(0)];
        for (&bucket, &count) in &self.counts {
            let at = place(bucket * self.width(), width) - first;
            if let Some(sum) = usize::try_from(at).ok().and_then(|at| sums.get_mut(at)) {
                *sum += count;
            }
        }
        let begin = |at: usize| {
            let at = i64::try_from(at).ok()?;
            Timestamp::from_second((first + at) * width - offset).ok()
        };
        let stretches = sums.into_iter().enumerate();
        let stretches = stretches.filter_map(|(at, count)| Some((begin(at)?, count)));
        (width, stretches.collect())
    }

    /// The start of each bucket that is not empty, with its count, in order of time.
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
        let columns = timeline.columns(37, timeline.bounds().unwrap());
        assert_eq!(columns.iter().sum::<u64>(), 40_000);
        let (_, stretches) = timeline.stretches(24, 3_600);
        assert_eq!(
            stretches.iter().map(|(_, count)| count).sum::<u64>(),
            40_000
        );
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
    fn columns_divide_the_given_time_span() {
        let mut timeline = Timeline::default();
        assert_eq!(timeline.columns(3, (0, 1)), [0, 0, 0]);
        assert_eq!(timeline.bounds(), None);
        for second in [100, 101, 103] {
            timeline.add(at(second), 1);
        }
        assert_eq!(timeline.columns(4, (100, 104)), [1, 1, 0, 1]);
        assert_eq!(timeline.columns(4, (96, 104)), [0, 0, 2, 1]);
        assert_eq!(timeline.columns(1, (100, 104)), [3]);
    }

    #[test]
    fn intervals_begin_at_full_hours_and_days() {
        let mut timeline = Timeline::default();
        assert_eq!(timeline.stretches(24, 0).1, []);
        // 2026-11-20, 22:30 and 23:30 in UTC.
        for second in [1_795_213_800, 1_795_217_400] {
            timeline.add(at(second), 1);
        }
        let (width, hours) = timeline.stretches(2, 0);
        assert_eq!((width, hours.len(), hours[0].1), (3_600, 2, 1));
        assert_eq!(hours[0].0.to_string(), "2026-11-20T22:00:00Z");
        timeline.add(at(1_795_217_400 + 20 * 86_400), 5);
        // In a zone one hour ahead the second one belongs to the next day.
        let (width, days) = timeline.stretches(24, 3_600);
        assert_eq!((width, days[0].1, days[1].1), (86_400, 1, 1));
        assert_eq!(days[0].0.to_string(), "2026-11-19T23:00:00Z");
        assert_eq!(days.iter().map(|(_, count)| count).sum::<u64>(), 7);
    }
}
