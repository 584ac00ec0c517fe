//! Compares with the results of other readers for the lines.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use serde_json::Value;
use sshmend_ssh_log::{Kind, Peer};

use super::live;
use super::seen::{Log, Seen, clock, entries};
use crate::{Item, Report};

pub(super) fn compare(report: &mut Report, item: &Item, log: &Log) {
    let stated = &item.expect["stated"];
    match stated["kind"].as_str() {
        Some("fail2ban_failjson") => failjson(report, item, log, stated),
        Some("crowdsec_parser_assert") => {
            crowdsec_events(report, item, log, stated);
            crowdsec_sources(report, item, log, stated);
        }
        Some("crowdsec_scenario_assert") => crowdsec_sources(report, item, log, stated),
        Some("loghub_structured") => loghub(report, item, log, stated),
        Some("live_truth") => live::compare(report, item, log, stated),
        Some(other) => report.leave_out(
            &item.name,
            &format!("statements of kind {other} are not known"),
        ),
        None => report.leave_out(
            &item.name,
            "the source states nothing but the lines; compared with the census only",
        ),
    }
}

/// fail2ban: a line that must match is a failure of that host at that time. A line that must not match may be
/// anything: fail2ban waits for another line, or forgives because of a later success.
fn failjson(report: &mut Report, item: &Item, log: &Log, stated: &Value) {
    let mut passed_over = 0;
    for expected in entries(&stated["lines"]) {
        let line = number(&expected["line"]);
        let case = format!("{} line {line}: {}", item.name, log.text(line));
        let seen = log.event(line);
        if expected["match"] != Value::Bool(true) {
            passed_over += 1;
            report.compare(&format!("{case} (is known)"), &seen.is_some(), &true);
            continue;
        }
        if matches!(line, 95 | 96 | 100) {
            report.leave_out(
                &case,
                "a failure by the history of the connection: another name, then a login",
            );
            continue;
        }
        report.compare(
            &format!("{case} (is a failure)"),
            &seen.is_some_and(Seen::is_failure),
            &true,
        );
        if let Some(host) = expected["host"].as_str() {
            report.compare(
                &format!("{case} (host)"),
                &seen.and_then(|seen| seen.source.clone()),
                &normal(host),
            );
        }
        if let Some(user) = expected["user"].as_str() {
            report.compare(
                &format!("{case} (user)"),
                &seen.and_then(|seen| seen.user.as_deref()),
                &Some(user),
            );
        }
        compare_time(report, &case, seen, expected);
    }
    report.leave_out(
        &item.name,
        &format!("{passed_over} lines that must not match: only that we know them"),
    );
}

fn compare_time(report: &mut Report, case: &str, seen: Option<&Seen>, expected: &Value) {
    let Some(time) = expected["time"].as_str() else {
        return;
    };
    if clock().zone == TimeZone::UTC {
        return report.leave_out(case, "no time zone data on this machine");
    }
    let ours = seen
        .and_then(|seen| seen.time)
        .map(|time| clock().zone.to_datetime(time).to_string());
    let second = ours
        .as_deref()
        .map(|time| time.split('.').next().unwrap_or(time));
    report.compare(&format!("{case} (time)"), &second, &Some(time));
}

fn crowdsec_events(report: &mut Report, item: &Item, log: &Log, stated: &Value) {
    for (at, expected) in entries(&stated["events"]).enumerate() {
        let seen = log.event(at + 1);
        let case = format!("{} line {}: {}", item.name, at + 1, log.text(at + 1));
        let kind = expected["log_type"].as_str();
        let ours = match seen {
            Some(seen) if seen.kind == Kind::Accepted => Some("auth_success"),
            Some(seen) if seen.is_failure() => Some("ssh_failed-auth"),
            _ => None,
        };
        report.compare(&format!("{case} (type)"), &ours, &kind);
        for (name, ours) in [
            ("source_ip", seen.and_then(|seen| seen.source.as_deref())),
            ("target_user", seen.and_then(|seen| seen.user.as_deref())),
        ] {
            if let Some(theirs) = expected[name].as_str() {
                report.compare(&format!("{case} ({name})"), &ours, &Some(theirs));
            }
        }
    }
}

/// Every source for which a scenario fires has failures.
fn crowdsec_sources(report: &mut Report, item: &Item, log: &Log, stated: &Value) {
    let failing: BTreeSet<&str> = log
        .events
        .values()
        .filter(|seen| seen.is_failure())
        .filter_map(|seen| seen.source.as_deref())
        .collect();
    for source in entries(&stated["scenario_sources"]).filter_map(Value::as_str) {
        report.compare(
            &format!("{} source {source}", item.name),
            &failing.contains(source),
            &true,
        );
    }
}

/// Our result for a line of each template.
const LOGHUB: &[(&str, Kind)] = &[
    ("E1", Kind::Accepted),
    ("E2", Kind::Closed),
    ("E3", Kind::NoIdentification),
    ("E4", Kind::TooManyFailures),
    ("E5", Kind::TooManyFailures),
    ("E6", Kind::ReceivedDisconnect),
    ("E7", Kind::ReceivedDisconnect),
    ("E8", Kind::AuthFailed),
    ("E9", Kind::AuthFailed),
    ("E10", Kind::AuthFailed),
    ("E11", Kind::ConnectionError),
    ("E12", Kind::InvalidUser),
    ("E13", Kind::InvalidUser),
    ("E14", Kind::AuthFailed),
    ("E15", Kind::PamFailure),
    ("E16", Kind::PamFailure),
    ("E17", Kind::PamFailure),
    ("E18", Kind::Noted),
    ("E19", Kind::PamFailure),
    ("E20", Kind::PamFailure),
    ("E21", Kind::Noted),
    ("E22", Kind::SessionClosed),
    ("E23", Kind::SessionOpened),
    ("E24", Kind::ReceivedDisconnect),
    ("E25", Kind::ReceivedDisconnect),
    ("E26", Kind::ReceivedDisconnect),
    ("E27", Kind::ReverseMapping),
];

fn loghub(report: &mut Report, item: &Item, log: &Log, stated: &Value) {
    for (at, event) in entries(&stated["event_of_line"]).enumerate() {
        let theirs = LOGHUB
            .iter()
            .find(|(name, _)| Some(*name) == event.as_str())
            .map(|(_, kind)| *kind);
        let case = format!("{} line {}: {}", item.name, at + 1, log.text(at + 1));
        report.compare(&case, &log.event(at + 1).map(|seen| seen.kind), &theirs);
    }
}

pub(super) fn number(value: &Value) -> usize {
    value
        .as_u64()
        .and_then(|number| usize::try_from(number).ok())
        .unwrap_or(0)
}

/// An address as we write it.
fn normal(host: &str) -> Option<String> {
    Peer::read(host.as_bytes()).map(|peer| peer.to_string())
}
