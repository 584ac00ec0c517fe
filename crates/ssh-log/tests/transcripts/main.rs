//! Recordings of real clients against listeners that behave as servers, proxies and firewalls do: OpenSSH 7.9p1, 8.4p1,
//! 9.2p1 and 10.0p2 with `-vvv` (the lines of debug2 and debug3 are left out; `quiet`: without `-v`), PuTTY 0.78 (plink),
//! paramiko 2.12, fabric 2.7, AsyncSSH 2.10, Go x/crypto 0.4, libssh 0.10, libssh2 1.10 (curl), Dropbear 2022.83, ssh2 1.17 for Node.js;
//! scp, sftp, rsync, git and ansible around the ssh of 9.2. The messages of JSch are those of its source.

mod around;
mod messages;
mod recordings;

use std::fmt::Write;

use expect_test::expect_file;
use sshmend_ssh_log::transcript::{Attempt, Transcript, read};

use recordings::recordings;

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
fn recordings_of_real_clients_are_classified() {
    let text: String = recordings()
        .iter()
        .map(|(name, bytes)| format!("{name}: {}", shown(&read(bytes))))
        .collect();
    expect_file!["expected.txt"].assert_eq(&text);
}

/// Messages that database clients print too: without any mention of SSH nothing is concluded.
const NOT_OF_SSH: &[&str] = &["libssh-refused", "libssh-silence"];

/// The first conclusion required for each recording.
#[test]
fn the_simulated_cause_is_named_first_or_among_the_possible_ones() {
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
    for (name, bytes) in recordings() {
        let transcript = read(&bytes);
        let first = first(&transcript);
        let made = MADE
            .iter()
            .find(|(end, _)| name.ends_with(end) && !NOT_OF_SSH.contains(&name.as_str()));
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
            usize::from(!NOT_OF_SSH.contains(&name.as_str())),
            "{name}"
        );
    }
}

#[test]
fn a_successful_login_excludes_no_cause() {
    let transcript = read(include_bytes!("openssh-10.0-success.txt"));
    let [attempt] = transcript.attempts.as_slice() else {
        panic!("one attempt: {transcript:?}")
    };
    assert!(attempt.succeeded() && attempt.next.is_empty() && attempt.excluded.is_empty());
}

#[test]
fn random_lines_do_not_panic() {
    let recordings = recordings();
    let lines: Vec<&[u8]> = recordings
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
