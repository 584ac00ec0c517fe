//! Texts about SSH without a recognised message: the causes that their words indicate are only
//! possible, and nothing is excluded. Addresses and names are invented.

use sshmend_ssh_log::transcript::{Attempt, Certainty, Conclusion, read};

fn only(text: &str) -> Attempt {
    let mut attempts = read(text.as_bytes()).attempts;
    assert_eq!(attempts.len(), 1, "{text}: {attempts:?}");
    attempts.remove(0)
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn unknown_messages_only_suggest_a_cause() {
    let cases = [
        (
            "[deployer] SFTP upload aborted: the peer hung up on us\n",
            "max-startups",
            None,
        ),
        (
            "MyCorp.Transfer.SftpTransferException: Unable to reach sftp://batch@files7.example.net:2022/in: connection refused by host\n",
            "sshd-not-running",
            Some("files7.example.net"),
        ),
        (
            "backup: ssh tunnel to 192.0.2.61:2201 did not respond after 30 s\n",
            "host-unreachable",
            Some("192.0.2.61"),
        ),
        (
            "scp transfer: login failed for robot@node4.example.org\n",
            "user-not-allowed",
            Some("node4.example.org"),
        ),
        (
            "SshTransport: server host key fingerprint could not be validated for gw.example.com port 22\n",
            "host-key-unknown",
            Some("gw.example.com"),
        ),
        (
            "sshlib: unsupported cipher offered by the other side\n",
            "algorithm-mismatch",
            None,
        ),
        (
            "Worker: SFTP host not found: drop.example.net\n",
            "name-not-resolved",
            None,
        ),
        (
            "Upload über SFTP: Zeitüberschreitung bei 192.0.2.62\n",
            "host-unreachable",
            Some("192.0.2.62"),
        ),
        (
            "Ошибка SSH: в соединении отказано (192.0.2.63:22)\n",
            "sshd-not-running",
            Some("192.0.2.63"),
        ),
        (
            "SFTP 连接超时: 192.0.2.64\n",
            "host-unreachable",
            Some("192.0.2.64"),
        ),
        (
            "deploy: the ssh key file /srv/ci/deploy.pem: failed to parse\n",
            "client-config-invalid",
            None,
        ),
    ];
    for (text, cause, host) in cases {
        let attempt = only(text);
        assert!(attempt.by_words, "{text}");
        let first = attempt.conclusions.first();
        assert_eq!(
            first.map(|found| found.cause.as_str()),
            Some(cause),
            "{text}"
        );
        assert!(
            attempt
                .conclusions
                .iter()
                .all(|found| found.certainty == Certainty::Possible),
            "{text}"
        );
        assert!(attempt.excluded.is_empty(), "{text}");
        assert!(
            attempt
                .undecided
                .as_deref()
                .is_some_and(|said| said.starts_with("no message is known")),
            "{text}"
        );
        assert_eq!(attempt.destination(), host, "{text}");
    }
}

#[test]
fn a_failure_without_a_reason_names_the_command_to_run() {
    let attempt = only(
        "16:20:01 RUN ssh -o BatchMode=yes -p 2299 ci@192.0.2.71 /bin/true\n\
         16:20:02 step failed with exit code 255\n",
    );
    assert_eq!(attempt.conclusions, []);
    assert_eq!(
        attempt.end.map(|end| (end.line, end.text)),
        Some((2, "16:20:02 step failed with exit code 255".to_owned()))
    );
    assert_eq!(
        attempt.next[0].argv.join(" "),
        "ssh -vvv -p 2299 ci@192.0.2.71"
    );
}

#[test]
fn a_missing_program_is_not_a_failed_connection() {
    for text in [
        "error: cannot run ssh: executable file not found in $PATH, connection closed\n",
        "Remote: sh: 1: borg: command not found: borg\nConnection closed by remote host. Is borg working on the server?\n",
    ] {
        let attempt = only(text);
        assert_eq!(attempt.conclusions, [], "{text}");
        assert!(attempt.end.is_some(), "{text}");
    }
}

#[test]
fn text_that_only_mentions_ssh_has_no_known_end() {
    let attempt = only("Preparing SFTP session for nightly export\nqueue: 3 files\n");
    assert_eq!((attempt.end.as_ref(), attempt.conclusions.len()), (None, 0));
    assert!(attempt.is_of_client() && !attempt.failed() && !attempt.succeeded());
}

#[test]
fn messages_of_other_programs_are_ignored() {
    for text in [
        // Not about SSH.
        "curl: (7) Failed to connect to 192.0.2.81 port 8080: Connection refused\n",
        "worker: connection lost, giving up\n",
        // The recognised log of a server.
        "Authentication refused: bad ownership or modes for directory /home/ivy\n",
    ] {
        assert_eq!(read(text.as_bytes()).attempts, [], "{text}");
    }
    // Far from the line that names SSH.
    let mut text = "Setting up openssh-client (1:9.2p1-2) ...\n".to_owned();
    text.push_str(&"compiling a module of the project\n".repeat(60));
    text.push_str("database: connection refused\n");
    let attempt = only(&text);
    assert_eq!((attempt.end.as_ref(), attempt.conclusions.len()), (None, 0));
    // On a line of another protocol, beside one that names SSH.
    for line in [
        "curl: (7) Connection refused",
        "pool: connection to 192.0.2.82:5432 refused: connection refused",
        "fetching https://example.net/a.tgz timed out",
    ] {
        let attempt = only(&format!("cloned with git@, over SSH\n{line}\n"));
        assert_eq!((attempt.end.as_ref(), attempt.conclusions.len()), (None, 0));
    }
}

#[test]
fn a_message_that_is_known_is_named_by_its_line() {
    let attempt = only("upload to drop.example.org:2022 failed: ssh: handshake failed: EOF\n");
    assert!(!attempt.by_words);
    assert_eq!(
        (attempt.destination(), attempt.port),
        (Some("drop.example.org"), Some(2022))
    );
    // The line of a source file, and the name of an algorithm, are not hosts.
    let attempt = only("at client.go:181 kex@openssh.com: ssh: handshake failed: EOF\n");
    assert_eq!(attempt.destination(), None);
}

#[test]
fn the_words_of_the_kernel_alone_are_asked_about_ssh() {
    for (text, cause) in [
        ("Connection refused", "sshd-not-running"),
        ("\nConnection reset by peer.\r\n\n", "max-startups"),
        ("connection timed out\n", "host-unreachable"),
        ("No route to host\n", "firewall-rejects"),
        ("Broken pipe\n", "max-startups"),
    ] {
        let attempt = only(text);
        let first = &attempt.conclusions[0];
        assert_eq!(first.cause.as_str(), cause, "{text}");
        let certain = |one: &Conclusion| one.certainty != Certainty::Possible;
        assert!(!attempt.conclusions.iter().any(certain), "{text}");
    }
    // Beside anything else they may be about any connection.
    for text in [
        "Connection refused\nbuild failed\n",
        "worker: Connection refused\n",
    ] {
        assert_eq!(read(text.as_bytes()).attempts, [], "{text}");
    }
}

#[test]
fn command_options_are_not_read_as_error_messages() {
    let attempt = only(
        "deploy: ssh -q -o ConnectTimeout=9 -o StrictHostKeyChecking=no -p 2207 ci@192.0.2.91 uptime failed with exit code 255\n",
    );
    assert_eq!(attempt.conclusions, []);
    assert_eq!(
        attempt.next[0].argv.join(" "),
        "ssh -vvv -p 2207 ci@192.0.2.91"
    );
}

#[test]
fn a_git_server_without_a_shell_accepted_the_key() {
    let attempt =
        only("remote: Shell access is not supported.\nshell request failed on channel 0\n");
    assert!(attempt.succeeded(), "{attempt:?}");
    let attempt = only("shell request failed on channel 0\n");
    assert!(attempt.failed(), "{attempt:?}");
}

#[test]
fn two_messages_on_one_line_are_separated() {
    let attempt = only(
        "kex_exchange_identification: Connection closed by remote hostConnection closed by 192.0.2.92 port 2244\n",
    );
    assert_eq!(
        (attempt.destination(), attempt.port),
        (Some("192.0.2.92"), Some(2244))
    );
}

#[test]
fn a_host_follows_its_word_or_is_in_brackets() {
    for text in [
        "ERROR (IOError): while executing on host app3.example.net: ssh stream closed\n",
        "[app3.example.net] SSH error: login failed\n",
    ] {
        assert_eq!(only(text).destination(), Some("app3.example.net"), "{text}");
    }
}

/// Another protocol failed, and SSH stands in the name of a page, a package, a host or a namespace.
#[test]
fn ssh_in_a_name_is_not_the_failed_program() {
    for text in [
        "$ git clone https://code.example.com/eve/ssh-keys.git\nfatal: unable to access 'https://code.example.com/eve/ssh-keys.git/': \
         OpenSSL SSL_read: Connection was reset, errno 10054\n",
        "npm ERR! network request to https://packages.example.com/ssh2/-/ssh2-1.0.0.tgz failed, reason: read ECONNRESET\n",
        "java.net.SocketException: Connection reset\n\tat java.base/sun.net.www.protocol.https.A.b(A.java:1)\n\
         Caused: java.io.IOException: Failed to load https://updates.example.com/ssh-agent.hpi\n",
        "[error] 31#31: *12 recv() failed (104: Connection reset by peer) while reading response header from upstream, \
         request: \"GET /user/ssh-keys HTTP/1.1\", upstream: \"http://192.0.2.150:3000/user/ssh-keys\"\n",
        "$ kubectl -n ssh get pods\nUnable to connect to the server: read tcp 192.0.2.151:40500->192.0.2.152:6443: read: connection reset by peer\n",
        "postfix/smtpd[2300]: lost connection after CONNECT from ssh-gw.example.org[192.0.2.153]\n",
    ] {
        let attempts = read(text.as_bytes()).attempts;
        assert!(!attempts.iter().any(Attempt::failed), "{text}{attempts:#?}");
    }
}
