//! Numbers, times and sizes, converted as the C library and misc.c convert them.

use crate::release::Release;

/// Seconds, minutes, hours, days and weeks.
const UNITS: [(u8, i64); 5] = [
    (b's', 1),
    (b'm', 60),
    (b'h', 3600),
    (b'd', 86_400),
    (b'w', 604_800),
];

/// Parses a number as strtol(3) does: leading blanks, a sign, digits; returns the rest as well.
fn strtol(text: &[u8], radix: u32) -> Option<(i64, &[u8])> {
    let blanks = text
        .iter()
        .take_while(|b| b.is_ascii_whitespace() || **b == 0x0b)
        .count();
    let text = &text[blanks..];
    let (negative, text) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let digits = text
        .iter()
        .take_while(|&&b| char::from(b).is_digit(radix))
        .count();
    if digits == 0 {
        return None;
    }
    let step = |n: i64, &b: &u8| {
        n.saturating_mul(radix.into())
            .saturating_add(char::from(b).to_digit(radix).unwrap_or(0).into())
    };
    let value = text[..digits].iter().fold(0, step);
    Some((if negative { -value } else { value }, &text[digits..]))
}

/// Parses a number as strtonum(3) does: the whole text must be a number in the range; the error is
/// OpenBSD's word for it.
pub(crate) fn strtonum(text: &[u8], low: i64, high: i64) -> Result<i64, &'static str> {
    match strtol(text, 10) {
        Some((value, [])) if value < low => Err("too small"),
        Some((value, [])) if value > high => Err("too large"),
        Some((value, [])) => Ok(value),
        _ => Err("invalid"),
    }
}

/// An integer argument; up to 7.6 it was atoi(3), which takes anything.
pub(crate) fn integer(text: &[u8], release: Release) -> Result<i64, &'static str> {
    if release.since(7, 7) {
        return strtonum(text, 0, i64::from(i32::MAX));
    }
    Ok(i64::from(truncate(
        strtol(text, 10).map_or(0, |(value, _)| value),
    )))
}

/// The integers that `sscanf(text, "%d:%d:…")` finds, at most `limit`.
pub(crate) fn colon_list(text: &[u8], limit: usize) -> Vec<i32> {
    let mut found = Vec::new();
    let mut rest = Some(text);
    while let Some((value, behind)) = rest
        .filter(|_| found.len() < limit)
        .and_then(|text| strtol(text, 10))
    {
        found.push(truncate(value));
        rest = behind.strip_prefix(b":");
    }
    found
}

/// The C library truncates as well.
fn truncate(value: i64) -> i32 {
    value as i32
}

/// A time in whole seconds (convtime).
pub(crate) fn seconds(text: &[u8], release: Release) -> Option<i64> {
    let limit = i64::from(i32::MAX);
    if release.since(10, 3) {
        return decimal_seconds(text)
            .filter(|&seconds| seconds <= f64::from(i32::MAX))
            .map(|seconds| seconds as i64);
    }
    // From 7.5 to 8.3 a unit stayed in force for a following number without one: 1m30 was 31 minutes.
    let sticky = release.since(7, 5) && !release.since(8, 4);
    let (mut rest, mut total, mut unit) = (text, 0i64, 1);
    while !rest.is_empty() || text.is_empty() {
        if release.since(9, 8) && !rest.first()?.is_ascii_digit() {
            return None;
        }
        let (number, behind) = strtol(rest, 10).filter(|&(number, _)| number >= 0)?;
        unit = match behind.split_first() {
            Some((letter, _)) => match UNITS
                .iter()
                .find(|unit| unit.0 == letter.to_ascii_lowercase())?
            {
                (b's', _) if sticky => unit,
                (_, seconds) => *seconds,
            },
            None if sticky => unit,
            None => 1,
        };
        total = number
            .checked_mul(unit)?
            .checked_add(total)
            .filter(|&total| total <= limit || !release.since(8, 5))?;
        rest = behind.get(1..).unwrap_or_default();
    }
    Some(i64::from(truncate(total))).filter(|&total| total != -1)
}

/// A time with decimals (convtime_double, 10.3 and later): only seconds may have them, and seconds only once.
pub(crate) fn decimal_seconds(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text)
        .ok()
        .filter(|text| !text.is_empty())?;
    let (mut rest, mut total, mut seen_seconds) = (text, 0.0, false);
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, behind) = rest.split_at(digits);
        let letter = behind.bytes().next().unwrap_or(b's').to_ascii_lowercase();
        let (_, unit) = UNITS.iter().find(|unit| unit.0 == letter)?;
        let fraction = number.contains('.');
        if fraction && (*unit > 1 || number.ends_with('.'))
            || *unit == 1 && std::mem::replace(&mut seen_seconds, true)
        {
            return None;
        }
        total += number.parse::<f64>().ok()? * f64::from(u32::try_from(*unit).ok()?);
        rest = behind.get(1..).unwrap_or_default();
    }
    Some(total)
}

