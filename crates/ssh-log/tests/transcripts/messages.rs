//! Single messages of libraries.

use expect_test::expect;
use sshmend_ssh_log::transcript::read;

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
fn messages_of_libraries_are_classified() {
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
