//! The edits of `ignore`, `unignore`, `retire` and `mend`.

use std::path::Path;

use crate::common::{DIR, addresses, after, config, debian_12, shown, snapshot, wish};
use expect_test::{Expect, expect};
use sshmend_fail2ban::{Config, Refusal, Wish};

pub(crate) fn outcome(
    files: &str,
    change: impl Fn(&Config<'_>) -> Result<sshmend_fail2ban::Edited, Refusal>,
) -> String {
    let snapshot = snapshot(files);
    match change(&config(&snapshot, debian_12())) {
        Ok(edited) => shown(&snapshot, &edited),
        Err(refusal) => format!("refused: {refusal}\nhint: {}\n", refusal.hint()),
    }
}

#[track_caller]
pub(crate) fn check(files: &str, wish: &Wish, expected: &Expect) {
    expected.assert_eq(&outcome(files, |config| config.ignore(wish)));
}

const ON: &str = "//- jail.d/on.conf\n[sshd]\nenabled = true\n[web]\nenabled = true\n";

pub(crate) fn with_both(files: &str) -> String {
    format!("{ON}{files}")
}

#[test]
fn a_configuration_that_stops_fail2ban_is_refused() {
    let broken = with_both("//- jail.local\n[sshd]\nbantime = 1h\nbantime = 2h\n");
    check(
        &broken,
        &wish("203.0.113.7", &[], None),
        &expect![[r#"
            refused: fail2ban does not start with this configuration: /etc/fail2ban/jail.local:3: a second bantime in this section; the first is in line 2
            hint: keep one of them: an option may occur only once in a section
        "#]],
    );
    check(
        ON,
        &wish("203.0.113.7", &["ssh"], None),
        &expect![[r#"
        refused: there is no jail "ssh"
        hint: did you mean sshd?
    "#]],
    );
    let server = with_both("//- jail.local\n[DEFAULT]\nignoreip = 10.0.0.0/x\n");
    check(
        &server,
        &wish("203.0.113.7", &[], None),
        &expect![[r#"
            refused: fail2ban does not start with this configuration: /etc/fail2ban/jail.local:2: "10.0.0.0/x" has a mask that is neither a number nor a netmask
            hint: write the length of a network as a number, 192.0.2.0/24, and file: entries last
        "#]],
    );
}

#[test]
fn a_stock_configuration_gets_a_new_local_file() {
    check(
        ON,
        &wish("203.0.113.7 2001:db8::/48", &[], None),
        &expect![[r#"
            /etc/fail2ban/jail.d/zz-sshmend.local (new)
            +# Addresses that are never banned.\n
            +\n
            +[DEFAULT]\n
            +ignoreip = 203.0.113.7 2001:db8::/48\n
        "#]],
    );
    check(
        ON,
        &wish("203.0.113.7", &["sshd"], Some("2026-12-01T00:00:00Z")),
        &expect![[r#"
            /etc/fail2ban/jail.d/on.conf
             enabled = true\n
            +# sshmend: until 2026-12-01T00:00:00Z 203.0.113.7\n
            +ignoreip = 203.0.113.7\n
        "#]],
    );
    check(
        "//- jail.local\n[sshd]\nenabled = true\n",
        &wish("203.0.113.7", &[], None),
        &expect![[r#"
            /etc/fail2ban/jail.local
             enabled = true\n
            +\n
            +[DEFAULT]\n
            +ignoreip = 203.0.113.7\n
        "#]],
    );
    check(
        "",
        &wish("203.0.113.7", &[], None),
        &expect![[r#"
            /etc/fail2ban/jail.local (new)
            +# Addresses that are never banned.\n
            +\n
            +[DEFAULT]\n
            +ignoreip = 203.0.113.7\n
        "#]],
    );
}

#[test]
fn the_effective_ignoreip_line_is_extended() {
    let list = with_both("//- jail.local\n[DEFAULT]\nbantime = 1h\nignoreip = ::1 192.0.2.1\n");
    check(
        &list,
        &wish("203.0.113.7", &[], None),
        &expect![[r#"
            /etc/fail2ban/jail.local
             bantime = 1h\n
            -ignoreip = ::1 192.0.2.1\n
            +ignoreip = ::1 192.0.2.1 203.0.113.7\n
        "#]],
    );
    let lines = with_both(
        "//- jail.local\n[DEFAULT]\nignoreip = ::1\n           192.0.2.1\nbantime = 1h\n",
    );
    check(
        &lines,
        &wish("203.0.113.7", &[], None),
        &expect![[r#"
            /etc/fail2ban/jail.local
                        192.0.2.1\n
            +           203.0.113.7\n
        "#]],
    );
    let later = with_both(
        "//- jail.local\n[DEFAULT]\nignoreip = 192.0.2.1\n//- jail.d/mine.local\n[DEFAULT]\nignoreip = 192.0.2.2\n",
    );
    check(
        &later,
        &wish("203.0.113.7", &[], None),
        &expect![[r#"
            /etc/fail2ban/jail.d/mine.local
             [DEFAULT]\n
            -ignoreip = 192.0.2.2\n
            +ignoreip = 192.0.2.2 203.0.113.7\n
        "#]],
    );
}

#[test]
fn a_jail_with_its_own_list_also_gets_the_address() {
    let own = with_both(
        "//- jail.local\n[DEFAULT]\nignoreip = 192.0.2.1\n[sshd]\nignoreip = 192.0.2.2\n",
    );
    check(
        &own,
        &wish("203.0.113.7", &[], None),
        &expect![[r#"
            /etc/fail2ban/jail.local
             [DEFAULT]\n
            -ignoreip = 192.0.2.1\n
            -[sshd]\n
            -ignoreip = 192.0.2.2\n
            +ignoreip = 192.0.2.1 203.0.113.7\n
            +[sshd]\n
            +ignoreip = 192.0.2.2 203.0.113.7\n
            own-list: jail sshd has an ignoreip of its own, which replaces that of [DEFAULT]
        "#]],
    );
    let refers = with_both(
        "//- jail.local\n[DEFAULT]\nignoreip = ::1\n[sshd]\nignoreip = %(default/ignoreip)s\n",
    );
    check(
        &refers,
        &wish("203.0.113.7", &[], None),
        &expect![[r#"
            /etc/fail2ban/jail.local
             [DEFAULT]\n
            -ignoreip = ::1\n
            +ignoreip = ::1 203.0.113.7\n
        "#]],
    );
}

#[test]
fn one_jail_is_extended_without_changing_the_others() {
    let default = with_both("//- jail.local\n[DEFAULT]\nignoreip = 192.0.2.1\n");
    check(
        &default,
        &wish("203.0.113.7", &["sshd"], None),
        &expect![[r#"
            /etc/fail2ban/jail.d/on.conf
             enabled = true\n
            +ignoreip = %(default/ignoreip)s 203.0.113.7\n
        "#]],
    );
    let section = with_both(
        "//- jail.local\n[DEFAULT]\nignoreip = ::1\n[sshd]\nbantime: 1h\nport: 22\n[web]\nport: 80\n",
    );
    check(
        &section,
        &wish("203.0.113.7", &["sshd"], None),
        &expect![[r#"
            /etc/fail2ban/jail.local
             port: 22\n
            +ignoreip: %(default/ignoreip)s 203.0.113.7\n
        "#]],
    );
}

#[test]
fn a_new_line_is_written_beside_the_commented_default() {
    let copied = with_both(
        "\
//- jail.local
[DEFAULT]
#ignoreself = true
#ignoreip = 127.0.0.1/8 ::1

bantime  = 10m
action = ban[x=1]
    # ignoreip = inside a value
    ban[x=2]
",
    );
    check(
        &copied,
        &wish("203.0.113.7", &[], None),
        &expect![[r#"
            /etc/fail2ban/jail.local
             #ignoreip = 127.0.0.1/8 ::1\n
            +ignoreip = 203.0.113.7\n
        "#]],
    );
}

#[test]
fn settings_of_a_package_are_overridden() {
    let packaged = "//- jail.d/defaults-debian.conf\n[sshd]\nenabled = true\nignoreip = ::1\n[DEFAULT]\nignoreip = 192.0.2.1\n";
    check(
        packaged,
        &wish("203.0.113.7", &[], None),
        &expect![[r#"
            /etc/fail2ban/jail.d/zz-sshmend.local (new)
            +# Addresses that are never banned.\n
            +\n
            +[sshd]\n
            +ignoreip = %(known/ignoreip)s 203.0.113.7\n
            own-list: jail sshd has an ignoreip of its own, which replaces that of [DEFAULT]
        "#]],
    );
    let default = "//- jail.d/defaults-debian.conf\n[sshd]\nenabled = true\n[DEFAULT]\nignoreip = 192.0.2.1\n    ::1\n";
    check(
        default,
        &wish("203.0.113.7", &[], None),
        &expect![[r#"
            /etc/fail2ban/jail.d/zz-sshmend.local (new)
            +# Addresses that are never banned.\n
            +\n
            +[DEFAULT]\n
            +ignoreip = 192.0.2.1 ::1 203.0.113.7\n
            copied: /etc/fail2ban/jail.d/defaults-debian.conf:4: this list is copied: later additions to it have no effect
        "#]],
    );
}

#[test]
fn a_known_reference_in_the_packaged_file_is_expanded() {
    let chained = "\
//- jail.d/defaults-debian.conf
[DEFAULT]
ignoreip = 192.0.2.1
[sshd]
enabled = true
ignoreip = %(known/ignoreip)s 192.0.2.2
";
    check(
        chained,
        &wish("203.0.113.7", &[], None),
        &expect![[r#"
            /etc/fail2ban/jail.d/zz-sshmend.local (new)
            +# Addresses that are never banned.\n
            +\n
            +[sshd]\n
            +ignoreip = 192.0.2.1 192.0.2.2 203.0.113.7\n
            own-list: jail sshd has an ignoreip of its own, which replaces that of [DEFAULT]
            copied: /etc/fail2ban/jail.d/defaults-debian.conf:5: this list is copied: later additions to it have no effect
        "#]],
    );
}

#[test]
fn an_address_that_is_already_ignored_changes_nothing() {
    let covered =
        with_both("//- jail.local\n[DEFAULT]\nignoreip = 203.0.113.0/24 host.example.org\n");
    check(
        &covered,
        &wish("203.0.113.7 203.0.113.128/25 HOST.example.org", &[], None),
        &expect![[""]],
    );
}

#[test]
fn an_exemption_never_repairs_other_faults() {
    let twice =
        with_both("//- jail.local\n[DEFAULT]\nignoreip = 192.0.2.1\nignoreip = 192.0.2.2\n");
    check(
        &twice,
        &wish("203.0.113.7", &[], None),
        &expect![[r#"
            refused: fail2ban does not start with this configuration: /etc/fail2ban/jail.local:3: a second ignoreip in this section; the first is in line 2
            hint: keep one of them: an option may occur only once in a section
        "#]],
    );
    let comment = with_both("//- jail.local\n[DEFAULT]\nignoreip = 192.0.2.1 # office\n");
    check(
        &comment,
        &wish("203.0.113.7", &[], None),
        &expect![[r#"
            /etc/fail2ban/jail.local
             [DEFAULT]\n
            -ignoreip = 192.0.2.1 # office\n
            +ignoreip = 192.0.2.1 203.0.113.7 # office\n
        "#]],
    );
    let marked = with_both("//- jail.local\n\u{feff}[DEFAULT]\r\nignoreip=192.0.2.1\r\n");
    check(
        &marked,
        &wish("203.0.113.7", &[], None),
        &expect![[r#"
            refused: fail2ban does not start with this configuration: /etc/fail2ban/jail.local:1: the file begins with a byte-order mark
            hint: save it as UTF-8 without byte-order mark
        "#]],
    );
}

#[test]
fn an_expiry_is_recorded_changed_and_enforced() {
    let list = with_both("//- jail.local\n[DEFAULT]\nignoreip = ::1\n");
    let snapshot = snapshot(&list);
    let with_end = wish(
        "203.0.113.7 2001:db8::/48",
        &[],
        Some("2026-12-01T00:00:00Z"),
    );
    let first = config(&snapshot, debian_12())
        .ignore(&with_end)
        .expect("possible");
    expect![[r#"
        /etc/fail2ban/jail.local
         [DEFAULT]\n
        -ignoreip = ::1\n
        +# sshmend: until 2026-12-01T00:00:00Z 203.0.113.7 2001:db8::/48\n
        +ignoreip = ::1 203.0.113.7 2001:db8::/48\n
    "#]]
    .assert_eq(&shown(&snapshot, &first));

    let marked = after(&snapshot, &first);
    let later = wish("203.0.113.7", &[], Some("2027-01-01T00:00:00Z"));
    let moved = config(&marked, debian_12())
        .ignore(&later)
        .expect("possible");
    expect![[r#"
        /etc/fail2ban/jail.local
         [DEFAULT]\n
        -# sshmend: until 2026-12-01T00:00:00Z 203.0.113.7 2001:db8::/48\n
        +# sshmend: until 2027-01-01T00:00:00Z 203.0.113.7\n
        +# sshmend: until 2026-12-01T00:00:00Z 2001:db8::/48\n
    "#]]
    .assert_eq(&shown(&marked, &moved));
    let forever = config(&marked, debian_12())
        .ignore(&wish("203.0.113.7", &[], None))
        .expect("possible");
    expect![[r#"
        /etc/fail2ban/jail.local
         [DEFAULT]\n
        -# sshmend: until 2026-12-01T00:00:00Z 203.0.113.7 2001:db8::/48\n
        +# sshmend: until 2026-12-01T00:00:00Z 2001:db8::/48\n
    "#]]
    .assert_eq(&shown(&marked, &forever));

    let moved = after(&marked, &moved);
    let now = "2026-12-24T00:00:00Z".parse().expect("a time");
    let reread = config(&moved, debian_12());
    let over: Vec<String> = reread
        .expired(now)
        .iter()
        .map(|it| format!("{} {} {:?}", it.origin, it.until, it.words))
        .collect();
    expect![[r#"/etc/fail2ban/jail.local:3 2026-12-01T00:00:00Z ["2001:db8::/48"]"#]]
        .assert_eq(&over.join("\n"));
    expect![[r#"
        /etc/fail2ban/jail.local
         # sshmend: until 2027-01-01T00:00:00Z 203.0.113.7\n
        -# sshmend: until 2026-12-01T00:00:00Z 2001:db8::/48\n
        -ignoreip = ::1 203.0.113.7 2001:db8::/48\n
        +ignoreip = ::1 203.0.113.7\n
    "#]]
    .assert_eq(&shown(&moved, &reread.retire(now).expect("possible")));
}

#[test]
fn an_address_is_removed_in_place() {
    let check = |files: &str, text: &str, jails: Option<&[String]>, expected: &Expect| {
        expected.assert_eq(&outcome(files, |config| {
            config.unignore(&addresses(text), jails)
        }));
    };
    let list = with_both(
        "//- jail.local\n[DEFAULT]\nignoreip = ::1, 203.0.113.7, 192.0.2.1\n[sshd]\nignoreip = 203.0.113.7\n",
    );
    check(
        &list,
        "203.0.113.7",
        None,
        &expect![[r#"
            /etc/fail2ban/jail.local
             [DEFAULT]\n
            -ignoreip = ::1, 203.0.113.7, 192.0.2.1\n
            -[sshd]\n
            -ignoreip = 203.0.113.7\n
            +ignoreip = ::1, 192.0.2.1\n
            +[sshd]\n
            +ignoreip =\n
        "#]],
    );
    check(
        &list,
        "203.0.113.7",
        Some(&["web".to_owned()]),
        &expect![[r#"
            /etc/fail2ban/jail.local
             [DEFAULT]\n
            -ignoreip = ::1, 203.0.113.7, 192.0.2.1\n
            +ignoreip = ::1, 192.0.2.1\n
        "#]],
    );
    check(&list, "198.51.100.1", None, &expect![[""]]);
    let wide = with_both("//- jail.local\n[DEFAULT]\nignoreip = 203.0.113.0/24\n");
    check(
        &wide,
        "203.0.113.7",
        None,
        &expect![[r#"
        refused: 203.0.113.0/24 still covers 203.0.113.7 in jail sshd
        hint: remove that word, or keep the address
    "#]],
    );
    let packaged =
        "//- jail.d/defaults-debian.conf\n[sshd]\nenabled = true\nignoreip = 203.0.113.7\n";
    check(
        packaged,
        "203.0.113.7",
        None,
        &expect![[r#"
        refused: 203.0.113.7 cannot be removed from /etc/fail2ban/jail.d/defaults-debian.conf:3 only for jail sshd
        hint: override ignoreip in a section of the jail in jail.local
    "#]],
    );
}

#[test]
fn an_edit_for_an_unknown_release_suits_every_release() {
    let list = snapshot(&with_both(
        "//- jail.local\n[DEFAULT]\nignoreip = ::1\t192.0.2.1\n",
    ));
    let config = Config::read(&list, Path::new(DIR), None);
    let edited = config
        .ignore(&wish("203.0.113.7 192.0.2.1", &[], None))
        .expect("possible");
    expect![[r#"
        /etc/fail2ban/jail.local
         [DEFAULT]\n
        -ignoreip = ::1\t192.0.2.1\n
        +ignoreip = ::1\t192.0.2.1 203.0.113.7 192.0.2.1\n
    "#]]
    .assert_eq(&shown(&list, &edited));
}
