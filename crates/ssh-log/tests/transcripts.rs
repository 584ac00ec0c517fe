//! Recordings of real clients against listeners that behave as servers, proxies and firewalls do: OpenSSH 7.9p1, 8.4p1,
//! 9.2p1 and 10.0p2 with `-vvv` (the lines of debug2 and debug3 are left out; `quiet`: without `-v`), PuTTY 0.78 (plink),
//! paramiko 2.12, fabric 2.7, AsyncSSH 2.10, Go x/crypto 0.4, libssh 0.10, libssh2 1.10 (curl), Dropbear 2022.83, ssh2 1.17 for Node.js;
//! scp, sftp, rsync, git and ansible around the ssh of 9.2. The messages of JSch are those of its source.

use std::fmt::Write;

use expect_test::{expect, expect_file};
use sshmend_ssh_log::CauseName;
use sshmend_ssh_log::transcript::{Attempt, Transcript, read};

const RECORDINGS: &[(&str, &[u8])] = &[
    (
        "openssh-7.9-closed",
        include_bytes!("transcripts/openssh-7.9-closed.txt"),
    ),
    (
        "openssh-8.4-closed",
        include_bytes!("transcripts/openssh-8.4-closed.txt"),
    ),
    (
        "openssh-9.2-closed",
        include_bytes!("transcripts/openssh-9.2-closed.txt"),
    ),
    (
        "openssh-10.0-closed",
        include_bytes!("transcripts/openssh-10.0-closed.txt"),
    ),
    (
        "openssh-7.9-reset",
        include_bytes!("transcripts/openssh-7.9-reset.txt"),
    ),
    (
        "openssh-10.0-reset",
        include_bytes!("transcripts/openssh-10.0-reset.txt"),
    ),
    (
        "openssh-7.9-exceeded",
        include_bytes!("transcripts/openssh-7.9-exceeded.txt"),
    ),
    (
        "openssh-9.2-exceeded",
        include_bytes!("transcripts/openssh-9.2-exceeded.txt"),
    ),
    (
        "openssh-10.0-exceeded",
        include_bytes!("transcripts/openssh-10.0-exceeded.txt"),
    ),
    (
        "openssh-10.0-not-allowed",
        include_bytes!("transcripts/openssh-10.0-not-allowed.txt"),
    ),
    (
        "openssh-8.4-http",
        include_bytes!("transcripts/openssh-8.4-http.txt"),
    ),
    (
        "openssh-7.9-smtp",
        include_bytes!("transcripts/openssh-7.9-smtp.txt"),
    ),
    (
        "openssh-10.0-tls",
        include_bytes!("transcripts/openssh-10.0-tls.txt"),
    ),
    (
        "openssh-9.2-twist",
        include_bytes!("transcripts/openssh-9.2-twist.txt"),
    ),
    (
        "openssh-7.9-silence",
        include_bytes!("transcripts/openssh-7.9-silence.txt"),
    ),
    (
        "openssh-9.2-silence",
        include_bytes!("transcripts/openssh-9.2-silence.txt"),
    ),
    (
        "openssh-9.2-reset-at-kex",
        include_bytes!("transcripts/openssh-9.2-reset-at-kex.txt"),
    ),
    (
        "openssh-10.0-stall-at-kex",
        include_bytes!("transcripts/openssh-10.0-stall-at-kex.txt"),
    ),
    (
        "openssh-8.4-too-many-keys",
        include_bytes!("transcripts/openssh-8.4-too-many-keys.txt"),
    ),
    (
        "openssh-10.0-permission-denied",
        include_bytes!("transcripts/openssh-10.0-permission-denied.txt"),
    ),
    (
        "openssh-9.2-unprotected-key",
        include_bytes!("transcripts/openssh-9.2-unprotected-key.txt"),
    ),
    (
        "openssh-9.2-exec-failed",
        include_bytes!("transcripts/openssh-9.2-exec-failed.txt"),
    ),
    (
        "openssh-7.9-host-key-changed",
        include_bytes!("transcripts/openssh-7.9-host-key-changed.txt"),
    ),
    (
        "openssh-10.0-host-key-changed",
        include_bytes!("transcripts/openssh-10.0-host-key-changed.txt"),
    ),
    (
        "openssh-9.2-host-key-unknown",
        include_bytes!("transcripts/openssh-9.2-host-key-unknown.txt"),
    ),
    (
        "openssh-8.4-no-matching-kex",
        include_bytes!("transcripts/openssh-8.4-no-matching-kex.txt"),
    ),
    (
        "openssh-7.9-refused",
        include_bytes!("transcripts/openssh-7.9-refused.txt"),
    ),
    (
        "openssh-10.0-name-not-resolved",
        include_bytes!("transcripts/openssh-10.0-name-not-resolved.txt"),
    ),
    (
        "openssh-7.9-proxy-closed",
        include_bytes!("transcripts/openssh-7.9-proxy-closed.txt"),
    ),
    (
        "openssh-10.0-proxy-closed",
        include_bytes!("transcripts/openssh-10.0-proxy-closed.txt"),
    ),
    (
        "openssh-9.2-proxy-missing",
        include_bytes!("transcripts/openssh-9.2-proxy-missing.txt"),
    ),
    (
        "openssh-8.4-proxy-jump-refused",
        include_bytes!("transcripts/openssh-8.4-proxy-jump-refused.txt"),
    ),
    (
        "openssh-9.2-jump-target-refused",
        include_bytes!("transcripts/openssh-9.2-jump-target-refused.txt"),
    ),
    (
        "openssh-9.2-jump-target-exceeded",
        include_bytes!("transcripts/openssh-9.2-jump-target-exceeded.txt"),
    ),
    (
        "openssh-9.2-quiet-exceeded",
        include_bytes!("transcripts/openssh-9.2-quiet-exceeded.txt"),
    ),
    (
        "openssh-10.0-quiet-exceeded",
        include_bytes!("transcripts/openssh-10.0-quiet-exceeded.txt"),
    ),
    (
        "openssh-9.2-quiet-proxy-closed",
        include_bytes!("transcripts/openssh-9.2-quiet-proxy-closed.txt"),
    ),
    (
        "openssh-10.0-quiet-proxy-closed",
        include_bytes!("transcripts/openssh-10.0-quiet-proxy-closed.txt"),
    ),
    (
        "openssh-10.0-config-invalid",
        include_bytes!("transcripts/openssh-10.0-config-invalid.txt"),
    ),
    (
        "openssh-10.0-success",
        include_bytes!("transcripts/openssh-10.0-success.txt"),
    ),
    (
        "putty-closed",
        include_bytes!("transcripts/putty-closed.txt"),
    ),
    ("putty-reset", include_bytes!("transcripts/putty-reset.txt")),
    (
        "putty-refused",
        include_bytes!("transcripts/putty-refused.txt"),
    ),
    (
        "putty-host-key-unknown",
        include_bytes!("transcripts/putty-host-key-unknown.txt"),
    ),
    (
        "putty-silence",
        include_bytes!("transcripts/putty-silence.txt"),
    ),
    (
        "putty-reset-at-kex",
        include_bytes!("transcripts/putty-reset-at-kex.txt"),
    ),
    (
        "putty-name-not-resolved",
        include_bytes!("transcripts/putty-name-not-resolved.txt"),
    ),
    (
        "paramiko-closed",
        include_bytes!("transcripts/paramiko-closed.txt"),
    ),
    (
        "paramiko-reset",
        include_bytes!("transcripts/paramiko-reset.txt"),
    ),
    (
        "paramiko-silence",
        include_bytes!("transcripts/paramiko-silence.txt"),
    ),
    (
        "paramiko-refused",
        include_bytes!("transcripts/paramiko-refused.txt"),
    ),
    (
        "paramiko-host-key-changed",
        include_bytes!("transcripts/paramiko-host-key-changed.txt"),
    ),
    (
        "paramiko-host-key-unknown",
        include_bytes!("transcripts/paramiko-host-key-unknown.txt"),
    ),
    (
        "paramiko-permission-denied",
        include_bytes!("transcripts/paramiko-permission-denied.txt"),
    ),
    (
        "paramiko-reset-at-kex",
        include_bytes!("transcripts/paramiko-reset-at-kex.txt"),
    ),
    (
        "ansible-host-key-changed",
        include_bytes!("transcripts/ansible-host-key-changed.txt"),
    ),
    (
        "ansible-no-matching-cipher",
        include_bytes!("transcripts/ansible-no-matching-cipher.txt"),
    ),
    (
        "ansible-permission-denied",
        include_bytes!("transcripts/ansible-permission-denied.txt"),
    ),
    (
        "ansible-refused",
        include_bytes!("transcripts/ansible-refused.txt"),
    ),
    (
        "ansible-reset",
        include_bytes!("transcripts/ansible-reset.txt"),
    ),
    ("ansible-tls", include_bytes!("transcripts/ansible-tls.txt")),
    (
        "asyncssh-closed",
        include_bytes!("transcripts/asyncssh-closed.txt"),
    ),
    (
        "asyncssh-host-key-refused",
        include_bytes!("transcripts/asyncssh-host-key-refused.txt"),
    ),
    (
        "asyncssh-no-matching-cipher",
        include_bytes!("transcripts/asyncssh-no-matching-cipher.txt"),
    ),
    (
        "asyncssh-permission-denied",
        include_bytes!("transcripts/asyncssh-permission-denied.txt"),
    ),
    (
        "asyncssh-refused",
        include_bytes!("transcripts/asyncssh-refused.txt"),
    ),
    (
        "asyncssh-reset",
        include_bytes!("transcripts/asyncssh-reset.txt"),
    ),
    (
        "asyncssh-silence",
        include_bytes!("transcripts/asyncssh-silence.txt"),
    ),
    ("curl-closed", include_bytes!("transcripts/curl-closed.txt")),
    (
        "curl-closed-at-kex",
        include_bytes!("transcripts/curl-closed-at-kex.txt"),
    ),
    (
        "curl-host-key-refused",
        include_bytes!("transcripts/curl-host-key-refused.txt"),
    ),
    (
        "curl-permission-denied",
        include_bytes!("transcripts/curl-permission-denied.txt"),
    ),
    (
        "curl-refused",
        include_bytes!("transcripts/curl-refused.txt"),
    ),
    ("curl-reset", include_bytes!("transcripts/curl-reset.txt")),
    (
        "dropbear-closed",
        include_bytes!("transcripts/dropbear-closed.txt"),
    ),
    (
        "dropbear-closed-at-kex",
        include_bytes!("transcripts/dropbear-closed-at-kex.txt"),
    ),
    (
        "dropbear-host-key-changed",
        include_bytes!("transcripts/dropbear-host-key-changed.txt"),
    ),
    (
        "dropbear-host-key-unknown",
        include_bytes!("transcripts/dropbear-host-key-unknown.txt"),
    ),
    (
        "dropbear-no-matching-cipher",
        include_bytes!("transcripts/dropbear-no-matching-cipher.txt"),
    ),
    (
        "dropbear-refused",
        include_bytes!("transcripts/dropbear-refused.txt"),
    ),
    (
        "dropbear-reset",
        include_bytes!("transcripts/dropbear-reset.txt"),
    ),
    (
        "fabric-permission-denied",
        include_bytes!("transcripts/fabric-permission-denied.txt"),
    ),
    ("git-closed", include_bytes!("transcripts/git-closed.txt")),
    ("go-closed", include_bytes!("transcripts/go-closed.txt")),
    (
        "go-host-key-changed",
        include_bytes!("transcripts/go-host-key-changed.txt"),
    ),
    (
        "go-no-matching-cipher",
        include_bytes!("transcripts/go-no-matching-cipher.txt"),
    ),
    ("go-refused", include_bytes!("transcripts/go-refused.txt")),
    ("go-reset", include_bytes!("transcripts/go-reset.txt")),
    (
        "libssh-closed",
        include_bytes!("transcripts/libssh-closed.txt"),
    ),
    (
        "libssh-no-matching-kex",
        include_bytes!("transcripts/libssh-no-matching-kex.txt"),
    ),
    (
        "libssh-permission-denied",
        include_bytes!("transcripts/libssh-permission-denied.txt"),
    ),
    (
        "libssh-refused",
        include_bytes!("transcripts/libssh-refused.txt"),
    ),
    (
        "libssh-reset",
        include_bytes!("transcripts/libssh-reset.txt"),
    ),
    (
        "libssh-silence",
        include_bytes!("transcripts/libssh-silence.txt"),
    ),
    ("node-closed", include_bytes!("transcripts/node-closed.txt")),
    (
        "node-no-matching-cipher",
        include_bytes!("transcripts/node-no-matching-cipher.txt"),
    ),
    (
        "node-permission-denied",
        include_bytes!("transcripts/node-permission-denied.txt"),
    ),
    (
        "node-refused",
        include_bytes!("transcripts/node-refused.txt"),
    ),
    ("node-reset", include_bytes!("transcripts/node-reset.txt")),
    (
        "node-silence",
        include_bytes!("transcripts/node-silence.txt"),
    ),
    (
        "plink-host-key-unknown",
        include_bytes!("transcripts/plink-host-key-unknown.txt"),
    ),
    (
        "plink-refused",
        include_bytes!("transcripts/plink-refused.txt"),
    ),
    (
        "plink-reset-quiet",
        include_bytes!("transcripts/plink-reset-quiet.txt"),
    ),
    (
        "rsync-silence",
        include_bytes!("transcripts/rsync-silence.txt"),
    ),
    ("scp-reset", include_bytes!("transcripts/scp-reset.txt")),
    (
        "sftp-exceeded-quiet",
        include_bytes!("transcripts/sftp-exceeded-quiet.txt"),
    ),
];

