//! The edits that let clients in.

use std::fmt::Write as _;
use std::path::Path;

use crate::common::{answer, snapshot, tables};
use expect_test::{Expect, expect};
use sshmend_hosts_access::{
    Edited, HOSTS_ALLOW, HOSTS_DENY, NoteKind, Permit, Refusal, Tables, Wanted,
};
use sshmend_lossless::{Entry, Snapshot, Unread};

pub(crate) fn order(patterns: &[&str]) -> Permit {
    Permit::new(
        patterns
            .iter()
            .map(|text| Wanted::parse(text).expect("a good pattern"))
            .collect(),
    )
}

/// Both files after the edit, then its notes.
pub(crate) fn shown(allow: &[u8], deny: &[u8], edited: Result<Edited, Refusal>) -> String {
    let edited = match edited {
        Ok(edited) => edited,
        Err(refusal) => return format!("refused: {refusal}\nhint: {}\n", refusal.hint()),
    };
    let mut out = String::new();
    for (path, bytes) in [(HOSTS_ALLOW, allow), (HOSTS_DENY, deny)] {
        let after = after(&edited, path, bytes);
        if after != bytes {
            writeln!(out, "== {path}").expect("a string");
            let lines = after.split_inclusive(|&byte| byte == b'\n');
            for line in lines {
                out += &(line.escape_ascii().to_string().replace("\\n", "") + "\n");
            }
        }
    }
    for note in &edited.notes {
        let origin = note
            .origin
            .as_ref()
            .map_or(String::new(), |origin| format!("{origin}: "));
        writeln!(out, "{} {origin}{}", note.kind.name(), note.text).expect("a string");
    }
    for owned in &edited.owned {
        writeln!(
            out,
            "owned {}: {} of {}",
            owned.origin,
            owned.addr,
            owned.owner.name()
        )
        .expect("a string");
        for step in &owned.steps() {
            writeln!(out, "  {step}").expect("a string");
        }
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
    expect.assert_eq(&shown(
        allow.as_bytes(),
        deny.as_bytes(),
        tables.permit(order),
    ));
}

#[test]
fn a_rule_is_appended_if_no_rule_refuses() {
    check(
        "# hosts.allow\nftpd: ALL\n",
        "ALL: ALL\n",
        &order(&["10.1.2.3"]),
        &expect![[r#"
            == /etc/hosts.allow
            # hosts.allow
            ftpd: ALL
            sshd: 10.1.2.3
            rule-added `sshd: 10.1.2.3` goes at the end of the file: no rule there refuses them
        "#]],
    );
}

#[test]
fn a_rule_is_inserted_before_the_refusing_one() {
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
            corrected [2001:db8::]/32: an IPv6 address must be in brackets, with the length after them
            rule-added `sshd : 192.168.7.0/24 [2001:db8::]/32 : allow` goes before the rule that would refuse them: ALL : ALL : deny
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
            rule-added `sshd: 10.1.2.3` goes before the rule that would refuse them: ALL: ALL: deny
        "#]],
    );
}

#[test]
fn a_rule_that_denies_a_part_of_a_network_is_overridden() {
    check(
        "sshd: 10.1.2.3: deny\n",
        "ALL: ALL\n",
        &order(&["10.1.0.0/16"]),
        &expect![[r#"
            == /etc/hosts.allow
            sshd: 10.1.0.0/16
            sshd: 10.1.2.3: deny
            rule-added `sshd: 10.1.0.0/16` goes before the rule that would refuse them: sshd: 10.1.2.3: deny
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
            rule-added `sshd: 10.1.2.3` goes before the rule that would refuse them: sshd: ALL: aclexec /bin/check
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
            rule-added `sshd: 10.1.2.3` goes before the rule that would refuse them: sshd: .example.org: deny
        "#]],
    );
}

#[test]
fn admitting_an_admitted_client_changes_nothing() {
    check(
        "sshd: 10.0.0.0/8\n",
        "ALL: ALL\n",
        &order(&["10.1.2.3", "10.1.", "10.1.2.0/24"]),
        &expect![[r#"
            granted-already /etc/hosts.allow:1: 10.1.2.3 is already granted by this rule: sshd: 10.0.0.0/8
            granted-already /etc/hosts.allow:1: 10.1. is already granted by this rule: sshd: 10.0.0.0/8
            granted-already /etc/hosts.allow:1: 10.1.2.0/24 is already granted by this rule: sshd: 10.0.0.0/8
        "#]],
    );
    check(
        "ALL: ALL\n",
        "",
        &order(&["::1", "host.example.org"]),
        &expect![[r#"
            corrected [::1]: an IPv6 address must be in brackets, with the length after them
            granted-already /etc/hosts.allow:1: [::1] is already granted by this rule: ALL: ALL
            corrected host.example.org: libwrap compares the name that the client's address resolves to, and only when that name leads back to the address
            granted-already /etc/hosts.allow:1: host.example.org is already granted by this rule: ALL: ALL
        "#]],
    );
    check(
        "sshd: ALL EXCEPT 10.1.\n",
        "ALL: ALL\n",
        &order(&["10.2.0.0/16"]),
        &expect![[r#"
            granted-already /etc/hosts.allow:1: 10.2.0.0/16 is already granted by this rule: sshd: ALL EXCEPT 10.1.
        "#]],
    );
}

#[test]
fn a_missing_file_is_created() {
    let mut seen = Snapshot::default();
    seen.insert(HOSTS_ALLOW, Entry::Missing);
    seen.insert(HOSTS_DENY, Entry::Missing);
    seen.insert(HOSTS_DENY, Entry::Unreadable(Unread::Denied));
    let said = shown(b"", b"", Tables::read(&seen).permit(&order(&["10.1.2.3"])));
    expect![[r#"
        == /etc/hosts.allow
        sshd: 10.1.2.3
        file-not-read /etc/hosts.deny cannot be read: permission denied; hosts.allow is read first
        rule-added `sshd: 10.1.2.3` goes at the end of the file: no rule there refuses them
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
            rule-added `sshd:\t11.` goes at the end of the file: no rule there refuses them
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
            rule-added `sshd : 11. : ALLOW` goes before the rule that would refuse them: ALL : ALL : DENY
        "#]],
    );
}

#[test]
fn a_last_line_without_newline_stays_unchanged_below_the_new_rule() {
    check(
        "sshd: 11.",
        "ALL: ALL",
        &order(&["10.1.2.3"]),
        &expect![[r#"
            == /etc/hosts.allow
            sshd: 10.1.2.3
            sshd: 11.
            rule-added `sshd: 10.1.2.3` goes before the line at which libwrap stops reading
        "#]],
    );
    check(
        "",
        "sshd: 10.0.0.1",
        &order(&["10.1.2.3"]),
        &expect![[r#"
            == /etc/hosts.allow
            sshd: 10.1.2.3
            rule-added `sshd: 10.1.2.3` goes at the end of the file: no rule there refuses them
        "#]],
    );
    check(
        "# note",
        "",
        &order(&["10.1.2.3"]),
        &expect![[r#"
            granted-already 10.1.2.3 is already granted at sshd: no rule denies it
        "#]],
    );
    check(
        "sshd: 11. \\",
        "",
        &order(&["10.1.2.3"]),
        &expect![[r#"
            granted-already 10.1.2.3 is already granted at sshd: no rule denies it
        "#]],
    );
}

#[test]
fn a_file_that_cannot_be_read_is_not_edited() {
    let mut seen = snapshot(b"", b"");
    seen.insert(HOSTS_ALLOW, Entry::Unreadable(Unread::Denied));
    let refusal = Tables::read(&seen)
        .permit(&order(&["10.1.2.3"]))
        .expect_err("it cannot be read");
    assert_eq!(refusal.to_string(), "/etc/hosts.allow: permission denied");
    seen.insert(
        HOSTS_ALLOW,
        Entry::Directory(Vec::new(), sshmend_lossless::Metadata::default()),
    );
    assert!(Tables::read(&seen).permit(&order(&["10.1.2.3"])).is_err());
}

#[test]
fn a_repeated_permit_changes_nothing() {
    let first = tables("sshd: 11.", "# note")
        .permit(&order(&["10.1.2.3", "::1", "h.example.org"]))
        .expect("done");
    let second = first
        .after
        .permit(&order(&["10.1.2.3", "::1", "h.example.org"]))
        .expect("nothing to do");
    assert!(second.edits.is_empty() && second.creates.is_empty());
}

#[test]
fn a_client_that_no_rule_denies_gets_no_rule() {
    for (allow, deny, wanted) in [
        ("# nothing\n", "", "192.0.2.77"),
        ("vsftpd: 192.0.2.77\n", "vsftpd: ALL\n", "192.0.2.77"),
        ("", "sshd: ALL EXCEPT 192.0.2.0/24\n", "192.0.2.77"),
        ("sshd: ALL EXCEPT 198.51.\n", "ALL: ALL\n", "192.0.2.0/24"),
        (
            "sshd: 192.0.2.0/25 192.0.2.128/25\n",
            "ALL: ALL\n",
            "192.0.2.0/24",
        ),
        ("", "sshd: 192.0.2.77/24\n", "192.0.2.0/24"),
        (
            "sshd: 203.0.113.1: allow\n",
            "sshd: 198.51.100.0/24 [2001:db8::]/32\n",
            "192.0.2.0/24",
        ),
    ] {
        let edited = tables(allow, deny)
            .permit(&order(&[wanted]))
            .expect("nothing to do");
        assert!(
            edited.edits.is_empty() && edited.creates.is_empty(),
            "{allow} {deny} {wanted}"
        );
        assert!(
            edited
                .notes
                .iter()
                .any(|note| note.kind == NoteKind::GrantedAlready),
            "{:?}",
            edited.notes
        );
    }
    for (allow, deny, wanted) in [
        ("sshd: 192.0.2.0/25\n", "ALL: ALL\n", "192.0.2.0/24"),
        ("", "sshd: ALL EXCEPT 192.0.2.0/25\n", "192.0.2.0/24"),
        ("", "sshd: .example.org\n", "192.0.2.77"),
        ("", "# damaged", "192.0.2.77"),
    ] {
        let edited = tables(allow, deny)
            .permit(&order(&[wanted]))
            .expect("a rule");
        assert!(!edited.edits.is_empty(), "{allow} {deny} {wanted}");
    }
}

#[test]
fn a_permit_repairs_nothing_else() {
    let allows = [
        "ALL : 0.0.0.0/0\n",
        "sshd: 198.51.100.9/24\n",
        "sshd: 198.51\n",
        "vsftpd: 198.51.100.9/8\n",
        "\u{feff}sshd: ALL\n",
        "sshd: 198.51.100.9",
        "sshd: 198.51.100.9 # some # words\n",
        "sshd:2001:db8:7::/48:allow\n",
        "  # sshd: ALL\nsshd: 198.51.100.9 :\n",
    ];
    let denies = [
        "ALL: ALL\n".to_owned(),
        "sshd: ALL\nvsftpd: 198.51.100.9".to_owned(),
        " # sshd: ALL\n".to_owned(),
        "sshd: 192.0.2.77 # not ALL\n".to_owned(),
        format!("ALL: {}\n", "198.51.100.9 ".repeat(200)),
        "sshd: ALL EXCEPT 198.51.100.9/8\n".to_owned(),
    ];
    for allow in allows {
        for deny in &denies {
            let before = tables(allow, deny);
            let edited = before
                .permit(&order(&["192.0.2.77"]))
                .expect("it can be let in");
            let (allow_after, deny_after) = (
                after(&edited, HOSTS_ALLOW, allow.as_bytes()),
                after(&edited, HOSTS_DENY, deny.as_bytes()),
            );
            assert_eq!(deny_after, deny.as_bytes(), "hosts.deny is never edited");
            let lines = |text: &[u8]| {
                text.split(|&byte| byte == b'\n')
                    .map(<[u8]>::to_vec)
                    .collect::<Vec<_>>()
            };
            let added: Vec<_> = lines(&allow_after)
                .into_iter()
                .filter(|line| !lines(allow.as_bytes()).contains(line))
                .collect();
            assert!(
                added.len() <= 1
                    && allow_after.ends_with(
                        allow
                            .as_bytes()
                            .rsplit(|b| *b == b'\n')
                            .next()
                            .expect("a line")
                    )
            );
            assert!(
                answer(&edited.after, "192.0.2.77").starts_with("granted"),
                "{allow} {deny}"
            );
            for client in [
                "198.51.100.9",
                "198.51.7.7",
                "203.0.113.5",
                "vsftpd/198.51.100.9",
                "vsftpd/192.0.2.77",
                "2001:db8:7::1",
            ] {
                let access = |text: String| text.split(' ').next().map(str::to_owned);
                assert_eq!(
                    access(answer(&before, client)),
                    access(answer(&edited.after, client)),
                    "{client} {allow} {deny}"
                );
            }
        }
    }
}

#[test]
fn the_rule_is_inserted_above_a_final_comment() {
    for (allow, expected) in [
        (
            "sshd: 9.9.9.9\n\n# End of hosts.allow.\n",
            "sshd: 9.9.9.9\nsshd: 192.0.2.77\n\n# End of hosts.allow.\n",
        ),
        ("# head\n# EOF\n", "# head\nsshd: 192.0.2.77\n# EOF\n"),
        (
            "sshd: 9.9.9.9\n# vim: ft=conf\n",
            "sshd: 9.9.9.9\nsshd: 192.0.2.77\n# vim: ft=conf\n",
        ),
        ("# ends here? no\n", "# ends here? no\nsshd: 192.0.2.77\n"),
        (
            "# END ANSIBLE MANAGED BLOCK\n",
            "# END ANSIBLE MANAGED BLOCK\nsshd: 192.0.2.77\n",
        ),
    ] {
        let edited = tables(allow, "ALL: ALL\n")
            .permit(&order(&["192.0.2.77"]))
            .expect("a rule");
        assert_eq!(
            String::from_utf8_lossy(&after(&edited, HOSTS_ALLOW, allow.as_bytes())),
            expected
        );
    }
}

#[test]
fn an_unreadable_file_is_named_and_nothing_is_changed() {
    let mut seen = snapshot(b"", b"");
    seen.insert(
        HOSTS_DENY,
        Entry::Unreadable(Unread::Failed("Input/output error".to_owned())),
    );
    let tables = Tables::read(&seen);
    let remove = Permit {
        remove_exact_deny: true,
        ..order(&["192.0.2.77"])
    };
    assert_eq!(
        tables.permit(&remove).expect_err("not known").to_string(),
        "/etc/hosts.deny: Input/output error"
    );
    assert_eq!(
        tables.readable().expect_err("not known").to_string(),
        "/etc/hosts.deny: Input/output error"
    );
    let edited = tables
        .permit(&order(&["192.0.2.77"]))
        .expect("hosts.allow is read first");
    assert!(
        edited
            .notes
            .iter()
            .any(|note| note.kind == NoteKind::Unread && note.text.contains(HOSTS_DENY))
    );
    seen.insert(HOSTS_ALLOW, Entry::Dangling);
    let refusal = Tables::read(&seen)
        .permit(&order(&["192.0.2.77"]))
        .expect_err("a link to nothing");
    assert_eq!(refusal.to_string(), "/etc/hosts.allow: a link to nothing");
    seen.insert(HOSTS_ALLOW, Entry::Unreadable(Unread::TooLong { mib: 64 }));
    let refusal = Tables::read(&seen)
        .permit(&order(&["192.0.2.77"]))
        .expect_err("too long");
    assert!(
        refusal.to_string().contains("MiB") && !refusal.hint().contains("root"),
        "{refusal} {}",
        refusal.hint()
    );
}
