//! Lines that do not do what their author meant, each with its repair.

use crate::common::{config, debian_12, shown, snapshot};
use expect_test::{Expect, expect};
use sshmend_fail2ban::Edited;

#[track_caller]
fn check(files: &str, expected: &Expect) {
    let snapshot = snapshot(files);
    let config = config(&snapshot, debian_12());
    let mut text = String::new();
    for problem in config.problems() {
        text += &format!("{problem}\n  hint: {}\n", problem.hint);
        if let Some(mend) = &problem.mend {
            let edited = Edited {
                edits: [(mend.path.clone(), mend.edits.clone())].into(),
                ..Edited::default()
            };
            text += &shown(&snapshot, &edited);
        }
    }
    expected.assert_eq(&text);
}

#[test]
fn comments_after_addresses_are_read_as_words() {
    check(
        "//- jail.local\n[DEFAULT]\nignoreip = 192.0.2.1 # office\n",
        &expect![[r##"
            /etc/fail2ban/jail.local:2:22: "# office" is not a comment: its words are entries of the list: it means something else
              hint: begin it with a semicolon after a blank, or give it a line of its own
            /etc/fail2ban/jail.local
             [DEFAULT]\n
            -ignoreip = 192.0.2.1 # office\n
            +ignoreip = 192.0.2.1 ; office\n
        "##]],
    );
    check(
        "//- jail.local\n[DEFAULT]\nignoreip = 192.0.2.1 #192.0.2.2\n",
        &expect![[r##"
            /etc/fail2ban/jail.local:2:22: "#192.0.2.2" is not a comment: its words are entries of the list: it means something else
              hint: begin it with a semicolon after a blank, or give it a line of its own
            /etc/fail2ban/jail.local
             [DEFAULT]\n
            -ignoreip = 192.0.2.1 #192.0.2.2\n
            +ignoreip = 192.0.2.1 ;192.0.2.2\n
        "##]],
    );
}

#[test]
fn joined_words_are_reported_and_separated() {
    check(
        "//- jail.local\n[DEFAULT]\nignoreip = 192.0.2.1;192.0.2.2\n",
        &expect![[r#"
            /etc/fail2ban/jail.local:2:12: "192.0.2.1;192.0.2.2" is one word: it has no effect
              hint: separate words by a blank or a comma
            /etc/fail2ban/jail.local
             [DEFAULT]\n
            -ignoreip = 192.0.2.1;192.0.2.2\n
            +ignoreip = 192.0.2.1,192.0.2.2\n
        "#]],
    );
    check(
        "//- jail.local\n[DEFAULT]\nignoreip = 192.0.2.1\t192.0.2.2\n",
        &expect![[r#"
            /etc/fail2ban/jail.local:2:12: "192.0.2.1\t192.0.2.2" is one word: it has no effect
              hint: separate words by a blank; before fail2ban 1.1.0 a tab does not
            /etc/fail2ban/jail.local
             [DEFAULT]\n
            -ignoreip = 192.0.2.1\t192.0.2.2\n
            +ignoreip = 192.0.2.1 192.0.2.2\n
        "#]],
    );
    check(
        "//- jail.local\n[DEFAULT]\nignoreip = home;192.0.2.2\n",
        &expect![[r#"
        /etc/fail2ban/jail.local:2:12: "home;192.0.2.2" is one word: it has no effect
          hint: separate words by a blank or a comma
    "#]],
    );
}

#[test]
fn misread_addresses_are_reported() {
    check(
        "//- jail.local\n[DEFAULT]\nignoreip = 10.1 010.0.0.1\n",
        &expect![[r#"
        /etc/fail2ban/jail.local:2:12: "10.1" stands for 10.0.0.1: it means something else
          hint: write the address in full, without leading zeros
        /etc/fail2ban/jail.local:2:17: "010.0.0.1" stands for 8.0.0.1: it means something else
          hint: write the address in full, without leading zeros
    "#]],
    );
    check(
        "//- jail.local\n[DEFAULT]\nignoreip = 10.1.2.3/8 127.0.0.1/8\n",
        &expect![[r#"
        /etc/fail2ban/jail.local:2:12: "10.1.2.3/8" stands for the whole of 10.0.0.0/8: more addresses are ignored than it seems
          hint: write the first address of the network, or the single address without a length
    "#]],
    );
    check(
        "//- jail.local\n[DEFAULT]\nignoreip = 10.0.0.0/255.255.255\n",
        &expect![[r#"
        /etc/fail2ban/jail.local:2:12: "10.0.0.0/255.255.255" stands for every address: its mask is not a netmask: more addresses are ignored than it seems
          hint: write the length of the network as a number: 192.0.2.0/24
    "#]],
    );
    check(
        "//- jail.local\n[DEFAULT]\nignoreip = 10.* 10.0.0.1-9\n",
        &expect![[r#"
            /etc/fail2ban/jail.local:2:12: "10.*" is neither an address nor a host name: it has no effect
              hint: write an address, a network with its length, or a host name
            /etc/fail2ban/jail.local:2:17: "10.0.0.1-9" is neither an address nor a host name: it has no effect
              hint: write an address, a network with its length, or a host name
        "#]],
    );
}

#[test]
fn misread_sections_are_reported() {
    check(
        "//- jail.local\n[default]\nignoreip = 192.0.2.1\n",
        &expect![[r#"
        /etc/fail2ban/jail.local:1:2: [default] is a jail of this name, not the defaults of all jails: it has no effect
          hint: write [DEFAULT]
        /etc/fail2ban/jail.local
        -[default]\n
        +[DEFAULT]\n
    "#]],
    );
    check(
        "//- jail.local\n[SSHD]\nenabled = true\n",
        &expect![[r#"
            /etc/fail2ban/jail.local:1:2: jail SSHD is skipped: there is no filter "SSHD", or a file of it cannot be read, and no other jail runs: fail2ban does not start
              hint: name a filter and actions that exist below filter.d and action.d, or disable the jail
            /etc/fail2ban/jail.local:1:2: [SSHD] is not [sshd]: names of jails are case-sensitive: it has no effect
              hint: write [sshd] if that jail is meant
        "#]],
    );
    check(
        "//- jail.local\n[Definition]\nignoreip = 192.0.2.1\n",
        &expect![[r#"
        /etc/fail2ban/jail.local:2:1: [Definition] is not a jail: it has no effect
          hint: move the line to [DEFAULT] or to the section of a jail
    "#]],
    );
}

#[test]
fn options_swallowed_by_another_option_are_reported() {
    check(
        "//- jail.local\n[sshd]\nbantime = 1h\n  ignoreip = 192.0.2.1\n",
        &expect![[r#"
            /etc/fail2ban/jail.local:3:3: the indented ignoreip belongs to the value of bantime above it: it has no effect
              hint: begin the line without blanks
            /etc/fail2ban/jail.local
             bantime = 1h\n
            -  ignoreip = 192.0.2.1\n
            +ignoreip = 192.0.2.1\n
        "#]],
    );
    check(
        "//- jail.local\n[sshd]\naction = ban[x=1,\n  port=ssh]\n",
        &expect![[""]],
    );
    check(
        "//- jail.local\n[sshd]\nignoreip ::1\n",
        &expect![[r#"
            /etc/fail2ban/jail.local:2:1: no = after ignoreip: the option is "ignoreip", its value begins after the colon: it means something else
              hint: write `ignoreip = …`
            /etc/fail2ban/jail.local
             [sshd]\n
            -ignoreip ::1\n
            +ignoreip = ::1\n
            /etc/fail2ban/jail.local:2:11: ":1" is neither an address nor a host name: it has no effect
              hint: write an address, a network with its length, or a host name
        "#]],
    );
    check(
        "//- jail.local\n[sshd]\nignoreip 192.0.2.1\n",
        &expect![[r#"
            /etc/fail2ban/jail.local:2:1: neither a [section] nor `name = value`: fail2ban does not start
              hint: write `name = value`, indent a continuation, or comment it out
            /etc/fail2ban/jail.local
             [sshd]\n
            -ignoreip 192.0.2.1\n
            +ignoreip = 192.0.2.1\n
        "#]],
    );
}

#[test]
fn duplicate_options_are_merged_if_nothing_is_lost() {
    check(
        "//- jail.local\n[sshd]\nignoreip = ::1\nbantime = 1h\nignoreip = 192.0.2.1 ::1\n",
        &expect![[r#"
            /etc/fail2ban/jail.local:4:1: a second ignoreip in this section; the first is in line 2: fail2ban does not start
              hint: keep one of them: an option may occur only once in a section
            /etc/fail2ban/jail.local
             [sshd]\n
            -ignoreip = ::1\n
            -bantime = 1h\n
            -ignoreip = 192.0.2.1 ::1\n
            +ignoreip = ::1 192.0.2.1\n
            +bantime = 1h\n
        "#]],
    );
    check(
        "//- jail.local\n[sshd]\nbantime = 1h\nbantime = 1h\n",
        &expect![[r#"
            /etc/fail2ban/jail.local:3:1: a second bantime in this section; the first is in line 2: fail2ban does not start
              hint: keep one of them: an option may occur only once in a section
            /etc/fail2ban/jail.local
             bantime = 1h\n
            -bantime = 1h\n
        "#]],
    );
    check(
        "//- jail.local\n[sshd]\nbantime = 1h\nbantime = 2h\n",
        &expect![[r#"
        /etc/fail2ban/jail.local:3:1: a second bantime in this section; the first is in line 2: fail2ban does not start
          hint: keep one of them: an option may occur only once in a section
    "#]],
    );
    check(
        "//- jail.local\n[sshd]\nbantime = 1h\n\n[web]\nport = 1\n[sshd]\n# mine\nport = 22\n",
        &expect![[r#"
            /etc/fail2ban/jail.local:6:2: a second [sshd] section; the first is in line 1: fail2ban does not start
              hint: merge both: a section may occur only once in a file
            /etc/fail2ban/jail.local
             bantime = 1h\n
            -\n
            -[web]\n
            -port = 1\n
            -[sshd]\n
            -# mine\n
            -port = 22\n
            +# mine\n
            +port = 22\n
            +\n
            +[web]\n
            +port = 1\n
        "#]],
    );
    check(
        "//- jail.local\n[sshd]\nbantime = 1h\n[sshd]\nbantime = 2h\n",
        &expect![[r#"
        /etc/fail2ban/jail.local:3:2: a second [sshd] section; the first is in line 1: fail2ban does not start
          hint: merge both: a section may occur only once in a file
        /etc/fail2ban/jail.local:4:1: a second bantime in this section; the first is in line 2: fail2ban does not start
          hint: keep one of them: an option may occur only once in a section
    "#]],
    );
}

#[test]
fn files_whose_names_mislead_are_reported() {
    check(
        "\
//- jail.d/jail.local.bak.conf
//- jail.d/20240301.local
//- jail.d/sshd
//- jail.d/sshd.conf.bak
//- jail.d/.hidden.conf
",
        &expect![[r#"
            /etc/fail2ban/jail.d/20240301.local:1:1: it looks like a backup, but every *.conf and *.local here is read: it is in force
              hint: move it out of jail.d, or give it another extension
            /etc/fail2ban/jail.d/jail.local.bak.conf:1:1: it looks like a backup, but every *.conf and *.local here is read: it is in force
              hint: move it out of jail.d, or give it another extension
            /etc/fail2ban/jail.d/sshd:1:1: its name ends neither in .conf nor in .local: it has no effect
              hint: rename it if it is meant to be read
        "#]],
    );
}
