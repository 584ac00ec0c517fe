//! Output of tools that carry connections through a library: the destination, and the failure.

mod support;

use sshmend_ssh_log::transcript::read;
use support::shown;

/// Host or address, port, account, and the first cause, of the last attempt.
fn said(text: &str) -> String {
    let transcript = read(text.as_bytes());
    let Some(attempt) = transcript.attempts.last() else {
        return "nothing".to_owned();
    };
    let place = attempt.host.as_ref().or(attempt.address.as_ref());
    let port = attempt.port.map(|port| port.to_string());
    let cause = attempt.conclusions.first().map(|one| one.cause);
    format!(
        "{} {} {} {}",
        place.map_or("-", String::as_str),
        port.as_deref().unwrap_or("-"),
        attempt.user.as_deref().unwrap_or("-"),
        cause.map_or("-", |cause| cause.as_str())
    )
}

#[test]
fn the_host_is_read_from_messages_of_tools() {
    let cases = [
        (
            "Error: timeout - last error: SSH authentication failed (admin@192.0.2.21:2022): ssh: handshake failed: ssh: \
             unable to authenticate, attempted methods [none publickey], no supported methods remain",
            "192.0.2.21 2022 admin user-not-allowed",
        ),
        (
            "asyncssh.misc.PermissionDenied: Permission denied for user carol on host db.example.net",
            "db.example.net - carol user-not-allowed",
        ),
        (
            "SSHKit::Runner::ExecuteError: Exception while executing as carol@192.0.2.41: Authentication failed for user \
             carol@192.0.2.41",
            "192.0.2.41 - carol user-not-allowed",
        ),
        (
            "SSHKit::Runner::ExecuteError: Exception while executing as carol@192.0.2.42: Connection refused - connect(2)",
            "192.0.2.42 - carol sshd-not-running",
        ),
        (
            "    default: SSH address: 127.0.0.1:2200\n    default: Warning: Connection reset. Retrying...",
            "127.0.0.1 2200 - dead-backend",
        ),
        (
            "java.io.IOException: There was a problem while connecting to build3.example.net:2201\n\
             \tat com.trilead.ssh2.Connection.connect(Connection.java:1)\n\
             Caused by: java.io.IOException: Cannot negotiate algorithms, proposals do not match.",
            "build3.example.net 2201 - algorithm-mismatch",
        ),
        (
            "dial tcp 192.0.2.43:22: connectex: No connection could be made because the target machine actively refused it.",
            "192.0.2.43 22 - sshd-not-running",
        ),
        (
            "ssh: handshake failed: ssh: no authentication methods available",
            "- - - user-not-allowed",
        ),
        (
            "2026-11-20 10:00:00 ERROR c.j.j.Session - com.jcraft.jsch.JSchException: ProxySOCKS5: server returns 2",
            "- - - proxy-failed",
        ),
        (
            "New-SSHSession : Server HMAC algorithm not found",
            "- - - algorithm-mismatch",
        ),
        (
            "phpseclib3\\Exception\\UnableToConnectException: Cannot connect to sftp.example.net:22. Error 10061. refused",
            "sftp.example.net 22 - sshd-not-running",
        ),
        (
            "Error: Handshake failed: signature verification failed\n    at /srv/app/node_modules/ssh2/lib/client.js:1:1",
            "- - - algorithm-mismatch",
        ),
        (
            "FATAL ERROR: Received unexpected end-of-file from SFTP server",
            "- - - user-not-allowed",
        ),
        (
            "paramiko.ssh_exception.SSHException: Incompatible ssh server (no acceptable macs)",
            "- - - algorithm-mismatch",
        ),
        (
            "russh::Error: The server key changed at line 12",
            "- - - host-key-changed",
        ),
        (
            "Cannot connect to remote host carol@192.0.2.99:22: Exception: Connection is not established within the \
             specified timeout",
            "192.0.2.99 22 carol host-unreachable",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(said(text), expected, "{text}");
    }
}

#[test]
fn an_error_class_name_is_not_taken_for_a_host() {
    let transcript = read(b"asyncssh.misc.ConnectionLost: Connection lost\n");
    assert_eq!(transcript.attempts.len(), 1);
    assert_eq!(transcript.attempts[0].name(), None);
}

#[test]
fn log_messages_of_the_go_ssh_library_are_classified() {
    let cases = [
        (
            "2026/11/20 10:46:19 modules/ssh/ssh.go:259:sshConnectionFailed() [W] Failed connection from 192.0.2.44:50358 with \
             error: ssh: no common algorithm for key exchange; client offered: [a], server offered: [b]",
            "negotiation-failed | algorithm-mismatch | 192.0.2.44 50358 | - | - | for key exchange; client offered: [a], server \
             offered: [b]",
        ),
        (
            "2026/11/20 10:46:20 ERROR : serve sftp 192.0.2.45:38279->192.0.2.1:2022: SSH login failed: EOF",
            "closed | client-vanished | 192.0.2.45 38279",
        ),
        (
            "{\"level\":\"debug\",\"sender\":\"sftpd\",\"message\":\"failed to accept an incoming connection from ip \\\"192.0.2.46\\\": \
             ssh: disconnect, reason 3: no match\"}",
            "negotiation-failed | algorithm-mismatch | 192.0.2.46 | - | - | no match",
        ),
        (
            "2026/11/20 10:46:21 [ WARN] SSH: Handshaking with 192.0.2.47:40001 was terminated: EOF",
            "closed | client-vanished | 192.0.2.47 40001",
        ),
        (
            "2026/11/20 10:46:22 [...a/modules/ssh/ssh.go:140 func1()] [E] SSH: Error on handshaking: [ssh: no auth passed yet, \
             public key does not exist [id: 0]]",
            "auth-failed | user-not-allowed | - | - | - | ssh: no auth passed yet, public key does not exist [id: 0]]",
        ),
        (
            "2026/11/20 10:46:23 [ERROR] SSH: Error on handshaking: [ssh: password auth not configured]",
            "auth-failed",
        ),
        (
            "2026/11/20 10:46:24 [ERROR] SSH: Error on handshaking: ssh: overflow reading version string",
            "bad-protocol | not-an-ssh-client",
        ),
        (
            "{\"level\":\"debug\",\"sender\":\"sftpd\",\"message\":\"failed to accept an incoming connection from ip \\\"192.0.2.48\\\": \
             read tcp 192.0.2.1:2022->192.0.2.48:40002: i/o timeout\"}",
            "grace-timeout | login-grace-time | 192.0.2.48",
        ),
        (
            "{\"level\":\"debug\",\"time\":\"2026-11-20T10:46:25.000\",\"sender\":\"connection_failed\",\"client_ip\":\"192.0.2.49\",\
             \"username\":\"eve\",\"login_type\":\"publickey\",\"protocol\":\"SSH\",\"error\":\"invalid credentials\"}",
            "auth-failed | - | 192.0.2.49 | \"eve\" | - | invalid credentials",
        ),
        // The end of this connection is told in a line of its own.
        (
            "{\"client_ip\":\"192.0.2.49\",\"error\":\"EOF\",\"level\":\"debug\",\"login_type\":\"no_auth_tried\",\"protocol\":\"SSH\",\
             \"sender\":\"connection_failed\",\"username\":\"\"}",
            "noted | - | 192.0.2.49 | - | - | EOF",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(shown(format!("{line}\n").as_bytes()), [expected], "{line}");
        // The same words from a client are not read in addition.
        assert_eq!(read(line.as_bytes()).attempts, [], "{line}");
    }
}

#[test]
fn a_ban_of_another_service_does_not_prove_a_ban_from_ssh() {
    let vague = |jail: &str| {
        let log = format!(
            "2026-11-20 10:00:00,000 fail2ban.actions [7]: NOTICE [{jail}] Ban 192.0.2.47\n"
        );
        let clock = sshmend_ssh_log::Clock::utc("2026-12-01T00:00:00Z".parse().unwrap());
        let mut reader = sshmend_ssh_log::Reader::new(clock);
        let mut seen = Vec::new();
        reader.feed(log.as_bytes(), &mut |event| seen.push(event.is_vague));
        reader.finish(&mut |event| seen.push(event.is_vague));
        seen
    };
    assert_eq!(vague("nginx-http-auth"), [true]);
    assert_eq!(vague("sshd"), [false]);
    assert_eq!(vague("recidive"), [false]);
}

#[test]
fn servers_that_are_neither_sshd_nor_dropbear_are_read() {
    let cases = [
        (
            "Nov 20 15:52:43 gw tinysshd: k2WqTz: info: connection from 192.0.2.50:40001 {main_tinysshd.c:177}",
            "connected | - | 192.0.2.50 40001",
        ),
        (
            "Nov 20 15:52:43 gw tinysshd: k2WqTz: fatal: unable to receive hello-string (connection reset){main_tinysshd.c:228}",
            "closed | client-vanished",
        ),
        (
            "2026-11-20 15:52:43,391 mod_sftp/1.0.0[812]: no shared key exchange algorithm found (client sent 'a', server sent 'b')",
            "negotiation-failed | algorithm-mismatch | - | - | - | client sent 'a', server sent 'b')",
        ),
        (
            "2026-11-20 15:52:43,391 mod_sftp/1.0.0[812]: Bad protocol version 'GET / from 192.0.2.9' from 192.0.2.51",
            "bad-protocol | not-an-ssh-client | 192.0.2.51 | - | - | GET / from 192.0.2.9",
        ),
        (
            "<166>Nov 20 2026 15:52:43 fw7 : %ASA-6-315011: SSH session from 192.0.2.53 on interface inside for user \"*****\" \
             disconnected by SSH server, reason: \"Internal error\" (0x00)",
            "disconnected | - | 192.0.2.53 | - | - | \"Internal error\" (0x00)",
        ),
        (
            "%ASA-3-315004: Fail to establish SSH session because RSA host key retrieval failed.",
            "broken | host-keys-missing",
        ),
        (
            "nov/20 15:52:43 system,error,critical login failure for user root from 192.0.2.54 via ssh",
            "auth-failed | - | 192.0.2.54 | \"root\"",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(shown(format!("{line}\n").as_bytes()), [expected], "{line}");
    }
}
