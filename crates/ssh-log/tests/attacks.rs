//! Clients choose their user names, identification strings, reasons and key identities, and choose
//! them so that a line appears to accuse somebody else. 192.0.2.7 is always the true source,
//! 203.0.113.9 never is.

mod support;

use support::shown;

const TRUE: &str = "192.0.2.7";

fn sources(log: &str) -> Vec<String> {
    shown(log.as_bytes())
        .iter()
        .map(|event| event.split(" | ").nth(2).unwrap_or("-").to_owned())
        .collect()
}

/// Checks that each message is an event with the true source, or with none if the message is
/// ambiguous.
#[track_caller]
fn names(expected: &str, messages: &str) {
    for message in messages.lines().filter(|line| !line.is_empty()) {
        assert_eq!(
            sources(&format!("Nov 20 15:52:43 gw sshd[8]: {message}\n")),
            [expected],
            "{message}"
        );
    }
}

#[test]
fn the_last_address_counts_after_a_user_name() {
    names(
        "192.0.2.7 2",
        r#"
Invalid user root from 203.0.113.9 port 22 from 192.0.2.7 port 2
Invalid user sshd[99] Accepted password for root from 203.0.113.9 port 1 ssh2 from 192.0.2.7 port 2
Invalid user message repeated 5 times [ Failed password for root from 203.0.113.9 port 1 ssh2] from 192.0.2.7 port 2
Failed password for invalid user test from 203.0.113.9 port 55 ssh2 from 192.0.2.7 port 2 ssh2
Failed none for invalid user x from 203.0.113.9 port 1 ssh1 y from 192.0.2.7 port 2 ssh2
Connection closed by invalid user root 203.0.113.9 port 22 192.0.2.7 port 2 [preauth]
Connection closed by invalid user a authenticating user b 203.0.113.9 port 22 192.0.2.7 port 2 [preauth]
Connection reset by invalid user from 203.0.113.9 port 1 192.0.2.7 port 2 [preauth]
Disconnected from invalid user 203.0.113.9 port 1 192.0.2.7 port 2 [preauth]
Disconnecting invalid user 203.0.113.9 port 1 x 192.0.2.7 port 2: Too many authentication failures [preauth]
maximum authentication attempts exceeded for invalid user x from 203.0.113.9 port 1 ssh2 from 192.0.2.7 port 2 ssh2 [preauth]
administratively prohibited connection for invalid user x from 203.0.113.9 port 1 from 192.0.2.7 port 2
Bad protocol version identification 'SSH' from 203.0.113.9 port 1' from 192.0.2.7 port 2
Timeout, client not responding from user 203.0.113.9 port 1 192.0.2.7 port 2
"#,
    );
    names(
        TRUE,
        r#"
PAM: Authentication failure for illegal user x from 203.0.113.9 from 192.0.2.7
PAM: Authentication failure for illegal user x from 203.0.113.9 via 198.51.100.1 from 192.0.2.7
pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=x rhost=203.0.113.9
refused connect from x (203.0.113.9)@gw (192.0.2.7)
reverse mapping checking getaddrinfo for x [203.0.113.9] failed. [192.0.2.7] failed.
"#,
    );
}

#[test]
fn the_first_address_counts_before_text_from_the_client() {
    names(
        "192.0.2.7 2",
        r#"
Received disconnect from 192.0.2.7 port 2:11: Connection closed by 203.0.113.9 port 1 [preauth]
Received disconnect from 192.0.2.7 port 2:11: x from 203.0.113.9 port 1:11: y
Unable to negotiate with 192.0.2.7 port 2: no matching cipher found. Their offer: x 203.0.113.9 port 1: no matching [preauth]
Protocol major versions differ for 192.0.2.7 port 2: SSH-2.0-x vs. SSH-1.5-x for 203.0.113.9 port 1: y
probed from 192.0.2.7 port 2 with x from 203.0.113.9 port 1 with y.  Don't panic.
"#,
    );
}

#[test]
fn an_address_in_an_identification_string_is_ignored() {
    names(
        "-",
        r#"
kex_exchange_identification: client sent invalid protocol identifier "Failed password for root from 203.0.113.9 port 1 ssh2"
kex_exchange_identification: client sent invalid protocol identifier "x" from 203.0.113.9 port 1
"#,
    );
}

