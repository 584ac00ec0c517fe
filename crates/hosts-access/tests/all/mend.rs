//! Removals beside the rule that allows a client, and repairs of lines that are named.

use std::fmt::Write as _;

use crate::common::{answer, snapshot, tables};
use crate::permit::{after, check, order, shown};
use expect_test::{Expect, expect};
use sshmend_hosts_access::{
    Fail2ban, HOSTS_ALLOW, HOSTS_DENY, Permit, ProblemKind, Refusal, Tables,
};
use sshmend_lossless::{Entry, FileImage, Metadata, Origin};

fn origin(line: &str) -> Origin {
    let (file, line) = line.split_once(':').expect("FILE:LINE");
    Origin::new(
        format!("/etc/hosts.{file}"),
        line.parse().expect("a number"),
    )
}

/// Repairs lines such as `deny:2`.
fn check_mend(allow: &str, deny: &str, lines: &[&str], expect: &Expect) {
    let lines: Vec<Origin> = lines.iter().map(|line| origin(line)).collect();
    expect.assert_eq(&shown(
        allow.as_bytes(),
        deny.as_bytes(),
        tables(allow, deny).mend(&lines),
    ));
}

/// The broken lines, and who gains and loses access by their repair.
fn offers(allow: &str, deny: &str) -> String {
    let mut out = String::new();
    for offer in tables(allow, deny).offers("sshd") {
        let can = if offer.problem.repair.is_some() {
            "can be mended"
        } else {
            "by hand"
        };
        writeln!(
            out,
            "{}: {:?}, {can}",
            offer.problem.origin, offer.problem.kind
        )
        .expect("a string");
        let Some(changes) = offer.changes else {
            continue;
        };
        for (verb, list) in [
            ("gains", changes.gained),
            ("loses", changes.lost),
            ("unclear", changes.unclear),
        ] {
            for change in list {
                writeln!(out, "  {verb}: {} at {}", change.who, change.client.daemon)
                    .expect("a string");
            }
        }
    }
    out
}

