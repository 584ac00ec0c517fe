//! The problems reported, and their lines.

use std::fmt::Write as _;

use crate::common::tables;
use expect_test::{Expect, expect};
use sshmend_hosts_access::Tables;

fn check(allow: impl AsRef<[u8]>, deny: impl AsRef<[u8]>, expect: &Expect) {
    expect.assert_eq(&shown(&tables(allow, deny)));
}

fn shown(tables: &Tables) -> String {
    let mut out = String::new();
    for problem in tables.problems() {
        writeln!(
            out,
            "{}:{}: {}",
            problem.origin, problem.column, problem.message
        )
        .expect("a string");
        writeln!(out, "  hint: {}", problem.hint).expect("a string");
        if let Some(repair) = problem.repair {
            writeln!(out, "  repair: {}", repair.effect).expect("a string");
        }
    }
    out
}

#[test]
fn valid_files_have_no_problems() {
    check(
        "# hosts.allow\n\nsshd: 10. .example.org [::1] [2001:db8::]/32 10.1.2.0/24 host *.org @staff: spawn (echo # no comment) &\n",
        "ALL EXCEPT ftpd: ALL EXCEPT LOCAL: severity auth.info: deny\r\n# \\\n# joined\n",
        &expect![[""]],
    );
}

#[test]
fn damage_is_reported_with_its_consequence() {
    check(
        "sshd: 11.",
        "sshd: 10.\nALL: ALL",
        &expect![[r#"
        /etc/hosts.allow:1:10: the last line has no newline: libwrap stops there and ignores it and everything after it
          hint: end the file with a newline
          repair: with a newline, the line lets in 11. at sshd
        /etc/hosts.deny:2:9: the last line has no newline: libwrap stops there and denies every client that no earlier rule allows, at every wrapped service
          hint: end the file with a newline
          repair: with a newline, the line denies ALL at ALL
    "#]],
    );
    check(
        format!("sshd: {}\n", "10.1.2.3 ".repeat(300)),
        format!("# {}", "x".repeat(3000)),
        &expect![[r#"
        /etc/hosts.allow:1:1: the line has over 2047 bytes with its continuations: libwrap stops there and ignores it and everything after it
          hint: split it into several rules
          repair: split into lines that libwrap can read, it lets in 10.1.2.3 10.1.2.3 10.1.2.3 10.1.2.3 10.1.2.3 10.1.2.3 10.1.2… at sshd
        /etc/hosts.deny:1:1: the line has over 2047 bytes with its continuations: libwrap stops there and denies every client that no earlier rule allows, at every wrapped service
          hint: split it into several rules
          repair: split into lines that libwrap can read, it is a comment
        /etc/hosts.deny:1:3003: the last line has no newline: libwrap stops there and denies every client that no earlier rule allows, at every wrapped service
          hint: end the file with a newline
          repair: with a newline, the line is a comment
    "#]],
    );
    check(
        "\u{feff}sshd: 10.\n",
        "a\0b: ALL\nc\n",
        &expect![[r#"
        /etc/hosts.allow:1:1: the line begins with a byte order mark, which libwrap reads as part of the first word
          hint: remove the three bytes EF BB BF
          repair: without it, the line lets in 10. at sshd
        /etc/hosts.deny:1:2: a NUL byte hides the rest of its line and joins the next line to it
          hint: remove the NUL byte
        /etc/hosts.deny:1:1: the line has no colon and is skipped
          hint: write `daemons: clients`, or put # at the very start of the line
    "#]],
    );
}

#[test]
fn rules_that_look_like_comments_are_reported() {
    check(
        "  # sshd: ALL\n # note\nsshd: 10. # my hosts\nsshd: 10.: allow # note\n",
        "# a \\\n# b \\\nsshd: ALL\n",
        &expect![[r#"
            /etc/hosts.allow:1:3: libwrap does not read this as a comment: the rule after # counts
              hint: put # at the very start of the line
              repair: without the blanks before #, it is a comment
            /etc/hosts.allow:2:2: libwrap does not read this as a comment, but skips it as a broken rule
              hint: put # at the very start of the line
              repair: without the blanks before #, it is a comment
            /etc/hosts.allow:3:11: libwrap does not support a comment after a rule: the words after # count
              hint: put the comment on a line of its own, with # as its very first byte
              repair: the comment gets a line of its own
            /etc/hosts.allow:4:18: libwrap does not support a comment after a rule: the words after # count
              hint: put the comment on a line of its own, with # as its very first byte
              repair: the comment gets a line of its own
            /etc/hosts.deny:3:1: the comment above ends in a backslash, so this rule is part of it
              hint: remove the backslash at the end of the comment
              repair: without the backslash, the rule counts
        "#]],
    );
}

#[test]
fn patterns_that_never_match_are_reported() {
    check(
        "sshd: 10.1.2.3/24 10.1 10.1.2/24 0.0.0.0/0 10.1.2.3/255.255.255.255 \\\n  [2001:db8::/32] [2001:db8:*] [::ffff:10.1.2.3] \\\n  !10.1.2.3 10.1.2.1-10.1.2.9 010.1.2.3 300. a$b\n",
        "",
        &expect![[r#"
            /etc/hosts.allow:1:7: `10.1.2.3/24` has host bits that its mask cuts off: it never matches
              hint: write 10.1.2.0/24
              repair: as 10.1.2.0/24 it matches
            /etc/hosts.allow:1:19: `10.1` is neither an address nor, without a final dot, a part of one: it never matches
              hint: write 10.1.
              repair: as 10.1. it matches
            /etc/hosts.allow:1:24: `10.1.2/24` is not a network that libwrap understands: it never matches
              hint: write 10.1.2.0/24
              repair: as 10.1.2.0/24 it matches
            /etc/hosts.allow:1:34: `0.0.0.0/0` is not a network that libwrap understands: it never matches
              hint: write 0.0.0.0/0.0.0.0
              repair: as 0.0.0.0/0.0.0.0 it matches
            /etc/hosts.allow:1:44: `10.1.2.3/255.255.255.255` is not a network that libwrap understands: it never matches
              hint: write 10.1.2.3
              repair: as 10.1.2.3 it matches
            /etc/hosts.allow:2:3: `[2001:db8::/32]` has no IPv6 address between its brackets: it never matches
              hint: write [2001:db8::]/32
              repair: as [2001:db8::]/32 it matches
            /etc/hosts.allow:2:32: `[::ffff:10.1.2.3]` is an IPv4-mapped address, which libwrap compares as IPv4: it never matches
              hint: write 10.1.2.3
              repair: as 10.1.2.3 it matches
            /etc/hosts.allow:3:3: `!10.1.2.3` is negated, which libwrap does not know: it never matches
              hint: remove it, or write what was meant
            /etc/hosts.allow:3:13: `10.1.2.1-10.1.2.9` is a range, which libwrap does not know: it never matches
              hint: remove it, or write what was meant
            /etc/hosts.allow:3:31: `010.1.2.3` is neither an address nor, without a final dot, a part of one: it never matches
              hint: remove it, or write what was meant
            /etc/hosts.allow:3:41: `300.` is not part of an address: it never matches
              hint: remove it, or write what was meant
            /etc/hosts.allow:3:46: `a$b` is neither an address nor a host name: it never matches
              hint: remove it, or write what was meant
        "#]],
    );
}

#[test]
fn options_that_libwrap_refuses_are_reported() {
    check(
        "sshd: 10.: /usr/bin/logger\nsshd: 10.:\nsshd: 10.: allow: spawn x\nsshd: 10.: severity authpriv.info\nsshd: 10.: setenv A=b\nsshd: 10.: twist\nsshd: 10.: keepalive yes\n",
        "",
        &expect![[r#"
            /etc/hosts.allow:1:11: `/usr/bin/logger` is not an option: libwrap denies every client that the rule matches
              hint: the third field holds options, not a shell command: write `spawn COMMAND`, and put IPv6 addresses in brackets
              repair: as `spawn COMMAND` the rule counts
            /etc/hosts.allow:2:11: an option is empty: libwrap denies every client that the rule matches
              hint: remove the final colon
              repair: without the final colon, the rule counts
            /etc/hosts.allow:3:11: option `allow` must be the last: libwrap denies every client that the rule matches
              hint: move `allow` to the end of the rule
              repair: with `allow` as the last option, the rule counts
            /etc/hosts.allow:4:11: option `severity` does not take `authpriv.info`: libwrap denies every client that the rule matches
              hint: libwrap knows the facilities kern user mail daemon auth lpr news uucp cron local0-7, not authpriv
            /etc/hosts.allow:5:11: option `setenv` does not take `A=b`: libwrap denies every client that the rule matches
              hint: write `setenv NAME VALUE`, without `=` in the name
            /etc/hosts.allow:6:11: option `twist` needs a value: libwrap denies every client that the rule matches
              hint: write `twist VALUE`
            /etc/hosts.allow:7:11: option `keepalive` takes no value: libwrap denies every client that the rule matches
              hint: write `keepalive` alone
        "#]],
    );
    check(
        "sshd: 2001:db8::1, ::1, 10.1.2.3: deny\n",
        "ALL: 2001:db8::/32\n",
        &expect![[r#"
        /etc/hosts.allow:1:7: the colons of `2001:db8::1` end the client list: what follows the first is read as options
          hint: write [2001:db8::1]
          repair: as [2001:db8::1] it is an address
        /etc/hosts.deny:1:6: the colons of `2001:db8::/32` end the client list: what follows the first is read as options
          hint: write [2001:db8::]/32
          repair: as [2001:db8::]/32 it is an address
    "#]],
    );
}

#[test]
fn rules_for_other_names_than_sshd_are_reported() {
    check(
        "sshd-session: 10.\nin.sshd ssh: 11.\nsshd 12.\n",
        "",
        &expect![[r#"
            /etc/hosts.allow:1:1: OpenSSH uses the name `sshd`, never `sshd-session`: the rule does not apply to it
              hint: write `sshd`
              repair: as `sshd` the rule counts
            /etc/hosts.allow:2:1: OpenSSH uses the name `sshd`, never `in.sshd`: the rule does not apply to it
              hint: write `sshd`
              repair: as `sshd` the rule counts
            /etc/hosts.allow:2:9: OpenSSH uses the name `sshd`, never `ssh`: the rule does not apply to it
              hint: write `sshd`
              repair: as `sshd` the rule counts
            /etc/hosts.allow:3:1: the line has no colon and is skipped
              hint: write `daemons: clients`, or put # at the very start of the line
        "#]],
    );
}
