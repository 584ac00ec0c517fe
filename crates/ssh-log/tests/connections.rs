//! Several lines of one connection: which of them counts, and the connection it belongs to.

mod support;

use support::shown;

/// Checks a log (tags without date and machine) against the expected events, line by line.
#[track_caller]
fn says(log: &str, expected: &str) {
    let lines: String = log
        .lines()
        .filter(|line| !line.is_empty())
        .map(dated)
        .collect();
    assert_eq!(shown(lines.as_bytes()).join("\n"), expected.trim());
}

/// A line may begin with a time of day.
fn dated(line: &str) -> String {
    let (time, line) = match line.split_once(' ') {
        Some((time, rest)) if time.matches(':').count() == 2 && time.len() == 8 => (time, rest),
        _ => ("15:52:43", line),
    };
    format!("Nov 20 {time} gw {line}\n")
}

#[test]
fn complaints_about_the_configuration_are_found_within_a_line() {
    for text in [
        "rc:255 error:/srv/.tmp/tmpq7 line 3: Directive 'Port' is not allowed within a Match block",
        "Restarting OpenBSD Secure Shell server: sshd/etc/ssh/sshd_config line 9: Bad yes/no argument: yess",
        "[FAILED] Failed to start ssh.service - OpenBSD Secure Shell server.",
        "audit: type=1400 audit(1795189963.250:9): apparmor=\"DENIED\" operation=\"open\" profile=\"sshd\" comm=\"sshd\" fsuid=0",
    ] {
        let shown = shown(format!("{text}\n").as_bytes());
        let named = [
            "sshd-config-invalid",
            "service-start-failure",
            "mandatory-access-denied",
        ];
        let found = shown
            .iter()
            .any(|event| named.iter().any(|name| event.contains(name)));
        assert!(found, "{text}: {shown:?}");
    }
}

#[test]
fn key_complaints_without_process_ids_belong_to_the_following_failed_start() {
    let end = "sshd: no hostkeys available -- exiting.\n";
    for (before, cause) in [
        (
            "Unable to load host key \"/srv/keys/ssh_host_rsa_key\": bad permissions\n",
            "host-keys-permissions",
        ),
        (
            "Permissions for '__PROGRAMDATA__\\\\ssh/ssh_host_rsa_key' are too open.\n",
            "host-keys-permissions",
        ),
        (
            "Unable to load host key: /srv/keys/ssh_host_rsa_key\n",
            "host-keys-missing",
        ),
    ] {
        let last = shown(format!("{before}{end}").as_bytes())
            .pop()
            .expect("an event");
        assert!(
            last.starts_with(&format!("broken | {cause}")),
            "{before}{last}"
        );
    }
}

#[test]
fn a_client_that_sends_nothing_is_one_connection_in_every_version() {
    // Up to 7.9; 8.0 to 8.2 without any address; 8.3 to 9.4; from 9.5 on.
    says(
        "sshd[8]: Did not receive identification string from 192.0.2.7 port 2",
        "no-identification | client-vanished | 192.0.2.7 2",
    );
    says(
        "
sshd[8]: Connection from 192.0.2.7 port 2 on 192.0.2.1 port 22
sshd[8]: error: kex_exchange_identification: Connection closed by remote host
sshd[9]: error: kex_exchange_identification: Connection closed by remote host",
        "
connected | - | 192.0.2.7 2
no-identification | client-vanished | 192.0.2.7 2
no-identification | client-vanished",
    );
    says(
        "
sshd[8]: error: kex_exchange_identification: Connection closed by remote host
sshd[8]: Connection closed by 192.0.2.7 port 2",
        "
no-identification | client-vanished
closed | client-vanished | 192.0.2.7 2 | - | - |  | names the source of client-vanished",
    );
    says(
        "sshd-session[8]: Connection closed by 192.0.2.7 port 2 [preauth]",
        "closed | client-vanished | 192.0.2.7 2",
    );
}

#[test]
fn a_connection_that_ends_after_the_login_did_not_vanish() {
    says(
        "
sshd[8]: Accepted publickey for bob from 192.0.2.7 port 2 ssh2: ED25519 SHA256:x
sshd[8]: Connection closed by 192.0.2.7 port 2
sshd-session[20]: Accepted password for bob from 192.0.2.7 port 3 ssh2
sshd-session[22]: Connection closed by 192.0.2.7 port 3
sshd-session[24]: Connection closed by 192.0.2.7 port 4",
        r#"
accepted | - | 192.0.2.7 2 | "bob" | - | ED25519 SHA256:x
closed | - | 192.0.2.7 2 | - | - |  | after login
accepted | - | 192.0.2.7 3 | "bob"
closed | - | 192.0.2.7 3 | - | - |  | after login
closed | client-vanished | 192.0.2.7 4"#,
    );
}

