//! The recorded answers of `ssh-keygen -F` and `-R`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use sshmend_known_hosts::{KnownHosts, Name, Removed};

use super::seen::{Seen, keys, printed};
use crate::{Item, Report, items};

pub(super) fn compare(corpus: &Path) -> Report {
    let mut report = Report::default();
    match items(corpus, "known_hosts") {
        Ok(items) => items.iter().for_each(|item| compare_item(&mut report, item)),
        Err(error) => report.leave_out("known_hosts", &error.to_string()),
    }
    report
}

fn compare_item(report: &mut Report, item: &Item) {
    let bytes = match fs::read(&item.path) {
        Ok(bytes) => bytes,
        Err(error) => return report.leave_out(&item.name, &error.to_string()),
    };
    for (name, recorded) in entries(&item.expect["oracle"]["find"]) {
        let case = format!("{} -F {name}", item.name);
        report.compare(&case, &printed(&bytes, name), &lines(&recorded["lines"]));
        if let Some(newer) = recorded.get("10.5") {
            compare_newer(report, &case, &bytes, name, newer);
        }
    }
    for (name, recorded) in entries(&item.expect["oracle"]["remove"]) {
        compare_removal(report, &format!("{} -R {name}", item.name), &bytes, name, recorded);
    }
}

/// OpenSSH 10.5 knows no DSA keys: its answer is ours without them.
fn compare_newer(report: &mut Report, case: &str, bytes: &[u8], name: &str, newer: &Value) {
    let known = KnownHosts::parse(bytes);
    let dsa =
        |line| known.record(line).and_then(|record| record.entry()).is_some_and(|e| e.key_type.name() == "ssh-dss");
    let ours: Vec<Seen> = printed(bytes, name).into_iter().filter(|seen| !dsa(seen.line)).collect();
    report.compare(&format!("{case} (10.5)"), &ours, &lines(&newer["lines"]));
}

fn compare_removal(report: &mut Report, case: &str, bytes: &[u8], name: &str, recorded: &Value) {
    let removed = match KnownHosts::parse(bytes).remove(&[Name::host(name)], None) {
        Ok(removed) => removed,
        Err(error) => return report.compare(case, &error.to_string(), &"an edit".to_owned()),
    };
    let after = removed.edits.apply(bytes);
    for other in other_names(bytes, name) {
        report.compare(&format!("{case}: {other}"), &keys(&after, &other), &keys(bytes, &other));
    }
    let again = KnownHosts::parse(&after).remove(&[Name::host(name)], None);
    report.compare(&format!("{case}: gone"), &again.is_ok_and(|again| again.edits.is_empty()), &true);
    if recorded["changed"] == true {
        compare_lines(report, case, &removed, &after, recorded);
    }
}

/// Where the peer loses nothing, both files have the same size; where we keep a line that it drops, there is a reason.
fn compare_lines(report: &mut Report, case: &str, removed: &Removed, after: &[u8], recorded: &Value) {
    let theirs: BTreeSet<usize> = lines(&recorded["removed_lines"]).into_iter().map(|seen| seen.line).collect();
    let whole = |whole| removed.removed.iter().filter(move |name| name.whole_line == whole).map(|name| name.line);
    let ours: BTreeSet<usize> = whole(true).collect();
    let spared: BTreeSet<usize> = whole(false).chain(removed.left.iter().map(|notice| notice.line)).collect();
    if recorded.get("other_changes").is_some() {
        return report.leave_out(case, "the peer also changed the line without final newline");
    }
    report.compare(&format!("{case}: lines"), &ours, &theirs.difference(&spared).copied().collect());
    if ours == theirs && spared.is_empty() {
        report.compare(&format!("{case}: size"), &Some(after.len() as u64), &recorded["after_bytes"].as_u64());
    }
}

/// The plain names in the file, other than this one.
fn other_names(bytes: &[u8], name: &str) -> BTreeSet<String> {
    let known = KnownHosts::parse(bytes);
    let entries = known.records().iter().filter_map(|record| record.entry());
    let words = entries.flat_map(|entry| entry.hosts.text.split(|&b| b == b','));
    let names = words.filter_map(|word| std::str::from_utf8(word).ok()).map(str::to_ascii_lowercase);
    let plain = names.filter(|word| !word.is_empty() && !word.starts_with(['|', '!']) && !word.contains(['*', '?']));
    plain.filter(|other| *other != name.to_ascii_lowercase()).collect()
}

fn lines(recorded: &Value) -> Vec<Seen> {
    let seen = |line: &Value, marker| Seen {
        line: line.as_u64().and_then(|line| usize::try_from(line).ok()).unwrap_or_default(),
        marker,
        fingerprint: None,
    };
    let all = recorded.as_array().map(Vec::as_slice).unwrap_or_default();
    let one = |value: &Value| match value.as_array().map(Vec::as_slice) {
        Some([line, marker]) if marker == "CA" => seen(line, "CA"),
        Some([line, _]) => seen(line, "REVOKED"),
        _ => seen(value, ""),
    };
    all.iter().map(one).collect()
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