fn shown(transcript: &Transcript) -> String {
    transcript.attempts.iter().map(attempt).collect()
}

fn attempt(attempt: &Attempt) -> String {
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    let port = attempt
        .port
        .map_or_else(|| "-".into(), |port| port.to_string());
    let mut text = format!(
        "{:?} {} reached {:?}, destination {} port {port} user {}, proxy {}, server {}\n",
        attempt.client.software,
        known(&attempt.client.version),
        attempt.reached,
        attempt.destination().unwrap_or("-"),
        known(&attempt.user),
        known(&attempt.proxy),
        known(&attempt.server)
    );
    if let Some(name) = &attempt.known_as {
        let _ = writeln!(text, "  known as {name}");
    }
    if let Some(undecided) = &attempt.undecided {
        let _ = writeln!(text, "  {undecided}");
    }
    for found in &attempt.conclusions {
        let line = found
            .line
            .map_or_else(|| "the end".into(), |line| format!("line {line}"));
        let _ = writeln!(
            text,
            "  {:?}: {} ({line}: {})",
            found.certainty, found.cause, found.text
        );
    }
    let causes: Vec<_> = attempt
        .excluded
        .iter()
        .flat_map(|exclusion| exclusion.causes)
        .map(|cause| cause.as_str())
        .collect();
    let _ = writeln!(text, "  not: {}", causes.join(" "));
    for advice in &attempt.next {
        let _ = writeln!(text, "  run: {}", advice.argv.join(" "));
    }
    text
}

