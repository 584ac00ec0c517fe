//! The edits that let clients in.

use std::fmt::Write as _;
use std::path::Path;

use crate::common::{answer, snapshot, tables};
use expect_test::{Expect, expect};
use sshmend_hosts_access::{
    BadPattern, Edited, HOSTS_ALLOW, HOSTS_DENY, LINE_LIMIT, Permit, Refusal, Remedy, Tables, Wanted,
};
use sshmend_lossless::{Entry, Snapshot, Unread};

pub(crate) fn order(patterns: &[&str]) -> Permit {
    Permit::new(patterns.iter().map(|text| Wanted::parse(text).expect("a good pattern")).collect())
}

/// Both files afterwards, then what is said.
pub(crate) fn shown(tables: &Tables, allow: &[u8], deny: &[u8], order: &Permit) -> String {
    let edited = match tables.permit(order) {
        Ok(edited) => edited,
        Err(refusal) => return format!("refused: {refusal}\n"),
    };
    let mut out = String::new();
    for (path, bytes) in [(HOSTS_ALLOW, allow), (HOSTS_DENY, deny)] {
        let after = after(&edited, path, bytes);
        if after != bytes {
            writeln!(out, "== {path}").expect("a string");
            let lines = after.split_inclusive(|&byte| byte == b'\n');
            lines.for_each(|line| out += &(line.escape_ascii().to_string().replace("\\n", "") + "\n"));
        }
    }
    for note in &edited.notes {
        let origin = note.origin.as_ref().map_or(String::new(), |origin| format!("{origin}: "));
        writeln!(out, "note {origin}{}", note.text).expect("a string");
    }
    for offer in &edited.offers {
        writeln!(out, "offer {}: {}", offer.origin, offer.text).expect("a string");
    }
    for owned in &edited.owned {
        writeln!(out, "owned {}: {} of {}", owned.origin, owned.addr, owned.owner.name()).expect("a string");
        owned.steps().iter().for_each(|step| writeln!(out, "  {step}").expect("a string"));
    }
    out
}

pub(crate) fn after(edited: &Edited, path: &str, before: &[u8]) -> Vec<u8> {
    let path = Path::new(path);
    match (edited.edits.get(path), edited.creates.get(path)) {
        (Some(edits), _) => edits.apply(before),
        (None, Some(created)) => created.clone(),
        (None, None) => before.to_vec(),
    }
}

pub(crate) fn check(allow: &str, deny: &str, order: &Permit, expect: &Expect) {
    let tables = tables(allow, deny);
    expect.assert_eq(&shown(&tables, allow.as_bytes(), deny.as_bytes(), order));
}

