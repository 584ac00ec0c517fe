//! Answers that depend on what is not known, or on other files.

use crate::common::{answer, client, snapshot, tables};
use crate::evaluate::check;
use sshmend_hosts_access::{Access, Client, HOSTS_DENY, Name, Need, Tables};
use sshmend_lossless::{Entry, Request, Snapshot, Unread};

#[test]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn unknown_facts_matter_only_if_they_decide() {
    check(&[
        (
            "sshd: .example.org\n",
            "ALL: ALL\n",
            "10.1.2.3=?",
            "unknown allow:1",
        ),
        ("sshd: .example.org\n", "", "10.1.2.3=?", "granted"),
        (
            "sshd: .example.org\nsshd: 10.\n",
            "ALL: ALL\n",
            "10.1.2.3=?",
            "granted allow:2",
        ),
        (
            "sshd: 10.\nsshd: .example.org\n",
            "ALL: ALL\n",
            "10.1.2.3=?",
            "granted allow:1",
        ),
        (
            "sshd: .example.org: deny\nsshd: 10.\n",
            "",
            "10.1.2.3=?",
            "unknown allow:1",
        ),
        (
            "sshd: ALL EXCEPT .example.org\n",
            "ALL: ALL\n",
            "10.1.2.3=?",
            "unknown allow:1",
        ),
        (
            "sshd: 11. .3 h.example.org\n",
            "ALL: ALL\n",
            "10.1.2.3=?",
            "granted allow:1",
        ),
        (
            "sshd: 192.168.*\n",
            "ALL: ALL\n",
            "10.1.2.3=?",
            "unknown allow:1",
        ),
        (
            "sshd: @staff\n",
            "ALL: ALL\n",
            "10.1.2.3",
            "unknown allow:1",
        ),
        (
            "sshd: root@10.\n",
            "ALL: ALL\n",
            "10.1.2.3",
            "unknown allow:1",
        ),
        (
            "sshd: root@11.\n",
            "ALL: ALL\n",
            "10.1.2.3",
            "denied deny:1",
        ),
        (
            "sshd: ALL@10.\n",
            "ALL: ALL\n",
            "10.1.2.3",
            "granted allow:1",
        ),
        (
            "sshd@10.77.0.1: ALL\n",
            "ALL: ALL\n",
            "10.1.2.3",
            "unknown allow:1",
        ),
        ("22: ALL\n", "ALL: ALL\n", "10.1.2.3", "unknown allow:1"),
        (
            "sshd: ALL: aclexec /bin/check %a\n",
            "ALL: ALL\n",
            "10.1.2.3",
            "unknown allow:1",
        ),
        (
            "sshd: ALL: aclexec /bin/check %a\n",
            "",
            "10.1.2.3",
            "granted",
        ),
        (
            "sshd: ALL: aclexec /bin/check: allow\n",
            "ALL: ALL\n",
            "10.1.2.3",
            "granted allow:1",
        ),
        // A command that fails turns the denial of a rule with options into a grant.
        (
            "sshd: ALL: aclexec /bin/check\n",
            "ALL: ALL: spawn true\n",
            "10.1.2.3",
            "granted deny:1",
        ),
        (
            "",
            "ALL: ALL: aclexec /bin/check\n",
            "10.1.2.3",
            "unknown deny:1",
        ),
        (
            "sshd: ALL: user nobody\n",
            "",
            "10.1.2.3",
            "unknown allow:1",
        ),
        (
            "sshd: /etc/ssh/friends\n",
            "ALL: ALL\n",
            "10.1.2.3",
            "unknown allow:1",
        ),
    ]);
}

#[test]
fn an_unknown_answer_names_the_missing_fact() {
    let tables = tables("sshd: .example.org @staff\n22: ALL\n", "ALL: ALL\n");
    let verdict = tables.evaluate(&Client::new("10.1.2.3".parse().expect("an address")));
    assert_eq!(verdict.access, Access::Unknown);
    let needs: Vec<&Need> = verdict.doubts.iter().map(|doubt| &doubt.need).collect();
    assert_eq!(needs, [&Need::ClientName, &Need::ServerPort]);
    assert_eq!(
        verdict.reason,
        "it depends on the host name of the client (pattern .example.org), the port on which the client arrives"
    );
}

