//! Time stamps of log lines.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use super::recent::Recent;

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
        Self {
            reference,
            zone: TimeZone::UTC,
        }
    }
}

/// Reads stamps; remembers the last minute, because a log stays in it for many lines.
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

    /// Reads a stamp of any form that names a day, after the name of a weekday or without; returns the rest. The time is
    /// `None` where the month is in a language that is not known, or the day does not exist.
    pub(crate) fn day<'a>(&mut self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        if let Some(found) = self.recent.read(text) {
            return Some(found);
        }
        if let Some((time, rest)) = self.classic(text) {
            self.recent.keep_classic(time, text);
            return Some((time, rest));
        }
        match text.first()? {
            b'0'..=b'9' => self.numeric(text),
            _ => self.month_first(text).or_else(|| self.after_weekday(text)),
        }
    }

    /// Reads a stamp of the same minute as the last one, where both have one of the forms that most logs have.
    pub(super) fn recent<'a>(&self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        self.recent.read(text)
    }

    /// `Nov 20 15:52:43 ` before a small letter, which most stamps are; the year comes behind none of these.
    fn classic<'a>(&mut self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        let [
            m1,
            m2,
            m3,
            b' ',
            d1,
            d2,
            b' ',
            clock @ ..,
            b' ',
            b'a'..=b'z',
        ] = text.first_chunk::<17>()?
        else {
            return None;
        };
        let month = MONTHS.iter().position(|month| **month == [*m1, *m2, *m3])?;
        let tens = if *d1 == b' ' { b'0' } else { *d1 };
        if !tens.is_ascii_digit() || !d2.is_ascii_digit() {
            return None;
        }
        let day = (tens - b'0') * 10 + (d2 - b'0');
        let (clock, b"") = time_of_day(clock)? else {
            return None;
        };
        let (month, day) = (i8::try_from(month + 1).ok()?, i8::try_from(day).ok()?);
        if !(1..=31).contains(&day) {
            return None;
        }
        Some((self.local(None, month, day, clock), &text[15..]))
    }

    /// A stamp that begins with a number.
    fn numeric<'a>(&mut self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        self.iso8601(text)
            .or_else(|| self.month_first(text))
            .or_else(|| self.day_first(text))
            .or_else(|| self.american(text))
            .or_else(|| self.year_first(text))
    }

    /// Reads `Fri 2026-11-20 15:52:43 UTC`, `Fri Nov 20 15:52:43 2026`, the weekday in any script.
    fn after_weekday<'a>(&mut self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        let (_, rest) = name(text)?;
        let rest = rest
            .strip_prefix(b",")
            .unwrap_or(rest)
            .strip_prefix(b" ")?
            .trim_ascii_start();
        if let Some((time, rest)) = self.iso8601(rest) {
            // `short-full` and `verbose` of journalctl name the zone by a word, which is that of the machine.
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

    /// Reads `2026-11-20T15:52:43.397404+00:00` and its relatives: strokes or slashes, a blank or T, a point or comma, any
    /// zone or none.
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
        self.recent
            .keep_iso8601(time, text, &behind[..behind.len() - rest.len()]);
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

const DAY: i64 = 86_400;

#[derive(Debug, Clone, Copy)]
struct ClockTime {
    hour: i8,
    minute: i8,
    second: i8,
    nanosecond: i32,
}

fn civil(year: i16, month: i8, day: i8, clock: ClockTime) -> Option<DateTime> {
    let time = Time::new(
        clock.hour,
        clock.minute,
        clock.second.min(59),
        clock.nanosecond,
    )
    .ok()?;
    Some(Date::new(year, month, day).ok()?.to_datetime(time))
}

/// Reads `15:52:43` with a fraction behind a point or comma.
fn time_of_day(text: &[u8]) -> Option<(ClockTime, &[u8])> {
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
fn half_day(text: &[u8]) -> Option<(ClockTime, &[u8])> {
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

/// Seconds since 1970 with a fraction; of a whole number its size tells whether it counts seconds, milliseconds,
/// microseconds or nanoseconds.
pub(crate) fn since_1970(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    if let Some((second, fraction)) = text.split_once('.').filter(|(second, _)| second.len() >= 9) {
        let nanosecond = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
        return Timestamp::new(second.parse().ok()?, nanosecond).ok();
    }
    let number: i64 = text.parse().ok()?;
    match text.len() {
        9 | 10 => Timestamp::from_second(number).ok(),
        13 => Timestamp::from_millisecond(number).ok(),
        16 => Timestamp::from_microsecond(number).ok(),
        19 => Timestamp::from_nanosecond(number.into()).ok(),
        _ => None,
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
fn zone(text: &[u8]) -> (Option<Offset>, &[u8]) {
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
        // `+03`, as journalctl names a zone that has no letters.
        None if matches!(rest, [] | [b' ', ..]) => (0, rest),
        None => return None,
    };
    let seconds = whole(hours)? * 3600 + minutes * 60;
    Some((
        Offset::from_seconds(sign * i32::try_from(seconds).ok()?).ok()?,
        rest,
    ))
}

/// A month as it stands in a stamp.
#[derive(Debug, Clone, Copy)]
enum Month<'a> {
    /// Its number, where it exists.
    Number(Option<i8>),
    /// A word, which may be its name in some language: looked up once all that follows is a stamp.
    Name(&'a [u8]),
}

impl Month<'_> {
    fn number(self) -> Option<i8> {
        match self {
            Self::Number(number) => number,
            Self::Name(name) => month_number(name),
        }
    }
}

/// A month and what follows its name.
fn month(text: &[u8]) -> Option<(Month<'_>, &[u8])> {
    if let Some((month, rest)) = number(text) {
        let rest = ["月", "월"]
            .iter()
            .find_map(|sign| rest.strip_prefix(sign.as_bytes()))?;
        let month = narrow(month).filter(|month| (1..=12).contains(month));
        return Some((Month::Number(month), rest));
    }
    if let Some((english, rest)) = text
        .split_first_chunk::<3>()
        .filter(|(_, rest)| !rest.first().is_some_and(is_letter))
    {
        if let Some(at) = MONTHS.iter().position(|month| *month == english) {
            return Some((Month::Number(i8::try_from(at + 1).ok()), rest));
        }
    }
    // `Th11` of Vietnamese.
    if let Some((month, rest)) = text.strip_prefix(b"Th").and_then(number) {
        let month = narrow(month).filter(|month| (1..=12).contains(month));
        return Some((Month::Number(month), rest));
    }
    let (name, rest) = name(text).filter(|(name, _)| (3..=24).contains(&name.len()))?;
    Some((Month::Name(name), rest))
}

const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// The beginnings by which the months are known, in lower case: of the languages of western, northern and eastern Europe,
/// Turkish, Hebrew, Arabic and Thai, as far as no two languages give one word to two months. The longest that fits counts:
/// `marras` is November.
const MONTH_NAMES: [&str; 12] = [
    "jan jän ene gen ian ιαν янв січ јан яну led sty sij oca tammi saus ינו يناير ม.ค",
    "feb fev fév φεβ фев феб лют úno lut velj şub helmi veebr vas פבר فبراير ก.พ",
    "mar mär már mrt maa μαρ мар бер bře ožu maalis märts kov מרץ مارس มี.ค",
    "apr abr avr ápr απρ апр кві dub kwi tra nis huhti bal אפר أبريل เม.ย",
    "may mai maí maj máj mag mei μαΐ μαϊ май мая мај тра kvě svi touko geg מאי مايو พ.ค",
    "jun jún jūn iun meith juin giu ιουν июн юни чер јун čen cze haz kesä juuni birž יונ يونيو มิ.ย",
    "jul júl jūl iul juil lug ιουλ июл юли лип јул čec tem heinä juuli liep יול يوليو ก.ค",
    "aug ágú aŭg agu ago aoû avg αυγ авг сер sie ağu elo rugp אוג أغسطس ส.ค",
    "sep set szept σεπ сен сеп вер zář wrz ruj eyl syys rugs ספט سبتمبر ก.ย",
    "oct okt out ott οκτ окт жов říj paź eki loka spal אוק أكتوبر ต.ค",
    "nov nóv noi νοε ноя ное лис нов kas stu marras lapkr נוב نوفمبر พ.ย",
    "dec dez déc dic des dets δεκ дек гру дец pro gru ara joulu gruod דצמ ديسمبر ธ.ค",
];

fn month_number(name: &[u8]) -> Option<i8> {
    let name = std::str::from_utf8(name).ok()?.to_lowercase();
    let fits = |names: &&str| {
        let fitting = names.split(' ').filter(|begin| name.starts_with(begin));
        fitting.map(str::len).max().unwrap_or(0)
    };
    let (at, length) = MONTH_NAMES
        .iter()
        .map(fits)
        .enumerate()
        .max_by_key(|(_, length)| *length)?;
    (length > 0).then(|| i8::try_from(at + 1).ok())?
}

/// A word of letters in any script or encoding, with the point of an abbreviation.
fn name(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text
        .iter()
        .position(|byte| !is_letter(byte))
        .unwrap_or(text.len());
    (1..=32).contains(&end).then(|| text.split_at(end))
}

/// Whether a byte is of a word in any script, or the point of an abbreviation.
fn is_letter(byte: &u8) -> bool {
    byte.is_ascii_alphabetic() || *byte >= 0x80 || *byte == b'.'
}

/// What follows the name of a zone: `UTC`, `CET`, `+03`.
fn zone_name(text: &[u8]) -> Option<&[u8]> {
    let end = text
        .iter()
        .position(|&byte| byte == b' ')
        .unwrap_or(text.len());
    let upper = |byte: &u8| {
        byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'+' | b'-')
    };
    ((2..=6).contains(&end) && text[..end].iter().all(upper)).then(|| &text[end..])
}

fn year(text: &[u8]) -> Option<(i16, &[u8])> {
    let (year, rest) = number(text)?;
    (1970..2200)
        .contains(&year)
        .then_some((i16::try_from(year).ok()?, rest))
}

/// The year behind the time: `15:52:43 2026`, `15:52:43 UTC 2026`.
fn trailing_year(rest: &[u8]) -> (Option<i16>, &[u8]) {
    let year = |text: &[u8]| {
        let ends = |rest: &[u8]| matches!(rest, [] | [b' ' | b']' | b':', ..]);
        year(text)
            .filter(|(_, rest)| ends(rest))
            .map(|(year, behind)| (year, text.len() - behind.len()))
    };
    let Some(text) = rest.strip_prefix(b" ") else {
        return (None, rest);
    };
    if let Some((year, length)) = year(text) {
        return (Some(year), &text[length..]);
    }
    let zoned = zone_name(text).and_then(|rest| rest.strip_prefix(b" "));
    match zoned.and_then(|text| year(text).map(|(year, length)| (year, &text[length..]))) {
        Some((year, rest)) => (Some(year), rest),
        None => (None, rest),
    }
}

/// The text up to the next blank, and what begins with that blank.
pub(crate) fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    // A word is short: looking at each byte is faster than to begin a search.
    let end = text.iter().position(|&byte| byte == b' ')?;
    (end > 0).then(|| text.split_at(end))
}

/// The number at the beginning, and what follows.
pub(crate) fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let end = text
        .iter()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(text.len());
    Some((whole(&text[..end])?, &text[end..]))
}