#[test]
fn a_client_that_tried_to_log_in_did_not_vanish() {
    says(
        "
sshd[8]: Invalid user bob from 192.0.2.7
sshd[8]: Connection closed by 192.0.2.7 [preauth]
sshd[9]: User bob from 192.0.2.7 not allowed because listed in DenyUsers
sshd[9]: Connection closed by invalid user bob 192.0.2.7 port 3 [preauth]",
        r#"
invalid-user | - | 192.0.2.7 | "bob"
closed | - | 192.0.2.7
user-denied | user-not-allowed | 192.0.2.7 | "bob" | - | listed in DenyUsers
closed | - | 192.0.2.7 3 | "bob""#,
    );
}

#[test]
fn a_later_line_names_the_source_of_an_earlier_one() {
    says(
        "
sshd-session[8]: User carol not allowed because account is locked
sshd-session[8]: Connection closed by invalid user carol 192.0.2.7 port 2 [preauth]
sshd-session[9]: error: no more sessions
sshd-session[9]: error: no more sessions
sshd-session[9]: Received disconnect from 192.0.2.8 port 3:11: disconnected by user",
        r#"
user-denied | user-not-allowed | - | "carol" | - | account is locked
closed | - | 192.0.2.7 2 | "carol" | - |  | names the source of user-not-allowed
no-more-sessions | max-sessions
no-more-sessions | max-sessions
received-disconnect | - | 192.0.2.8 3 | - | 11 | disconnected by user | names the source of max-sessions"#,
    );
}

#[test]
fn a_session_process_is_known_if_sshd_names_it() {
    says(
        "
sshd[8]: Connection from 192.0.2.7 port 2 on 192.0.2.1 port 22 rdomain \"\"
sshd[8]: Accepted publickey for bob from 192.0.2.7 port 2 ssh2: ED25519 SHA256:x
sshd[8]: User child is on pid 10
sshd[10]: error: no more sessions",
        r#"
connected | - | 192.0.2.7 2
accepted | - | 192.0.2.7 2 | "bob" | - | ED25519 SHA256:x
session-child | - | 192.0.2.7 2 | - | 10 |  | after login
no-more-sessions | max-sessions | 192.0.2.7 2 | - | - |  | after login"#,
    );
}

#[test]
fn the_listener_names_the_process_that_ran_out_of_time() {
    says(
        "
sshd[1]: Timeout before authentication for connection from 192.0.2.7 to 192.0.2.1, pid = 8
sshd-session[8]: Connection closed by 192.0.2.7 port 2 [preauth]",
        "
grace-timeout | login-grace-time | 192.0.2.7 | - | 8
closed | - | 192.0.2.7 2",
    );
}

#[test]
fn a_reused_process_id_is_another_connection() {
    says(
        "
10:00:00 sshd[8]: Connection closed by 192.0.2.7 port 2 [preauth]
10:00:01 sshd[8]: Connection closed by 192.0.2.8 port 3 [preauth]
10:00:02 sshd[8]: error: kex_exchange_identification: Connection closed by remote host
10:00:03 sshd[9]: Connection from 192.0.2.9 port 4 on 192.0.2.1 port 22
10:30:00 sshd[9]: error: kex_exchange_identification: Connection closed by remote host",
        "
closed | client-vanished | 192.0.2.7 2
closed | client-vanished | 192.0.2.8 3
no-identification | client-vanished
connected | - | 192.0.2.9 4
no-identification | client-vanished",
    );
}

#[test]
fn host_keys_are_reported_only_if_none_is_usable() {
    says(
        "
sshd[8]: error: Could not load host key: /etc/ssh/ssh_host_dsa_key
sshd[8]: Server listening on 0.0.0.0 port 22.
sshd[9]: error: Permissions 0644 for '/etc/ssh/ssh_host_rsa_key' are too open.
sshd[9]: sshd: no hostkeys available -- exiting.
sshd[10]: error: Could not load host key: /etc/ssh/ssh_host_rsa_key
sshd[10]: sshd: no hostkeys available -- exiting.",
        "
host-key-unusable | - | - | - | - | /etc/ssh/ssh_host_dsa_key
listening | - | - | - | - | 0.0.0.0 port 22
host-key-unusable | - | - | - | - | /etc/ssh/ssh_host_rsa_key
broken | host-keys-permissions
host-key-unusable | - | - | - | - | /etc/ssh/ssh_host_rsa_key
broken | host-keys-missing",
    );
}

#[test]
fn a_port_in_use_is_reported_once() {
    says(
        "
sshd[8]: error: Bind to port 22 on 0.0.0.0 failed: Address already in use.
sshd[8]: error: Bind to port 22 on :: failed: Address already in use.
sshd[8]: fatal: Cannot bind any address.
sshd[9]: fatal: Cannot bind any address.",
        "
bind-failed | port-in-use | - | - | 22 | 0.0.0.0
bind-failed | port-in-use | - | - | 22 | ::
bind-failed
bind-failed | sshd-not-running",
    );
}

