//! Text around the messages, and after them.

use sshmend_ssh_log::CauseName;
use sshmend_ssh_log::transcript::{Transcript, read};

use super::first;

const QUIET: &str = "kex_exchange_identification: read: Connection reset by peer\nConnection reset by 192.0.2.10 port 22\n";

/// A paste is seldom exactly the output of the client.
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
fn an_unknown_final_message_is_not_taken_for_silence() {
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
fn a_bind_address_is_not_taken_for_the_server_address() {
    let text = "bind 192.0.2.77: Cannot assign requested address\nssh: connect to host db.example port 22: failure\n";
    let transcript = read(text.as_bytes());
    assert_eq!(first(&transcript), Some("client-config-invalid"));
    assert_eq!(transcript.attempts[0].address, None);
}

#[test]
fn faults_after_the_login_are_recognised_by_their_messages() {
    let first_of = |text: &str| first(&read(text.as_bytes())).map(str::to_owned);
    let local = "bind [127.0.0.1]:15432: Address already in use\nchannel_setup_fwd_listener_tcpip: cannot listen to port: 15432\nCould not request local forwarding.\n";
    assert_eq!(first_of(local).as_deref(), Some("client-config-invalid"));
    for remote in [
        "Error: remote port forwarding failed for listen port 12022\n",
        "Warning: remote port forwarding failed for listen port 12022\n",
        "Error: remote port forwarding failed for listen path /run/user/1000/gnupg/S.gpg-agent\n",
        "debug1: Authenticated to db.example ([192.0.2.10]:22) using \"publickey\".\ndebug1: Remote: Server has disabled port forwarding.\n",
        "channel 3: open failed: administratively prohibited: open failed\n",
        "panic: ssh: tcpip-forward request denied by peer\n",
        "paramiko.ssh_exception.SSHException: TCP forwarding request denied\n",
        "dbclient: Remote TCP forward request failed (port 12022 -> localhost:22)\n",
    ] {
        assert_eq!(
            first_of(remote).as_deref(),
            Some("forwarding-refused"),
            "{remote}"
        );
    }
    let jump = "channel 0: open failed: administratively prohibited: open failed\nstdio forwarding failed\n";
    assert_eq!(first_of(jump).as_deref(), Some("proxy-failed"));
    let terminal = "PTY allocation request failed on channel 0\n";
    assert_eq!(first_of(terminal).as_deref(), Some("user-not-allowed"));
}
