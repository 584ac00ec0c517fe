//! What telnet, nc and curl print that test a port: inetutils-telnet 2.4, netcat-openbsd 1.219, Ncat 7.93, BusyBox 1.35 and
//! curl 7.88 against listeners that close, reset, answer or are not there. Addresses and names are made up.

use sshmend_ssh_log::transcript::{Attempt, Reached, read};

fn only(text: &str) -> Attempt {
    let mut attempts = read(text.as_bytes()).attempts;
    assert_eq!(attempts.len(), 1, "{text}: {attempts:?}");
    attempts.remove(0)
}

/// The first conclusion, or how far the connection came where nothing is concluded.
fn shown(attempt: &Attempt) -> &'static str {
    let first = attempt.conclusions.first();
    first.map_or(attempt.reached.as_str(), |first| first.cause.as_str())
}

const TELNET: &str = "eve@pc:~$ telnet 192.0.2.140 22\nTrying 192.0.2.140...\nConnected to 192.0.2.140.\nEscape character is '^]'.\n";

#[test]
fn a_test_of_an_ssh_port_shows_how_the_server_answers() {
    let cases = [
        (format!("{TELNET}Connection closed by foreign host.\n"), "max-startups"),
        (format!("{TELNET}Not allowed at this time\nConnection closed by foreign host.\n"), "per-source-penalty"),
        (format!("{TELNET}Exceeded MaxStartups\nConnection closed by foreign host.\n"), "max-startups"),
        (format!("{TELNET}220 files ready\nConnection closed by foreign host.\n"), "wrong-service"),
        (format!("{TELNET}^]\ntelnet> quit\nConnection closed.\n"), "listener-hung"),
        (TELNET.to_owned(), "listener-hung"),
        ("$ telnet 192.0.2.140 22\nTrying 192.0.2.140...\n".to_owned(), "host-unreachable"),
        ("$ telnet 192.0.2.140 22\nTrying 192.0.2.140...\ntelnet: Unable to connect to remote host: Connection refused\n".to_owned(), "sshd-not-running"),
        ("~ # telnet 192.0.2.140 22\ntelnet: can't connect to remote host (192.0.2.140): Connection refused\n".to_owned(), "sshd-not-running"),
        ("$ nc -v 192.0.2.140 22\nConnection to 192.0.2.140 22 port [tcp/ssh] succeeded!\nExceeded MaxStartups\n".to_owned(), "max-startups"),
        ("$ nc -vz 192.0.2.140 22\nConnection to 192.0.2.140 22 port [tcp/ssh] succeeded!\n".to_owned(), "connected"),
        ("$ nc -v 192.0.2.140 22\nnc: connect to 192.0.2.140 port 22 (tcp) failed: Connection refused\n".to_owned(), "sshd-not-running"),
        ("$ ncat -v 192.0.2.140 22\nNcat: Version 7.93 ( https://nmap.org/ncat )\nNcat: Connected to 192.0.2.140:22.\nNcat: Connection reset by peer.\n".to_owned(), "max-startups"),
        ("$ curl -v telnet://192.0.2.140:22\n*   Trying 192.0.2.140:22...\n* Connected to 192.0.2.140 (192.0.2.140) port 22 (#0)\n* Recv failure: Connection reset by peer\n* Closing connection 0\ncurl: (56) Recv failure: Connection reset by peer\n".to_owned(), "max-startups"),
        ("PS C:\\> Test-NetConnection 192.0.2.140 -Port 22\nWARNING: TCP connect to (192.0.2.140 : 22) failed\n".to_owned(), "sshd-not-running"),
    ];
    for (text, expected) in cases {
        let attempt = only(&text);
        assert_eq!(
            (shown(&attempt), attempt.destination()),
            (expected, Some("192.0.2.140")),
            "{text}"
        );
    }
}

/// What the server sends stands on the screen: where nothing does, sshd 9.8 and later did not refuse the client.
#[test]
fn a_silent_test_excludes_causes_that_sshd_announces() {
    let attempt = only(&format!("{TELNET}Connection closed by foreign host.\n"));
    let excluded = |name: &str| {
        let causes = attempt.excluded.iter().flat_map(|one| one.causes);
        causes.into_iter().any(|cause| cause.as_str() == name)
    };
    assert!(
        excluded("per-source-penalty") && !excluded("hosts-access-denied"),
        "{attempt:?}"
    );
}

#[test]
fn the_end_of_a_test_after_the_identification_is_not_a_failure() {
    let attempt = only(&format!(
        "{TELNET}SSH-2.0-OpenSSH_9.6\nConnection closed by foreign host.\n"
    ));
    assert_eq!(attempt.reached, Reached::Identified);
    assert_eq!(attempt.server.as_deref(), Some("OpenSSH_9.6"));
    assert!(!attempt.failed(), "{attempt:?}");
}

#[test]
fn a_test_of_another_port_is_not_a_test_of_ssh() {
    for port in ["80", "23", "5432"] {
        let text =
            TELNET.replace(" 22", &format!(" {port}")) + "Connection closed by foreign host.\n";
        assert_eq!(read(text.as_bytes()).attempts, [], "{text}");
    }
    let both = format!(
        "$ ssh 192.0.2.141\nkex_exchange_identification: Connection closed by remote host\n{}Connection closed by foreign host.\n",
        TELNET.replace(" 22", " 25")
    );
    assert_eq!(only(&both).destination(), Some("192.0.2.141"));
}
