//! Texts that people paste: messages of programs and libraries as in their sources, in the
//! languages of the C library, and of whatever answers in place of sshd. Addresses and names are
//! invented.

use sshmend_ssh_log::transcript::{Certainty, read};

/// A paste, the first conclusion, and its destination.
type Case = (
    &'static str,
    &'static str,
    Certainty,
    &'static str,
    Option<&'static str>,
);

const CASES: &[Case] = {
    use Certainty::{Certain, Likely, Possible};
    &[
        (
            "an error of the operating system in German",
            "ssh: connect to host 192.0.2.31 port 22: Verbindungsaufbau abgelehnt\n",
            Possible,
            "sshd-not-running",
            Some("192.0.2.31"),
        ),
        (
            "a reset in Russian",
            "kex_exchange_identification: read: Соединение разорвано другой стороной\n",
            Possible,
            "max-startups",
            None,
        ),
        (
            "an error that has no words",
            "kex_exchange_identification: read: Unknown error\n\
             banner exchange: Connection to 192.0.2.32 port 22: Unknown error\n",
            Possible,
            "max-startups",
            Some("192.0.2.32"),
        ),
        (
            "words that nobody knows",
            "ssh: connect to host 192.0.2.33 port 22: Nepavyko\n",
            Possible,
            "host-unreachable",
            Some("192.0.2.33"),
        ),
        (
            "the log of JSch",
            "10:00:01 INFO com.jcraft.jsch.JSch - Connecting to ftp.example.net port 2022\n\
             10:00:01 INFO com.jcraft.jsch.JSch - Connection established\n\
             10:00:01 INFO com.jcraft.jsch.JSch - Remote version string: SSH-2.0-GoAnywhere7\n\
             10:00:01 INFO com.jcraft.jsch.JSch - SSH_MSG_KEXINIT sent\n\
             java.io.IOException: End of IO Stream Read\n\tat com.jcraft.jsch.IO.getByte(IO.java:85)\n",
            Possible,
            "algorithm-mismatch",
            Some("ftp.example.net"),
        ),
        (
            "Dropbear's client under the name of ssh",
            "ssh: Connection to root@192.0.2.34:2222 exited: Remote closed the connection\n",
            Possible,
            "dead-backend",
            Some("192.0.2.34"),
        ),
        (
            "an error of Ruby that names port 22",
            "Errno::EHOSTUNREACH: No route to host - connect(2) for \"192.0.2.35:22\"\n",
            Possible,
            "firewall-rejects",
            Some("192.0.2.35"),
        ),
        (
            "Fabric 1",
            "Fatal error: Low level socket error connecting to host db7 on port 2200: Connection refused (tried 1 time)\n",
            Possible,
            "sshd-not-running",
            Some("db7"),
        ),
        (
            "an agent of Jenkins",
            "[11/20/26 10:00:00] [SSH] Opening SSH connection to agent9.example.org:22.\n\
             Connection refused (Connection refused)\n",
            Possible,
            "sshd-not-running",
            Some("agent9.example.org"),
        ),
        (
            "a traceback of which the head is missing",
            "  File \"/srv/venv/paramiko/client.py\", line 368, in connect\n    sock.connect(addr)\n\
             TimeoutError: [Errno 110] Connection timed out\n",
            Possible,
            "host-unreachable",
            None,
        ),
        (
            "a reset on Windows, of paramiko",
            "paramiko.ssh_exception.SSHException: Error reading SSH protocol banner[WinError 10054] closed\n",
            Possible,
            "max-startups",
            None,
        ),
        (
            "Netmiko",
            "netmiko.exceptions.NetmikoTimeoutException: TCP connection to device failed.\n\n\
             Device settings: cisco_ios 192.0.2.36:22\n",
            Possible,
            "sshd-not-running",
            Some("192.0.2.36"),
        ),
        (
            "a name with a number behind it",
            "phpseclib3\\Exception\\ConnectionClosedException: Connection closed by server\n",
            Possible,
            "max-startups",
            None,
        ),
        (
            "Chef",
            "ERROR: Train::Transports::SSHFailed: SSH command failed (connection closed by remote host)\n",
            Possible,
            "max-startups",
            None,
        ),
        (
            "Netmiko that is refused",
            "netmiko.exceptions.NetmikoAuthenticationException: Authentication to device failed.\n\n\
             Device settings: cisco_ios 192.0.2.42:22\n",
            Possible,
            "user-not-allowed",
            Some("192.0.2.42"),
        ),
        (
            "Cargo",
            "  * attempted ssh-agent authentication, but no usernames succeeded: `git`\n",
            Possible,
            "user-not-allowed",
            None,
        ),
        (
            "rsync without the words of its ssh",
            "rsync: connection unexpectedly closed (0 bytes received so far) [sender]\n\
             rsync error: unexplained error (code 255) at io.c(226) [sender=3.1.3]\n",
            Possible,
            "max-startups",
            None,
        ),
        (
            "sshfs",
            "read: Connection reset by peer\n",
            Possible,
            "max-startups",
            None,
        ),
        (
            "ssh-keyscan",
            "192.0.2.37: Connection closed by remote host\n",
            Possible,
            "max-startups",
            None,
        ),
        (
            "a shell that finds no proxy",
            "/bin/sh: cloudflared: command not found\n\
             kex_exchange_identification: Connection closed by remote host\n",
            Certain,
            "proxy-failed",
            None,
        ),
        (
            "a key whose signatures are not allowed",
            "debug1: Authentications that can continue: publickey\n\
             debug1: send_pubkey_test: no mutual signature algorithm\n\
             eve@192.0.2.38: Permission denied (publickey).\n",
            Likely,
            "algorithm-mismatch",
            Some("192.0.2.38"),
        ),
        (
            "an account that expired",
            "Your account has expired; please contact your system administrator.\n\
             Connection closed by 192.0.2.39 port 22\n",
            Likely,
            "user-not-allowed",
            Some("192.0.2.39"),
        ),
        (
            "a machine that starts",
            "\"System is booting up. Unprivileged users are not permitted to log in yet.\"\n\
             Connection closed by 192.0.2.40 port 22\n",
            Likely,
            "still-booting",
            Some("192.0.2.40"),
        ),
        (
            "the policy of a tailnet",
            "tailscale: tailnet policy does not permit you to SSH as user \"eve\"\n\
             Connection closed by 100.64.7.8 port 22\n",
            Certain,
            "tailscale-ssh",
            Some("100.64.7.8"),
        ),
    ]
};