/// The first conclusion of the only attempt.
fn first(transcript: &Transcript) -> Option<&'static str> {
    transcript
        .attempts
        .first()?
        .conclusions
        .first()
        .map(|found| found.cause.as_str())
}

#[test]
fn recordings_of_real_clients_are_understood() {
    let text: String = RECORDINGS
        .iter()
        .map(|(name, bytes)| format!("{name}: {}", shown(&read(bytes))))
        .collect();
    expect_file!["transcripts/expected.txt"].assert_eq(&text);
}

/// Words that clients of databases print too: without a word of SSH beside them nothing is concluded.
const NOT_OF_SSH: &[&str] = &["libssh-refused", "libssh-silence"];

/// Where each recording must lead: the first conclusion.
#[test]
fn the_cause_that_was_made_is_named_first_or_among_the_possible_ones() {
    const MADE: &[(&str, &[&str])] = &[
        ("-exceeded", &["max-startups"]),
        ("-not-allowed", &["per-source-penalty"]),
        ("-http", &["wrong-service"]),
        ("-smtp", &["wrong-service"]),
        ("-tls", &["wrong-service"]),
        ("-host-key-refused", &["host-key-unknown"]),
        ("-permission-denied", &["user-not-allowed"]),
        ("-no-matching-cipher", &["algorithm-mismatch"]),
        ("-twist", &["hosts-access-denied"]),
        ("-stall-at-kex", &["mtu-black-hole"]),
        ("-too-many-keys", &["too-many-keys"]),
        ("-host-key-changed", &["host-key-changed"]),
        ("-host-key-unknown", &["host-key-unknown"]),
        ("-no-matching-kex", &["algorithm-mismatch"]),
        ("-refused", &["sshd-not-running", "proxy-failed"]),
        ("-name-not-resolved", &["name-not-resolved"]),
        ("-proxy-closed", &["proxy-failed"]),
        ("-proxy-missing", &["proxy-failed"]),
        ("-config-invalid", &["client-config-invalid"]),
    ];
    for (name, bytes) in RECORDINGS {
        let transcript = read(bytes);
        let first = first(&transcript);
        let made = MADE
            .iter()
            .find(|(end, _)| name.ends_with(end) && !NOT_OF_SSH.contains(name));
        if let Some((_, causes)) = made {
            assert!(
                first.is_some_and(|first| causes.contains(&first)),
                "{name}: {first:?}"
            );
        }
        for attempt in &transcript.attempts {
            let excluded: Vec<_> = attempt
                .excluded
                .iter()
                .flat_map(|exclusion| exclusion.causes)
                .collect();
            let found: Vec<_> = attempt
                .conclusions
                .iter()
                .map(|found| found.cause)
                .collect();
            assert!(
                found.iter().all(|cause| !excluded.contains(&cause)),
                "{name}: {found:?} {excluded:?}"
            );
        }
        assert_eq!(
            transcript.attempts.len(),
            usize::from(!NOT_OF_SSH.contains(name)),
            "{name}"
        );
    }
}