#[test]
fn process_ids_of_different_machines_are_separate() {
    let log = "\
Nov 20 15:52:43 a sshd[8]: Connection from 192.0.2.7 port 2 on 192.0.2.1 port 22
Nov 20 15:52:43 b sshd[8]: error: kex_exchange_identification: Connection closed by remote host
";
    assert_eq!(
        shown(log.as_bytes())[1],
        "no-identification | client-vanished"
    );
}

#[test]
fn a_log_may_come_in_pieces_of_any_size() {
    use sshmend_ssh_log::{Clock, Reader};

    let log = "\0\0\0Nov 20 15:52:43 gw sshd[8]: Invalid user bob from 192.0.2.7 port 2\r\n\n\
        Nov 20 15:52:44 gw sshd[8]: Connection closed by invalid user bob 192.0.2.7 port 2 [preauth]";
    let whole = shown(log.as_bytes());
    assert_eq!(whole.len(), 2);
    for size in 1..log.len() {
        let mut reader = Reader::new(Clock::utc("2026-12-01T00:00:00Z".parse().unwrap()));
        let mut lines = Vec::new();
        for piece in log.as_bytes().chunks(size) {
            reader.feed(piece, &mut |event| {
                lines.push((event.line_number, event.kind));
            });
        }
        reader.finish(&mut |event| lines.push((event.line_number, event.kind)));
        assert_eq!(lines.len(), 2, "pieces of {size}");
        assert_eq!(lines.iter().map(|line| line.0).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(reader.census().bytes, log.len() as u64);
    }
}

#[test]
fn an_overlong_line_is_cut_and_the_next_one_is_read() {
    use sshmend_ssh_log::{Clock, Reader};

    let mut log = vec![b'x'; 200_000];
    log.extend_from_slice(
        b"\nNov 20 15:52:43 gw sshd[8]: Invalid user bob from 192.0.2.7 port 2\n",
    );
    for size in [1000, 65_536, 65_537, 300_000] {
        let mut reader = Reader::new(Clock::utc("2026-12-01T00:00:00Z".parse().unwrap()));
        let mut count = 0;
        for piece in log.chunks(size) {
            reader.feed(piece, &mut |_| count += 1);
        }
        assert_eq!(
            (count, reader.census().overlong, reader.census().lines),
            (1, 1, 2),
            "pieces of {size}"
        );
    }
}

#[test]
fn random_bytes_do_not_panic_and_pieces_make_no_difference() {
    const WORDS: &[&[u8]] = &[
        b"Nov 20 15:52:43 ",
        b"gw ",
        b"sshd[8]: ",
        b"sshd",
        b"[",
        b"]",
        b": ",
        b"Failed ",
        b"password ",
        b"for ",
        b"from ",
        b"192.0.2.7",
        b" port ",
        b"22",
        b" ssh2",
        b"\n",
        b"\r\n",
        b"\0",
        b"\xff",
        b"{",
        b"\"MESSAGE\":\"",
        b"__CURSOR=x\n",
        b"message repeated 2 times: [ ",
        b"<38>1 ",
        b"2026-11-20T15:52:43Z ",
        b"[preauth]",
        b"Connection closed by ",
        b"pid = 9",
    ];
    let mut random = fastrand::Rng::with_seed(13);
    for _ in 0..3_000 {
        let log: Vec<u8> = (0..random.usize(0..60))
            .flat_map(|_| random.choice(WORDS).unwrap().to_vec())
            .collect();
        let whole = shown(&log);
        let cut = random.usize(0..=log.len());
        let mut reader = sshmend_ssh_log::Reader::new(sshmend_ssh_log::Clock::utc(
            "2026-12-01T00:00:00Z".parse().unwrap(),
        ));
        let mut count = 0;
        reader.feed(&log[..cut], &mut |_| count += 1);
        reader.feed(&log[cut..], &mut |_| count += 1);
        reader.finish(&mut |_| count += 1);
        assert_eq!(count, whole.len());
    }
}

#[test]
fn no_supported_algorithms_means_missing_keys_or_a_narrow_list() {
    says(
        "
sshd[61]: error: Could not load host key: /etc/ssh/ssh_host_ed25519_key
sshd[61]: fatal: No supported key exchange algorithms [preauth]
sshd[62]: fatal: No supported key exchange algorithms [preauth]
",
        "
host-key-unusable | - | - | - | - | /etc/ssh/ssh_host_ed25519_key
broken | host-keys-missing
broken | algorithm-mismatch
",
    );
}
