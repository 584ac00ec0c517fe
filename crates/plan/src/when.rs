//! Times as people write them, which a command line and a policy read alike.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// A day, or a time with or without a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// A time with its zone.
    Moment(Timestamp),
    /// A time of the machine's own zone.
    Local(DateTime),
    /// A day of the machine's own zone.
    Day(Date),
}

impl When {
    /// The accepted forms of a time.
    pub const FORMS: &str = "such as 2026-12-31, 2026-12-31T18:00 or 2026-12-31T18:00:00Z";

    /// Reads a day, a time, or a time with its offset from UTC.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(moment) = text.parse() {
            return Some(Self::Moment(moment));
        }
        // The name of a zone alone would have to be looked up in the files of the machine.
        if text.contains('[') {
            return None;
        }
        // jiff reads the day out of a time as well, and drops the time.
        if text.contains([' ', 'T', 't', ':']) {
            return text.parse().ok().map(Self::Local);
        }
        text.parse().ok().map(Self::Day)
    }

    /// When it begins: a day with its first moment. `None` for a time that no clock shows.
    pub fn begins(&self, zone: TimeZone) -> Option<Timestamp> {
        let zoned = match self {
            Self::Moment(moment) => return Some(*moment),
            Self::Local(time) => time.to_zoned_datetime(zone),
            Self::Day(day) => day.to_zoned_datetime(zone),
        };
        zoned.ok().map(|zoned| zoned.timestamp())
    }

    /// The end of a period written in this form; `None` if it is not a time, or not one that a
    /// clock can show.
    pub fn end_of(text: &str, zone: TimeZone) -> Option<Timestamp> {
        Self::parse(text)?.ends(zone)
    }

    /// The end: a day counts as a whole. `None` for a time that no clock shows.
    pub fn ends(&self, zone: TimeZone) -> Option<Timestamp> {
        match self {
            Self::Day(day) => Self::Day(day.tomorrow().ok()?).begins(zone),
            other => other.begins(zone),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::{Offset, TimeZone};

    use super::When;

    fn ends(text: &str) -> Option<String> {
        let zone = TimeZone::fixed(Offset::constant(2));
        Some(When::end_of(text, zone)?.to_string())
    }

    #[test]
    fn a_time_is_not_rounded_to_its_day() {
        for (text, end) in [
            ("2031-03-04", "2031-03-04T22:00:00Z"),
            ("2031-03-04T05:06", "2031-03-04T03:06:00Z"),
            ("2031-03-04 05:06:07", "2031-03-04T03:06:07Z"),
            ("2031-03-04T05:06:07Z", "2031-03-04T05:06:07Z"),
            ("2031-03-04 05:06:07-01:30", "2031-03-04T06:36:07Z"),
        ] {
            assert_eq!(ends(text).as_deref(), Some(end), "{text}");
        }
        for text in [
            "2031-02-30",
            "2h",
            "18:00",
            "tomorrow",
            "9999-12-31",
            "",
            "2031-03-04T25:00",
            "2031-03-04T05:06[Europe/Berlin]",
        ] {
            assert_eq!(ends(text), None, "{text}");
        }
        let zone = TimeZone::fixed(Offset::constant(2));
        let begins = When::parse("2031-03-04").and_then(|day| day.begins(zone));
        assert_eq!(
            begins.map(|time| time.to_string()).as_deref(),
            Some("2031-03-03T22:00:00Z")
        );
    }
}
