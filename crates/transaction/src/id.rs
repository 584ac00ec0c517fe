//! The name of a transaction: its time, so that names sort chronologically.

use std::fmt;
use std::str::FromStr;

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};

const FORMAT: &str = "%Y%m%dT%H%M%S.%6fZ";

/// The name of a transaction, such as `20260801T120000.000000Z`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Id(String);

/// A text that does not name a transaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a transaction id, which looks like 20260801T120000.000000Z")]
pub struct NotAnId(String);

impl Id {
    /// The id of a transaction that begins `now`; later than `last` even if the clock was set back.
    pub(crate) fn after(last: Option<&Self>, now: Timestamp) -> Self {
        let earliest = last
            .and_then(Self::time)
            .and_then(|time| time.checked_add(1.microsecond()).ok());
        let time = earliest.map_or(now, |earliest| now.max(earliest));
        Self(
            time.to_zoned_datetime(TimeZone::UTC)
                .strftime(FORMAT)
                .to_string(),
        )
    }

    fn time(&self) -> Option<Timestamp> {
        let civil = jiff::civil::DateTime::strptime(FORMAT, &self.0).ok()?;
        civil
            .to_zoned_datetime(TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    }

    /// Whether a name can begin so.
    pub(crate) fn may_begin_with(text: &str) -> bool {
        const FORM: &str = "00000000T000000.000000Z";
        text.len() <= FORM.len()
            && text
                .bytes()
                .zip(FORM.bytes())
                .all(|(byte, form)| match form {
                    b'0' => byte.is_ascii_digit(),
                    form => byte == form,
                })
    }

    /// The id as text, which is also the name of its directory.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Id {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let id = Self(text.to_owned());
        let again = id.time().map(|time| Self::after(None, time));
        if again.as_ref() == Some(&id) {
            Ok(id)
        } else {
            Err(NotAnId(id.0))
        }
    }
}

impl TryFrom<String> for Id {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, NotAnId> {
        text.parse()
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_ids_are_refused() {
        for text in [
            "",
            "..",
            "../../etc",
            "latest",
            "20260801T120000.000000",
            "20261301T120000.000000Z",
            "2026\n",
        ] {
            assert!(text.parse::<Id>().is_err(), "{text:?}");
        }
        assert_eq!(
            "20260801T120000.000000Z".parse::<Id>().map(String::from),
            Ok("20260801T120000.000000Z".to_owned())
        );
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_change_the_order() {
        let now: Timestamp = "2026-08-01T12:00:00Z".parse().expect("a time");
        let first = Id::after(None, now);
        assert_eq!(first.as_str(), "20260801T120000.000000Z");
        let second = Id::after(Some(&first), now - 1.hour());
        assert_eq!(second.as_str(), "20260801T120000.000001Z");
        assert!(Id::after(Some(&second), now + 1.second()) > second);
    }
}
