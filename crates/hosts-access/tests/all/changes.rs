//! Who gains and who loses access by an edit.

use std::fmt::Write as _;

use crate::common::{client, tables};
use expect_test::{Expect, expect};
use sshmend_hosts_access::{AccessChange, Client, Permit, Tables, Wanted, access_changes};

fn shown(before: &Tables, after: &Tables, also: &[Client]) -> String {
    let changes = access_changes(before, after, &["sshd"], also);
    let mut out = String::new();
    let mut list = |what: &str, changes: &[AccessChange]| {
        for change in changes {
            let AccessChange {
                who,
                client,
                before,
                after,
            } = change;
            writeln!(
                out,
                "{what} {who} at {}: {:?} -> {:?}",
                client.daemon, before.access, after.access
            )
            .expect("a string");
        }
    };
    list("gained", &changes.gained);
    list("lost", &changes.lost);
    list("unclear", &changes.unclear);
    if changes.left_out > 0 {
        writeln!(out, "left out {}", changes.left_out).expect("a string");
    }
    out
}

fn check(before: (&str, &str), after: (&str, &str), expect: &Expect) {
    expect.assert_eq(&shown(
        &tables(before.0, before.1),
        &tables(after.0, after.1),
        &[],
    ));
}

fn check_permit(allow: &str, deny: &str, patterns: &[&str], expect: &Expect) {
    let wanted = patterns
        .iter()
        .map(|text| Wanted::parse(text).expect("a good pattern"))
        .collect();
    let before = tables(allow, deny);
    let edited = before.permit(&Permit::new(wanted)).expect("it can be done");
    expect.assert_eq(&shown(&before, &edited.after, &[client("10.1.2.77")]));
}

#[test]
fn an_unedited_table_changes_no_answer() {
    let same = ("sshd: 10.\n# note", "ALL: ALL\n");
    check(same, same, &expect![[""]]);
    check(same, ("# other\nsshd: 10.\n", "ALL: ALL\n"), &expect![[""]]);
}

#[test]
fn only_the_allowed_clients_gain_access() {
    check_permit(
        "",
        "ALL: ALL\n",
        &["10.1.2.0/24"],
        &expect![[r#"
        gained 10.1.2.77 at sshd: Denied -> Granted
        gained 10.1.2.0/24 at sshd: Denied -> Granted
    "#]],
    );
    check_permit(
        "",
        "sshd: 10.\n",
        &["10.1.2.0/24", "9.9.9.9"],
        &expect![[r#"
        gained 10.1.2.77 at sshd: Denied -> Granted
        gained 10.1.2.0/24 at sshd: Denied -> Granted
    "#]],
    );
    check_permit("", "", &["10.1.2.3"], &expect![[""]]);
}

#[test]
fn a_repaired_newline_admits_clients_that_no_rule_names() {
    check(
        ("", "sshd: 10.0.0.1"),
        ("", "sshd: 10.0.0.1\n"),
        &expect![[r#"
        gained 127.0.0.1 at sshd: Denied -> Granted
        gained 127.0.0.1 at any-other-daemon: Denied -> Granted
        gained ::1 at sshd: Denied -> Granted
        gained ::1 at any-other-daemon: Denied -> Granted
        gained everybody else at sshd: Denied -> Granted
        gained everybody else at any-other-daemon: Denied -> Granted
        gained 10.0.0.1 at any-other-daemon: Denied -> Granted
    "#]],
    );
}

#[test]
fn unrelated_rules_affect_only_their_own_clients() {
    let rule = |number: usize| format!("sshd: 10.{}.{}.1\n", number / 250, number % 250);
    let all: String = (0..3000).map(rule).collect();
    let less: String = (0..3000)
        .filter(|number| ![7, 2900].contains(number))
        .map(rule)
        .collect();
    check(
        ("", &all),
        ("", &less),
        &expect![[r#"
        gained 10.0.7.1 at sshd: Denied -> Granted
        gained 10.11.150.1 at sshd: Denied -> Granted
    "#]],
    );
}

#[test]
fn overlapping_networks_are_detected() {
    check_permit(
        "",
        "sshd: 10.5. .example.org\n",
        &["10.0.0.0/8"],
        &expect![[r#"
        gained 10.5. at sshd: Denied -> Granted
    "#]],
    );
}

#[test]
fn clients_that_lose_access_are_named() {
    check(
        ("ALL: ALL\n", "ALL: ALL\n"),
        ("sshd: 10.\n", "ALL: ALL\n"),
        &expect![[r#"
            lost 127.0.0.1 at sshd: Granted -> Denied
            lost 127.0.0.1 at any-other-daemon: Granted -> Denied
            lost ::1 at sshd: Granted -> Denied
            lost ::1 at any-other-daemon: Granted -> Denied
            lost everybody else at sshd: Granted -> Denied
            lost everybody else at any-other-daemon: Granted -> Denied
            lost 10. at any-other-daemon: Granted -> Denied
        "#]],
    );
    check(
        ("", ""),
        ("", "# note"),
        &expect![[r#"
        lost 127.0.0.1 at sshd: Granted -> Denied
        lost 127.0.0.1 at any-other-daemon: Granted -> Denied
        lost ::1 at sshd: Granted -> Denied
        lost ::1 at any-other-daemon: Granted -> Denied
        lost everybody else at sshd: Granted -> Denied
        lost everybody else at any-other-daemon: Granted -> Denied
    "#]],
    );
}

#[test]
fn changes_by_names_and_exceptions_are_detected() {
    check(
        ("", "ALL: ALL\n"),
        (
            "sshd: .example.org EXCEPT bad.example.org\nftpd: LOCAL\n",
            "ALL: ALL\n",
        ),
        &expect![[r#"
            gained 127.0.0.1 at ftpd: Denied -> Granted
            gained ::1 at ftpd: Denied -> Granted
            gained .example.org at sshd: Denied -> Granted
            gained LOCAL at ftpd: Denied -> Granted
        "#]],
    );
}

#[test]
fn sampling_of_very_long_files_is_reported() {
    let deny: String = (0..2000)
        .map(|number| format!("sshd: 10.{}.{}.1\n", number / 250, number % 250))
        .collect();
    let before = tables("", &deny);
    let after = tables("", format!("{deny}# note"));
    let changes = access_changes(&before, &after, &["sshd"], &[]);
    assert!(changes.left_out > 0);
    assert_eq!(
        changes.lost.first().map(|change| change.who.as_str()),
        Some("127.0.0.1")
    );
}
