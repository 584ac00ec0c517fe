//! The period of events.

use jiff::Timestamp;

/// A first and a last time; both `None` if no line has a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// The earliest time.
    pub first: Option<Timestamp>,
    /// The latest time.
    pub last: Option<Timestamp>,
}

impl Span {
    pub(crate) fn add(&mut self, time: Option<Timestamp>) {
        if time == self.last {
            return;
        }
        let Some(time) = time else { return };
        if self.first.is_none_or(|first| time < first) {
            self.first = Some(time);
        }
        if self.last.is_none_or(|last| time > last) {
            self.last = Some(time);
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
    }
}