#[test]
fn server_address_name_and_port_are_evaluated() {
    let tables = tables(
        "22: ALL\nsshd@10.77.: ALL\nsshd@[::1]: ALL\nsshd@gate.example.org: ALL\n",
        "ALL: ALL\n",
    );
    let known = Client {
        server_addr: "10.77.0.1".parse().ok(),
        server_name: Name::None,
        server_port: Some(2222),
        ..client("10.1.2.3")
    };
    let line = |client: &Client| tables.evaluate(client).origin.map(|origin| origin.line);
    assert_eq!(line(&known), Some(2));
    assert_eq!(
        line(&Client {
            server_port: Some(22),
            ..known.clone()
        }),
        Some(1)
    );
    assert_eq!(
        line(&Client {
            server_addr: "::1".parse().ok(),
            ..known.clone()
        }),
        Some(3)
    );
    let elsewhere = Client {
        server_addr: "9.9.9.9".parse().ok(),
        ..known
    };
    assert_eq!(tables.evaluate(&elsewhere).access, Access::Denied);
    let named = Client {
        server_name: Name::Known("gate.example.org".to_owned()),
        ..elsewhere
    };
    assert_eq!(line(&named), Some(4));
}

#[test]
fn pattern_files_are_requested_and_read() {
    let mut seen = snapshot(b"sshd: /etc/friends EXCEPT /etc/foes\n", b"ALL: ALL\n");
    assert_eq!(
        seen.look(Tables::read).1,
        [
            Request::Read("/etc/foes".into()),
            Request::Read("/etc/friends".into())
        ]
    );
    seen.insert("/etc/foes", Entry::Missing);
    seen.insert(
        "/etc/friends",
        Entry::File(file(b"# friends\n10.1.  /etc/more\t.example.org\n")),
    );
    assert_eq!(
        seen.look(Tables::read).1,
        [Request::Read("/etc/more".into())]
    );
    seen.insert("/etc/more", Entry::File(file(b"11.\0x 12.")));
    assert_eq!(seen.look(Tables::read).1, []);
    let tables = Tables::read(&seen);
    for (client, expected) in [
        ("10.1.2.3", "granted allow:1"),
        ("11.1.1.1", "granted allow:1"),
        ("12.1.1.1", "granted allow:1"),
        ("13.1.1.1", "denied deny:1"),
        ("13.1.1.1=h.example.org", "granted allow:1"),
    ] {
        assert_eq!(answer(&tables, client), expected, "{client}");
    }
}

fn file(bytes: &[u8]) -> sshmend_lossless::FileImage {
    let meta = sshmend_lossless::Metadata::default();
    sshmend_lossless::FileImage {
        bytes: bytes.to_vec().into(),
        meta,
        target: "/etc/friends".into(),
    }
}

#[test]
fn a_pattern_file_that_names_itself_does_not_loop() {
    let mut seen = snapshot(b"sshd: /etc/loop\n", b"ALL: ALL\n");
    seen.insert("/etc/loop", Entry::File(file(b"/etc/loop 10.")));
    assert_eq!(seen.look(Tables::read).1, []);
    let tables = Tables::read(&seen);
    assert_eq!(answer(&tables, "10.1.2.3"), "granted allow:1");
    assert_eq!(answer(&tables, "11.1.2.3"), "unknown allow:1");
}

#[test]
fn a_missing_file_is_empty_and_an_unreadable_one_is_unknown() {
    let mut seen = Snapshot::default();
    assert_eq!(answer(&Tables::read(&seen), "10.1.2.3"), "unknown");
    assert_eq!(seen.look(Tables::read).1.len(), 2);
    seen = snapshot(b"sshd: 10.\n", b"");
    seen.insert(HOSTS_DENY, Entry::Unreadable(Unread::Denied));
    let tables = Tables::read(&seen);
    assert_eq!(answer(&tables, "10.1.2.3"), "granted allow:1");
    assert_eq!(answer(&tables, "11.1.2.3"), "unknown");
    assert_eq!(
        tables.evaluate(&client("11.1.2.3")).reason,
        "it depends on /etc/hosts.deny, which cannot be read: permission denied"
    );
    for entry in [
        Entry::Missing,
        Entry::Dangling,
        Entry::Directory(Vec::new(), sshmend_lossless::Metadata::default()),
    ] {
        seen.insert(HOSTS_DENY, entry);
        assert_eq!(answer(&Tables::read(&seen), "11.1.2.3"), "granted");
    }
}