#[test]
fn pasted_transcripts_are_classified() {
    let mut wrong = Vec::new();
    for &(what, text, certainty, cause, destination) in CASES {
        let transcript = read(text.as_bytes());
        let said: Vec<_> = transcript
            .attempts
            .iter()
            .map(|attempt| {
                let first = attempt.conclusions.first();
                let first = first.map(|first| (first.certainty, first.cause.as_str()));
                (first, attempt.destination())
            })
            .collect();
        if said != [(Some((certainty, cause)), destination)] {
            wrong.push(format!("{what}: {said:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn vague_messages_count_only_if_no_precise_one_exists() {
    let text = "kex_exchange_identification: read: Connection reset by peer\n\
        Connection reset by 192.0.2.41 port 22\n\
        rsync: connection unexpectedly closed (0 bytes received so far) [sender]\n\
        rsync error: unexplained error (code 255) at io.c(226) [sender=3.1.3]\n\
        lost connection\n";
    let transcript = read(text.as_bytes());
    assert_eq!(transcript.attempts.len(), 1, "{:#?}", transcript.attempts);
    for other in [
        "the player lost connection to the game",
        "Connection closed gracefully",
        "db: read: Connection reset by peer (pool 3)",
    ] {
        assert!(read(other.as_bytes()).attempts.is_empty(), "{other}");
    }
}

#[test]
fn each_line_of_a_long_warning_is_recognised_alone() {
    const WARNINGS: &[(&str, &[&str])] = &[
        (
            "client-config-invalid",
            &[
                "@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @",
                "WARNING: UNPROTECTED PRIVATE KEY FILE!",
                "Permissions 0644 for 'id_rsa' are too open.",
                "It is required that your private key files are NOT accessible by others.",
                "This private key will be ignored.",
                "Load key \"id_rsa\": bad permissions",
            ],
        ),
        (
            "host-key-changed",
            &[
                "@       WARNING: POSSIBLE DNS SPOOFING DETECTED!          @",
                "The ED25519 host key for h.example has changed,",
                "DNS SPOOFING is happening or the IP address for the host",
                "and its host key have changed at the same time.",
                "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @",
                "IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!",
                "Someone could be eavesdropping on you right now (man-in-the-middle attack)!",
                "It is also possible that a host key has just been changed.",
                "The fingerprint for the ED25519 key sent by the remote host is",
                "Add correct host key in /home/u/.ssh/known_hosts to get rid of this message.",
                "Offending ED25519 key in /home/u/.ssh/known_hosts:12",
                "Host key for h.example has changed and you have requested strict checking.",
                "Password authentication is disabled to avoid man-in-the-middle attacks.",
                "Port forwarding is disabled to avoid man-in-the-middle attacks.",
                "@       WARNING: REVOKED HOST KEY DETECTED!               @",
                "The ED25519 host key for h.example is marked as revoked.",
                "This could mean that a stolen key is being used to",
                "impersonate this host.",
                "ED25519 host key for h.example was revoked and you have requested strict checking.",
            ],
        ),
        (
            "host-key-unknown",
            &[
                "The authenticity of host 'h.example (192.0.2.1)' can't be established.",
                "This key is not known by any other names.",
                "Are you sure you want to continue connecting (yes/no/[fingerprint])?",
            ],
        ),
    ];
    for (cause, lines) in WARNINGS {
        for line in *lines {
            let transcript = read(line.as_bytes());
            let [attempt] = transcript.attempts.as_slice() else {
                panic!("{line}: {:?}", transcript.attempts);
            };
            let first = attempt.conclusions.first().map(|one| one.cause.as_str());
            assert_eq!(first, Some(*cause), "{line}");
        }
    }
}

#[test]
fn the_report_of_a_failure_counts_more_than_the_warning_around_it() {
    let text = "@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\n\
        Permissions 0644 for 'id_rsa' are too open.\n\
        This private key will be ignored.\n\
        eve@192.0.2.38: Permission denied (publickey).\n";
    let transcript = read(text.as_bytes());
    let first = &transcript.attempts[0].conclusions[0];
    assert_eq!(
        (first.cause.as_str(), first.line),
        ("client-config-invalid", Some(2))
    );
    let accepted = "The authenticity of host 'h (192.0.2.1)' can't be established.\n\
        Are you sure you want to continue connecting (yes/no/[fingerprint])? yes\n\
        Warning: Permanently added 'h' (ED25519) to the list of known hosts.\n";
    assert!(read(accepted.as_bytes()).attempts[0].conclusions.is_empty());
}

#[test]
fn words_in_a_file_that_is_not_text_are_chance() {
    let text = "ssh \u{1}\u{2}\u{3} closed connection\n\u{1}\u{2}\u{5}\n\u{6}ssh reset\n";
    assert!(read(text.as_bytes()).attempts.is_empty());
}
