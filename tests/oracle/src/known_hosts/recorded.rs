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
        Ok(items) => items
            .iter()
            .for_each(|item| compare_item(&mut report, item)),
        Err(error) => report.leave_out("known_hosts", &error.to_string()),
    }
    report
}

fn compare_item(report: &mut Report, item: &Item) {
    let bytes = match fs::read(&item.path) {
        Ok(bytes) => bytes,
        Err(error) => return report.leave_out(&item.name, &error.to_string()),
    };
    let known = KnownHosts::parse(&bytes);
    for (name, recorded) in entries(&item.expect["oracle"]["find"]) {
        let case = format!("{} -F {name}", item.name);
        report.compare(&case, &printed(&known, name), &lines(&recorded["lines"]));
        if let Some(newer) = recorded.get("10.5") {
            compare_newer(report, &case, &known, name, newer);
        }
    }
    let names = plain_names(&known);
    for (name, recorded) in entries(&item.expect["oracle"]["remove"]) {
        compare_removal(
            report,
            &format!("{} -R {name}", item.name),
            &known,
            (name, &names),
            recorded,
        );
    }
}

/// OpenSSH 10.5 knows no DSA keys: its answer is ours without them.
fn compare_newer(
    report: &mut Report,
    case: &str,
    known: &KnownHosts<'_>,
    name: &str,
    newer: &Value,
) {
    let dsa = |line| {
        known
            .record(line)
            .and_then(|record| Some(record.entry()?.key_type))
            .is_some_and(|key_type| key_type.name() == "ssh-dss")
    };
    let ours: Vec<Seen> = printed(known, name)
        .into_iter()
        .filter(|seen| !dsa(seen.line))
        .collect();
    report.compare(&format!("{case} (10.5)"), &ours, &lines(&newer["lines"]));
}

fn compare_removal(
    report: &mut Report,
    case: &str,
    known: &KnownHosts<'_>,
    (name, names): (&str, &BTreeSet<String>),
    recorded: &Value,
) {
    let removed = match known.remove(&[Name::host(name)], None) {
        Ok(removed) => removed,
        Err(error) => return report.compare(case, &error.to_string(), &"an edit".to_owned()),
    };
    let after = removed.edits.apply(known.text());
    compare_others(report, case, known.text(), &after, &removed, (name, names));
    let again = KnownHosts::parse(&after).remove(&[Name::host(name)], None);
    report.compare(
        &format!("{case}: gone"),
        &again.is_ok_and(|again| again.edits.is_empty()),
        &true,
    );
    if recorded["changed"] == true {
        compare_lines(report, case, &removed, &after, recorded);
    }
}

/// The other names keep their keys. Lines are independent of each other, so that only the changed
/// lines are checked: all lines for all names would take hours for a file of many thousands.
fn compare_others(
    report: &mut Report,
    case: &str,
    before: &[u8],
    after: &[u8],
    removed: &Removed,
    (name, names): (&str, &BTreeSet<String>),
) {
    let touched: BTreeSet<usize> = removed.removed.iter().map(|removed| removed.line).collect();
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    let mut rest = whole_lines(after).peekable();
    for (number, line) in (1..).zip(whole_lines(before)) {
        if touched.contains(&number) {
            gone.extend_from_slice(line);
            continue;
        }
        while let Some(new) = rest.next_if(|new| *new != line) {
            come.extend_from_slice(new);
        }
        report.compare(
            &format!("{case}: line {number} stays"),
            &rest.next().is_some(),
            &true,
        );
    }
    for line in rest {
        come.extend_from_slice(line);
    }
    let (gone, come) = (KnownHosts::parse(&gone), KnownHosts::parse(&come));
    for other in names
        .iter()
        .filter(|other| !other.eq_ignore_ascii_case(name))
    {
        report.compare(
            &format!("{case}: {other}"),
            &keys(&come, other),
            &keys(&gone, other),
        );
    }
}

fn whole_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    sshmend_lossless::lines(text).map(|line| &text[line.span])
}

/// If the peer loses nothing, both files have the same size; if we keep a line that it drops, there
/// is a reason.
fn compare_lines(
    report: &mut Report,
    case: &str,
    removed: &Removed,
    after: &[u8],
    recorded: &Value,
) {
    let theirs: BTreeSet<usize> = lines(&recorded["removed_lines"])
        .into_iter()
        .map(|seen| seen.line)
        .collect();
    let whole = |whole| {
        removed
            .removed
            .iter()
            .filter(move |name| name.whole_line == whole)
            .map(|name| name.line)
    };
    let ours: BTreeSet<usize> = whole(true).collect();
    let spared: BTreeSet<usize> = whole(false)
        .chain(removed.left.iter().map(|notice| notice.line))
        .collect();
    if recorded.get("other_changes").is_some() {
        return report.leave_out(case, "the peer also changed the line without final newline");
    }
    report.compare(
        &format!("{case}: lines"),
        &ours,
        &theirs.difference(&spared).copied().collect(),
    );
    if ours == theirs && spared.is_empty() {
        report.compare(
            &format!("{case}: size"),
            &Some(after.len() as u64),
            &recorded["after_bytes"].as_u64(),
        );
    }
}

/// The plain names in the file, in lower case.
fn plain_names(known: &KnownHosts<'_>) -> BTreeSet<String> {
    let hosts = known
        .records()
        .filter_map(|record| Some(record.entry()?.hosts.text));
    let words = hosts.flat_map(|hosts| hosts.split(|&b| b == b','));
    let names = words
        .filter_map(|word| std::str::from_utf8(word).ok())
        .map(str::to_ascii_lowercase);
    names
        .filter(|word| {
            !word.is_empty() && !word.starts_with(['|', '!']) && !word.contains(['*', '?'])
        })
        .collect()
}

fn lines(recorded: &Value) -> Vec<Seen> {
    let seen = |line: &Value, marker| Seen {
        line: line
            .as_u64()
            .and_then(|line| usize::try_from(line).ok())
            .unwrap_or_default(),
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP4aBMBimcXbfhLw8bXOMsIyVd8yE/EK8Z13YBo1vGvE";

    fn compare(text: &str, name: &str) -> Report {
        let (known, mut report) = (KnownHosts::parse(text.as_bytes()), Report::default());
        let names = plain_names(&known);
        compare_removal(&mut report, "case", &known, (name, &names), &Value::Null);
        report
    }

    #[test]
    fn a_file_of_many_names_is_compared_in_linear_time() {
        let text: String = (0..6_000)
            .map(|n| format!("host{n},alias{n} {KEY}\n"))
            .collect();
        let start = Instant::now();
        let report = compare(&text, "host17");
        assert!(report.passed() && report.compared > 12_000, "{report}");
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "{:?}",
            start.elapsed()
        );
    }

    #[test]
    fn a_name_that_lost_its_key_and_a_line_that_changed_are_seen() {
        let text = format!("a,b {KEY}\nc {KEY}\n");
        assert!(compare(&text, "a").passed());
        let removed = KnownHosts::parse(text.as_bytes())
            .remove(&[Name::host("a")], None)
            .expect("an edit");
        let names = BTreeSet::from(["b".to_owned(), "c".to_owned()]);
        for after in [
            format!("c {KEY}\n"),
            format!("b {KEY}\nC {KEY}\n"),
            format!("b {KEY}\n"),
        ] {
            let mut report = Report::default();
            compare_others(
                &mut report,
                "case",
                text.as_bytes(),
                after.as_bytes(),
                &removed,
                ("a", &names),
            );
            assert!(!report.passed(), "{after}");
        }
    }
}
