//! One journal as printed by `journalctl` 252 in its formats: four messages, one of which is not
//! UTF-8 and one of which has two lines.

mod support;

use sshmend_ssh_log::{Clock, Event, Reader};
use support::shown;

const CLOSED: &str = "closed | client-vanished | 192.0.2.7 2";
const DROPPED: &str = "dropped | max-startups | 192.0.2.7 5512 | - | 10";
const INVALID: &str = "invalid-user | - | 192.0.2.8 3 | \"b\u{fffd}b\"";
const REFUSED: &str = "wrapper-refused | hosts-access-denied | 192.0.2.9";

#[test]
fn text_formats_hide_messages_that_are_not_text() {
    let formats: [&[u8]; 8] = [
        include_bytes!("journal/short.log"),
        include_bytes!("journal/short-full.log"),
        include_bytes!("journal/short-iso.log"),
        include_bytes!("journal/short-iso-precise.log"),
        include_bytes!("journal/short-precise.log"),
        include_bytes!("journal/short-monotonic.log"),
        include_bytes!("journal/short-unix.log"),
        include_bytes!("journal/with-unit.log"),
    ];
    for format in formats {
        assert_eq!(
            shown(format),
            [CLOSED, DROPPED, REFUSED],
            "{}",
            String::from_utf8_lossy(format)
        );
    }
}

#[test]
fn export_and_json_keep_every_byte() {
    let formats: [&[u8]; 4] = [
        include_bytes!("journal/export.log"),
        include_bytes!("journal/json.log"),
        include_bytes!("journal/json-sse.log"),
        include_bytes!("journal/json-seq.log"),
    ];
    for format in formats {
        assert_eq!(
            shown(format),
            [CLOSED, DROPPED, INVALID, REFUSED],
            "{}",
            String::from_utf8_lossy(format)
        );
    }
}

#[test]
fn all_formats_show_the_same_time() {
    let formats: [(&[u8], &str); 6] = [
        (include_bytes!("journal/short.log"), "2026-11-20T15:52:43Z"),
        (
            include_bytes!("journal/short-full.log"),
            "2026-11-20T15:52:43Z",
        ),
        (
            include_bytes!("journal/short-iso-precise.log"),
            "2026-11-20T15:52:43.25Z",
        ),
        (
            include_bytes!("journal/short-unix.log"),
            "2026-11-20T15:52:43.25Z",
        ),
        (
            include_bytes!("journal/json.log"),
            "2026-11-20T15:52:43.25Z",
        ),
        (
            include_bytes!("journal/export.log"),
            "2026-11-20T15:52:43.25Z",
        ),
    ];
    for (format, expected) in formats {
        let mut times = Vec::new();
        let mut keep = |event: &Event<'_>| times.extend(event.time.map(|time| time.to_string()));
        let mut reader = Reader::new(Clock::utc("2026-12-01T00:00:00Z".parse().expect("a time")));
        reader.feed(format, &mut keep);
        reader.finish(&mut keep);
        assert_eq!(
            times.first().map(String::as_str),
            Some(expected),
            "{}",
            String::from_utf8_lossy(format)
        );
    }
}
