//! Compares with what was really done to every connection.

use std::collections::BTreeSet;

use serde_json::Value;
use sshmend_ssh_log::{Kind, Stage};

use super::seen::{Log, Seen, entries};
use crate::{Item, Report};

/// Causes as the corpus names them, the more telling one first: a connection has the first that its lines say.
const TELLING: &[&str] = &[
    "max_sessions",
    "client_alive_timeout",
    "chroot_bad_ownership",
    "nologin",
    "tcp_wrappers",
    "per_source_penalty",
    "max_startups",
    "login_grace_timeout",
    "negotiation_failed",
    "protocol_error",
    "bad_protocol",
    "account_locked",
    "account_expired",
    "bad_shell",
    "account_denied_by_pam",
    "user_not_allowed",
    "strict_modes",
    "root_login_refused",
    "max_auth_tries",
    "invalid_user",
    "auth_failed",
    "ok",
    "client_reset_preauth",
    "client_closed_preauth",
    "server_bind_failed",
    "server_restarted",
    "server_stopped",
];

pub(super) fn compare(report: &mut Report, item: &Item, log: &Log, stated: &Value) {
    let connections: Vec<&Value> = entries(&stated["connections"]).collect();
    for (at, connection) in connections.iter().enumerate() {
        let case = format!(
            "{} connection {}: {}",
            item.name,
            at + 1,
            text(&connection["what"])
        );
        let shared = connections
            .iter()
            .filter(|other| other["src"] == connection["src"])
            .count()
            > 1;
        compare_connection(report, &case, log, connection, shared);
    }
}

fn compare_connection(
    report: &mut Report,
    case: &str,
    log: &Log,
    connection: &Value,
    shared: bool,
) {
    let acceptable: BTreeSet<&str> = entries(&connection["acceptable"])
        .filter_map(Value::as_str)
        .map(ours)
        .collect();
    let said = labels(log, |seen| match connection["src"].as_str() {
        Some(source) => seen.source.as_deref() == Some(source),
        None => seen.source.is_none() && is_of_server(seen),
    });
    let case = format!("{case} ({said:?}, acceptable {acceptable:?})");
    let first = TELLING.iter().copied().find(|cause| said.contains(cause));
    let found = first.is_some_and(|cause| acceptable.contains(cause))
        || shared && !said.is_disjoint(&acceptable);
    let user = connection["user"].as_str();
    let by_user = || {
        labels(log, |seen| {
            seen.source.is_none() && seen.user.is_some() && seen.user.as_deref() == user
        })
    };
    if found || !acceptable.is_disjoint(&by_user()) {
        report.compare(&case, &true, &true);
    } else if let Some(reason) = silence(log, connection, &said) {
        report.leave_out(&case, reason);
    } else if !acceptable.is_disjoint(&labels(log, |seen| {
        seen.source.is_none() && seen.user.is_none()
    })) {
        report.leave_out(
            &case,
            "the line that says it names neither the source nor the user",
        );
    } else {
        report.compare(&case, &false, &true);
    }
}

fn labels(log: &Log, of: impl Fn(&Seen) -> bool) -> BTreeSet<&'static str> {
    log.events
        .values()
        .filter(|seen| of(seen))
        .filter_map(label)
        .map(ours)
        .collect()
}

fn is_of_server(seen: &Seen) -> bool {
    matches!(
        seen.kind,
        Kind::BindFailed | Kind::Restarted | Kind::Stopped
    )
}

/// We do not distinguish how the client vanished: all ways are one cause.
fn ours(label: &str) -> &str {
    match label {
        "client_reset_preauth" | "client_vanished" | "client_closed" | "client_reset" => {
            "client_closed_preauth"
        }
        "packet_corrupt" => "protocol_error",
        "per_source_max_startups" => "max_startups",
        _ => label,
    }
}

/// The reason why the log cannot show what was done.
fn silence(log: &Log, connection: &Value, said: &BTreeSet<&str>) -> Option<&'static str> {
    let source = connection["src"].as_str();
    let seen = || {
        log.events
            .values()
            .filter(|seen| source.is_some() && seen.source.as_deref() == source)
    };
    let early = said.len() == 1 && said.contains("client_closed_preauth");
    if source.is_none() {
        Some("sshd says it on stderr only")
    } else if connection["lines_naming_source"]
        .as_array()
        .is_none_or(Vec::is_empty)
    {
        Some("sshd wrote no line that names it")
    } else if connection["cause"] == "max_sessions"
        && !labels(log, |_| true).contains("max_sessions")
    {
        Some("the process that refused the session wrote nothing to this log")
    } else if seen().all(|seen| seen.kind == Kind::Connected) {
        Some("sshd wrote only that it began")
    } else if early && connection["cause"] == "client_alive_timeout" {
        Some("the client was stopped before it had logged in: sshd says closed")
    } else {
        None
    }
}

/// The label of an event in the terms of the corpus.
fn label(seen: &Seen) -> Option<&'static str> {
    Some(match seen.kind {
        Kind::Accepted => "ok",
        Kind::NoMoreSessions => "max_sessions",
        Kind::ClientAliveTimeout => "client_alive_timeout",
        Kind::ChrootRefused => "chroot_bad_ownership",
        Kind::WrapperRefused => "tcp_wrappers",
        Kind::DroppedPenalised => "per_source_penalty",
        Kind::Dropped => "max_startups",
        Kind::GraceTimeout => "login_grace_timeout",
        Kind::NegotiationFailed => "negotiation_failed",
        Kind::PacketCorrupt => "protocol_error",
        Kind::BadProtocol => "bad_protocol",
        Kind::UserDenied => denied(&seen.detail),
        Kind::PamDenied => "account_denied_by_pam",
        Kind::StrictModes => "strict_modes",
        Kind::RootRefused => "root_login_refused",
        Kind::TooManyFailures => "max_auth_tries",
        Kind::InvalidUser => "invalid_user",
        Kind::AuthFailed | Kind::PamFailure => "auth_failed",
        Kind::Closed if seen.stage != Stage::AfterLogin => "client_closed_preauth",
        Kind::NoIdentification if seen.detail.contains("reset") => "client_reset_preauth",
        Kind::NoIdentification => "client_closed_preauth",
        Kind::Reset if seen.stage != Stage::AfterLogin => "client_reset_preauth",
        Kind::BindFailed => "server_bind_failed",
        Kind::Restarted => "server_restarted",
        Kind::Stopped => "server_stopped",
        _ => return None,
    })
}

fn denied(reason: &str) -> &'static str {
    match reason {
        "account is locked" => "account_locked",
        "/etc/nologin exists" => "nologin",
        _ if reason.starts_with("shell ") => "bad_shell",
        _ => "user_not_allowed",
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
