//! The time of an event, as exactly as the machine records it: timestamps in whole seconds are less
//! exact than others.

use jiff::Timestamp;
use sshmend_lossless::Metadata;

/// The most milliseconds by which the kernel's clock for file timestamps lags: one tick.
const TICK: i64 = 10;

/// A moment that lies between two others, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    earliest: i64,
    latest: i64,
}

impl Moment {
    /// Before everything else.
    pub(crate) const NEVER: Self = Self {
        earliest: i64::MIN,
        latest: i64::MIN,
    };

    /// Not before the first and not after the second.
    pub(crate) fn between(earliest: i64, latest: i64) -> Self {
        Self { earliest, latest }
    }

    /// The time at which a log entry was written: traditional syslog records whole seconds.
    pub(crate) fn logged(time: Timestamp) -> Self {
        Self::stamped(time.as_millisecond(), time.subsec_nanosecond() == 0, 0)
    }

    /// The time at which a file was last written: some file systems record whole seconds.
    pub(crate) fn written(meta: &Metadata) -> Self {
        let millis = meta
            .mtime
            .saturating_mul(1000)
            .saturating_add(i64::from(meta.mtime_nanos / 1_000_000));
        Self::stamped(millis, meta.mtime_nanos == 0, TICK)
    }

    fn stamped(millis: i64, whole: bool, blur: i64) -> Self {
        let blur = if whole { 1000 } else { blur };
        Self::between(millis, millis.saturating_add(blur))
    }

    /// Whether this certainly came before the other one.
    pub(crate) fn before(self, other: Self) -> bool {
        self.latest <= other.earliest
    }

    /// Whether both may be the same moment.
    pub(crate) fn may_be(self, other: Self) -> bool {
        self.earliest <= other.latest && other.earliest <= self.latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_within_the_same_second_have_no_order() {
        let file = |mtime, mtime_nanos| {
            Moment::written(&Metadata {
                mtime,
                mtime_nanos,
                ..Metadata::default()
            })
        };
        let line = |text: &str| Moment::logged(text.parse().expect("a time"));
        let (whole, exact) = (line("1970-01-01T00:00:10Z"), line("1970-01-01T00:00:10.6Z"));
        assert!(file(9, 0).before(whole) && whole.before(file(11, 0)));
        for when in [file(10, 0), file(10, 400_000_000)] {
            assert!(!when.before(whole) && !whole.before(when), "{when:?}");
        }
        assert!(file(10, 400_000_000).before(exact) && exact.before(file(10, 700_000_000)));
        assert!(!file(10, 595_000_000).before(exact), "the clock ticks");
        assert!(exact.may_be(whole) && !exact.may_be(file(11, 0)));
    }
}
