//! Times as people write them on the command line and in policies.

use jiff::{SignedDuration, Timestamp};
use sshmend_host::zone;
use sshmend_plan::When;

use crate::error::Failure;

/// Parses a moment in the past: an age (`2h`), a day, meaning its beginning, or a time.
pub(crate) fn past(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let ago = || now.checked_sub(text.parse::<SignedDuration>().ok()?).ok();
    let written = When::parse(text).and_then(|when| when.begins(zone()));
    let time = written.or_else(ago).ok_or_else(|| {
        Failure::trouble(format!("not a time: {text}"))
            .with_hint("such as 2h, 2026-12-31, \"2026-12-31 18:00\" or 2026-12-31T18:00:00Z")
    })?;
    if time > now {
        let hint =
            "no line can be later than now: name a time in the past, such as 2h for two hours ago";
        return Err(Failure::trouble(format!("in the future: {text}")).with_hint(hint));
    }
    Ok(time)
}

/// Parses an expiry: a time, or a day, at whose end it expires.
pub(crate) fn end(text: &str) -> Result<Timestamp, Failure> {
    When::end_of(text, zone())
        .ok_or_else(|| Failure::trouble(format!("not a time: {text}")).with_hint(When::FORMS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-12-01T12:00:00Z".parse().expect("a time")
    }

    #[test]
    fn every_form_of_a_time_is_parsed() {
        assert_eq!(
            past("2h", now()).expect("a time").to_string(),
            "2026-12-01T10:00:00Z"
        );
        assert_eq!(
            past("2026-11-30T01:02:03Z", now())
                .expect("a time")
                .to_string(),
            "2026-11-30T01:02:03Z"
        );
        assert!(past("2026-11-30", now()).expect("a day") < now());
        let (day, time) = (past("2026-11-30", now()), past("2026-11-30 18:00", now()));
        assert!(time.expect("a time") > day.expect("a day"));
        for text in ["yesterday", "2026-12-02", "-5m"] {
            assert!(past(text, now()).is_err(), "{text}");
        }
    }

    #[test]
    fn an_end_date_includes_the_whole_day() {
        assert!(end("2026-12-02").expect("a day") > now());
        assert!(end("2026-11-01").expect("a day") < now());
        assert!(end("soon").is_err());
    }
}
