//! The patterns that clients are let in by, and how they are written.

use crate::common::{answer, tables};
use crate::permit::{after, order};
use sshmend_hosts_access::{BadPattern, HOSTS_ALLOW, LINE_LIMIT, Permit, Refusal, Wanted};

#[test]
fn many_patterns_are_joined_into_lines_that_libwrap_can_read() {
    let patterns: Vec<String> = (0..=255).map(|number| format!("10.{number}.0.7")).collect();
    let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
    let edited = tables("", "ALL: ALL\n")
        .permit(&order(&patterns))
        .expect("they are let in");
    let text = after(&edited, HOSTS_ALLOW, b"");
    let lengths: Vec<usize> = text
        .split_inclusive(|&byte| byte == b'\n')
        .map(<[u8]>::len)
        .collect();
    assert_eq!(lengths.len(), 2);
    assert!(lengths.iter().all(|&length| length <= LINE_LIMIT));
}

#[test]
fn patterns_are_written_in_the_form_that_libwrap_matches() {
    let cases = [
        ("10.1.2.3", "10.1.2.3"),
        ("10.1.2.3/32", "10.1.2.3"),
        ("10.1.2.3/24", "10.1.2.0/24"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("10.1.2.3/255.255.255.0", "10.1.2.0/24"),
        ("10.1.2.3/255.0.255.0", "10.0.2.0/255.0.255.0"),
        ("0.0.0.0/0", "0.0.0.0/0.0.0.0"),
        ("10.1.2/24", "10.1.2.0/24"),
        ("10.1", "10.1."),
        ("10.1.", "10.1."),
        ("10.1.*", "10.1."),
        ("10.*.*", "10."),
        ("2001:DB8::7", "[2001:db8::7]"),
        ("[2001:db8::7]", "[2001:db8::7]"),
        ("2001:db8::7/32", "[2001:db8::]/32"),
        ("[2001:db8::7/32]", "[2001:db8::]/32"),
        ("[2001:db8::]/32", "[2001:db8::]/32"),
        ("::/0", "[::]/0"),
        ("::1/128", "[::1]"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3/120", "10.1.2.0/24"),
        ("h.example.org", "h.example.org"),
        ("h.example.org.", "h.example.org"),
        (".example.org", ".example.org"),
        ("*.example.org", "*.example.org"),
        ("all", "ALL"),
        ("local", "LOCAL"),
    ];
    for (given, expected) in cases {
        let wanted = Wanted::parse(given).expect(given);
        assert_eq!(wanted.word(), expected, "{given}");
        let named = given.bytes().any(|byte| byte.is_ascii_alphabetic()) && !given.contains(':');
        assert_eq!(
            wanted.corrections().is_empty(),
            given == expected && !named || given == "10.1.2.3/32",
            "{given}"
        );
    }
}

#[test]
fn text_that_is_not_a_pattern_is_refused() {
    let cases = [
        "",
        "!10.1.2.3",
        "10.1.2.300",
        "10.1.2.3/33",
        "10.1.2.3.4",
        "010.1.2.3",
        "10.1.2.3-10.1.2.9",
        "@staff",
        "root@10.1.2.3",
        "/etc/friends",
        "fe80::1%eth0",
        "EXCEPT",
        "10.1.2.3 10.1.2.4",
        "10.1.2.3,10.1.2.4",
        "a\nb: ALL",
        "sshd: ALL",
        "#",
        "h/24",
        "[h]",
        "*",
        ".",
        "2001:db8::/129",
        "2001:db8",
        "a\\",
        "255.255.255.255",
        "-",
    ];
    for text in cases {
        assert!(Wanted::parse(text).is_err(), "{text:?}");
    }
    assert!(Wanted::parse(&"a".repeat(127)).is_ok() && Wanted::parse(&"a".repeat(128)).is_err());
    let error: BadPattern = Wanted::parse("10.1.2.3-10.1.2.9").expect_err("a range");
    assert_eq!(
        error.to_string(),
        "pattern `10.1.2.3-10.1.2.9` is a range, which libwrap does not know"
    );
    assert_eq!(error.hint(), "give the networks that make up the range");
}

#[test]
fn the_daemon_must_be_one_plain_name() {
    let at = |daemon: &str| {
        tables("", "ALL: ALL\n").permit(&Permit {
            daemon: daemon.to_owned(),
            ..order(&["10.1.2.3"])
        })
    };
    for bad in [
        "",
        "ALL",
        "sshd ftpd",
        "sshd:",
        "sshd@10.1.1.1",
        "a\nb",
        "22",
        "KNOWN",
        ".d",
        "x.",
    ] {
        assert_eq!(at(bad), Err(Refusal::Daemon(bad.to_owned())), "{bad:?}");
    }
    let edited = at("sshd-session").expect("it is corrected");
    assert_eq!(answer(&edited.after, "10.1.2.3"), "granted allow:1");
    let edited = at("vsftpd").expect("any daemon will do");
    assert_eq!(answer(&edited.after, "vsftpd/10.1.2.3"), "granted allow:1");
}
