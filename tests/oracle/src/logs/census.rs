//! The counts of the census.

use regex::bytes::Regex;
use sshmend_ssh_log::{Kind, Stage};

use super::seen::{Log, Seen};
use crate::{Item, Report};

/// An expression of the census, and what we must see in a line that matches it.
struct Expression {
    name: &'static str,
    pattern: &'static str,
    expected: fn(&Seen) -> bool,
}

#[rustfmt::skip]
const EXPRESSIONS: &[Expression] = &[
    of("sshd_lines", r"\bsshd(?:-session|-auth)?(?:\(pam_unix\))?\[\d+\]", |_| true),
    of("preauth_tag", r"\[preauth\]\s*$", |seen| seen.stage == Stage::BeforeLogin),
    of("accepted", r"sshd\S*: (?:\S+ )?Accepted \S+ for ", |seen| seen.kind == Kind::Accepted),
    of("failed_password", "Failed password for ", |seen| seen.kind == Kind::AuthFailed),
    of("failed_publickey", "Failed publickey for ", |seen| seen.kind == Kind::AuthFailed),
    of("invalid_user", "[Ii]nvalid user .* from ", |seen| {
        matches!(
            seen.kind,
            Kind::InvalidUser | Kind::AuthFailed | Kind::TooManyFailures | Kind::Closed
        )
    }),
    of("connection_closed_by", "Connection closed by ", |seen| {
        matches!(seen.kind, Kind::Closed | Kind::NoIdentification)
    }),
    of("connection_reset_by", "Connection reset by ", |seen| {
        matches!(
            seen.kind,
            Kind::Reset | Kind::NoIdentification | Kind::ConnectionError
        )
    }),
    of("disconnected_from", "Disconnected from ", |seen| seen.kind == Kind::Disconnected),
    of("received_disconnect", "Received disconnect from ", |seen| {
        seen.kind == Kind::ReceivedDisconnect
    }),
    of(
        "too_many_failures",
        "Too many authentication failures",
        |seen| seen.kind == Kind::TooManyFailures,
    ),
    of(
        "max_attempts_exceeded",
        "maximum authentication attempts exceeded",
        |seen| seen.kind == Kind::TooManyFailures,
    ),
    of("unable_to_negotiate", "[Uu]nable to negotiate", |seen| {
        seen.kind == Kind::NegotiationFailed
    }),
    of(
        "no_identification",
        "Did not receive identification string",
        |seen| seen.kind == Kind::NoIdentification,
    ),
    of(
        "bad_protocol",
        "Bad protocol version identification|invalid protocol identifier|banner exchange: .*invalid format|Protocol major versions differ",
        |seen| seen.kind == Kind::BadProtocol,
    ),
    of("grace_timeout", "Timeout before authentication", |seen| seen.kind == Kind::GraceTimeout),
    of(
        "client_alive_timeout",
        "Timeout, client not responding",
        |seen| seen.kind == Kind::ClientAliveTimeout,
    ),
    of("drop_connection", r"drop connection #\d+", |seen| {
        matches!(seen.kind, Kind::Dropped | Kind::DroppedPenalised)
    }),
    of(
        "maxstartups_throttling",
        "(?:beginning|exited) MaxStartups throttling",
        |seen| matches!(seen.kind, Kind::ThrottlingBegan | Kind::ThrottlingEnded),
    ),
    of("refused_connect", "refused connect from", |seen| seen.kind == Kind::WrapperRefused),
    of("not_allowed", "not allowed because", |seen| seen.kind == Kind::UserDenied),
    of("no_more_sessions", "no more sessions", |seen| seen.kind == Kind::NoMoreSessions),
    of("break_in_attempt", "POSSIBLE BREAK-IN ATTEMPT", |seen| seen.kind == Kind::ReverseMapping),
    of("pam_auth_failure", "authentication failure;", |seen| seen.kind == Kind::PamFailure),
    of("session_opened", "session opened for user", |seen| seen.kind == Kind::SessionOpened),
    of("session_closed", "session closed for user", |seen| seen.kind == Kind::SessionClosed),
    of(
        "read_error",
        "Read error from remote host|Write failed|Broken pipe",
        |seen| seen.kind == Kind::ConnectionError,
    ),
    of("message_repeated", r"message repeated \d+ times", |seen| seen.repeats > 1),
    of("server_listening", "Server listening on", |seen| seen.kind == Kind::Listening),
    of(
        "server_terminating",
        r"Received signal \d+; terminating",
        |seen| seen.kind == Kind::Stopped,
    ),
];

const fn of(name: &'static str, pattern: &'static str, expected: fn(&Seen) -> bool) -> Expression {
    Expression {
        name,
        pattern,
        expected,
    }
}

/// Every line that matches an expression must be an event of the kind; and no other line may be.
pub(super) fn compare(report: &mut Report, item: &Item, log: &Log) {
    for expression in EXPRESSIONS {
        match Regex::new(expression.pattern) {
            Ok(pattern) => compare_expression(report, item, log, expression, &pattern),
            Err(error) => report.leave_out(expression.name, &error.to_string()),
        }
    }
}

fn compare_expression(
    report: &mut Report,
    item: &Item,
    log: &Log,
    expression: &Expression,
    pattern: &Regex,
) {
    let case = format!("{} census {}", item.name, expression.name);
    let counted = item.expect["oracle"]["census"]["counts"][expression.name]
        .as_u64()
        .unwrap_or(0);
    let matching: Vec<usize> = (1..=log.lines.len())
        .filter(|&line| pattern.is_match(&log.lines[line - 1]))
        .collect();
    report.compare(
        &format!("{case} (the expression itself)"),
        &(matching.len() as u64),
        &counted,
    );
    let (mut of_others, mut imitations) = (0, 0);
    for line in matching {
        match log.event(line) {
            None if !is_sshd(log, line) => of_others += 1,
            Some(seen) if is_imitation(seen, expression) => imitations += 1,
            seen => report.compare(
                &format!("{case} line {line}: {}\n  {seen:?}", log.text(line)),
                &seen.is_some_and(expression.expected),
                &true,
            ),
        }
    }
    if of_others > 0 {
        report.leave_out(
            &case,
            &format!("{of_others} lines are of other programs than sshd"),
        );
    }
    if imitations > 0 {
        report.leave_out(
            &case,
            &format!("{imitations} lines hold the words in the identification string of a client"),
        );
    }
}

fn is_imitation(seen: &Seen, expression: &Expression) -> bool {
    seen.kind == Kind::BadProtocol
        && expression.name != "bad_protocol"
        && !(expression.expected)(seen)
}

/// Whether sshd wrote the line; a log without prefixes is all sshd's.
fn is_sshd(log: &Log, line: usize) -> bool {
    let text = log.text(line);
    let bare = log
        .lines
        .iter()
        .all(|line| !line.windows(4).any(|word| word == b"sshd"));
    bare || text.contains(" sshd") || text.contains("[sshd]")
}
