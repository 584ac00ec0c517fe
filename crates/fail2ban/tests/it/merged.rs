//! Merged configurations, as tables. `cargo xtask oracle fail2ban` compares with fail2ban itself.

use crate::common::{config, debian_12, snapshot};
use expect_test::{Expect, expect};
use sshmend_fail2ban::{Config, Jail, Release};

fn list(config: &Config<'_>) -> String {
    let mut text = String::new();
    for problem in config.problems() {
        text += &format!("! {problem}\n");
    }
    let running: Vec<&Jail> = config.jails().iter().filter(|jail| jail.runs()).collect();
    for jail in running {
        text += &format!("{}:", jail.name);
        for word in jail.words() {
            let line = word
                .origin()
                .map(|origin| origin.to_string())
                .unwrap_or_default();
            text += &format!(
                " {}@{}",
                word.text,
                line.trim_start_matches("/etc/fail2ban/")
            );
        }
        text.push('\n');
    }
    text
}

#[track_caller]
fn check(files: &str, expected: &Expect) {
    let snapshot = snapshot(files);
    expected.assert_eq(&list(&config(&snapshot, debian_12())));
}

#[track_caller]
fn check_release(release: Option<&str>, files: &str, expected: &Expect) {
    let snapshot = snapshot(files);
    expected.assert_eq(&list(&config(&snapshot, release.and_then(Release::parse))));
}