/// sshd takes the text after a colon in a user name for the style of authentication: so the colon
/// ends the name.
#[test]
fn the_first_colon_separates_a_user_name_from_text_of_the_client() {
    names(
        "192.0.2.7 2",
        r#"
Failed password for invalid user test from 192.0.2.7 port 2 ssh2: from 203.0.113.9 port 1 ssh2
Failed password for user from 192.0.2.7 port 2 ssh1: ruser from 203.0.113.9
Failed publickey for invalid user a from 203.0.113.9 port 1 from 192.0.2.7 port 2 ssh2: ED25519-CERT SHA256:x ID y (serial 0)
Failed publickey for invalid user bob from 192.0.2.7 port 2 ssh2: ED25519-CERT SHA256:x ID y from 203.0.113.9 port 1 ssh2: z (serial 0)
Failed hostbased for bob from 192.0.2.7 port 2 ssh2: RSA x, client user "c from 203.0.113.9 port 1 ssh2: d", client host "e"
Disconnecting invalid user a 192.0.2.7 port 2: Change of username or service not allowed: (a,s) -> (b,s) [preauth]
Disconnecting invalid user a 192.0.2.7 port 2: Change of username or service not allowed: (a,s) -> (b 203.0.113.9 port 1: c,s) [preauth]
"#,
    );
}

#[test]
fn a_line_feed_in_a_journal_message_begins_no_new_message() {
    let log = r#"{"SYSLOG_IDENTIFIER":"sshd","_PID":"8","MESSAGE":"x\nrefused connect from a (203.0.113.9)"}"#;
    assert_eq!(sources(&format!("{log}\n")), Vec::<String>::new());
}

#[test]
fn other_programs_cannot_impersonate_sshd() {
    for tag in ["app[8]", "sshd-keygen[8]", "su", "xsshd[8]", "(sshd)[8]"] {
        let log = format!("Nov 20 15:52:43 gw {tag}: refused connect from a (203.0.113.9)\n");
        assert_eq!(sources(&log), Vec::<String>::new(), "{tag}");
    }
}

#[test]
fn a_forged_user_name_never_changes_the_address() {
    const WORDS: &[&str] = &[
        " from ",
        " port ",
        "203.0.113.9",
        "22",
        " ssh2",
        ": ",
        "invalid user ",
        "user ",
        "authenticating ",
        "[preauth]",
        "(",
        ")",
        "[",
        "]",
        "'",
        "\"",
        " ",
        "x",
        "::",
        "Too many authentication failures",
        " via ",
        "ssh1",
    ];
    const FORMATS: &[&str] = &[
        "Invalid user {} from 192.0.2.7 port 2",
        "Failed password for invalid user {} from 192.0.2.7 port 2 ssh2",
        "Failed keyboard-interactive/pam for invalid user {} from 192.0.2.7 port 2 ssh2",
        "Connection closed by invalid user {} 192.0.2.7 port 2 [preauth]",
        "Connection reset by invalid user {} 192.0.2.7 port 2 [preauth]",
        "Disconnected from invalid user {} 192.0.2.7 port 2 [preauth]",
        "Disconnecting invalid user {} 192.0.2.7 port 2: Too many authentication failures [preauth]",
        "Disconnecting invalid user {} 192.0.2.7 port 2: Change of username or service not allowed: ({},s) -> (TEXT,s) [preauth]",
        "maximum authentication attempts exceeded for invalid user {} from 192.0.2.7 port 2 ssh2 [preauth]",
        "error: PAM: Authentication failure for illegal user {} from 192.0.2.7",
        "Bad protocol version identification 'TEXT' from 192.0.2.7 port 2",
        "Received disconnect from 192.0.2.7 port 2:11: TEXT",
        "error: kex_exchange_identification: client sent invalid protocol identifier \"TEXT\"",
        "input_userauth_request: invalid user {} [preauth]",
        "Postponed publickey for invalid user {} from 192.0.2.7 port 2 ssh2 [preauth]",
        "Failed publickey for invalid user {} from 192.0.2.7 port 2 ssh2: RSA-CERT SHA256:a ID TEXT (serial 0) CA RSA SHA256:b",
    ];
    let mut random = fastrand::Rng::with_seed(11);
    for _ in 0..2_000 {
        let text: String = (0..random.usize(1..9))
            .map(|_| *random.choice(WORDS).unwrap())
            .collect();
        let name = text.split(':').next().unwrap();
        let line = |(pid, format): (usize, &&str)| {
            format!(
                "Nov 20 15:52:43 gw sshd[{pid}]: {}\n",
                format.replace("{}", name).replace("TEXT", &text)
            )
        };
        let log: String = FORMATS.iter().enumerate().map(line).collect();
        let sources = sources(&log);
        let nameless = sources.iter().filter(|source| *source == "-").count();
        assert!(
            (sources.len(), nameless) == (FORMATS.len(), 2),
            "{log}{sources:?}"
        );
        assert!(
            sources
                .iter()
                .all(|source| source == "-" || source.starts_with(TRUE)),
            "{log}{sources:?}"
        );
    }
}
