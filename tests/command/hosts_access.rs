//! `show hosts-access` and `fix hosts-access`.

use expect_test::expect;

use crate::disk::Disk;

#[test]
fn the_first_line_shows_granted_or_denied_and_by_which_rule() {
    let disk = Disk::new("//- /etc/hosts.allow\nsshd: 192.0.2.\n//- /etc/hosts.deny\nALL: ALL\n");
    disk.run("show hosts-access 192.0.2.1").check(&expect![[r#"
        exit 0
        192.0.2.1 at sshd: granted (/etc/hosts.allow:1)
          sshd: 192.0.2.
          the rule matches by `192.0.2.` and grants
        --
    "#]]);
    disk.run("show hosts-access 198.51.100.1")
        .check(&expect![[r#"
        exit 0
        198.51.100.1 at sshd: denied (/etc/hosts.deny:1)
          ALL: ALL
          the rule matches by `ALL` and denies
        --
    "#]]);
}

#[test]
fn an_unresolved_name_that_decides_is_reported() {
    let disk = Disk::new("//- /etc/hosts.deny\nsshd: .example.org\n");
    disk.run("show hosts-access 192.0.2.1").check(&expect![[r#"
        exit 0
        192.0.2.1 at sshd: unknown (/etc/hosts.deny:1)
          sshd: .example.org
          it depends on the host name of the client (pattern .example.org)
        --
    "#]]);
    assert!(
        disk.run("show hosts-access 192.0.2.1 --no-name")
            .stdout
            .contains("granted")
    );
    assert!(
        disk.run("show hosts-access 192.0.2.1 --name a.example.org")
            .stdout
            .contains("denied")
    );
}

#[test]
fn an_answer_that_depends_on_an_unreadable_file_exits_with_2() {
    let disk = Disk::new("//- /etc/hosts.deny\nsshd: ALL\n");
    std::os::unix::fs::symlink("hosts.allow", disk.path("/etc/hosts.allow")).unwrap();
    disk.run("show hosts-access 192.0.2.1").check(&expect![[r#"
        exit 2
        192.0.2.1 at sshd: unknown
          it depends on /etc/hosts.allow, which cannot be read: its links form a loop
        --
        error: /etc/hosts.allow cannot be read: its links form a loop
        hint: look where the link leads (namei -l PATH)
    "#]]);
}

#[test]
fn the_rule_is_written_where_it_wins_and_a_second_run_changes_nothing() {
    let disk =
        Disk::new("//- /etc/hosts.allow\nsshd: ALL : deny\n//- /etc/hosts.deny\n# nothing\n");
    disk.run("fix hosts-access --allow 192.0.2.7 --yes").check(&expect![[r#"
        exit 0
        --- /etc/hosts.allow
        +++ /etc/hosts.allow
        @@ -1 +1,2 @@
        +sshd: 192.0.2.7
         sshd: ALL : deny
        effect: 192.0.2.7 at sshd denied (/etc/hosts.allow:1) -> granted (/etc/hosts.allow:1)
        note:   whether this sshd reads the files is not known: no sshd was found [libwrap-not-linked]
        note:   `sshd: 192.0.2.7` goes before the rule that would refuse them: sshd: ALL : deny [rule-added]
        --
        applied as ID; undo it with: sshmend rollback ID --root DISK
    "#]]);
    assert_eq!(
        disk.read("/etc/hosts.allow").as_deref(),
        Some("sshd: 192.0.2.7\nsshd: ALL : deny\n")
    );
    let again = disk.run("fix hosts-access --allow 192.0.2.7 --yes --format json");
    assert_eq!(
        (again.code, again.json()["changed"].as_bool()),
        (0, Some(false))
    );
}

#[test]
fn possible_repairs_are_listed_if_no_change_is_requested() {
    let disk = Disk::new(
        "//- /etc/hosts.allow\nsshd:2001:db8:9::/40:allow\n//- /etc/hosts.deny\nsshd: 203.0.113.9\n\\\n",
    );
    let said = disk.run("fix hosts-access --mend --yes");
    assert_eq!(
        (said.code, &said.stdout),
        (1, &disk.run("fix hosts-access --yes").stdout)
    );
    said.check(&expect![[r#"
        exit 1
        nothing to change: list possible repairs of hosts.allow and hosts.deny
        note:   whether this sshd reads the files is not known: no sshd was found [libwrap-not-linked]
        note:   /etc/hosts.allow:1: the colons of `2001:db8:9::/40` end the client list: what follows the first is read as options; as [2001:db8::]/40 it is an address; access is gained by [2001:db8::]/40 at sshd; to mend it: `sshmend fix hosts-access --mend /etc/hosts.allow:1 --root DISK` [offer]
        note:   /etc/hosts.deny:1: the last line has no newline: libwrap stops there and denies every client that no earlier rule allows, at every wrapped service; with a newline, the line denies 203.0.113.9 at sshd; access is gained by everybody else at sshd, everybody else at any-other-daemon, 203.0.113.9 at any-other-daemon and 4 more; to mend it: `sshmend fix hosts-access --mend /etc/hosts.deny:1 --root DISK` [offer]
        --
    "#]]);
    assert_eq!(
        disk.read("/etc/hosts.deny").as_deref(),
        Some("sshd: 203.0.113.9")
    );
    let sound = Disk::new("//- /etc/hosts.allow\nsshd: 192.0.2.\n");
    assert_eq!(sound.run("fix hosts-access --yes").code, 0);
}

#[test]
fn only_the_named_line_is_repaired() {
    let disk = Disk::new(
        "//- /etc/hosts.allow\nsshd: 192.0.2.7/24\n//- /etc/hosts.deny\nsshd: 203.0.113.9\n\\\n",
    );
    disk.run("fix hosts-access --mend hosts.deny:1 --yes").check(&expect![[r#"
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
        note:   whether this sshd reads the files is not known: no sshd was found [libwrap-not-linked]
        note:   /etc/hosts.deny:1: the last line has no newline: libwrap stops there and denies every client that no earlier rule allows, at every wrapped service; with a newline, the line denies 203.0.113.9 at sshd [mended]
        note:   /etc/hosts.allow:1: `192.0.2.7/24` has host bits that its mask cuts off: it never matches; as 192.0.2.0/24 it matches; access is gained by 192.0.2.0/24 at sshd; to mend it: `sshmend fix hosts-access --mend /etc/hosts.allow:1 --root DISK` [offer]
        --
        applied as ID; undo it with: sshmend rollback ID --root DISK
    "#]]);
    assert_eq!(
        disk.read("/etc/hosts.deny").as_deref(),
        Some("sshd: 203.0.113.9\n")
    );
    assert_eq!(
        disk.read("/etc/hosts.allow").as_deref(),
        Some("sshd: 192.0.2.7/24\n")
    );
    disk.run("fix hosts-access --mend /etc/hosts.allow:4 --yes").check(&expect![[r#"
        exit 0
        nothing to change: mend /etc/hosts.allow:4
        note:   whether this sshd reads the files is not known: no sshd was found [libwrap-not-linked]
        note:   /etc/hosts.allow:4: there is nothing to mend in this line [nothing-to-mend]
        note:   /etc/hosts.allow:1: `192.0.2.7/24` has host bits that its mask cuts off: it never matches; as 192.0.2.0/24 it matches; nobody gains or loses access by that; to mend it: `sshmend fix hosts-access --mend /etc/hosts.allow:1 --root DISK` [offer]
        --
    "#]]);
    disk.run("fix hosts-access --mend /etc/passwd:4 --yes")
        .check(&expect![[r#"
            exit 2
            --
            error: nothing was changed: `/etc/passwd:4` does not name a line of hosts.allow or hosts.deny
            hint: write it as /etc/hosts.deny:3; --mend without lines lists them
        "#]]);
}

#[test]
fn admitting_a_client_repairs_nothing_but_offers_it() {
    let deny = "sshd: ALL\n  # ALL: ALL\nvsftpd: 203.0.113.9";
    let disk = Disk::new(&format!(
        "//- /etc/hosts.allow\nALL : 0.0.0.0/0\n# End of hosts.allow.\n//- /etc/hosts.deny\n{deny}\n\\\n"
    ));
    disk.run("fix hosts-access --allow 192.0.2.7 --yes").check(&expect![[r#"
        exit 0
        --- /etc/hosts.allow
        +++ /etc/hosts.allow
        @@ -1,2 +1,3 @@
         ALL : 0.0.0.0/0
        +sshd : 192.0.2.7
         # End of hosts.allow.
        effect: 192.0.2.7 at sshd denied (/etc/hosts.deny:1) -> granted (/etc/hosts.allow:2)
        note:   whether this sshd reads the files is not known: no sshd was found [libwrap-not-linked]
        note:   `sshd : 192.0.2.7` goes at the end of the file: no rule there refuses them [rule-added]
        note:   /etc/hosts.allow:1: `0.0.0.0/0` is not a network that libwrap understands: it never matches; as 0.0.0.0/0.0.0.0 it matches; access is gained by 0.0.0.0/0.0.0.0 at sshd, 0.0.0.0/0.0.0.0 at vsftpd, 0.0.0.0/0.0.0.0 at any-other-daemon and 12 more; to mend it: `sshmend fix hosts-access --mend /etc/hosts.allow:1 --root DISK` [offer]
        note:   /etc/hosts.deny:2: libwrap does not read this as a comment: the rule after # counts; without the blanks before #, it is a comment; nobody gains or loses access by that; to mend it: `sshmend fix hosts-access --mend /etc/hosts.deny:2 --root DISK` [offer]
        note:   /etc/hosts.deny:3: the last line has no newline: libwrap stops there and denies every client that no earlier rule allows, at every wrapped service; with a newline, the line denies 203.0.113.9 at vsftpd; nobody gains or loses access by that; to mend it: `sshmend fix hosts-access --mend /etc/hosts.deny:3 --root DISK` [offer]
        --
        applied as ID; undo it with: sshmend rollback ID --root DISK
    "#]]);
    assert_eq!(disk.read("/etc/hosts.deny").as_deref(), Some(deny));
}

#[test]
fn admitting_a_client_that_no_rule_denies_changes_nothing() {
    let disk = Disk::new(
        "//- /etc/hosts.allow\n# nothing\n//- /etc/hosts.deny\nsshd: ALL EXCEPT 192.0.2.0/24\n",
    );
    disk.run("fix hosts-access --allow 192.0.2.7 --yes").check(&expect![[r#"
        exit 0
        nothing to change: let 192.0.2.7 in
        note:   whether this sshd reads the files is not known: no sshd was found [libwrap-not-linked]
        note:   192.0.2.7 is already granted at sshd: no rule denies it [granted-already]
        --
    "#]]);
}

#[test]
fn a_denial_for_all_daemons_is_kept() {
    let disk = Disk::new("//- /etc/hosts.deny\nALL: 192.0.2.7\nsshd: 192.0.2.7\n");
    disk.run("fix hosts-access --allow 192.0.2.7 --remove-deny --yes").check(&expect![[r#"
        exit 0
        --- /dev/null
        +++ /etc/hosts.allow
        @@ -0,0 +1 @@
        +sshd: 192.0.2.7
        --- /etc/hosts.deny
        +++ /etc/hosts.deny
        @@ -1,2 +1 @@
         ALL: 192.0.2.7
        -sshd: 192.0.2.7
        effect: 192.0.2.7 at sshd denied (/etc/hosts.deny:1) -> granted (/etc/hosts.allow:1)
        note:   whether this sshd reads the files is not known: no sshd was found [libwrap-not-linked]
        note:   /etc/hosts.deny:2: the rule denies 192.0.2.7 at sshd; it is removed [deny-removed]
        note:   `sshd: 192.0.2.7` goes at the end of the file: no rule there refuses them [rule-added]
        note:   /etc/hosts.deny:1: the rule denies 192.0.2.7 at ALL: it is kept, because it is not only for sshd [deny-kept]
        --
        applied as ID; undo it with: sshmend rollback ID --root DISK
    "#]]);
    assert_eq!(
        disk.read("/etc/hosts.deny").as_deref(),
        Some("ALL: 192.0.2.7\n")
    );
}

#[test]
fn files_that_another_program_maintains_are_not_written() {
    for (target, expected) in [
        (
            "/nix/store/0a1b-etc/etc/hosts.allow",
            "environment.etc.\"hosts.allow\"",
        ),
        (
            "/usr/share/site/hosts.allow",
            "cp --remove-destination /usr/share/site/hosts.allow /etc/hosts.allow",
        ),
        (
            "/run/site/hosts.allow",
            "change what generates /run/site/hosts.allow",
        ),
        (
            "/srv/site/hosts.allow",
            "make the change where /srv/site/hosts.allow is kept",
        ),
    ] {
        let disk = Disk::new("//- /etc/hosts.deny\nALL: ALL\n");
        disk.write(target, "sshd: 198.51.100.\n");
        std::os::unix::fs::symlink(target, disk.path("/etc/hosts.allow")).expect("a link");
        let said = disk.run("fix hosts-access --allow 192.0.2.7 --yes");
        assert!(
            said.code == 2 && said.stderr.contains(expected),
            "{} {}",
            said.code,
            said.stderr
        );
        assert_eq!(disk.read(target).as_deref(), Some("sshd: 198.51.100.\n"));
        assert_eq!(
            disk.run("fix hosts-access --allow 198.51.100.7 --yes").code,
            0,
            "nothing is to be written"
        );
    }
    let disk = Disk::new("//- /etc/site/allow\nsshd: 198.51.100.\n//- /etc/hosts.deny\nALL: ALL\n");
    std::os::unix::fs::symlink("site/allow", disk.path("/etc/hosts.allow")).expect("a link");
    let said = disk.run("fix hosts-access --allow 192.0.2.7 --yes");
    assert!(
        said.code == 0 && said.stdout.contains("+++ /etc/site/allow\n"),
        "{}",
        said.stdout
    );
}

#[test]
fn the_generator_of_a_file_is_named_first() {
    let disk = Disk::new(
        "//- /etc/hosts.allow\n# This file is managed by Puppet.\nsshd: 198.51.100.\n//- /etc/hosts.deny\nALL: ALL\n",
    );
    let said = disk.run("fix hosts-access --allow 192.0.2.7 --dry-run");
    let notes: Vec<&str> = said
        .stdout
        .lines()
        .filter(|line| line.starts_with("note:"))
        .collect();
    assert!(
        notes[0].contains("/etc/hosts.allow:1: Puppet writes this file")
            && notes[0].ends_with("[file-owned-by]")
    );
}

#[test]
fn an_unreadable_file_stops_the_whole_change() {
    let disk = Disk::new("//- /etc/hosts.allow\nsshd: 198.51.100.\n");
    std::os::unix::fs::symlink("hosts.deny", disk.path("/etc/hosts.deny"))
        .expect("a link to itself");
    for words in [
        "fix hosts-access --allow 192.0.2.7 --remove-deny --yes",
        "fix hosts-access --yes",
    ] {
        let said = disk.run(words);
        assert!(
            said.code == 2 && said.stderr.contains("/etc/hosts.deny"),
            "{} {}",
            said.code,
            said.stderr
        );
    }
    assert_eq!(
        disk.read("/etc/hosts.allow").as_deref(),
        Some("sshd: 198.51.100.\n")
    );
    let disk = Disk::new("//- /etc/hosts.deny\nALL: ALL\n");
    std::os::unix::fs::symlink("nowhere", disk.path("/etc/hosts.allow"))
        .expect("a link to nothing");
    let said = disk.run("fix hosts-access --allow 192.0.2.7 --yes");
    assert!(
        said.code == 2 && said.stderr.contains("/etc/hosts.allow: a link to nothing"),
        "{}",
        said.stderr
    );
}

#[test]
fn invalid_patterns_are_refused_with_the_valid_forms() {
    Disk::new("")
        .run("fix hosts-access --allow 10.0.0.1-10.0.0.9 --yes")
        .check(&expect![[r#"
            exit 2
            --
            error: nothing was changed: pattern `10.0.0.1-10.0.0.9` is a range, which libwrap does not know
            hint: give the networks that make up the range
        "#]]);
}

#[test]
fn a_rule_is_not_called_a_repair_for_an_sshd_without_libwrap() {
    let disk = Disk::new("//- /etc/hosts.deny\nALL: ALL\n");
    disk.write(
        "/usr/sbin/sshd",
        std::fs::read("/bin/true").expect("a program that is not linked with libwrap"),
    );
    let said = disk.run("fix hosts-access --allow 192.0.2.7 --yes");
    assert_eq!(said.code, 2);
    said.check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: /usr/sbin/sshd is not linked with libwrap: it never reads hosts.allow or hosts.deny
        hint: the cause lies elsewhere: sshmend diagnose --root DISK
    "#]]);
}