#[test]
fn a_missing_directory_is_reported() {
    let snapshot = sshmend_lossless::fixture::snapshot("//- /etc/fail2ban missing\n");
    expect![[r#"
        ! /etc/fail2ban:1:1: there is no such directory: fail2ban does not start
    "#]]
    .assert_eq(&list(&config(&snapshot, None)));
}

#[test]
fn syntax_errors_of_python_configparser_stop_fail2ban() {
    check(
        "//- jail.local\n[sshd]\nenabled = true\n[sshd]\nbantime = 1h\n",
        &expect![[r#"
        ! /etc/fail2ban/jail.local:3:2: a second [sshd] section; the first is in line 1: fail2ban does not start
    "#]],
    );
    check(
        "//- jail.local\n[sshd]\nenabled = true\nEnabled = false\n",
        &expect![[r#"
        ! /etc/fail2ban/jail.local:3:1: a second enabled in this section; the first is in line 2: fail2ban does not start
    "#]],
    );
    check(
        "//- jail.local\nenabled = true\n[sshd]\n",
        &expect![[r#"
        ! /etc/fail2ban/jail.local:1:1: an option before any [section]: fail2ban does not start
    "#]],
    );
    check(
        "//- jail.local\n\u{feff}[sshd]\nenabled = true\n",
        &expect![[r#"
        ! /etc/fail2ban/jail.local:1:1: the file begins with a byte-order mark: fail2ban does not start
    "#]],
    );
    check(
        "//- jail.local\n[sshd]\nenabled = true\nword\n= 7\n",
        &expect![[r#"
            ! /etc/fail2ban/jail.local:3:1: neither a [section] nor `name = value`: fail2ban does not start
            ! /etc/fail2ban/jail.local:4:1: a value without a name: fail2ban does not start
        "#]],
    );
    check(
        "//- jail.local\n[sshd]\nenabled = true\nbantime = 50%\n",
        &expect![[r#"
        ! /etc/fail2ban/jail.local:3:13: a single % in bantime of [sshd]: fail2ban does not start
        sshd:
    "#]],
    );
    check(
        "//- jail.local\n[web]\nenabled = %(nothing)s\n",
        &expect![[r#"
        ! /etc/fail2ban/jail.local:2:11: enabled of [web] refers to nothing, which nothing defines: fail2ban does not start
    "#]],
    );
    check(
        "//- jail.local\n[DEFAULT]\nignoreip = %(known/ignoreip)s ::1\n[sshd]\nenabled = 1\n",
        &expect![[r#"
        ! /etc/fail2ban/jail.local:2:12: ignoreip of [sshd] refers to itself, or references nest deeper than 10: fail2ban does not start
        sshd:
    "#]],
    );
    check(
        "//- jail.local\n[INCLUDES]\nbefore = ./jail.local\n",
        &expect![[r#"
            ! /etc/fail2ban/jail.local:1:1: files include each other endlessly: fail2ban does not start
        "#]],
    );
}

#[test]
fn values_that_only_stop_the_server_are_distinguished() {
    check(
        "//- jail.local\n[sshd]\nenabled = true\nignoreip = ::1 10.0.0.0/24x 192.0.2.1\n",
        &expect![[r#"
        ! /etc/fail2ban/jail.local:3:16: "10.0.0.0/24x" has a mask that is neither a number nor a netmask: the test passes, but the server stops
        sshd: ::1@jail.local:3 10.0.0.0/24x@jail.local:3 192.0.2.1@jail.local:3
    "#]],
    );
    check_release(
        Some("1.1.0"),
        "//- jail.local\n[sshd]\nenabled = true\nignoreip = ::1 10.0.0.0/24x\n",
        &expect![[r#"
            ! /etc/fail2ban/jail.local:3:16: "10.0.0.0/24x" is neither an address with a mask nor a name: it has no effect
            sshd: ::1@jail.local:3 10.0.0.0/24x@jail.local:3
        "#]],
    );
    check_release(
        Some("1.1.1"),
        "//- jail.local\n[sshd]\nenabled = true\nignoreip = file:/etc/ips ::1\n",
        &expect![[r#"
            ! /etc/fail2ban/jail.local:3:26: "::1" has its place after a file: entry, at which fail2ban 1.1.1 stops: the test passes, but the server stops
            sshd: file:/etc/ips@jail.local:3 ::1@jail.local:3
        "#]],
    );
    check_release(
        None,
        "//- jail.local\n[sshd]\nenabled = true\nignoreip = ::1 10.0.0.0/24x\n",
        &expect![[r#"
        ! /etc/fail2ban/jail.local:3:16: "10.0.0.0/24x" has a mask that is neither a number nor a netmask (in some releases): the test passes, but the server stops
        ! /etc/fail2ban/jail.local:3:16: "10.0.0.0/24x" is neither an address with a mask nor a name (in some releases): it has no effect
        sshd: ::1@jail.local:3 10.0.0.0/24x@jail.local:3
    "#]],
    );
}

#[test]
fn a_jail_without_filter_or_action_is_left_out() {
    check(
        "//- jail.local\n[sshd]\nenabled = true\n[new]\nenabled = true\n",
        &expect![[r#"
        ! /etc/fail2ban/jail.local:3:2: jail new is skipped: there is no filter "new", or a file of it cannot be read: the jail does not run
        sshd:
    "#]],
    );
    check(
        "//- jail.local\n[sshd]\nenabled = true\naction = ban[x\n",
        &expect![[r#"
            ! /etc/fail2ban/jail.local:1:2: jail sshd is skipped: its action "ban[x" has unexpected syntax, and no other jail runs: fail2ban does not start
        "#]],
    );
}

#[test]
fn later_files_override_earlier_ones_option_by_option() {
    check(
        "\
//- jail.d/a.conf
[sshd]
enabled = true
[DEFAULT]
ignoreip = 192.0.2.1
//- jail.local
[DEFAULT]
ignoreip = 192.0.2.2
//- jail.d/b.local
[DEFAULT]
ignoreip = 192.0.2.3
",
        &expect![[r#"
            sshd: 192.0.2.3@jail.d/b.local:2
        "#]],
    );
    check(
        "\
//- jail.d/a.conf
[sshd]
enabled = true
ignoreip = 192.0.2.1
//- jail.local
[DEFAULT]
ignoreip = 192.0.2.2
[web]
enabled = yes
",
        &expect![[r#"
            sshd: 192.0.2.1@jail.d/a.conf:3
            web: 192.0.2.2@jail.local:2
        "#]],
    );
}

#[test]
fn references_resolve_to_the_previous_file_and_the_defaults() {
    check(
        "\
//- jail.d/a.conf
[DEFAULT]
ignoreip = ::1
mine = 192.0.2.9 %(office)s
office = 198.51.100.0/24
[sshd]
enabled = true
ignoreip = 192.0.2.1
//- jail.local
[sshd]
ignoreip = %(known/ignoreip)s, %(mine)s
[web]
enabled = true
ignoreip = %(sshd/ignoreip)s
    %(default/ignoreip)s
",
        &expect![[r#"
            sshd: 192.0.2.1@jail.d/a.conf:7 192.0.2.9@jail.d/a.conf:3 198.51.100.0/24@jail.d/a.conf:4
            web: ::1@jail.d/a.conf:2 192.0.2.9@jail.d/a.conf:3 198.51.100.0/24@jail.d/a.conf:4 ::1@jail.d/a.conf:2
        "#]],
    );
}

#[test]
fn two_known_references_in_a_row_refer_to_themselves() {
    check(
        "\
//- jail.d/a.conf
[sshd]
enabled = true
ignoreip = %(known/ignoreip)s 192.0.2.1
//- jail.local
[sshd]
ignoreip = %(known/ignoreip)s 192.0.2.2
",
        &expect![[r#"
            ! /etc/fail2ban/jail.d/a.conf:3:12: ignoreip of [sshd] refers to itself, or references nest deeper than 10: fail2ban does not start
            sshd:
        "#]],
    );
}

#[test]
fn included_files_are_followed_by_their_local_file() {
    check(
        "\
//- jail.local
[INCLUDES]
before = more.conf
[sshd]
enabled = true
//- more.conf
[DEFAULT]
ignoreip = 192.0.2.1
//- more.local
[DEFAULT]
ignoreip = %(more)s 192.0.2.2
more = 192.0.2.3
",
        &expect![[r#"
            sshd: 192.0.2.3@more.local:3 192.0.2.2@more.local:2
        "#]],
    );
}

#[test]
fn continuations_comments_and_blank_lines_are_parsed() {
    check(
        "\
//- jail.local
[sshd] ; here
enabled : true
IgnoreIP =
    # the office
    192.0.2.1 ; first

\t192.0.2.2,192.0.2.3
  ; none
# not here either
    192.0.2.4
",
        &expect![[r#"
            sshd: 192.0.2.1@jail.local:5 192.0.2.2@jail.local:7 192.0.2.3@jail.local:7 192.0.2.4@jail.local:10
        "#]],
    );
}

#[test]
fn files_that_are_not_utf8_are_skipped_or_stop_later_releases() {
    let mut snapshot = snapshot("//- jail.local\nX\n//- jail.d/on.conf\n[sshd]\nenabled = true\n");
    let path = std::path::Path::new("/etc/fail2ban/jail.local");
    let mut image = snapshot.read(path).ok().flatten().expect("a file").clone();
    image.bytes = b"[DEFAULT]\n# caf\xe9\nignoreip = ::1\n".to_vec().into();
    snapshot.insert(path, sshmend_lossless::Entry::File(image));
    let said = |release| list(&config(&snapshot, Release::parse(release)));
    expect![[r#"
        ! /etc/fail2ban/jail.local:2:6: a byte that is not UTF-8: the file is left out
        sshd:
    "#]]
    .assert_eq(&said("1.0.2"));
    expect![[r#"
        ! /etc/fail2ban/jail.local:2:6: a byte that is not UTF-8: fail2ban does not start
        sshd:
    "#]]
    .assert_eq(&said("1.1.1"));
}
