//! The answers of libwrap. Every line of these tables was observed with libwrap 7.6.q-32 through
//! the oracle's program.

use crate::common::{answer, client, snapshot, tables};
use sshmend_hosts_access::Tables;
use sshmend_lossless::Entry;

/// hosts.allow, hosts.deny, a client, the answer.
pub(crate) type Case<'a> = (&'a str, &'a str, &'a str, &'a str);

pub(crate) fn check(cases: &[Case<'_>]) {
    for (allow, deny, client, expected) in cases {
        let tables = tables(allow, deny);
        assert_eq!(
            answer(&tables, client),
            *expected,
            "{client} with {allow:?} and {deny:?}"
        );
    }
}

#[test]
fn a_damaged_end_of_hosts_deny_denies_every_client_that_reaches_it() {
    let long = format!("# {}\n", "x".repeat(2045));
    let fits = format!("# {}\n", "x".repeat(2044));
    let joined = format!("sshd: {}\\\n{}\n", "x".repeat(1020), "y".repeat(1021));
    check(&[
        ("", "sshd: 10.0.0.1", "127.0.0.1", "denied deny:1"),
        ("", "sshd: 10.0.0.1\n", "127.0.0.1", "granted"),
        ("", "# note", "127.0.0.1", "denied deny:1"),
        ("", " ", "127.0.0.1", "denied deny:1"),
        ("", "sshd: 10.0.0.1\n\n\\\n ", "127.0.0.1", "denied deny:3"),
        ("sshd: 127.\n", "# note", "127.0.0.1", "granted allow:1"),
        (
            "",
            "sshd: 127.: allow\n# note",
            "127.0.0.1",
            "granted deny:1",
        ),
        ("", &long, "127.0.0.1", "denied deny:1"),
        ("", &fits, "127.0.0.1", "granted"),
        ("", &joined, "127.0.0.1", "denied deny:1"),
        ("", "", "127.0.0.1", "granted"),
        ("", "\\\n", "127.0.0.1", "granted"),
        ("", "\0", "127.0.0.1", "granted"),
        ("", "# a\0b\n", "127.0.0.1", "denied deny:1"),
    ]);
}

#[test]
fn a_last_line_of_hosts_allow_without_newline_is_ignored() {
    let long = format!("sshd: {}\nsshd: 11.\n", "10.0.0.1 ".repeat(300));
    check(&[
        ("sshd: 11.", "ALL: ALL\n", "11.1.1.1", "denied deny:1"),
        (
            "sshd: 10.\nsshd: 11.",
            "ALL: ALL\n",
            "10.1.1.1",
            "granted allow:1",
        ),
        (&long, "ALL: ALL\n", "10.0.0.1", "denied deny:1"),
        (&long, "ALL: ALL\n", "11.1.1.1", "denied deny:1"),
    ]);
}

#[test]
fn comments_begin_only_in_the_first_column() {
    check(&[
        ("", "  # sshd: ALL\n", "127.0.0.1", "denied deny:1"),
        ("", "\t# ftpd: ALL\n", "127.0.0.1", "granted"),
        (
            "sshd: 1.2.3.4 # ALL of my hosts\n",
            "ALL: ALL\n",
            "9.9.9.9",
            "granted allow:1",
        ),
        (
            "sshd: 1.2.3.4 # my hosts\n",
            "ALL: ALL\n",
            "9.9.9.9",
            "denied deny:1",
        ),
        (
            "# comment \\\nsshd: ALL\n",
            "ALL: ALL\n",
            "9.9.9.9",
            "denied deny:1",
        ),
        (
            "# comment \\ \nsshd: ALL\n",
            "ALL: ALL\n",
            "9.9.9.9",
            "granted allow:2",
        ),
        (
            "# comment \\\r\nsshd: ALL\n",
            "ALL: ALL\n",
            "9.9.9.9",
            "granted allow:2",
        ),
        (
            "# \0\nsshd: ALL\n",
            "ALL: ALL\n",
            "9.9.9.9",
            "denied deny:1",
        ),
        (
            "\u{feff}sshd: ALL\n",
            "ALL: ALL\n",
            "9.9.9.9",
            "denied deny:1",
        ),
        (
            "\u{feff}sshd: ALL\r\nsshd: ALL\r\n",
            "ALL: ALL\r\n",
            "9.9.9.9",
            "granted allow:2",
        ),
    ]);
}

#[test]
fn the_first_rule_that_matches_decides_and_hosts_allow_comes_first() {
    check(&[
        ("sshd: ALL\n", "ALL: ALL\n", "9.9.9.9", "granted allow:1"),
        (
            "sshd ALL\nsshd: ALL\n",
            "ALL: ALL\n",
            "9.9.9.9",
            "granted allow:2",
        ),
        (
            "ALL: ALL: deny\nsshd: 10.\n",
            "",
            "10.1.1.1",
            "denied allow:1",
        ),
        (
            "sshd: 10.\nALL: ALL: deny\n",
            "",
            "10.1.1.1",
            "granted allow:1",
        ),
        (
            "",
            "sshd: 10.: allow\nALL: ALL\n",
            "10.1.1.1",
            "granted deny:1",
        ),
        (
            "ftpd: ALL\n",
            "ALL: ALL\n",
            "ftpd/9.9.9.9",
            "granted allow:1",
        ),
        (
            "FTPD: ALL\n",
            "ALL: ALL\n",
            "ftpd/9.9.9.9",
            "granted allow:1",
        ),
        (
            "sshd-session: ALL\nssh: ALL\n",
            "ALL: ALL\n",
            "9.9.9.9",
            "denied deny:1",
        ),
        (
            "sshd:10.\\\n0.0.1, 11. \\\n12.\n",
            "ALL: ALL\n",
            "12.9.9.9",
            "granted allow:1",
        ),
    ]);
}

#[test]
fn exceptions_nest_to_the_right() {
    let deny = "ALL: ALL\n";
    check(&[
        ("sshd: ALL EXCEPT 10.\n", deny, "10.1.1.1", "denied deny:1"),
        (
            "sshd: ALL EXCEPT 10.\n",
            deny,
            "11.1.1.1",
            "granted allow:1",
        ),
        (
            "sshd: ALL EXCEPT 10. except 10.1.\n",
            deny,
            "10.1.1.1",
            "granted allow:1",
        ),
        (
            "sshd: ALL EXCEPT 10. EXCEPT 10.1. EXCEPT 10.1.1.\n",
            deny,
            "10.1.1.1",
            "denied deny:1",
        ),
        ("sshd: EXCEPT 10.\n", deny, "11.1.1.1", "denied deny:1"),
        ("sshd: ALL EXCEPT\n", deny, "11.1.1.1", "granted allow:1"),
        (
            "ALL EXCEPT ftpd: ALL\n",
            deny,
            "ftpd/11.1.1.1",
            "denied deny:1",
        ),
        (
            "ALL EXCEPT ftpd: ALL\n",
            deny,
            "11.1.1.1",
            "granted allow:1",
        ),
    ]);
}

/// A pattern in hosts.deny against a client: does it match?
fn check_patterns(cases: &[(&str, &str, bool)]) {
    for (pattern, client, expected) in cases {
        let tables = tables("", format!("ALL: {pattern}\n"));
        let expected = if *expected {
            "denied deny:1"
        } else {
            "granted"
        };
        assert_eq!(
            answer(&tables, client),
            expected,
            "{pattern} against {client}"
        );
    }
}

#[test]
fn networks_match_only_if_their_host_bits_are_clear() {
    check_patterns(&[
        ("10.1.2.0/24", "10.1.2.3", true),
        ("10.1.2.3/24", "10.1.2.3", false),
        ("10.1.2.3/32", "10.1.2.3", true),
        ("10.0.0.0/255.0.0.0", "10.1.2.3", true),
        ("10.1.0.0/255.0.0.0", "10.1.2.3", false),
        ("10.1.2.3/255.255.255.255", "10.1.2.3", false),
        ("0.0.0.0/0", "10.1.2.3", false),
        ("0.0.0.0/0.0.0.0", "10.1.2.3", true),
        ("10.1.2/24", "10.1.2.3", false),
        ("10.1.2.0/24 junk", "10.1.2.3", true),
        ("10.1.2.0/24junk", "10.1.2.3", true),
        ("10.1.2.0/33", "10.1.2.3", false),
        ("012.1.2.0/24", "10.1.2.3", true),
        ("10.1.2.0/24", "::ffff:10.1.2.3", true),
    ]);
}

#[test]
fn ipv6_addresses_are_in_brackets() {
    check_patterns(&[
        ("[::]/0", "2001:db8::7", true),
        ("[::]/0", "10.1.2.3", false),
        ("[::1]/128", "::1", true),
        ("[::1]", "::1", true),
        ("[2001:db8::7]/32", "2001:db8:9::1", true),
        ("[2001:DB8::7]", "2001:db8::7", true),
        ("[2001:db8::7/32]", "2001:db8::7", false),
        ("[::1/128]", "::1", false),
        ("[2001:db8:*]", "2001:db8::7", false),
        ("[2001:db8::]/", "9::9", true),
        ("[2001:db8::]/129", "2001:db8::7", false),
        ("[::ffff:10.1.2.3]", "10.1.2.3", false),
        ("[fe80::1%3]", "fe80::1", true),
    ]);
    // A bare address is cut at its first colon, and what follows is a bad option.
    check(&[
        ("sshd: ALL 2001:db8::1\n", "", "9.9.9.9", "denied allow:1"),
        ("sshd: 2001:db8::1\n", "", "9.9.9.9", "granted"),
    ]);
}

#[test]
fn prefixes_suffixes_and_wildcards_are_compared_as_text() {
    check_patterns(&[
        ("10.1.", "10.1.2.3", true),
        ("10.1", "10.1.2.3", false),
        ("10.1.2.3", "10.1.2.3", true),
        (".3", "10.1.2.3", true),
        (".2.3", "10.1.2.3", true),
        ("10.1.*", "10.1.2.3", true),
        ("10.?.2.3", "10.1.2.3", true),
        ("10.*/8", "10.1.2.3", false),
        ("2001*", "2001:db8::7", true),
        ("!10.1.2.3", "10.1.2.3", false),
        ("10.1.2.1-10.1.2.9", "10.1.2.3", false),
        ("010.1.2.3", "10.1.2.3", false),
    ]);
}

#[test]
fn name_patterns_match_only_clients_with_a_name() {
    check_patterns(&[
        (".example.org", "10.1.2.3=h.example.org", true),
        (".example.org", "10.1.2.3=example.org", false),
        (".example.org", "10.1.2.3", false),
        ("H.Example.ORG", "10.1.2.3=h.example.org", true),
        ("h*.org", "10.1.2.3=h.example.org", true),
        ("LOCAL", "10.1.2.3=host", true),
        ("LOCAL", "10.1.2.3=h.example.org", false),
        ("LOCAL", "10.1.2.3", false),
        ("KNOWN", "10.1.2.3=host", true),
        ("KNOWN", "10.1.2.3", false),
        ("KNOWN", "10.1.2.3=!", false),
        ("UNKNOWN", "10.1.2.3", true),
        ("UNKNOWN", "10.1.2.3=host", false),
        ("UNKNOWN", "10.1.2.3=!", false),
        ("PARANOID", "10.1.2.3=!", true),
        ("PARANOID", "10.1.2.3", false),
        ("10.1.*", "9.9.9.9=10.1.evil.example", true),
    ]);
}

struct FilesWith {
    passwd: &'static str,
}

impl FilesWith {
    fn tables(&self, allow: &str, deny: &str) -> Tables {
        let mut seen = snapshot(allow.as_bytes(), deny.as_bytes());
        let image = sshmend_lossless::FileImage {
            bytes: self.passwd.as_bytes().to_vec().into(),
            meta: sshmend_lossless::Metadata::default(),
            target: "/etc/passwd".into(),
        };
        seen.insert("/etc/passwd", Entry::File(image));
        Tables::read(&seen)
    }
}

#[test]
fn options_override_the_table_and_an_invalid_one_denies() {
    let granted = "granted allow:1";
    let denied = "denied allow:1";
    let cases = [
        ("allow", granted),
        ("ALLOW", granted),
        ("deny", denied),
        ("spawn true", granted),
        ("spawn (echo a\\:b) &: allow", granted),
        ("allow: spawn true", denied),
        ("twist /bin/false", denied),
        ("twist true: allow", denied),
        ("severity auth.info", granted),
        ("severity authpriv.info", denied),
        ("severity error", denied),
        ("setenv A b", granted),
        ("setenv A=b", denied),
        ("setenv", denied),
        ("banners /etc/banners", granted),
        ("rfc931", granted),
        ("rfc931 0", denied),
        ("umask 022", granted),
        ("umask 088", denied),
        ("nice", granted),
        ("nice fast", denied),
        ("keepalive", granted),
        ("keepalive yes", denied),
        ("linger -1", denied),
        ("linger 10", granted),
        ("", denied),
        (" ", denied),
        ("allow:", denied),
        ("allow # note", denied),
        ("/usr/bin/logger", denied),
        ("foo", denied),
        ("user root", granted),
        ("user root.", denied),
    ];
    let passwd = FilesWith {
        passwd: "root:x:0:0:root:/root:/bin/sh\n",
    };
    for (option, expected) in cases {
        let tables = passwd.tables(&format!("sshd: ALL: {option}\n"), "");
        assert_eq!(answer(&tables, "9.9.9.9"), expected, "{option:?}");
    }
    check(&[
        ("sshd: 10.: foo\n", "", "9.9.9.9", "granted"),
        ("", "sshd: ALL: foo\n", "9.9.9.9", "denied deny:1"),
    ]);
}

#[test]
fn the_reason_names_the_word_that_matched() {
    let cases = [
        ("sshd: 9. 10.1.\n", "the rule matches by `10.1.` and grants"),
        (
            "sshd: ALL: deny\n",
            "the rule matches by `ALL` and its option deny denies",
        ),
        (
            "sshd: 10.: twist /bin/echo no\n",
            "the rule matches by `10.` and twist hands the connection to `/bin/echo no`",
        ),
        (
            "sshd: 10.: foo\n",
            "the rule matches by `10.`, but `foo` is not an option: libwrap denies",
        ),
        ("", "no rule matches, so access is granted"),
    ];
    for (allow, reason) in cases {
        assert_eq!(
            tables(allow, "").evaluate(&client("10.1.2.3")).reason,
            reason,
            "{allow}"
        );
    }
    let verdict = tables("", "sshd: \\\n ALL \\\n\n").evaluate(&client("10.1.2.3"));
    let origin = verdict.origin.expect("a rule decides");
    assert_eq!(
        (origin.line, verdict.last_line, verdict.rule.as_deref()),
        (1, Some(3), Some("sshd:  ALL"))
    );
}
