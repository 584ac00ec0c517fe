//! Time stamps of log lines.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

/// What has to be known to read a time stamp that leaves something out.
#[derive(Debug, Clone)]
pub struct Clock {
    /// A time that no line can be later than, but for a day of clock error: now, or the modification time of a rotated
    /// file. RFC 3164 stamps name no year; the year is the last one that puts them before this.
    pub reference: Timestamp,
    /// The zone of stamps that name none.
    pub zone: TimeZone,
}

impl Clock {
    /// A clock in UTC.
    pub fn utc(reference: Timestamp) -> Self {
        Self { reference, zone: TimeZone::UTC }
    }
}

/// Reads stamps; remembers the last minute, because a log stays in it for many lines.
#[derive(Debug, Clone)]
pub(crate) struct Stamps {
    clock: Clock,
    last: Option<(Minute, Timestamp)>,
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
        Self { clock, last: None }
    }

    /// Reads `Nov 20 15:52:43[.123456]`, returns the rest; the time is `None` when the month is in another language.
    pub(crate) fn rfc3164<'a>(&mut self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        let (month, rest) = word(text)?;
        let (day, rest) = number(rest.trim_ascii_start())?;
        let (clock, rest) = time_of_day(rest.strip_prefix(b" ")?.trim_ascii_start())?;
        if !(3..=5).contains(&month.len()) || !(1..=31).contains(&day) {
            return None;
        }
        let time = month_number(month).and_then(|month| self.local(None, month, narrow(day)?, clock));
        Some((time, rest))
    }

    /// Reads `2026-11-20T15:52:43.397404+00:00` and its relatives: a blank or T, a point or comma, any zone or none.
    pub(crate) fn iso8601<'a>(&mut self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        let (date, rest) = text.split_at_checked(10)?;
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *date else { return None };
        let year = number(&[y1, y2, y3, y4])?.0;
        let (month, day) = (number(&[m1, m2])?.0, number(&[d1, d2])?.0);
        let [b'T' | b' ', rest @ ..] = rest else { return None };
        let (clock, rest) = time_of_day(rest)?;
        let (zone, rest) = zone(rest);
        let (year, month, day) = (i16::try_from(year).ok()?, narrow(month)?, narrow(day)?);
        let time = match zone {
            Some(offset) => civil(year, month, day, clock).and_then(|civil| offset.to_timestamp(civil).ok()),
            None => self.local(Some(year), month, day, clock),
        };
        Some((time, rest))
    }

    /// Reads `Nov 20 15:52:43 2026`, the rest of asctime(3) behind the weekday.
    pub(crate) fn asctime<'a>(&mut self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        let (month, rest) = word(text)?;
        let (day, rest) = number(rest.trim_ascii_start())?;
        let (clock, rest) = time_of_day(rest.strip_prefix(b" ")?)?;
        let (year, rest) = number(rest.strip_prefix(b" ")?)?;
        let year = i16::try_from(year).ok().filter(|year| *year >= 1970)?;
        let time = month_number(month).and_then(|month| self.local(Some(year), month, narrow(day)?, clock));
        Some((time, rest))
    }

    fn local(&mut self, year: Option<i16>, month: i8, day: i8, clock: ClockTime) -> Option<Timestamp> {
        let minute = Minute { year, month, day, hour: clock.hour, minute: clock.minute };
        let start = match self.last {
            Some((last, start)) if last == minute => start,
            _ => {
                let start = self.start_of(minute)?;
                self.last = Some((minute, start));
                start
            }
        };
        Timestamp::new(start.as_second() + i64::from(clock.second), clock.nanosecond).ok()
    }

    fn start_of(&self, minute: Minute) -> Option<Timestamp> {
        let zoned = |year| {
            let clock = ClockTime { hour: minute.hour, minute: minute.minute, second: 0, nanosecond: 0 };
            let civil = civil(year, minute.month, minute.day, clock)?;
            self.clock.zone.to_ambiguous_timestamp(civil).compatible().ok()
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

const DAY: i64 = 86_400;

#[derive(Debug, Clone, Copy)]
struct ClockTime {
    hour: i8,
    minute: i8,
    second: i8,
    nanosecond: i32,
}

fn civil(year: i16, month: i8, day: i8, clock: ClockTime) -> Option<DateTime> {
    let time = Time::new(clock.hour, clock.minute, clock.second.min(59), clock.nanosecond).ok()?;
    Some(Date::new(year, month, day).ok()?.to_datetime(time))
}

/// Reads `15:52:43` with a fraction behind a point or comma.
fn time_of_day(text: &[u8]) -> Option<(ClockTime, &[u8])> {
    let (clock, rest) = text.split_at_checked(8)?;
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *clock else { return None };
    let pair = |pair: [u8; 2]| number(&pair).and_then(|(value, _)| narrow(value));
    let (nanosecond, rest) = fraction(rest);
    let time = ClockTime { hour: pair([h1, h2])?, minute: pair([m1, m2])?, second: pair([s1, s2])?, nanosecond };
    (time.hour < 24 && time.minute < 60 && time.second <= 60).then_some((time, rest))
}

fn fraction(text: &[u8]) -> (i32, &[u8]) {
    let [b'.' | b',', tail @ ..] = text else { return (0, text) };
    let end = tail.iter().position(|b| !b.is_ascii_digit()).unwrap_or(tail.len());
    let (digits, rest) = tail.split_at(end);
    if digits.is_empty() {
        return (0, text);
    }
    let nanos = (0..9).fold(0, |sum, at| sum * 10 + digits.get(at).map_or(0, |digit| i32::from(digit - b'0')));
    (nanos, rest)
}

/// Reads `Z`, ` UTC`, `+00:00`, `-0800`.
fn zone(text: &[u8]) -> (Option<Offset>, &[u8]) {
    if let Some(rest) = text.strip_prefix(b"Z") {
        return (Some(Offset::UTC), rest);
    }
    let signed = text.strip_prefix(b" ").filter(|rest| matches!(rest, [b'+' | b'-', b'0'..=b'9', ..])).unwrap_or(text);
    offset(signed).map_or((None, text), |(offset, rest)| (Some(offset), rest))
}

fn offset(text: &[u8]) -> Option<(Offset, &[u8])> {
    let (sign, rest) = match text {
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = rest.split_at_checked(2)?;
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    let (minutes, rest) = rest.split_at_checked(2)?;
    let seconds = whole(hours)? * 3600 + whole(minutes)? * 60;
    Some((Offset::from_seconds(sign * i32::try_from(seconds).ok()?).ok()?, rest))
}

fn month_number(name: &[u8]) -> Option<i8> {
    const MONTHS: [&[u8; 3]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    MONTHS.iter().position(|month| month.as_slice() == name).and_then(|at| i8::try_from(at + 1).ok())
}

/// The text up to the next blank, and what begins with that blank.
pub(crate) fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b' ', text)?;
    (end > 0).then(|| text.split_at(end))
}

/// The number at the beginning, and what follows.
pub(crate) fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let end = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    Some((whole(&text[..end])?, &text[end..]))
}

fn whole(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
}

fn narrow(value: u32) -> Option<i8> {
    i8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamps(reference: &str) -> Stamps {
        Stamps::new(Clock::utc(reference.parse().unwrap()))
    }

    fn read(reference: &str, stamp: &str) -> Option<String> {
        stamps(reference).rfc3164(stamp.as_bytes()).and_then(|(time, _)| time).map(|time| time.to_string())
    }

    #[test]
    fn the_year_is_the_last_one_that_is_not_in_the_future() {
        let cases = [
            ("2026-03-01T00:00:00Z", "Dec 31 23:59:59", "2025-12-31T23:59:59Z"),
            ("2026-03-01T00:00:00Z", "Jan  1 00:00:00", "2026-01-01T00:00:00Z"),
            ("2026-12-31T23:00:00Z", "Jan  1 01:00:00", "2027-01-01T01:00:00Z"),
            ("2026-12-30T22:00:00Z", "Jan  1 01:00:00", "2026-01-01T01:00:00Z"),
            ("2027-06-01T00:00:00Z", "Feb 29 12:00:00", "2024-02-29T12:00:00Z"),
            ("2026-03-01T00:00:00Z", "Feb  7 16:01:07.250", "2026-02-07T16:01:07.25Z"),
            ("2026-03-01T00:00:00Z", "Feb 7 23:59:60", "2026-02-08T00:00:00Z"),
        ];
        for (reference, stamp, expected) in cases {
            assert_eq!(read(reference, stamp).as_deref(), Some(expected), "{stamp}");
        }
    }

    #[test]
    fn a_zone_applies_to_stamps_without_one() {
        let zone = TimeZone::fixed(Offset::from_seconds(-3 * 3600).unwrap());
        let mut stamps = Stamps::new(Clock { reference: "2026-12-01T00:00:00Z".parse().unwrap(), zone });
        let cases = [
            ("2026-11-20T15:52:43.397404+00:00 gw", "2026-11-20T15:52:43.397404Z"),
            ("2026-11-20 15:52:43,397 fail2ban", "2026-11-20T18:52:43.397Z"),
            ("2026-11-20 15:52:43.123456-0800  localhost", "2026-11-20T23:52:43.123456Z"),
            ("2026-11-20T15:52:43Z host", "2026-11-20T15:52:43Z"),
        ];
        for (stamp, expected) in cases {
            let (time, _) = stamps.iso8601(stamp.as_bytes()).unwrap();
            assert_eq!(time.unwrap().to_string(), expected, "{stamp}");
        }
        let (time, rest) = stamps.asctime(b"Nov 20 15:52:43 2024] TCP").unwrap();
        assert_eq!((time.unwrap().to_string().as_str(), rest), ("2024-11-20T18:52:43Z", b"] TCP".as_slice()));
    }

    #[test]
    fn what_is_no_stamp_is_refused_and_a_foreign_month_has_no_time() {
        let mut stamps = stamps("2026-03-01T00:00:00Z");
        for text in
            ["", "Nov", "Nov 20", "Nov 20 15:52", "Nov 20 25:00:00 x", "Failed password for x", "Nov 32 00:00:00 "]
        {
            assert!(stamps.rfc3164(text.as_bytes()).is_none(), "{text}");
        }
        assert_eq!(stamps.rfc3164(b"D\xe9c 31 11:59:59 x"), Some((None, b" x".as_slice())));
        assert!(stamps.iso8601(b"2026-11-20").is_none());
        assert!(stamps.iso8601(b"2026-11-20x15:52:43").is_none());
        assert_eq!(stamps.iso8601(b"2026-02-30T00:00:00Z x"), Some((None, b" x".as_slice())));
    }
}