#[test]
fn a_rule_is_added_at_the_end_where_nothing_refuses() {
    check(
        "# hosts.allow\nftpd: ALL\n",
        "ALL: ALL\n",
        &order(&["10.1.2.3"]),
        &expect![[r#"
        == /etc/hosts.allow
        # hosts.allow
        ftpd: ALL
        sshd: 10.1.2.3
        note `sshd: 10.1.2.3` goes at the end of the file: no rule there refuses them
    "#]],
    );
}

#[test]
fn a_rule_goes_before_the_one_that_would_refuse() {
    check(
        "# friends\nsshd : 10. : allow\nsshd : 9.9.9.9 : deny\n\n# everybody else\nALL : ALL : deny\n",
        "",
        &order(&["192.168.7.0/24", "2001:db8::/32"]),
        &expect![[r#"
            == /etc/hosts.allow
            # friends
            sshd : 10. : allow
            sshd : 9.9.9.9 : deny

            sshd : 192.168.7.0/24 [2001:db8::]/32 : allow
            # everybody else
            ALL : ALL : deny
            note [2001:db8::]/32: an IPv6 address stands in brackets, the length behind them
            note `sshd : 192.168.7.0/24 [2001:db8::]/32 : allow` goes before the rule that would refuse them: ALL : ALL : deny
        "#]],
    );
}

#[test]
fn a_comment_at_the_head_of_the_file_stays_there() {
    check(
        "# whitelist\nALL: ALL: deny\n",
        "",
        &order(&["10.1.2.3"]),
        &expect![[r#"
        == /etc/hosts.allow
        # whitelist
        sshd: 10.1.2.3
        ALL: ALL: deny
        note `sshd: 10.1.2.3` goes before the rule that would refuse them: ALL: ALL: deny
    "#]],
    );
}

#[test]
fn a_rule_that_denies_a_part_of_a_network_is_overruled() {
    check(
        "sshd: 10.1.2.3: deny\n",
        "ALL: ALL\n",
        &order(&["10.1.0.0/16"]),
        &expect![[r#"
        == /etc/hosts.allow
        sshd: 10.1.0.0/16
        sshd: 10.1.2.3: deny
        note `sshd: 10.1.0.0/16` goes before the rule that would refuse them: sshd: 10.1.2.3: deny
    "#]],
    );
}

#[test]
fn an_option_that_cannot_be_known_counts_as_a_refusal() {
    check(
        "sshd: ALL: aclexec /bin/check\n",
        "ALL: ALL\n",
        &order(&["10.1.2.3"]),
        &expect![[r#"
        == /etc/hosts.allow
        sshd: 10.1.2.3
        sshd: ALL: aclexec /bin/check
        note `sshd: 10.1.2.3` goes before the rule that would refuse them: sshd: ALL: aclexec /bin/check
    "#]],
    );
    check(
        "sshd: .example.org: deny\n",
        "ALL: ALL\n",
        &order(&["10.1.2.3"]),
        &expect![[r#"
        == /etc/hosts.allow
        sshd: 10.1.2.3
        sshd: .example.org: deny
        note `sshd: 10.1.2.3` goes before the rule that would refuse them: sshd: .example.org: deny
    "#]],
    );
}

#[test]
fn what_a_rule_grants_already_is_left_alone() {
    check(
        "sshd: 10.0.0.0/8\n",
        "ALL: ALL\n",
        &order(&["10.1.2.3", "10.1.", "10.1.2.0/24"]),
        &expect![[r#"
        note /etc/hosts.allow:1: 10.1.2.3 is granted by this rule already: sshd: 10.0.0.0/8
        note /etc/hosts.allow:1: 10.1. is granted by this rule already: sshd: 10.0.0.0/8
        note /etc/hosts.allow:1: 10.1.2.0/24 is granted by this rule already: sshd: 10.0.0.0/8
    "#]],
    );
    check(
        "ALL: ALL\n",
        "",
        &order(&["::1", "host.example.org"]),
        &expect![[r#"
        note [::1]: an IPv6 address stands in brackets, the length behind them
        note /etc/hosts.allow:1: [::1] is granted by this rule already: ALL: ALL
        note host.example.org: libwrap compares the name that the client's address resolves to, and only when that name leads back to the address
        note /etc/hosts.allow:1: host.example.org is granted by this rule already: ALL: ALL
    "#]],
    );
    check(
        "sshd: ALL EXCEPT 10.1.\n",
        "ALL: ALL\n",
        &order(&["10.2.0.0/16"]),
        &expect![[r#"
        == /etc/hosts.allow
        sshd: ALL EXCEPT 10.1.
        sshd: 10.2.0.0/16
        note `sshd: 10.2.0.0/16` goes at the end of the file: no rule there refuses them
    "#]],
    );
}

#[test]
fn a_missing_file_is_made() {
    let mut seen = Snapshot::default();
    seen.insert(HOSTS_ALLOW, Entry::Missing);
    seen.insert(HOSTS_DENY, Entry::Missing);
    let said = shown(&Tables::read(&seen), b"", b"", &order(&["10.1.2.3"]));
    expect![[r#"
        == /etc/hosts.allow
        sshd: 10.1.2.3
        note `sshd: 10.1.2.3` goes at the end of the file: no rule there refuses them
    "#]]
    .assert_eq(&said);
}

#[test]
fn the_neighbours_style_is_copied() {
    check(
        "sshd:\t10.1.2.3\r\nsshd:\t10.1.2.4\r\n",
        "ALL: ALL\r\n",
        &order(&["11."]),
        &expect![[r#"
            == /etc/hosts.allow
            sshd:\t10.1.2.3\r
            sshd:\t10.1.2.4\r
            sshd:\t11.\r
            note `sshd:\t11.` goes at the end of the file: no rule there refuses them
        "#]],
    );
    check(
        "sshd : 10.1.2.3 : ALLOW\nALL : ALL : DENY\n",
        "",
        &order(&["11."]),
        &expect![[r#"
        == /etc/hosts.allow
        sshd : 10.1.2.3 : ALLOW
        sshd : 11. : ALLOW
        ALL : ALL : DENY
        note `sshd : 11. : ALLOW` goes before the rule that would refuse them: ALL : ALL : DENY
    "#]],
    );
}

#[test]
fn a_missing_newline_is_added_and_the_line_that_comes_to_life_is_named() {
    check(
        "sshd: 11.",
        "ALL: ALL",
        &order(&["10.1.2.3"]),
        &expect![[r#"
        == /etc/hosts.allow
        sshd: 11.
        sshd: 10.1.2.3
        == /etc/hosts.deny
        ALL: ALL
        note /etc/hosts.allow:1: the last line has no newline: libwrap stops there and ignores it and all that follows; with a newline, the line lets in 11. at sshd
        note /etc/hosts.deny:1: the last line has no newline: libwrap stops there and denies everybody whom nothing let in before, at every wrapped service; with a newline, the line denies ALL at ALL
        note `sshd: 10.1.2.3` goes at the end of the file: no rule there refuses them
    "#]],
    );
    check(
        "",
        "sshd: 10.0.0.1",
        &order(&["10.1.2.3"]),
        &expect![[r#"
        == /etc/hosts.allow
        sshd: 10.1.2.3
        == /etc/hosts.deny
        sshd: 10.0.0.1
        note /etc/hosts.deny:1: the last line has no newline: libwrap stops there and denies everybody whom nothing let in before, at every wrapped service; with a newline, the line denies 10.0.0.1 at sshd
        note `sshd: 10.1.2.3` goes at the end of the file: no rule there refuses them
    "#]],
    );
    check(
        "# note",
        "",
        &order(&["10.1.2.3"]),
        &expect![[r#"
        == /etc/hosts.allow
        # note
        sshd: 10.1.2.3
        note /etc/hosts.allow:1: the last line has no newline: libwrap stops there and ignores it and all that follows; with a newline, the line is a comment
        note `sshd: 10.1.2.3` goes at the end of the file: no rule there refuses them
    "#]],
    );
    check(
        "sshd: 11. \\",
        "",
        &order(&["10.1.2.3"]),
        &expect![[r#"
        == /etc/hosts.allow
        sshd: 11. \\

        sshd: 10.1.2.3
        note /etc/hosts.allow:1: the last line has no newline: libwrap stops there and ignores it and all that follows; with a newline, the line lets in 11. \ at sshd
        note `sshd: 10.1.2.3` goes at the end of the file: no rule there refuses them
    "#]],
    );
}

#[test]
fn many_patterns_become_as_few_lines_as_libwrap_can_read() {
    let patterns: Vec<String> = (0..=255).map(|number| format!("10.{number}.0.7")).collect();
    let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
    let edited = tables("", "ALL: ALL\n").permit(&order(&patterns)).expect("they are let in");
    let text = after(&edited, HOSTS_ALLOW, b"");
    let lengths: Vec<usize> = text.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::len).collect();
    assert_eq!(lengths.len(), 2);
    assert!(lengths.iter().all(|&length| length <= LINE_LIMIT));
}

#[test]
fn patterns_are_written_as_libwrap_matches_them() {
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
        assert_eq!(wanted.corrections().is_empty(), given == expected && !named || given == "10.1.2.3/32", "{given}");
    }
}

#[test]
fn what_is_no_pattern_is_refused() {
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
    assert_eq!(error.to_string(), "pattern `10.1.2.3-10.1.2.9` is a range, which libwrap does not know");
    assert_eq!(error.hint(), "give the networks that make up the range");
}

#[test]
fn the_daemon_is_one_plain_name() {
    let at = |daemon: &str| tables("", "").permit(&Permit { daemon: daemon.to_owned(), ..order(&["10.1.2.3"]) });
    for bad in ["", "ALL", "sshd ftpd", "sshd:", "sshd@10.1.1.1", "a\nb"] {
        assert_eq!(at(bad), Err(Refusal::Daemon(bad.to_owned())), "{bad:?}");
    }
    let edited = at("sshd-session").expect("it is corrected");
    assert_eq!(answer(&edited.after, "10.1.2.3"), "granted allow:1");
    let edited = at("vsftpd").expect("any daemon will do");
    assert_eq!(answer(&edited.after, "vsftpd/10.1.2.3"), "granted allow:1");
}

#[test]
fn a_file_that_cannot_be_read_is_not_edited() {
    let mut seen = snapshot(b"", b"");
    seen.insert(HOSTS_ALLOW, Entry::Unreadable(Unread::Denied));
    let refusal = Tables::read(&seen).permit(&order(&["10.1.2.3"])).expect_err("it cannot be read");
    assert_eq!(refusal.to_string(), "/etc/hosts.allow: it cannot be read: permission denied");
    seen.insert(HOSTS_ALLOW, Entry::Directory(Vec::new(), sshmend_lossless::Metadata::default()));
    assert!(Tables::read(&seen).permit(&order(&["10.1.2.3"])).is_err());
}

#[test]
fn an_order_carried_out_has_nothing_left_to_do() {
    let first = tables("sshd: 11.", "# note").permit(&order(&["10.1.2.3", "::1", "h.example.org"])).expect("done");
    let second = first.after.permit(&order(&["10.1.2.3", "::1", "h.example.org"])).expect("nothing to do");
    assert!(second.edits.is_empty() && second.creates.is_empty());
    assert!(second.offers.iter().all(|offer| offer.remedy != Remedy::RemoveDeny));
}
