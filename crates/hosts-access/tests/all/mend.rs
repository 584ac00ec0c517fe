//! What is mended, removed or only offered beside the rule that lets a client in.

use crate::common::{answer, snapshot, tables};
use crate::permit::{after, check, order, shown};
use expect_test::expect;
use sshmend_hosts_access::{HOSTS_ALLOW, Permit, ProblemKind, Tables};
use sshmend_lossless::Entry;

#[test]
fn a_line_that_would_come_to_deny_is_left_asleep_unless_asked_for() {
    let cost = Permit { at_any_cost: true, ..order(&["10.1.2.3"]) };
    check(
        "sshd: ALL: deny",
        "",
        &cost,
        &expect![[r#"
        == /etc/hosts.allow
        sshd: 10.1.2.3
        sshd: ALL: deny
        note /etc/hosts.allow:1: the last line has no newline: libwrap stops there and ignores it and all that follows; with a newline, the line denies ALL at sshd
        note `sshd: 10.1.2.3` goes before the rule that would refuse them: sshd: ALL: deny
    "#]],
    );
    check(
        "sshd: ALL: deny",
        "",
        &order(&["10.1.2.3"]),
        &expect![[r#"
            == /etc/hosts.allow
            sshd: 10.1.2.3
            sshd: ALL: deny
            note `sshd: 10.1.2.3` goes before the line at which libwrap stops reading
            offer /etc/hosts.allow:1: the last line has no newline: libwrap stops there and ignores it and all that follows; with a newline, the line denies ALL at sshd; somebody would lose access by that
        "#]],
    );
}

#[test]
fn nothing_but_the_order_can_be_mended() {
    let mut order = order(&["10.1.2.3"]);
    order.mend.clear();
    check(
        "sshd: 11.",
        "ALL: ALL",
        &order,
        &expect![[r#"
        == /etc/hosts.allow
        sshd: 10.1.2.3
        sshd: 11.
        note `sshd: 10.1.2.3` goes before the line at which libwrap stops reading
        offer /etc/hosts.allow:1: the last line has no newline: libwrap stops there and ignores it and all that follows; with a newline, the line lets in 11. at sshd
        offer /etc/hosts.deny:1: the last line has no newline: libwrap stops there and denies everybody whom nothing let in before, at every wrapped service; with a newline, the line denies ALL at ALL
    "#]],
    );
}

#[test]
fn an_exact_denial_is_offered_for_removal_or_removed() {
    let deny =
        "sshd: 10.1.2.3\nsshd: 10.1.2.3, 9.9.9.9\nsshd: 8.8.8.8 10.1.2.3\nsshd: ALL EXCEPT 10.1.2.3\nftpd: 10.1.2.3\n";
    check(
        "",
        deny,
        &order(&["10.1.2.3"]),
        &expect![[r#"
        == /etc/hosts.allow
        sshd: 10.1.2.3
        note `sshd: 10.1.2.3` goes at the end of the file: no rule there refuses them
        offer /etc/hosts.deny:1: the rule denies 10.1.2.3 at sshd; the rule goes
        offer /etc/hosts.deny:2: the rule denies 10.1.2.3, 9.9.9.9 at sshd; 10.1.2.3 goes from it
        offer /etc/hosts.deny:3: the rule denies 8.8.8.8 10.1.2.3 at sshd; 10.1.2.3 goes from it
    "#]],
    );
    let remove = Permit { remove_exact_deny: true, ..order(&["10.1.2.3"]) };
    check(
        "sshd: 10.1.2.3/32: deny\n",
        deny,
        &remove,
        &expect![[r#"
        == /etc/hosts.allow
        sshd: 10.1.2.3
        == /etc/hosts.deny
        sshd: 9.9.9.9
        sshd: 8.8.8.8
        sshd: ALL EXCEPT 10.1.2.3
        ftpd: 10.1.2.3
        note /etc/hosts.allow:1: the rule denies 10.1.2.3/32 at sshd; the rule goes
        note /etc/hosts.deny:1: the rule denies 10.1.2.3 at sshd; the rule goes
        note /etc/hosts.deny:2: the rule denies 10.1.2.3, 9.9.9.9 at sshd; 10.1.2.3 goes from it
        note /etc/hosts.deny:3: the rule denies 8.8.8.8 10.1.2.3 at sshd; 10.1.2.3 goes from it
        note `sshd: 10.1.2.3` goes at the end of the file: no rule there refuses them
    "#]],
    );
}

#[test]
fn runs_of_words_and_last_lines_are_removed_whole() {
    let remove = Permit { remove_exact_deny: true, ..order(&["10.1.2.3"]) };
    check(
        "",
        "sshd: 10.1.2.3 10.1.2.4 10.1.2.5",
        &Permit { remove_exact_deny: true, ..order(&["10.1.2.5", "10.1.2.4"]) },
        &expect![[r#"
            == /etc/hosts.allow
            sshd: 10.1.2.5 10.1.2.4
            == /etc/hosts.deny
            sshd: 10.1.2.3
            note /etc/hosts.deny:1: the last line has no newline: libwrap stops there and denies everybody whom nothing let in before, at every wrapped service; with a newline, the line denies 10.1.2.3 10.1.2.4 10.1.2.5 at sshd
            note /etc/hosts.deny:1: the rule denies 10.1.2.3 10.1.2.4 10.1.2.5 at sshd; 10.1.2.4 10.1.2.5 goes from it
            note `sshd: 10.1.2.5 10.1.2.4` goes at the end of the file: no rule there refuses them
        "#]],
    );
    check(
        "",
        "# last\nsshd: 10.1.2.3",
        &remove,
        &expect![[r#"
        == /etc/hosts.allow
        sshd: 10.1.2.3
        == /etc/hosts.deny
        # last
        note /etc/hosts.deny:2: the last line has no newline: libwrap stops there and denies everybody whom nothing let in before, at every wrapped service; with a newline, the line denies 10.1.2.3 at sshd
        note /etc/hosts.deny:2: the rule denies 10.1.2.3 at sshd; the rule goes
        note `sshd: 10.1.2.3` goes at the end of the file: no rule there refuses them
    "#]],
    );
}

#[test]
fn rules_of_other_programs_are_left_to_them() {
    let deny =
        "ALL: 10.1.2.3\nALL: [2001:db8::7]\n# DenyHosts: Fri Aug 26 05:41:17 2016 | sshd: 10.1.2.4\nsshd: 10.1.2.4\n";
    let remove = Permit { remove_exact_deny: true, ..order(&["10.1.2.3", "10.1.2.4", "2001:db8::7"]) };
    check(
        "",
        deny,
        &remove,
        &expect![[r#"
        == /etc/hosts.allow
        sshd: 10.1.2.3 10.1.2.4 [2001:db8::7]
        note [2001:db8::7]: an IPv6 address stands in brackets, the length behind them
        note `sshd: 10.1.2.3 10.1.2.4 [2001:db8::7]` goes at the end of the file: no rule there refuses them
        owned /etc/hosts.deny:1: 10.1.2.3 of fail2ban
          fail2ban-client unban 10.1.2.3
        owned /etc/hosts.deny:2: 2001:db8::7 of fail2ban
          fail2ban-client unban 2001:db8::7
        owned /etc/hosts.deny:4: 10.1.2.4 of DenyHosts
          systemctl stop denyhosts
          remove the lines that name 10.1.2.4 from /etc/hosts.deny and, below /var/lib/denyhosts, from hosts, hosts-restricted, hosts-root, hosts-valid and users-hosts
          echo 10.1.2.4 >> /var/lib/denyhosts/allowed-hosts
          systemctl start denyhosts
    "#]],
    );
    let mut seen = snapshot(b"", b"ALL: 10.1.2.3\n");
    seen.insert("/usr/bin/fail2ban-client", Entry::Missing);
    let said = shown(&Tables::read(&seen), b"", b"ALL: 10.1.2.3\n", &order(&["10.1.2.3"]));
    expect![[r#"
        == /etc/hosts.allow
        sshd: 10.1.2.3
        note `sshd: 10.1.2.3` goes at the end of the file: no rule there refuses them
        offer /etc/hosts.deny:1: the rule denies 10.1.2.3 at ALL; the rule goes
    "#]]
    .assert_eq(&said);
}

#[test]
fn other_problems_are_offered() {
    check(
        "  # sshd: 9.\nsshd: 10.1.2.3/24 10.1 # ALL of them\nsshd: 2001:db8::1\nsshd: 8. :\n",
        "# a \\\nsshd: ALL\nsshd: 0.0.0.0/0\n",
        &order(&["10.1.2.3"]),
        &expect![[r#"
            note /etc/hosts.allow:2: 10.1.2.3 is granted by this rule already: sshd: 10.1.2.3/24 10.1 # ALL of them
            offer /etc/hosts.allow:1: libwrap does not take this for a comment: the rule behind # counts; without the blanks before #, it is a comment
            offer /etc/hosts.allow:2: libwrap knows no comment behind a rule: the words behind # count; the comment gets a line of its own
            offer /etc/hosts.allow:3: the colons of `2001:db8::1` end the client list: what follows the first is read as options; as [2001:db8::1] it is an address
            offer /etc/hosts.allow:4: an option is empty: libwrap denies every client that the rule matches; without the last colon, the rule counts
            offer /etc/hosts.deny:2: the comment above ends in a backslash, so that this rule is a part of it; without the backslash, the rule counts
            offer /etc/hosts.deny:3: `0.0.0.0/0` is no network that libwrap understands: it never matches; as 0.0.0.0/0.0.0.0 it matches
        "#]],
    );
    let mut all = order(&["10.1.2.3"]);
    all.mend.extend([
        ProblemKind::LiveComment,
        ProblemKind::DeadPattern,
        ProblemKind::BareIpv6,
        ProblemKind::BadOption,
        ProblemKind::SwallowedRule,
    ]);
    check(
        "  # sshd: 9.\nsshd: 10.1.2.3/24 10.1 # ALL of them\nsshd: 2001:db8::1\nsshd: 8. :\n",
        "# a \\\nsshd: ALL\nsshd: 0.0.0.0/0\n",
        &all,
        &expect![[r#"
            == /etc/hosts.allow
            # sshd: 9.
            sshd: 10.1.2.3/24 10.1 # ALL of them
            sshd: [2001:db8::1]
            sshd: 8. 
            == /etc/hosts.deny
            # a 
            sshd: ALL
            sshd: 0.0.0.0/0.0.0.0
            note /etc/hosts.allow:1: libwrap does not take this for a comment: the rule behind # counts; without the blanks before #, it is a comment
            note /etc/hosts.allow:3: the colons of `2001:db8::1` end the client list: what follows the first is read as options; as [2001:db8::1] it is an address
            note /etc/hosts.allow:4: an option is empty: libwrap denies every client that the rule matches; without the last colon, the rule counts
            note /etc/hosts.deny:2: the comment above ends in a backslash, so that this rule is a part of it; without the backslash, the rule counts
            note /etc/hosts.deny:3: `0.0.0.0/0` is no network that libwrap understands: it never matches; as 0.0.0.0/0.0.0.0 it matches
            note /etc/hosts.allow:2: 10.1.2.3 is granted by this rule already: sshd: 10.1.2.3/24 10.1 # ALL of them
            offer /etc/hosts.allow:2: libwrap knows no comment behind a rule: the words behind # count; the comment gets a line of its own; somebody would lose access by that
        "#]],
    );
}

#[test]
fn a_long_line_is_split_into_rules_with_the_same_meaning() {
    let clients: Vec<String> = (0..=255).map(|number| format!("10.1.{number}.7")).collect();
    let long = format!("ftpd sshd: {} EXCEPT 10.1.9.7: severity auth.info\n", clients.join(" \\\n  "));
    let edited = tables(&long, "ALL: ALL\n").permit(&order(&["11.1.1.1"])).expect("it can be split");
    let text = after(&edited, HOSTS_ALLOW, long.as_bytes());
    let rules = text.windows(10).filter(|window| window == b"ftpd sshd:").count();
    assert_eq!(rules, 2);
    for number in 0..=255 {
        let expected = if number == 9 { "denied" } else { "granted" };
        assert!(answer(&edited.after, &format!("10.1.{number}.7")).starts_with(expected), "{number}");
        assert!(answer(&edited.after, &format!("ftpd/10.1.{number}.7")).starts_with(expected), "{number}");
    }
    assert_eq!(answer(&edited.after, "10.2.1.7"), "denied deny:1");
    assert!(edited.after.problems().is_empty());
}

#[test]
fn a_long_line_that_cannot_be_split_is_left_and_said() {
    let exceptions = "10.1.1.1 ".repeat(300);
    let deny = format!("sshd: ALL EXCEPT {exceptions}\n");
    let before = tables("", &deny);
    let edited = before.permit(&order(&["11.1.1.1"])).expect("the client is granted all the same");
    assert_eq!(edited.edits.keys().chain(edited.creates.keys()).count(), 1);
    assert_eq!(answer(&edited.after, "11.1.1.1"), "granted allow:1");
    let problem = before.problems().pop().expect("a problem");
    assert_eq!((problem.kind, problem.repair), (ProblemKind::TooLong, None));
    assert!(edited.notes.iter().any(|note| note.text.contains("no edit mends it without changing what it means")));
}

#[test]
fn a_long_comment_is_cut() {
    let deny = format!("# {}\\\nmore\nsshd: 9.9.9.9\n", "x".repeat(4000));
    let edited = tables("", &deny).permit(&order(&[])).expect("it can be cut");
    assert_eq!(answer(&edited.after, "10.1.1.1"), "granted");
    assert_eq!(answer(&edited.after, "9.9.9.9"), "denied deny:5");
}