fn whole(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    digits.iter().try_fold(0, |sum, digit| {
        digit
            .is_ascii_digit()
            .then(|| sum * 10 + u32::from(digit - b'0'))
    })
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
        stamps(reference)
            .day(stamp.as_bytes())
            .and_then(|(time, _)| time)
            .map(|time| time.to_string())
    }

    #[test]
    fn the_year_is_the_last_one_that_is_not_in_the_future() {
        let cases = [
            (
                "2026-03-01T00:00:00Z",
                "Dec 31 23:59:59",
                "2025-12-31T23:59:59Z",
            ),
            (
                "2026-03-01T00:00:00Z",
                "Jan  1 00:00:00",
                "2026-01-01T00:00:00Z",
            ),
            (
                "2026-12-31T23:00:00Z",
                "Jan  1 01:00:00",
                "2027-01-01T01:00:00Z",
            ),
            (
                "2026-12-30T22:00:00Z",
                "Jan  1 01:00:00",
                "2026-01-01T01:00:00Z",
            ),
            (
                "2027-06-01T00:00:00Z",
                "Feb 29 12:00:00",
                "2024-02-29T12:00:00Z",
            ),
            (
                "2026-03-01T00:00:00Z",
                "Feb  7 16:01:07.250",
                "2026-02-07T16:01:07.25Z",
            ),
            (
                "2026-03-01T00:00:00Z",
                "Feb 7 23:59:60",
                "2026-02-08T00:00:00Z",
            ),
        ];
        for (reference, stamp, expected) in cases {
            assert_eq!(read(reference, stamp).as_deref(), Some(expected), "{stamp}");
        }
    }

    #[test]
    fn a_month_is_known_in_the_language_of_the_machine() {
        let cases = [
            ("marras 20 15:52:43", 11),
            ("Kas 20 15:52:43", 11),
            ("лют 20 15:52:43", 2),
            ("ม.ค. 20 15:52:43", 1),
            ("Th10 20 15:52:43", 10),
            ("нов 20 15:52:43", 11),
            ("يناير 20 15:52:43", 1),
        ];
        for (stamp, month) in cases {
            let expected = format!("2026-{month:02}-20T15:52:43Z");
            assert_eq!(
                read("2026-12-31T00:00:00Z", stamp),
                Some(expected),
                "{stamp}"
            );
        }
        // October of Croatian and November of Polish.
        assert_eq!(read("2026-12-31T00:00:00Z", "lis 20 15:52:43"), None);
        let mut longest = std::collections::BTreeSet::new();
        for word in MONTH_NAMES.iter().flat_map(|names| names.split(' ')) {
            assert!(longest.insert(word), "{word} is of two months");
        }
    }

    #[test]
    fn a_zone_applies_to_stamps_without_one() {
        let zone = TimeZone::fixed(Offset::from_seconds(-3 * 3600).unwrap());
        let mut stamps = Stamps::new(Clock {
            reference: "2026-12-01T00:00:00Z".parse().unwrap(),
            zone,
        });
        let cases = [
            (
                "2026-11-20T15:52:43.397404+00:00 gw",
                "2026-11-20T15:52:43.397404Z",
            ),
            (
                "2026-11-20 15:52:43,397 fail2ban",
                "2026-11-20T18:52:43.397Z",
            ),
            (
                "2026-11-20 15:52:43.123456-0800  localhost",
                "2026-11-20T23:52:43.123456Z",
            ),
            ("2026-11-20T15:52:43Z host", "2026-11-20T15:52:43Z"),
        ];
        for (stamp, expected) in cases {
            let (time, _) = stamps.iso8601(stamp.as_bytes()).unwrap();
            assert_eq!(time.unwrap().to_string(), expected, "{stamp}");
        }
        let (time, rest) = stamps.day(b"Nov 20 15:52:43 2024] TCP").unwrap();
        assert_eq!(
            (time.unwrap().to_string().as_str(), rest),
            ("2024-11-20T18:52:43Z", b"] TCP".as_slice())
        );
    }

    #[test]
    fn invalid_timestamps_are_refused_and_unknown_months_have_no_time() {
        let mut stamps = stamps("2026-03-01T00:00:00Z");
        for text in [
            "",
            "Nov",
            "Nov 20",
            "Nov 20 15:52",
            "Nov 20 25:00:00 x",
            "Failed password for x",
            "Nov 32 00:00:00 ",
        ] {
            assert!(stamps.day(text.as_bytes()).is_none(), "{text}");
        }
        assert_eq!(
            stamps.day(b"D\xe9c 31 11:59:59 x"),
            Some((None, b" x".as_slice()))
        );
        assert!(stamps.iso8601(b"2026-11-20").is_none());
        assert!(stamps.iso8601(b"2026-11-20x15:52:43").is_none());
        assert_eq!(
            stamps.iso8601(b"2026-02-30T00:00:00Z x"),
            Some((None, b" x".as_slice()))
        );
    }
}
