//! The names in a stamp: months in many languages, zones, and the year that follows them.

use super::number::{narrow, number};

/// A month as written in a stamp.
#[derive(Debug, Clone, Copy)]
pub(super) enum Month<'a> {
    /// Its number, if it exists.
    Number(Option<i8>),
    /// A word that may be its name in some language: looked up once the rest has proved to be a
    /// stamp.
    Name(&'a [u8]),
}

impl Month<'_> {
    pub(super) fn number(self) -> Option<i8> {
        match self {
            Self::Number(number) => number,
            Self::Name(name) => month_number(name),
        }
    }
}

/// A month, and the rest after its name.
pub(super) fn month(text: &[u8]) -> Option<(Month<'_>, &[u8])> {
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

pub(super) const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// The prefixes by which months are recognised, in lower case: in the languages of western,
/// northern and eastern Europe, Turkish, Hebrew, Arabic and Thai, unless two languages use one word
/// for two months. The longest match wins: `marras` is November.
pub(super) const MONTH_NAMES: [&str; 12] = [
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
pub(super) fn name(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text
        .iter()
        .position(|byte| !is_letter(byte))
        .unwrap_or(text.len());
    (1..=32).contains(&end).then(|| text.split_at(end))
}

/// Whether a byte belongs to a word in any script, or is the point of an abbreviation.
fn is_letter(byte: &u8) -> bool {
    byte.is_ascii_alphabetic() || *byte >= 0x80 || *byte == b'.'
}

/// The text after the name of a zone: `UTC`, `CET`, `+03`.
pub(super) fn zone_name(text: &[u8]) -> Option<&[u8]> {
    let end = text
        .iter()
        .position(|&byte| byte == b' ')
        .unwrap_or(text.len());
    let upper = |byte: &u8| {
        byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'+' | b'-')
    };
    ((2..=6).contains(&end) && text[..end].iter().all(upper)).then(|| &text[end..])
}

pub(super) fn year(text: &[u8]) -> Option<(i16, &[u8])> {
    let (year, rest) = number(text)?;
    (1970..2200)
        .contains(&year)
        .then_some((i16::try_from(year).ok()?, rest))
}

/// The year after the time: `15:52:43 2026`, `15:52:43 UTC 2026`.
pub(super) fn trailing_year(rest: &[u8]) -> (Option<i16>, &[u8]) {
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
