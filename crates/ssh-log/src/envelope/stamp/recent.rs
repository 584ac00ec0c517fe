//! Remembers the hour that a stamp shares with earlier ones: only what [`stamp`](super) found;
//! anything that deviates is left to it.

use jiff::Timestamp;

use super::names::trailing_year;
use super::time::fraction;
use crate::start::first;

/// The hour of the last stamp of one of the two most common forms, as it was written.
#[derive(Debug, Clone, Default)]
pub(super) struct Recent {
    hour: Option<Hour>,
}

#[derive(Debug, Clone)]
struct Hour {
    /// `Nov 20 15:` or `2026-11-20T15:` padded with zeros: numbers are compared faster than texts
    /// of any length.
    text: u128,
    /// The number of its bytes, behind which the minute stands.
    length: usize,
    form: Form,
    /// Its start, in seconds since 1970.
    start: i64,
}

/// What follows the time of the day and its fraction.
#[derive(Debug, Clone)]
enum Form {
    /// `Nov 20 15:52:43`: a blank and the name of a machine.
    Classic,
    /// `2026-11-20T15:52:43`: this zone, which may be nothing, `Z`, `+00:00` or `+0000`.
    Iso(Box<[u8]>),
}

/// The number of bytes before the minute.
const CLASSIC: usize = 10;
const ISO: usize = 14;

/// Where a stamp names the minute, in its bytes, and the start of the hour, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) minute: usize,
    pub(crate) start: i64,
}

impl Recent {
    /// Remembers the hour of a stamp `Nov 20 15:52:43`, which starts then.
    pub(super) fn keep_classic(&mut self, start: Option<i64>, text: &[u8]) {
        self.keep(start, &text[..CLASSIC], Form::Classic);
    }

    /// Remembers the hour of a stamp `2026-11-20T15:52:43` with this zone.
    pub(super) fn keep_iso8601(&mut self, start: Option<i64>, text: &[u8], zone: &[u8]) {
        // Others end in ways that depend on the text after them.
        if matches!(
            zone,
            [] | b"Z" | [b'+' | b'-', _, _, _, _] | [b'+' | b'-', _, _, b':', _, _]
        ) {
            self.keep(start, &text[..ISO], Form::Iso(zone.into()));
        }
    }

    fn keep(&mut self, start: Option<i64>, hour: &[u8], form: Form) {
        // Before 1970 a fraction counts backwards.
        let Some(start) = start.filter(|start| *start >= 0) else {
            return;
        };
        let mut text = [0; 16];
        text[..hour.len()].copy_from_slice(hour);
        self.hour = Some(Hour {
            text: u128::from_le_bytes(text),
            length: hour.len(),
            form,
            start,
        });
    }

    /// Parses a stamp of that hour, and returns the rest.
    #[inline(always)]
    pub(super) fn read<'a>(&self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        self.hour.as_ref()?.read(text)
    }

    /// Parses a stamp of that hour, if it has the second form, and returns the rest.
    #[inline]
    pub(super) fn read_iso8601<'a>(&self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        let hour = self.hour.as_ref()?;
        match hour.form {
            Form::Classic => None,
            Form::Iso(_) => hour.read(text),
        }
    }

    /// Where the stamps of that hour name the minute.
    pub(super) fn place(&self) -> Option<Place> {
        let hour = self.hour.as_ref()?;
        Some(Place {
            minute: hour.length,
            start: hour.start,
        })
    }
}

impl Hour {
    fn read<'a>(&self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        let start = u128::from_le_bytes(*text.first_chunk()?);
        if start & first(self.length) != self.text {
            return None;
        }
        let [m1, m2, b':', s1, s2, rest @ ..] = text.get(self.length..)? else {
            return None;
        };
        let (nanosecond, rest) = fraction(rest);
        let second = self.start + sixtieth(*m1, *m2)? * 60 + sixtieth(*s1, *s2)?;
        let rest = self.form.behind(rest)?;
        Some((Timestamp::new(second, nanosecond).ok(), rest))
    }
}

impl Form {
    /// The text behind a stamp of this form, of which this is the rest after the time of the day.
    fn behind<'a>(&self, rest: &'a [u8]) -> Option<&'a [u8]> {
        let zone = match self {
            Self::Classic => return is_before_name(rest).then_some(rest),
            Self::Iso(zone) => zone,
        };
        let rest = rest.strip_prefix(&**zone)?;
        let signed = rest.strip_prefix(b" ").unwrap_or(rest);
        let has_zone = matches!(rest, [b'Z', ..]) || matches!(signed, [b'+' | b'-', ..]);
        (!zone.is_empty() || !has_zone).then_some(rest)
    }
}

/// Whether the text after the time of the day is a blank and a name, so that there is neither a
/// year nor a zone.
#[inline]
pub(super) fn is_before_name(rest: &[u8]) -> bool {
    match rest {
        [b' ', b'a'..=b'z', ..] => true,
        [b' ', byte, ..] if byte.is_ascii_alphanumeric() => trailing_year(rest).0.is_none(),
        _ => false,
    }
}

/// The number of these digits; `None` unless they are those of one of sixty minutes or seconds.
#[inline(always)]
pub(crate) fn sixtieth(tens: u8, ones: u8) -> Option<i64> {
    let is_below = (b'0'..=b'5').contains(&tens) && ones.is_ascii_digit();
    is_below.then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}
