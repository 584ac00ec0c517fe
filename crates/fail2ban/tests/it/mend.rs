//! Lines that are mended because they were named.

use std::path::Path;

use crate::changes::{check, outcome, with_both};
use crate::common::{DIR, wish};
use expect_test::{Expect, expect};
use sshmend_lossless::Origin;

#[track_caller]
fn check_mend(files: &str, lines: &[&str], expected: &Expect) {
    let lines: Vec<Origin> = lines.iter().map(|line| origin(line)).collect();
    expected.assert_eq(&outcome(files, |config| config.mend(&lines)));
}

/// `jail.local:3`
fn origin(text: &str) -> Origin {
    let (path, line) = text.rsplit_once(':').expect("a line");
    Origin::new(Path::new(DIR).join(path), line.parse().expect("a number"))
}

const WRECK: &str = "\
//- jail.local
[sshd]
bantime = 1h
bantime = 2h
[default]
ignoreip = 192.0.2.1 # office
[sshd]
port = 22
  findtime = 2h
";

#[test]
fn only_the_named_lines_are_repaired() {
    let wreck = with_both(WRECK);
    check_mend(
        &wreck,
        &["jail.local:6"],
        &expect![[r#"
        /etc/fail2ban/jail.local
         bantime = 2h\n
        -[default]\n
        -ignoreip = 192.0.2.1 # office\n
        -[sshd]\n
        -port = 22\n
        -  findtime = 2h\n
        +port = 22\n
        +  findtime = 2h\n
        +[default]\n
        +ignoreip = 192.0.2.1 # office\n
        mended: /etc/fail2ban/jail.local:6: a second [sshd] section; the first is in line 1
    "#]],
    );
    check_mend(
        &wreck,
        &["jail.local:3"],
        &expect![[r#"
            refused: /etc/fail2ban/jail.local:3: there is more than one way to mend this line, or its file is not the administrator's
            hint: the lines that can be mended are /etc/fail2ban/jail.local:6
        "#]],
    );
    check_mend(
        &wreck,
        &["jail.local:1"],
        &expect![[r#"
            nothing-to-mend: /etc/fail2ban/jail.local:1: there is nothing to mend in this line
        "#]],
    );
}

#[test]
fn several_named_lines_are_repaired_together() {
    let read = with_both(
        "//- jail.local\n[default]\nignoreip = 192.0.2.1 # office\n[sshd]\nport = 22\n  findtime = 2h\n",
    );
    check_mend(
        &read,
        &["jail.local:2"],
        &expect![[r##"
        /etc/fail2ban/jail.local
         [default]\n
        -ignoreip = 192.0.2.1 # office\n
        +ignoreip = 192.0.2.1 ; office\n
        mended: /etc/fail2ban/jail.local:2: "# office" is not a comment: its words are entries of the list
    "##]],
    );
    check_mend(
        &read,
        &["jail.local:5", "jail.local:1"],
        &expect![[r#"
        /etc/fail2ban/jail.local
        -[default]\n
        -ignoreip = 192.0.2.1 # office\n
        -[sshd]\n
        -port = 22\n
        -  findtime = 2h\n
        +[DEFAULT]\n
        +ignoreip = 192.0.2.1 # office\n
        +[sshd]\n
        +port = 22\n
        +findtime = 2h\n
        mended: /etc/fail2ban/jail.local:1: [default] is a jail of this name, not the defaults of all jails
        mended: /etc/fail2ban/jail.local:5: the indented findtime belongs to the value of port above it
    "#]],
    );
    check_mend(&read, &[], &expect![[r#""#]]);
}

#[test]
fn a_percent_sign_in_a_number_is_not_repaired_automatically() {
    let number = with_both("//- jail.local\n[web]\nbantime = 250%\n");
    check(
        &number,
        &wish("203.0.113.7", &[], None),
        &expect![[r#"
        refused: fail2ban does not start with this configuration: /etc/fail2ban/jail.local:2: a single % in bantime of [web]
        hint: write a number or a time, such as 3600 or 1h, without a percent sign
    "#]],
    );
    check_mend(
        &number,
        &["jail.local:2"],
        &expect![[r#"
            refused: /etc/fail2ban/jail.local:2: there is more than one way to mend this line, or its file is not the administrator's
            hint: no line can be mended
        "#]],
    );
    let text = with_both("//- jail.local\n[web]\nlogpath = /var/log/100%/x\n");
    check(
        &text,
        &wish("203.0.113.7", &[], None),
        &expect![[r#"
        refused: fail2ban does not start with this configuration: /etc/fail2ban/jail.local:2: a single % in logpath of [web]
        hint: write %% for a percent sign
    "#]],
    );
    check_mend(
        &text,
        &["jail.local:2"],
        &expect![[r#"
        /etc/fail2ban/jail.local
         [web]\n
        -logpath = /var/log/100%/x\n
        +logpath = /var/log/100%%/x\n
        mended: /etc/fail2ban/jail.local:2: a single % in logpath of [web]
    "#]],
    );
}