#[test]
fn a_login_that_works_proves_nothing() {
    let transcript = read(include_bytes!("transcripts/openssh-10.0-success.txt"));
    let [attempt] = transcript.attempts.as_slice() else {
        panic!("one attempt: {transcript:?}")
    };
    assert!(attempt.succeeded() && attempt.next.is_empty() && attempt.excluded.is_empty());
}

const MESSAGES: &[&str] = &[
    "ssh: handshake failed: EOF",
    "2026/11/20 15:52:43 ssh: handshake failed: read tcp 192.0.2.7:5512->192.0.2.10:22: read: connection reset by peer",
    "dial tcp 192.0.2.10:22: connect: connection refused",
    "dial tcp 192.0.2.10:22: i/o timeout",
    "ssh: handshake failed: knownhosts: key mismatch",
    "ssh: handshake failed: ssh: no common algorithm for key exchange; client offered: [a], server offered: [b]",
    "ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain",
    "ssh: handshake failed: ssh: overflow reading version string",
    "libssh2: Failed getting banner",
    "com.jcraft.jsch.JSchException: Session.connect: java.io.IOException: End of IO Stream Read",
    "com.jcraft.jsch.JSchException: connection is closed by foreign host",
    "com.jcraft.jsch.JSchException: java.net.ConnectException: Connection refused (Connection refused)",
    "com.jcraft.jsch.JSchException: Auth fail",
    "com.jcraft.jsch.JSchException: HostKey has been changed: gw.example.com",
    "com.jcraft.jsch.JSchException: Algorithm negotiation fail",
    "WARNING - POTENTIAL SECURITY BREACH!",
    "Exceeded MaxStartups",
    "Not allowed at this time",
    "hello",
    "",
];

