//! Time stamps of log lines.

mod names;
mod number;
mod recent;
#[cfg(test)]
mod tests;
mod time;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use names::{MONTHS, Month, month, name, trailing_year, year, zone_name};
use recent::{Recent, is_before_name};
use time::{ClockTime, civil, half_day, time_of_day, zone};

use number::narrow;

pub(crate) use number::{number, word};
pub(crate) use recent::{Place, sixtieth};
pub(crate) use time::{clock, since_1970};

/// The information needed to read an incomplete time stamp.
#[derive(Debug, Clone)]
pub struct Clock {
    /// A time that no line can be later than, except for a day of clock error: now, or the
    /// modification time of a rotated file. RFC 3164 stamps have no year; the year is the last one
    /// that puts them before this.
    pub reference: Timestamp,
    /// The zone of stamps without one.
    pub zone: TimeZone,
}

impl Clock {
    /// A clock in UTC.
    pub fn utc(reference: Timestamp) -> Self {
        Self {
            reference,
            zone: TimeZone::UTC,
        }
    }
}

/// Parses stamps; remembers the last minute and the last hour, because many lines of a log share
/// them.
#[derive(Debug, Clone)]
pub(crate) struct Stamps {
    clock: Clock,
    last: Option<(Minute, Timestamp)>,
    recent: Recent,
}

/// A local minute, with the year if the stamp names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Minute {
    year: Option<i16>,
    month: i8,
    day: i8,
    hour: i8,
    minute: i8,
}