#[test]
fn an_exact_denial_for_this_daemon_is_removed_on_request() {
    let deny = "ALL: 10.1.2.3\nsshd ftpd: 10.1.2.3\nsshd: 10.1.2.3\nsshd: 10.1.2.3, 9.9.9.9\nsshd: 8.8.8.8 10.1.2.3\nsshd: ALL EXCEPT 10.1.2.3\nftpd: 10.1.2.3\n";
    check(
        "",
        deny,
        &order(&["10.1.2.3"]),
        &expect![[r#"
            == /etc/hosts.allow
            sshd: 10.1.2.3
            deny-kept /etc/hosts.deny:1: the rule denies 10.1.2.3 at ALL: it is kept, because it is not only for sshd
            deny-kept /etc/hosts.deny:2: the rule denies 10.1.2.3 at sshd ftpd: it is kept, because it is not only for sshd
            deny-kept /etc/hosts.deny:3: the rule denies 10.1.2.3 at sshd: the rule in hosts.allow comes first; --remove-deny removes it
            deny-kept /etc/hosts.deny:4: the rule denies 10.1.2.3, 9.9.9.9 at sshd: the rule in hosts.allow comes first; --remove-deny removes it
            deny-kept /etc/hosts.deny:5: the rule denies 8.8.8.8 10.1.2.3 at sshd: the rule in hosts.allow comes first; --remove-deny removes it
            rule-added `sshd: 10.1.2.3` goes at the end of the file: no rule there refuses them
        "#]],
    );
    let remove = Permit {
        remove_exact_deny: true,
        ..order(&["10.1.2.3"])
    };
    check(
        "sshd: 10.1.2.3/32: deny\n",
        deny,
        &remove,
        &expect![[r#"
            == /etc/hosts.allow
            sshd: 10.1.2.3
            == /etc/hosts.deny
            ALL: 10.1.2.3
            sshd ftpd: 10.1.2.3
            sshd: 9.9.9.9
            sshd: 8.8.8.8
            sshd: ALL EXCEPT 10.1.2.3
            ftpd: 10.1.2.3
            deny-removed /etc/hosts.allow:1: the rule denies 10.1.2.3/32 at sshd; it is removed
            deny-kept /etc/hosts.deny:1: the rule denies 10.1.2.3 at ALL: it is kept, because it is not only for sshd
            deny-kept /etc/hosts.deny:2: the rule denies 10.1.2.3 at sshd ftpd: it is kept, because it is not only for sshd
            deny-removed /etc/hosts.deny:3: the rule denies 10.1.2.3 at sshd; it is removed
            deny-removed /etc/hosts.deny:4: the rule denies 10.1.2.3, 9.9.9.9 at sshd; 10.1.2.3 is removed from it
            deny-removed /etc/hosts.deny:5: the rule denies 8.8.8.8 10.1.2.3 at sshd; 10.1.2.3 is removed from it
            rule-added `sshd: 10.1.2.3` goes before the rule that would refuse them: sshd: 10.1.2.3/32: deny
        "#]],
    );
}

#[test]
fn adjacent_words_and_last_lines_are_removed_completely() {
    let remove = Permit {
        remove_exact_deny: true,
        ..order(&["10.1.2.3"])
    };
    check(
        "",
        "sshd: 10.1.2.3 10.1.2.4 10.1.2.5\n",
        &Permit {
            remove_exact_deny: true,
            ..order(&["10.1.2.5", "10.1.2.4"])
        },
        &expect![[r#"
            == /etc/hosts.allow
            sshd: 10.1.2.5 10.1.2.4
            == /etc/hosts.deny
            sshd: 10.1.2.3
            deny-removed /etc/hosts.deny:1: the rule denies 10.1.2.3 10.1.2.4 10.1.2.5 at sshd; 10.1.2.4 10.1.2.5 is removed from it
            rule-added `sshd: 10.1.2.5 10.1.2.4` goes at the end of the file: no rule there refuses them
        "#]],
    );
    check(
        "",
        "# last\nsshd: 10.1.2.3\n",
        &remove,
        &expect![[r#"
            == /etc/hosts.allow
            sshd: 10.1.2.3
            == /etc/hosts.deny
            # last
            deny-removed /etc/hosts.deny:2: the rule denies 10.1.2.3 at sshd; it is removed
            rule-added `sshd: 10.1.2.3` goes at the end of the file: no rule there refuses them
        "#]],
    );
}

#[test]
fn rules_of_other_programs_are_left_unchanged() {
    let deny = "ALL: 10.1.2.3\nALL: [2001:db8::7]\n# DenyHosts: Fri Aug 26 05:41:17 2016 | sshd: 10.1.2.4\nsshd: 10.1.2.4\n";
    let remove = Permit {
        remove_exact_deny: true,
        ..order(&["10.1.2.3", "10.1.2.4", "2001:db8::7"])
    };
    let mut seen = snapshot(b"", deny.as_bytes());
    let (bytes, path) = (
        b"10.1.2.4:6:Fri Aug 26 05:41:17 2016\n".to_vec(),
        "/var/lib/denyhosts/hosts",
    );
    seen.insert(
        path,
        Entry::File(FileImage {
            bytes: bytes.into(),
            meta: Metadata::default(),
            target: path.into(),
        }),
    );
    seen.insert("/usr/sbin/denyhosts", Entry::Seen(Metadata::default()));
    let banned = ["10.1.2.3", "2001:db8::7"].map(|addr| addr.parse().expect("an address"));
    let fail2ban = Fail2ban {
        banned: Some(banned.into()),
        hostsdeny: false,
    };
    let before = Tables::read(&seen).with_fail2ban(fail2ban);
    expect![[r#"
        == /etc/hosts.allow
        sshd: 10.1.2.3 10.1.2.4 [2001:db8::7]
        corrected [2001:db8::7]: an IPv6 address must be in brackets, with the length after them
        rule-added `sshd: 10.1.2.3 10.1.2.4 [2001:db8::7]` goes at the end of the file: no rule there refuses them
        owned /etc/hosts.deny:1: 10.1.2.3 of fail2ban
          fail2ban-client unban 10.1.2.3
        owned /etc/hosts.deny:2: 2001:db8::7 of fail2ban
          fail2ban-client unban 2001:db8::7
        owned /etc/hosts.deny:4: 10.1.2.4 of DenyHosts
          systemctl stop denyhosts
          sed -i -E '/(^|[^0-9A-Fa-f.])10\.1\.2\.4([^0-9A-Fa-f.]|$)/d' /etc/hosts.deny /var/lib/denyhosts/*hosts*
          echo 10.1.2.4 >> /var/lib/denyhosts/allowed-hosts
          systemctl start denyhosts
    "#]].assert_eq(&shown(b"", deny.as_bytes(), before.permit(&remove)));
    let bans = |banned: Option<&[&str]>, hostsdeny| Fail2ban {
        banned: banned.map(|list| {
            list.iter()
                .map(|addr| addr.parse().expect("an address"))
                .collect()
        }),
        hostsdeny,
    };
    let owned = |fail2ban: Fail2ban| {
        let origin = Origin::new(HOSTS_DENY, 1);
        tables("", "ALL: 10.1.2.3\n")
            .with_fail2ban(fail2ban)
            .owned(&origin)
            .is_some()
    };
    assert!(owned(bans(Some(&["10.1.2.3"]), false)) && owned(bans(None, true)));
    assert!(
        !owned(bans(Some(&["10.1.2.4"]), true))
            && !owned(bans(None, false))
            && !owned(Fail2ban::default())
    );
}

#[test]
fn only_the_listed_lines_are_repaired() {
    let allow = "  # sshd: 9.\nsshd: 10.1.2.3/24 10.1 # ALL of them\nsshd: 2001:db8::1\nsshd: 8. :\nssh: 7.\n";
    let deny = "# a \\\nsshd: ALL\nsshd: 0.0.0.0/0\n";
    check_mend(
        allow,
        deny,
        &["allow:3", "deny:3"],
        &expect![[r#"
        == /etc/hosts.allow
          # sshd: 9.
        sshd: 10.1.2.3/24 10.1 # ALL of them
        sshd: [2001:db8::1]
        sshd: 8. :
        ssh: 7.
        == /etc/hosts.deny
        # a \\
        sshd: ALL
        sshd: 0.0.0.0/0.0.0.0
        mended /etc/hosts.allow:3: the colons of `2001:db8::1` end the client list: what follows the first is read as options; as [2001:db8::1] it is an address
        mended /etc/hosts.deny:3: `0.0.0.0/0` is not a network that libwrap understands: it never matches; as 0.0.0.0/0.0.0.0 it matches
    "#]],
    );
    check_mend(
        allow,
        deny,
        &["allow:1", "allow:2", "allow:4", "allow:5", "deny:2"],
        &expect![[r#"
        == /etc/hosts.allow
        # sshd: 9.
        # ALL of them
        sshd: 10.1.2.3/24 10.1
        sshd: 2001:db8::1
        sshd: 8. 
        sshd: 7.
        == /etc/hosts.deny
        # a 
        sshd: ALL
        sshd: 0.0.0.0/0
        mended /etc/hosts.allow:1: libwrap does not read this as a comment: the rule after # counts; without the blanks before #, it is a comment
        mended /etc/hosts.allow:2: libwrap does not support a comment after a rule: the words after # count; the comment gets a line of its own
        mended /etc/hosts.allow:4: an option is empty: libwrap denies every client that the rule matches; without the final colon, the rule counts
        mended /etc/hosts.allow:5: OpenSSH uses the name `sshd`, never `ssh`: the rule does not apply to it; as `sshd` the rule counts
        mended /etc/hosts.deny:2: the comment above ends in a backslash, so this rule is part of it; without the backslash, the rule counts
    "#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn each_kind_of_fault_gets_its_repair() {
    for (kind, allow, expected) in [
        (ProblemKind::MissingNewline, "sshd: 11.", "sshd: 11.\n"),
        (
            ProblemKind::ByteOrderMark,
            "\u{feff}sshd: 11.\n",
            "sshd: 11.\n",
        ),
        (
            ProblemKind::LiveComment,
            "sshd: 11. # mine\n",
            "# mine\nsshd: 11.\n",
        ),
        (
            ProblemKind::DeadPattern,
            "sshd: 10.1.2.3/24\n",
            "sshd: 10.1.2.0/24\n",
        ),
        (
            ProblemKind::BareIpv6,
            "sshd: 11. 2001:db8::1 ::2\n",
            "sshd: 11. [2001:db8::1] [::2]\n",
        ),
        (
            ProblemKind::BareIpv6,
            "sshd:2001:db8:9::/40:allow\n",
            "sshd:[2001:db8::]/40:allow\n",
        ),
        (
            ProblemKind::BareIpv6,
            "sshd: ::1:deny\n",
            "sshd: [::1]:deny\n",
        ),
        (ProblemKind::BadOption, "sshd: 11. :\n", "sshd: 11. \n"),
        (
            ProblemKind::BadOption,
            "sshd: 11. : : allow\n",
            "sshd: 11. : allow\n",
        ),
        (
            ProblemKind::BadOption,
            "sshd: 11. : allow : severity mail.info\n",
            "sshd: 11. : severity mail.info : allow\n",
        ),
        (
            ProblemKind::BadOption,
            "sshd: 11. : alllow\r\n",
            "sshd: 11. : allow\r\n",
        ),
        (
            ProblemKind::BadOption,
            "sshd: 11. : /bin/tell %h\n",
            "sshd: 11. : spawn /bin/tell %h\n",
        ),
        (ProblemKind::DaemonName, "openssh: 11.\n", "sshd: 11.\n"),
        (
            ProblemKind::SwallowedRule,
            "# a \\\nsshd: 11.\n",
            "# a \nsshd: 11.\n",
        ),
    ] {
        let before = tables(allow, "");
        let problem = before
            .problems()
            .into_iter()
            .find(|problem| problem.kind == kind)
            .expect(allow);
        let edited = before.mend(&[problem.origin]).expect(allow);
        assert_eq!(
            String::from_utf8_lossy(&after(&edited, HOSTS_ALLOW, allow.as_bytes())),
            expected,
            "{kind:?}"
        );
        assert!(
            edited
                .after
                .problems()
                .iter()
                .all(|problem| problem.kind != kind),
            "{kind:?}"
        );
    }
}

#[test]
fn an_ambiguous_option_is_not_repaired_automatically() {
    for option in [
        "allow : deny",
        "nonsense",
        "severity authpriv.info",
        "allow 10.1.2.3",
        "low",
    ] {
        let refusal = tables(format!("sshd: 11. : {option}\n"), "")
            .mend(&[origin("allow:1")])
            .expect_err(option);
        assert!(matches!(refusal, Refusal::ByHand { .. }), "{refusal}");
    }
}

#[test]
fn repairing_a_valid_line_reports_that_nothing_is_wrong() {
    check_mend(
        "sshd: 11.\nssh: 12.\n",
        "",
        &["allow:1"],
        &expect![[r#"
            nothing-to-mend /etc/hosts.allow:1: there is nothing to mend in this line
        "#]],
    );
    check_mend(
        "sshd: 11.\n",
        "",
        &["allow:9"],
        &expect![[r#"
            nothing-to-mend /etc/hosts.allow:9: there is nothing to mend in this line
        "#]],
    );
}

#[test]
fn gains_and_losses_of_each_repair_are_known() {
    expect![[r#"
        /etc/hosts.allow:1: ByteOrderMark, can be mended
          gains: 127.0.0.1 at sshd
          gains: ::1 at sshd
          gains: everybody else at sshd
        /etc/hosts.allow:2: DeadPattern, can be mended
          gains: 10.0.0.0/8 at vsftpd
        /etc/hosts.allow:3: BareIpv6, can be mended
          gains: [2001:db8::]/40 at sshd
        /etc/hosts.allow:4: NoColon, by hand
        /etc/hosts.deny:1: DeadPattern, can be mended
          gains: 10.0.0.0/8 at sshd
    "#]]
    .assert_eq(&offers(
        "\u{feff}sshd: ALL\nvsftpd: 10.1.2.3/8\nsshd:2001:db8:9::/40:allow\nsshd 10.1.2.3\n",
        "sshd: ALL EXCEPT 10.1.2.3/8\nvsftpd: ALL\n",
    ));
    expect![[r#"
        /etc/hosts.deny:1: MissingNewline, can be mended
          gains: 127.0.0.1 at sshd
          gains: 127.0.0.1 at vsftpd
          gains: 127.0.0.1 at any-other-daemon
          gains: ::1 at sshd
          gains: ::1 at vsftpd
          gains: ::1 at any-other-daemon
          gains: everybody else at sshd
          gains: everybody else at vsftpd
          gains: everybody else at any-other-daemon
          gains: 10.9.9.9 at sshd
          gains: 10.9.9.9 at any-other-daemon
    "#]]
    .assert_eq(&offers("", "vsftpd: 10.9.9.9"));
}

#[test]
fn a_long_line_is_split_into_rules_with_the_same_meaning() {
    let clients: Vec<String> = (0..=255).map(|number| format!("10.1.{number}.7")).collect();
    let long = format!(
        "ftpd sshd: {} EXCEPT 10.1.9.7: severity auth.info\n",
        clients.join(" \\\n  ")
    );
    let edited = tables(&long, "ALL: ALL\n")
        .mend(&[origin("allow:1")])
        .expect("it can be split");
    let text = after(&edited, HOSTS_ALLOW, long.as_bytes());
    let rules = text
        .windows(10)
        .filter(|window| window == b"ftpd sshd:")
        .count();
    assert_eq!(rules, 2);
    for number in 0..=255 {
        let expected = if number == 9 { "denied" } else { "granted" };
        assert!(
            answer(&edited.after, &format!("10.1.{number}.7")).starts_with(expected),
            "{number}"
        );
        assert!(
            answer(&edited.after, &format!("ftpd/10.1.{number}.7")).starts_with(expected),
            "{number}"
        );
    }
    assert_eq!(answer(&edited.after, "10.2.1.7"), "denied deny:1");
    assert!(edited.after.problems().is_empty());
}

#[test]
fn an_unsplittable_long_line_is_kept_and_reported() {
    let exceptions = "10.1.1.1 ".repeat(300);
    let deny = format!("sshd: ALL EXCEPT {exceptions}\n");
    let before = tables("", &deny);
    let problem = before.problems().pop().expect("a problem");
    assert_eq!((problem.kind, problem.repair), (ProblemKind::TooLong, None));
    let refusal = before
        .mend(&[problem.origin])
        .expect_err("it cannot be split");
    assert!(
        refusal
            .to_string()
            .contains("no edit mends it without changing its meaning"),
        "{refusal}"
    );
}

#[test]
fn a_long_comment_is_shortened() {
    let deny = format!("# {}\\\nmore\nsshd: 9.9.9.9\n", "x".repeat(4000));
    let edited = tables("", &deny)
        .mend(&[origin("deny:1")])
        .expect("it can be cut");
    assert_eq!(answer(&edited.after, "10.1.1.1"), "granted");
    assert_eq!(answer(&edited.after, "9.9.9.9"), "denied deny:5");
}
