//! `show hosts-access` and `fix hosts-access`.

use expect_test::expect;

use crate::disk::Disk;

#[test]
fn the_first_line_says_granted_or_denied_and_by_which_rule() {
    let disk = Disk::new("//- /etc/hosts.allow\nsshd: 192.0.2.\n//- /etc/hosts.deny\nALL: ALL\n");
    disk.run("show hosts-access 192.0.2.1").check(&expect![[r#"
        exit 0
        192.0.2.1 at sshd: granted (/etc/hosts.allow:1)
          sshd: 192.0.2.
          the rule matches by `192.0.2.` and grants
        --
    "#]]);
    disk.run("show hosts-access 198.51.100.1").check(&expect![[r#"
        exit 0
        198.51.100.1 at sshd: denied (/etc/hosts.deny:1)
          ALL: ALL
          the rule matches by `ALL` and denies
        --
    "#]]);
}

#[test]
fn a_name_that_was_not_looked_up_is_said_to_decide() {
    let disk = Disk::new("//- /etc/hosts.deny\nsshd: .example.org\n");
    disk.run("show hosts-access 192.0.2.1").check(&expect![[r#"
        exit 0
        192.0.2.1 at sshd: unknown (/etc/hosts.deny:1)
          sshd: .example.org
          it depends on the host name of the client (pattern .example.org)
        --
    "#]]);
    assert!(disk.run("show hosts-access 192.0.2.1 --no-name").stdout.contains("granted"));
    assert!(disk.run("show hosts-access 192.0.2.1 --name a.example.org").stdout.contains("denied"));
}

#[test]
fn the_rule_goes_where_it_wins_and_a_second_run_changes_nothing() {
    let disk = Disk::new("//- /etc/hosts.allow\nsshd: ALL : deny\n//- /etc/hosts.deny\n# nothing\n");
    disk.run("fix hosts-access --allow 192.0.2.7 --yes").check(&expect![[r#"
        exit 0
        --- /etc/hosts.allow
        +++ /etc/hosts.allow
        @@ -1 +1,2 @@
        +sshd: 192.0.2.7
         sshd: ALL : deny
        effect: 192.0.2.7 at sshd denied (/etc/hosts.allow:1) -> granted (/etc/hosts.allow:1)
        note:   whether this sshd reads the files cannot be said: no sshd was found [libwrap-not-linked]
        note:   `sshd: 192.0.2.7` goes before the rule that would refuse them: sshd: ALL : deny [mended]
        --
        applied as ID; undo it with: sshmend rollback ID --root DISK
    "#]]);
    assert_eq!(disk.read("/etc/hosts.allow").as_deref(), Some("sshd: 192.0.2.7\nsshd: ALL : deny\n"));
    let again = disk.run("fix hosts-access --allow 192.0.2.7 --yes --format json");
    assert_eq!((again.code, again.json()["changed"].as_bool()), (0, Some(false)));
}

#[test]
fn without_a_client_only_what_is_malformed_is_mended() {
    let disk = Disk::new("//- /etc/hosts.deny\nsshd: 203.0.113.9\n\\\n");
    disk.run("fix hosts-access --yes").check(&expect![[r#"
        exit 0
        --- /etc/hosts.deny
        +++ /etc/hosts.deny
        @@ -1 +1 @@
        -sshd: 203.0.113.9
        \ No newline at end of file
        +sshd: 203.0.113.9
        effect: 127.0.0.1 at sshd denied (/etc/hosts.deny:1) -> granted (no rule)
        effect: 127.0.0.1 at any-other-daemon denied (/etc/hosts.deny:1) -> granted (no rule)
        effect: ::1 at sshd denied (/etc/hosts.deny:1) -> granted (no rule)
        effect: ::1 at any-other-daemon denied (/etc/hosts.deny:1) -> granted (no rule)
        effect: everybody else at sshd denied (/etc/hosts.deny:1) -> granted (no rule)
        effect: everybody else at any-other-daemon denied (/etc/hosts.deny:1) -> granted (no rule)
        effect: 203.0.113.9 at any-other-daemon denied (/etc/hosts.deny:1) -> granted (no rule)
        note:   whether this sshd reads the files cannot be said: no sshd was found [libwrap-not-linked]
        note:   /etc/hosts.deny:1: the last line has no newline: libwrap stops there and denies everybody whom nothing let in before, at every wrapped service; with a newline, the line denies 203.0.113.9 at sshd [mended]
        --
        applied as ID; undo it with: sshmend rollback ID --root DISK
    "#]]);
    assert_eq!(disk.read("/etc/hosts.deny").as_deref(), Some("sshd: 203.0.113.9\n"));
}

#[test]
fn what_cannot_be_a_pattern_is_refused_with_the_forms_there_are() {
    Disk::new("").run("fix hosts-access --allow 10.0.0.1-10.0.0.9 --yes").check(&expect![[r#"
        exit 2
        --
        error: pattern `10.0.0.1-10.0.0.9` is a range, which libwrap does not know
        hint: give the networks that make up the range
    "#]]);
}

#[test]
fn an_sshd_without_libwrap_is_not_mended_by_a_rule() {
    let disk = Disk::new("//- /etc/hosts.deny\nALL: ALL\n");
    disk.write("/usr/sbin/sshd", std::fs::read("/bin/true").expect("a program that is not linked with libwrap"));
    let said = disk.run("fix hosts-access --allow 192.0.2.7 --yes");
    assert_eq!(said.code, 2);
    said.check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: /usr/sbin/sshd is not linked with libwrap: it never reads hosts.allow or hosts.deny
        hint: the cause lies elsewhere: sshmend diagnose
    "#]]);
}