/// A size with a unit letter (scan_scaled in openbsd-compat): `1G`, `1.5M`, `4096`.
pub(crate) fn scaled(text: &[u8]) -> Option<i64> {
    let blanks = text.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let (negative, text) = match text[blanks..].split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, &text[blanks..]),
    };
    let end = text
        .iter()
        .take_while(|b| b.is_ascii_digit() || **b == b'.')
        .count();
    let number = std::str::from_utf8(&text[..end]).ok()?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.contains('.') || whole.len() > 20 {
        return None;
    }
    let scale = scale(&text[end..])?;
    let fraction = &fraction[..fraction.len().min(18)];
    let part = |digits: &str| {
        if digits.is_empty() {
            Some(0)
        } else {
            digits.parse::<i128>().ok()
        }
    };
    let fraction = part(fraction)? * scale / 10i128.pow(u32::try_from(fraction.len()).ok()?);
    let fraction = if end == text.len() { 0 } else { fraction };
    let value = i64::try_from(part(whole)?.checked_mul(scale)? + fraction).ok()?;
    Some(if negative { -value } else { value })
}

fn scale(suffix: &[u8]) -> Option<i128> {
    let Some((letter, behind)) = suffix.split_first() else {
        return Some(1);
    };
    let power = b"BKMGTPE"
        .iter()
        .position(|unit| unit.eq_ignore_ascii_case(letter))?;
    if behind.first().is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    Some(1024i128.pow(u32::try_from(power).ok()?))
}

/// A file mode in octal, ignoring anything after it (strtol).
pub(crate) fn octal(text: &[u8]) -> Option<i64> {
    strtol(text, 8)
        .map(|(value, _)| value)
        .filter(|value| (0..=0o777).contains(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_parsed_as_by_each_release() {
        let cases: [(&str, (u16, u16), Option<i64>); 24] = [
            ("90", (9, 2), Some(90)),
            ("1m30s", (9, 2), Some(90)),
            ("1m30s", (8, 3), Some(1860)),
            ("1m30", (8, 0), Some(1860)),
            ("1m30s", (8, 4), Some(90)),
            ("1m30s", (7, 4), Some(90)),
            ("1h30m", (8, 0), Some(5400)),
            ("+5", (9, 2), Some(5)),
            ("+5", (9, 8), None),
            ("1h 5", (9, 2), Some(3605)),
            ("1h 5", (10, 0), None),
            ("", (9, 2), None),
            ("", (10, 5), None),
            ("none", (9, 2), None),
            ("-1", (9, 2), None),
            ("5x", (9, 2), None),
            ("99999999999", (8, 4), Some(1_215_752_191)),
            ("99999999999", (8, 5), None),
            ("1.5", (10, 2), None),
            ("1.5", (10, 3), Some(1)),
            ("1.5m", (10, 3), None),
            ("5s5", (10, 3), None),
            ("5s5", (10, 2), Some(10)),
            ("2W", (10, 5), Some(1_209_600)),
        ];
        for (text, (major, minor), expected) in cases {
            assert_eq!(
                seconds(text.as_bytes(), Release::new(major, minor)),
                expected,
                "{text} in {major}.{minor}"
            );
        }
    }

    #[test]
    fn integers_are_strict_since_7_7() {
        let now = Release::new(9, 2);
        assert_eq!(integer(b"010", now), Ok(10));
        assert_eq!(integer(b"+5", now), Ok(5));
        assert_eq!(integer(b"0x10", now), Err("invalid"));
        assert_eq!(integer(b"-1", now), Err("too small"));
        assert_eq!(integer(b"99999999999", now), Err("too large"));
        assert_eq!(integer(b"5x", Release::new(7, 6)), Ok(5));
    }

    #[test]
    fn triples_stop_at_the_first_non_number() {
        assert_eq!(colon_list(b"10:30:60x", 3), [10, 30, 60]);
        assert_eq!(colon_list(b"10:30", 3), [10, 30]);
        assert_eq!(colon_list(b"10: 30:60", 3), [10, 30, 60]);
        assert_eq!(colon_list(b"x", 3), Vec::<i32>::new());
    }

    #[test]
    fn a_size_has_at_most_one_unit() {
        let cases = [
            ("1G", Some(1 << 30)),
            ("1.5k", Some(1536)),
            ("1.5", Some(1)),
            ("512", Some(512)),
            ("1GB", None),
            ("1.2.3", None),
            ("x", None),
            ("9999999999999999999G", None),
        ];
        for (text, expected) in cases {
            assert_eq!(scaled(text.as_bytes()), expected, "{text}");
        }
    }
}