impl Stamps {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            last: None,
            recent: Recent::default(),
        }
    }

    /// Parses a stamp of any form that names a day, with or without a weekday; returns the rest.
    /// The time is `None` if the month is in an unknown language, or the day does not exist.
    pub(crate) fn day<'a>(&mut self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        if let Some(found) = self.recent.read(text) {
            return Some(found);
        }
        if let Some(found) = self.classic(text) {
            return Some(found);
        }
        match text.first()? {
            b'0'..=b'9' => self.numeric(text),
            _ => self.month_first(text).or_else(|| self.after_weekday(text)),
        }
    }

    /// Parses a stamp of the same hour as the last one, if both have one of the most common forms.
    #[inline(always)]
    pub(super) fn recent<'a>(&self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        self.recent.read(text)
    }

    /// Where such a stamp names the minute.
    pub(super) fn place(&self) -> Option<Place> {
        self.recent.place()
    }

    /// `Nov 20 15:52:43[.123456] ` before a name, which is the most common form; the year never
    /// follows these.
    fn classic<'a>(&mut self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        let (day, clock) = text.split_first_chunk::<7>()?;
        let [m1, m2, m3, b' ', d1, d2, b' '] = *day else {
            return None;
        };
        let month = MONTHS.iter().position(|month| **month == [m1, m2, m3])?;
        let tens = if d1 == b' ' { b'0' } else { d1 };
        if !tens.is_ascii_digit() || !d2.is_ascii_digit() {
            return None;
        }
        let day = (tens - b'0') * 10 + (d2 - b'0');
        let (clock, rest) = time_of_day(clock).filter(|(_, rest)| is_before_name(rest))?;
        let (month, day) = (i8::try_from(month + 1).ok()?, i8::try_from(day).ok()?);
        if !(1..=31).contains(&day) {
            return None;
        }
        let time = self.local(None, month, day, clock);
        let hour = self.even_hour(time, None, month, day, clock);
        self.recent.keep_classic(hour, text);
        Some((time, rest))
    }

    /// A stamp that begins with a number.
    fn numeric<'a>(&mut self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        self.iso8601(text)
            .or_else(|| self.month_first(text))
            .or_else(|| self.day_first(text))
            .or_else(|| self.american(text))
            .or_else(|| self.year_first(text))
    }

    /// Parses `Fri 2026-11-20 15:52:43 UTC`, `Fri Nov 20 15:52:43 2026`, with the weekday in any
    /// script.
    fn after_weekday<'a>(&mut self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        let (_, rest) = name(text)?;
        let rest = rest
            .strip_prefix(b",")
            .unwrap_or(rest)
            .strip_prefix(b" ")?
            .trim_ascii_start();
        if let Some((time, rest)) = self.iso8601(rest) {
            // `short-full` and `verbose` of journalctl name the zone by a word, which is the
            // machine's zone.
            let zone = rest.strip_prefix(b" ").and_then(zone_name).unwrap_or(rest);
            return Some((time, zone));
        }
        self.month_first(rest).or_else(|| self.day_first(rest))
    }

    /// Reads `Nov 20 15:52:43[.123456]`, `Nov 20 15:52:43 2026`, `Nov 20[,] 2026 15:52:43`, `11月 20 15:52:43`.
    fn month_first<'a>(&mut self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        let (month, rest) = month(text)?;
        let (day, rest) = number(rest.strip_prefix(b" ")?.trim_ascii_start())?;
        let rest = rest
            .strip_prefix(b",")
            .or_else(|| rest.strip_prefix(b"."))
            .unwrap_or(rest);
        let rest = rest.strip_prefix(b" ")?.trim_ascii_start();
        if !(1..=31).contains(&day) {
            return None;
        }
        let ((year, clock), rest) = match time_of_day(rest) {
            Some((clock, rest)) => {
                let (year, rest) = trailing_year(rest);
                ((year, clock), rest)
            }
            None => {
                let (year, rest) = year(rest)?;
                let (clock, rest) = time_of_day(rest.strip_prefix(b" ")?.trim_ascii_start())?;
                ((Some(year), clock), rest)
            }
        };
        let time = month
            .number()
            .and_then(|month| self.local(year, month, narrow(day)?, clock));
        Some((time, rest))
    }

    /// Reads `20/Nov/2026:15:52:43 +0000`, `20-Nov-2026 15:52:43`, `20 Nov 2026 15:52:43`, `20.11.2026 15:52:43`.
    fn day_first<'a>(&mut self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        let (day, rest) = number(text)?;
        let (&separator, rest) = rest
            .split_first()
            .filter(|(by, _)| matches!(by, b'/' | b'-' | b' ' | b'.'))?;
        let (month, rest) = match number(rest) {
            Some((month, rest)) if separator == b'.' => (Month::Number(narrow(month)), rest),
            _ => month(rest)?,
        };
        let (year, rest) = year(rest.strip_prefix(&[separator])?)?;
        let (b':' | b' ', rest) = rest.split_first()? else {
            return None;
        };
        let (clock, rest) = time_of_day(rest)?;
        let (zone, rest) = zone(rest);
        Some((
            self.at(year, month.number()?, narrow(day)?, clock, zone),
            rest,
        ))
    }

    /// Reads `11/20/2026 3:52:43 PM`, as PowerShell prints it.
    fn american<'a>(&mut self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        let (month, rest) = number(text)?;
        let (day, rest) = number(rest.strip_prefix(b"/")?)?;
        let (year, rest) = year(rest.strip_prefix(b"/")?)?;
        let rest = rest
            .strip_prefix(b",")
            .unwrap_or(rest)
            .strip_prefix(b" ")?
            .trim_ascii_start();
        let (clock, rest) = half_day(rest).or_else(|| time_of_day(rest))?;
        // Elsewhere the day comes first.
        let (month, day) = if month > 12 {
            (day, month)
        } else {
            (month, day)
        };
        Some((
            self.local(Some(year), narrow(month)?, narrow(day)?, clock),
            rest,
        ))
    }

    /// Reads `2026 Nov 20 15:52:43`.
    fn year_first<'a>(&mut self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        let (year, rest) = year(text)?;
        let (month, rest) = month(rest.strip_prefix(b" ")?)?;
        let (day, rest) = number(rest.strip_prefix(b" ")?.trim_ascii_start())?;
        let (clock, rest) = time_of_day(rest.strip_prefix(b" ")?)?;
        Some((
            month
                .number()
                .and_then(|month| self.local(Some(year), month, narrow(day)?, clock)),
            rest,
        ))
    }

    /// Parses `2026-11-20T15:52:43.397404+00:00` and similar stamps: hyphens or slashes, a blank or
    /// T, a point or comma, any zone or none.
    pub(crate) fn iso8601<'a>(&mut self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        if let Some(found) = self.recent.read_iso8601(text) {
            return Some(found);
        }
        let (date, rest) = text.split_at_checked(10)?;
        let [
            y1,
            y2,
            y3,
            y4,
            stroke @ (b'-' | b'/'),
            m1,
            m2,
            other,
            d1,
            d2,
        ] = *date
        else {
            return None;
        };
        let year = number(&[y1, y2, y3, y4])?.0;
        let (month, day) = (number(&[m1, m2])?.0, number(&[d1, d2])?.0);
        // runit's svlogd writes `_`.
        let [b'T' | b' ' | b'_', rest @ ..] = rest else {
            return None;
        };
        if stroke != other {
            return None;
        }
        let (clock, behind) = time_of_day(rest)?;
        let (zone, rest) = zone(behind);
        let (year, month, day) = (i16::try_from(year).ok()?, narrow(month)?, narrow(day)?);
        let time = self.at(year, month, day, clock, zone);
        let hour = match zone {
            Some(_) => time.and_then(|time| start_of_hour(time, clock)),
            None => self.even_hour(time, Some(year), month, day, clock),
        };
        self.recent
            .keep_iso8601(hour, text, &behind[..behind.len() - rest.len()]);
        Some((time, rest))
    }

    fn at(
        &mut self,
        year: i16,
        month: i8,
        day: i8,
        clock: ClockTime,
        zone: Option<Offset>,
    ) -> Option<Timestamp> {
        match zone {
            Some(offset) => {
                civil(year, month, day, clock).and_then(|civil| offset.to_timestamp(civil).ok())
            }
            None => self.local(Some(year), month, day, clock),
        }
    }

    fn local(
        &mut self,
        year: Option<i16>,
        month: i8,
        day: i8,
        clock: ClockTime,
    ) -> Option<Timestamp> {
        let minute = Minute {
            year,
            month,
            day,
            hour: clock.hour,
            minute: clock.minute,
        };
        let start = match self.last {
            Some((last, start)) if last == minute => start,
            _ => {
                let start = self.start_of(minute)?;
                self.last = Some((minute, start));
                start
            }
        };
        Timestamp::new(
            start.as_second() + i64::from(clock.second),
            clock.nanosecond,
        )
        .ok()
    }

    /// The start of the hour of a local time, in seconds since 1970, if no clock is set in this hour: then each of its minutes
    /// follows from its start.
    fn even_hour(
        &self,
        time: Option<Timestamp>,
        year: Option<i16>,
        month: i8,
        day: i8,
        clock: ClockTime,
    ) -> Option<i64> {
        let start = start_of_hour(time?, clock)?;
        let is_even = |minute: i8| {
            let found = self.start_of(Minute {
                year,
                month,
                day,
                hour: clock.hour,
                minute,
            });
            found.is_some_and(|found| found.as_second() == start + i64::from(minute) * 60)
        };
        (is_even(0) && is_even(59)).then_some(start)
    }

    fn start_of(&self, minute: Minute) -> Option<Timestamp> {
        let zoned = |year| {
            let clock = ClockTime {
                hour: minute.hour,
                minute: minute.minute,
                second: 0,
                nanosecond: 0,
            };
            let civil = civil(year, minute.month, minute.day, clock)?;
            self.clock
                .zone
                .to_ambiguous_timestamp(civil)
                .compatible()
                .ok()
        };
        if let Some(year) = minute.year {
            return zoned(year);
        }
        let latest = self.clock.reference.as_second() + DAY;
        let this = self.clock.zone.to_datetime(self.clock.reference).year();
        (this.saturating_sub(4)..=this.saturating_add(1))
            .rev()
            .filter_map(zoned)
            .find(|time| time.as_second() <= latest)
    }
}

/// The start of the hour at which it was this time, in seconds since 1970; `None` for a leap second, which belongs to the next
/// minute.
fn start_of_hour(time: Timestamp, clock: ClockTime) -> Option<i64> {
    let within = i64::from(clock.minute) * 60 + i64::from(clock.second);
    (clock.second < 60).then(|| time.as_second() - within)
}

const DAY: i64 = 86_400;
