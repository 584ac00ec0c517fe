//! Remembers the minute that a stamp shares with earlier ones: only what [`stamp`](super) found;
//! anything that deviates is left to it.

use jiff::Timestamp;

use super::time::fraction;
use crate::start::first;

/// The minute of the last stamp of one of the two most common forms, as it was written.
#[derive(Debug, Clone, Default)]
pub(super) struct Recent {
    stamp: Option<Minute>,
}

#[derive(Debug, Clone)]
struct Minute {
    /// `Nov 20 15:52:` padded with zeros, or `2026-11-20T15:52`: numbers are compared faster than
    /// texts of any length.
    text: u128,
    /// The text after the time of the second form: nothing, `Z`, `+00:00` or `+0000`.
    zone: Option<Box<[u8]>>,
    /// Its start, in seconds since 1970.
    start: i64,
}

/// The number of bytes before the seconds of `Nov 20 15:52:43`, and before the colon and the
/// seconds of `2026-11-20T15:52:43`.
const CLASSIC: usize = 13;
const ISO: usize = 16;

impl Recent {
    /// Remembers the minute of a stamp `Nov 20 15:52:43`.
    pub(super) fn keep_classic(&mut self, time: Option<Timestamp>, text: &[u8]) {
        self.keep(time, &text[..CLASSIC], &text[CLASSIC..], None);
    }

    /// Remembers the minute of a stamp `2026-11-20T15:52:43` with this zone.
    pub(super) fn keep_iso8601(&mut self, time: Option<Timestamp>, text: &[u8], zone: &[u8]) {
        // Others end in ways that depend on the text after them.
        if matches!(
            zone,
            [] | b"Z" | [b'+' | b'-', _, _, _, _] | [b'+' | b'-', _, _, b':', _, _]
        ) {
            self.keep(time, &text[..ISO], &text[ISO + 1..], Some(zone));
        }
    }

    fn keep(&mut self, time: Option<Timestamp>, minute: &[u8], second: &[u8], zone: Option<&[u8]>) {
        let (Some(time), [tens, ones, ..]) = (time, second) else {
            return;
        };
        let second = i64::from(*tens) * 10 + i64::from(*ones) - i64::from(b'0') * 11;
        let start = time.as_second() - second;
        // A leap second belongs to the next minute, and before 1970 a fraction counts backwards.
        if start < 0 || second > 59 {
            return;
        }
        let mut text = [0; 16];
        text[..minute.len()].copy_from_slice(minute);
        self.stamp = Some(Minute {
            text: u128::from_le_bytes(text),
            zone: zone.map(Box::from),
            start,
        });
    }

    /// Parses a stamp of that minute, and returns the rest.
    #[inline(always)]
    pub(super) fn read<'a>(&self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        let minute = self.stamp.as_ref()?;
        if minute.zone.is_some() {
            return self.read_iso8601(text);
        }
        let (start, rest) = text.split_first_chunk::<16>()?;
        // A small letter begins the name of a machine: there is neither a year nor a fraction.
        let ([.., tens, ones, b' '], [b'a'..=b'z', ..]) = (start, rest) else {
            return None;
        };
        if u128::from_le_bytes(*start) & first(CLASSIC) != minute.text {
            return None;
        }
        Some((minute.at(*tens, *ones, 0)?, &text[15..]))
    }

    /// Parses a stamp of that minute, if it has the second form, and returns the rest.
    #[inline]
    pub(super) fn read_iso8601<'a>(&self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        let minute = self.stamp.as_ref()?;
        let (start, rest) = text.split_first_chunk::<16>()?;
        minute.iso8601(start, rest, minute.zone.as_deref()?)
    }
}

impl Minute {
    fn iso8601<'a>(
        &self,
        start: &[u8; 16],
        rest: &'a [u8],
        zone: &[u8],
    ) -> Option<(Option<Timestamp>, &'a [u8])> {
        let [b':', tens, ones, rest @ ..] = rest else {
            return None;
        };
        if u128::from_le_bytes(*start) != self.text {
            return None;
        }
        let (nanosecond, rest) = fraction(rest);
        let time = self.at(*tens, *ones, nanosecond)?;
        let rest = rest.strip_prefix(zone)?;
        let signed = rest.strip_prefix(b" ").unwrap_or(rest);
        let has_zone = matches!(rest, [b'Z', ..]) || matches!(signed, [b'+' | b'-', ..]);
        (!zone.is_empty() || !has_zone).then_some((time, rest))
    }

    /// The time in this minute; `None` unless these are digits of one of its sixty seconds.
    #[inline(always)]
    fn at(&self, tens: u8, ones: u8, nanosecond: i32) -> Option<Option<Timestamp>> {
        let second = second(tens, ones)?;
        Some(Timestamp::new(self.start + second, nanosecond).ok())
    }
}

/// The number of these digits; `None` unless they are those of one of sixty seconds.
#[inline(always)]
pub(crate) fn second(tens: u8, ones: u8) -> Option<i64> {
    let is_second = (b'0'..=b'5').contains(&tens) && ones.is_ascii_digit();
    is_second.then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}
