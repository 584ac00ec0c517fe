//! What tools print that carry connections by a library: whom they wanted to reach, and what it says.

use sshmend_ssh_log::transcript::read;

/// Host or address, port, account, and the cause that comes first, of the last attempt.
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
fn tools_say_whom_they_wanted_to_reach() {
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
fn the_class_of_an_error_is_not_a_host() {
    let transcript = read(b"asyncssh.misc.ConnectionLost: Connection lost\n");
    assert_eq!(transcript.attempts.len(), 1);
    assert_eq!(transcript.attempts[0].name(), None);
}
