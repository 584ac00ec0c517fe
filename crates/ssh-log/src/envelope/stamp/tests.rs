//! Stamps of every family.

use super::names::MONTH_NAMES;
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
fn month_names_are_parsed_in_every_supported_language() {
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
fn a_time_zone_applies_to_timestamps_without_one() {
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

/// The hour is remembered: not one in which a clock is set, or in which the year changes.
#[test]
fn every_minute_of_a_remembered_hour_is_read_as_anew() {
    let zones = [
        "EST5EDT,M3.2.0,M11.1.0",
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
        "<-00>0<+0020>-0:20,M3.2.0/1:10,M11.1.0/1:50",
    ];
    let days = [
        (3, 7),
        (3, 8),
        (4, 5),
        (10, 4),
        (11, 1),
        (12, 1),
        (12, 2),
        (2, 29),
    ];
    for zone in zones {
        let clock = Clock {
            reference: "2026-12-01T05:32:10Z".parse().unwrap(),
            zone: TimeZone::posix(zone).unwrap(),
        };
        let mut stamps = Stamps::new(clock.clone());
        for ((month, day), minute) in days
            .into_iter()
            .flat_map(|day| (0..1440).step_by(7).map(move |minute| (day, minute)))
        {
            let name = MONTHS[usize::try_from(month).unwrap() - 1];
            let name = std::str::from_utf8(name).unwrap();
            let time = format!("{:02}:{:02}:09", minute / 60, minute % 60);
            for text in [
                format!("{name} {day:2} {time} gw"),
                format!("2026-{month:02}-{day:02} {time} gw"),
                format!("{name} {day:2} {time}.5 gw"),
            ] {
                // The first reading remembers the hour, which the second one uses.
                let first = stamps.day(text.as_bytes());
                assert_eq!(stamps.day(text.as_bytes()), first, "{zone}: {text}");
                let anew = Stamps::new(clock.clone()).day(text.as_bytes()).unwrap();
                assert_eq!(first, Some(anew), "{zone}: {text}");
            }
        }
    }
}