#[test]
fn messages_of_libraries_are_understood() {
    let line = |message: &&str| {
        let transcript = read(message.as_bytes());
        let Some(attempt) = transcript.attempts.first() else {
            return format!("{message}\n    -\n");
        };
        let first = attempt.conclusions.first().map_or("-".into(), |found| {
            format!("{:?} {}", found.certainty, found.cause)
        });
        format!(
            "{message}\n    {:?} {:?} {first}\n",
            attempt.client.software, attempt.reached
        )
    };
    expect![[r#"
        ssh: handshake failed: EOF
            Go Nothing Possible max-startups
        2026/11/20 15:52:43 ssh: handshake failed: read tcp 192.0.2.7:5512->192.0.2.10:22: read: connection reset by peer
            Go Nothing Possible max-startups
        dial tcp 192.0.2.10:22: connect: connection refused
            Go Connecting Possible sshd-not-running
        dial tcp 192.0.2.10:22: i/o timeout
            Go Nothing Possible host-unreachable
        ssh: handshake failed: knownhosts: key mismatch
            Go KeyExchange Certain host-key-changed
        ssh: handshake failed: ssh: no common algorithm for key exchange; client offered: [a], server offered: [b]
            Go KeyExchange Certain algorithm-mismatch
        ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain
            Go Authenticating Possible user-not-allowed
        ssh: handshake failed: ssh: overflow reading version string
            Go Connected Certain wrong-service
        libssh2: Failed getting banner
            Libssh2 Nothing Possible max-startups
        com.jcraft.jsch.JSchException: Session.connect: java.io.IOException: End of IO Stream Read
            Jsch Nothing Possible max-startups
        com.jcraft.jsch.JSchException: connection is closed by foreign host
            Jsch Nothing Possible max-startups
        com.jcraft.jsch.JSchException: java.net.ConnectException: Connection refused (Connection refused)
            Jsch Connecting Possible sshd-not-running
        com.jcraft.jsch.JSchException: Auth fail
            Jsch Authenticating Possible user-not-allowed
        com.jcraft.jsch.JSchException: HostKey has been changed: gw.example.com
            Jsch KeyExchange Certain host-key-changed
        com.jcraft.jsch.JSchException: Algorithm negotiation fail
            Jsch KeyExchange Certain algorithm-mismatch
        WARNING - POTENTIAL SECURITY BREACH!
            Putty KeyExchange Certain host-key-changed
        Exceeded MaxStartups
            Unknown Connected Likely max-startups
        Not allowed at this time
            Unknown Connected Likely per-source-penalty
        hello
            -

            -
    "#]].assert_eq(&MESSAGES.iter().map(line).collect::<String>());
}

#[test]
fn random_lines_do_not_panic() {
    let lines: Vec<&[u8]> = RECORDINGS
        .iter()
        .flat_map(|(_, bytes)| bytes.split(|&b| b == b'\n'))
        .collect();
    let mut random = fastrand::Rng::with_seed(17);
    for _ in 0..2_000 {
        let mut text: Vec<u8> = Vec::new();
        for _ in 0..random.usize(0..12) {
            let line = lines[random.usize(0..lines.len())];
            text.extend_from_slice(&line[random.usize(0..=line.len())..]);
            text.push(*random.choice(b"\n\r\xff").expect("not empty"));
        }
        read(&text);
    }
}

const QUIET: &str = "kex_exchange_identification: read: Connection reset by peer\nConnection reset by 192.0.2.10 port 22\n";

/// What people paste is seldom what the client printed and no more.
#[test]
fn text_around_the_messages_is_skipped() {
    let plain = read(QUIET.as_bytes());
    let around = [
        QUIET.replace('\n', "\r\n"),
        QUIET.replace("Connection reset", "\x1b[31mConnection reset\x1b[0m"),
        format!("alice@laptop:~$ ssh build\n{QUIET}alice@laptop:~$ "),
        format!("PS C:\\Users\\alice> ssh build\n{QUIET}"),
        QUIET.lines().map(|line| format!("> {line}\n")).collect(),
        QUIET
            .lines()
            .map(|line| format!("Nov 20 15:52:43 ci backup[4711]: {line}\n"))
            .collect(),
        QUIET
            .lines()
            .map(|line| {
                format!("2026-11-20T15:52:43.123456Z {line}\n").replace("Z ", "Z deploy-1 | ")
            })
            .collect(),
        QUIET
            .lines()
            .map(|line| format!("[2026-11-20 15:52:43] {line}\n"))
            .collect(),
        QUIET.replace("read: Connection", "read:\nConnection"),
        QUIET.replace("by peer", "b\ny peer"),
        format!("Hallo, seit gestern kommt immer:\n\n{QUIET}\nKönnt ihr helfen?\n"),
        format!(
            "fatal: [build]: UNREACHABLE! => {{\"msg\": \"{}\"}}\n",
            QUIET.replace('\n', "\\r\\n")
        ),
    ];
    for text in around {
        let seen = read(text.as_bytes());
        let names = |transcript: &Transcript| -> Vec<CauseName> {
            let attempts = transcript.attempts.iter();
            attempts
                .flat_map(|attempt| attempt.conclusions.iter().map(|found| found.cause))
                .collect()
        };
        assert_eq!(names(&seen), names(&plain), "{text}");
    }
}

#[test]
fn the_redirection_of_powershell_is_read() {
    let text = "ssh : Host key verification failed.\r\n";
    let wide: Vec<u8> = [0xfeff_u16]
        .into_iter()
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(first(&read(&wide)), Some("host-key-unknown"));
}

#[test]
fn an_end_in_unknown_words_is_not_taken_for_silence() {
    let text =
        "debug1: Connecting to build [192.0.2.10] port 22.\nbuild: something new: went wrong\n";
    let text = format!("OpenSSH_10.0p2\n{text}");
    let transcript = read(text.as_bytes());
    assert!(
        transcript
            .attempts
            .iter()
            .all(|attempt| attempt.conclusions.is_empty() && !attempt.succeeded())
    );
}

#[test]
fn an_address_to_bind_to_is_the_client_s_and_not_the_server_s() {
    let text = "bind 192.0.2.77: Cannot assign requested address\nssh: connect to host db.example port 22: failure\n";
    let transcript = read(text.as_bytes());
    assert_eq!(first(&transcript), Some("client-config-invalid"));
    assert_eq!(transcript.attempts[0].address, None);
}
