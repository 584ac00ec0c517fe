//! The time of day, the time since 1970 and the zone of a stamp.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use super::number::{narrow, number, whole};

#[derive(Debug, Clone, Copy)]
pub(super) struct ClockTime {
    pub(super) hour: i8,
    pub(super) minute: i8,
    pub(super) second: i8,
    pub(super) nanosecond: i32,
}

pub(super) fn civil(year: i16, month: i8, day: i8, clock: ClockTime) -> Option<DateTime> {
    let time = Time::new(
        clock.hour,
        clock.minute,
        clock.second.min(59),
        clock.nanosecond,
    )
    .ok()?;
    Some(Date::new(year, month, day).ok()?.to_datetime(time))
}

/// Parses `15:52:43` with a fraction after a point or comma.
pub(super) fn time_of_day(text: &[u8]) -> Option<(ClockTime, &[u8])> {
    let (clock, rest) = text.split_at_checked(8)?;
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *clock else {
        return None;
    };
    let pair = |[tens, ones]: [u8; 2]| {
        let digits = tens.is_ascii_digit() && ones.is_ascii_digit();
        digits.then(|| narrow(u32::from(tens - b'0') * 10 + u32::from(ones - b'0')))?
    };
    let (nanosecond, rest) = fraction(rest);
    let time = ClockTime {
        hour: pair([h1, h2])?,
        minute: pair([m1, m2])?,
        second: pair([s1, s2])?,
        nanosecond,
    };
    (time.hour < 24 && time.minute < 60 && time.second <= 60).then_some((time, rest))
}

/// A time alone, as the console of a build server puts before a line: `15:52:43`.
pub(crate) fn clock(text: &[u8]) -> Option<&[u8]> {
    time_of_day(text).map(|(_, rest)| rest)
}

/// Reads `3:52:43 PM`.
pub(super) fn half_day(text: &[u8]) -> Option<(ClockTime, &[u8])> {
    let (hour, rest) = number(text).filter(|(hour, _)| (1..=12).contains(hour))?;
    let (minute, rest) = number(rest.strip_prefix(b":")?).filter(|(minute, _)| *minute < 60)?;
    let (second, rest) = number(rest.strip_prefix(b":")?).filter(|(second, _)| *second <= 60)?;
    let (hour, rest) = match rest.strip_prefix(b" ")? {
        [b'A' | b'a', b'M' | b'm', rest @ ..] => (hour % 12, rest),
        [b'P' | b'p', b'M' | b'm', rest @ ..] => (hour % 12 + 12, rest),
        _ => return None,
    };
    let time = ClockTime {
        hour: narrow(hour)?,
        minute: narrow(minute)?,
        second: narrow(second)?,
        nanosecond: 0,
    };
    Some((time, rest))
}

/// Seconds since 1970 with a fraction; the size of a whole number determines whether it counts
/// seconds, milliseconds, microseconds or nanoseconds.
pub(crate) fn since_1970(text: &[u8]) -> Option<Timestamp> {
    if let Some(point) = text.iter().position(|&byte| byte == b'.') {
        let (second, fraction) = (&text[..point], &text[point + 1..]);
        if second.len() < 9 {
            return None;
        }
        let second = std::str::from_utf8(second).ok()?;
        let fraction = std::str::from_utf8(fraction).ok()?;
        let nanosecond = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
        return Timestamp::new(second.parse().ok()?, nanosecond).ok();
    }
    // Most words are shorter, or have another length.
    if !matches!(text.len(), 9 | 10 | 13 | 16 | 19) {
        return None;
    }
    let number: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    match text.len() {
        9 | 10 => Timestamp::from_second(number).ok(),
        13 => Timestamp::from_millisecond(number).ok(),
        16 => Timestamp::from_microsecond(number).ok(),
        _ => Timestamp::from_nanosecond(number.into()).ok(),
    }
}

pub(super) fn fraction(text: &[u8]) -> (i32, &[u8]) {
    let [b'.' | b',', tail @ ..] = text else {
        return (0, text);
    };
    let end = tail
        .iter()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(tail.len());
    let (digits, rest) = tail.split_at(end);
    if digits.is_empty() {
        return (0, text);
    }
    let nanos = (0..9).fold(0, |sum, at| {
        sum * 10 + digits.get(at).map_or(0, |digit| i32::from(digit - b'0'))
    });
    (nanos, rest)
}

/// Reads `Z`, ` UTC`, `+00:00`, `-0800`.
pub(super) fn zone(text: &[u8]) -> (Option<Offset>, &[u8]) {
    if let Some(rest) = text.strip_prefix(b"Z") {
        return (Some(Offset::UTC), rest);
    }
    let signed = text
        .strip_prefix(b" ")
        .filter(|rest| matches!(rest, [b'+' | b'-', b'0'..=b'9', ..]))
        .unwrap_or(text);
    offset(signed).map_or((None, text), |(offset, rest)| (Some(offset), rest))
}

fn offset(text: &[u8]) -> Option<(Offset, &[u8])> {
    let (sign, rest) = match text {
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = rest.split_at_checked(2)?;
    let minutes = rest.strip_prefix(b":").unwrap_or(rest).split_at_checked(2);
    let minutes = minutes.and_then(|(minutes, rest)| Some((whole(minutes)?, rest)));
    let (minutes, rest) = match minutes {
        Some(minutes) => minutes,
        // `+03`, as journalctl prints a zone without letters.
        None if matches!(rest, [] | [b' ', ..]) => (0, rest),
        None => return None,
    };
    let seconds = whole(hours)? * 3600 + minutes * 60;
    Some((
        Offset::from_seconds(sign * i32::try_from(seconds).ok()?).ok()?,
        rest,
    ))
}
