//! The corpus: what three builds of sshd were recorded to say of every item.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use sshmend_sshd_config::{Connection, Effective, Place, Release, Scope, StartVerdict, Tree};

use super::capture::capture;
use super::sandbox::MAIN;
use crate::{Item, Report, items};

/// A recorded build: its name in the sidecars, its release, and the keywords that were not recorded
/// for it.
///
/// 10.5 and 8.0 were built without PAM: they ignore UsePAM and do not print it. Keywords unknown to
/// 8.0 were not recorded as missing. It was built without OpenSSL too and rejects algorithms that
/// others know, about which the model says that it cannot know.
/// 9.2 does not print an empty ChannelTimeout.
const BUILDS: [(&str, Release, &[&str]); 3] = [
    (
        "9.2",
        Release {
            debian: true,
            ..Release::new(9, 2)
        },
        &["channeltimeout"],
    ),
    ("10.5", Release::new(10, 5), &["usepam"]),
    (
        "8.0",
        Release::new(8, 0),
        &[
            "usepam",
            "persourcemaxstartups",
            "persourcenetblocksize",
            "unusedconnectiontimeout",
        ],
    ),
];

/// The values by keyword, one for each line of output.
type Values = BTreeMap<String, Vec<String>>;

/// Compares every item with all its recordings.
pub(super) fn corpus(corpus: &Path) -> Report {
    let mut report = Report::default();
    let items = match items(corpus, "sshd_config") {
        Ok(items) => items,
        Err(error) => {
            report.leave_out("sshd_config", &error.to_string());
            return report;
        }
    };
    let selected = selected(&items);
    for item in &items {
        compare_item(item, &selected, &mut report);
    }
    report
}

/// The keywords that were recorded at all.
fn selected(items: &[Item]) -> BTreeSet<String> {
    let tables = ["effective", "effective_differences"];
    let of_build =
        |item: &Item, name: &str| tables.map(|table| item.expect["oracle"][name][table].clone());
    let recorded = items
        .iter()
        .flat_map(|item| BUILDS.map(|(name, ..)| of_build(item, name)))
        .flatten();
    recorded
        .flat_map(|values| {
            values
                .as_object()
                .into_iter()
                .flat_map(|values| values.keys().cloned())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn compare_item(item: &Item, selected: &BTreeSet<String>, report: &mut Report) {
    let root_file = item.expect["root_file"].as_str().map(PathBuf::from);
    let single = root_file.is_none().then(|| item.path.clone());
    let at = |path: &Path| match &single {
        Some(file) if path == Path::new(MAIN) => file.clone(),
        Some(file) => file.with_file_name("no such directory"),
        None => item.path.join(path.strip_prefix("/").unwrap_or(path)),
    };
    let snapshot = capture(Path::new(MAIN), at, |target| target);
    let tree = Tree::read(&snapshot, Path::new(MAIN), &[]);
    compare_identity(item, &tree, report);
    for (name, release, absent) in BUILDS {
        let Some(values) = compare_plain(item, name, release, &tree, selected, absent, report)
        else {
            continue;
        };
        compare_connections(
            item, name, release, &tree, selected, absent, &values, report,
        );
    }
}

/// A value already in force is not written again: no file of the item changes, except for lines
/// that are reported as adjusted because they would decide in a later release.
fn compare_identity(item: &Item, tree: &Tree, report: &mut Report) {
    let (_, release, _) = BUILDS[0];
    let effective = tree.effective(Some(release), Scope::Global);
    if matches!(tree.verdict(release), StartVerdict::Refuses(_)) {
        return;
    }
    for setting in &effective {
        let [value] = setting.values.as_slice() else {
            continue;
        };
        if let Ok(edited) = tree.set(&setting.key, value, Some(release), Place::Best) {
            let said: BTreeSet<_> = edited
                .notes
                .iter()
                .filter_map(|note| Some(&note.origin.as_ref()?.path))
                .collect();
            let changed = edited.edits.keys().chain(edited.creates.keys());
            let changed: Vec<_> = changed.filter(|path| !said.contains(path)).collect();
            report.compare(
                &format!("{} {} {value}: untouched", item.name, setting.key),
                &changed,
                &Vec::new(),
            );
        }
    }
}

/// Compares plain `sshd -T`, and returns its recording.
fn compare_plain(
    item: &Item,
    name: &str,
    release: Release,
    tree: &Tree,
    selected: &BTreeSet<String>,
    absent: &[&str],
    report: &mut Report,
) -> Option<Values> {
    let case = format!("{} {name}", item.name);
    let oracle = &item.expect["oracle"];
    let base = values(&oracle["9.2"]["effective"]);
    let mut recorded = if name == "9.2" {
        base
    } else {
        overlaid(base, &oracle[name]["effective_differences"])
    };
    recorded.retain(|key, _| !absent.contains(&key.as_str()));
    let started = oracle[name]["exit"].as_i64() == Some(0);
    if !compare_exit(
        &case,
        tree,
        release,
        started,
        tree.needs_connection(release),
        report,
    ) {
        return Some(recorded);
    }
    compare_values(
        &case,
        &ours(
            &tree.effective(Some(release), Scope::Global),
            selected,
            absent,
        ),
        &recorded,
        report,
    );
    Some(recorded)
}

/// Compares the verdict; true if sshd started, so that there are values to compare.
fn compare_exit(
    case: &str,
    tree: &Tree,
    release: Release,
    started: bool,
    asks: bool,
    report: &mut Report,
) -> bool {
    match tree.verdict(release) {
        StartVerdict::Accepts => report.compare(&format!("{case}: starts"), &!asks, &started),
        StartVerdict::Refuses(problem) => {
            report.compare(&format!("{case}: starts ({problem})"), &false, &started);
        }
        StartVerdict::Unknown(why) if !started => report.leave_out(case, &why),
        StartVerdict::Unknown(_) => {}
    }
    started
}

#[expect(
    clippy::too_many_arguments,
    reason = "the recorded values of a build and all that selects them"
)]
fn compare_connections(
    item: &Item,
    name: &str,
    release: Release,
    tree: &Tree,
    selected: &BTreeSet<String>,
    absent: &[&str],
    plain: &Values,
    report: &mut Report,
) {
    let specs = item.expect["oracle"]["with_connection_spec"]
        .as_array()
        .into_iter()
        .flatten();
    for record in specs.filter(|record| record["version"].as_str() == Some(name)) {
        let Some(spec) = record["spec"].as_str() else {
            continue;
        };
        let case = format!("{} {name} {spec}", item.name);
        let Ok(mut connection) = Connection::parse(spec) else {
            report.leave_out(&case, "the specification has an unknown form");
            continue;
        };
        connection.groups = groups(item, connection.user.as_deref());
        let started = record["exit"].as_i64() == Some(0);
        if compare_exit(&case, tree, release, started, false, report) {
            let recorded = overlaid(plain.clone(), &record["effective_differences"]);
            let effective = tree.effective(Some(release), Scope::Connection(&connection));
            compare_values(
                &case,
                &ours(&effective, selected, absent),
                &recorded,
                report,
            );
        }
    }
}

/// Compares all values at once, and shows only those that differ.
fn compare_values(case: &str, ours: &Values, theirs: &Values, report: &mut Report) {
    let ours = &abbreviated(ours, theirs);
    let differing = |from: &Values, other: &Values| -> Values {
        from.iter()
            .filter(|(key, value)| other.get(*key) != Some(*value))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    };
    report.compare(case, &differing(ours, theirs), &differing(theirs, ours));
}

/// Long lists were recorded as their first values and `... N in all`.
fn abbreviated(ours: &Values, theirs: &Values) -> Values {
    let mut ours = ours.clone();
    for (key, values) in &mut ours {
        let Some([shown @ .., last]) = theirs.get(key).map(Vec::as_slice) else {
            continue;
        };
        if *last == format!("... {} in all", values.len()) {
            values.truncate(shown.len());
            values.push(last.clone());
        }
    }
    ours
}

/// For every group `g` of a Match line the sandbox had a user `u_g` in it.
fn groups(item: &Item, user: Option<&str>) -> Vec<String> {
    let known = item.expect["oracle"]["sandbox_groups"]["groups"]
        .as_array()
        .into_iter()
        .flatten();
    let known = known.filter_map(Value::as_str);
    known
        .filter(|group| user == Some(&format!("u_{}", group.replace(' ', "-"))))
        .map(str::to_owned)
        .collect()
}

fn ours(effective: &Effective, selected: &BTreeSet<String>, absent: &[&str]) -> Values {
    let shown = effective.iter().filter(|setting| {
        selected.contains(&setting.key) && !absent.contains(&setting.key.as_str())
    });
    let shown = shown.filter(|setting| !setting.values.is_empty());
    shown
        .map(|setting| (setting.key.clone(), setting.values.clone()))
        .collect()
}

fn values(recorded: &Value) -> Values {
    overlaid(Values::new(), recorded)
}

/// Overlays values with recorded differences; `null` means that the value is absent.
fn overlaid(mut base: Values, differences: &Value) -> Values {
    for (key, value) in differences.as_object().into_iter().flatten() {
        match value {
            Value::String(text) => base.insert(key.clone(), vec![text.clone()]),
            Value::Array(list) => base.insert(
                key.clone(),
                list.iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
            ),
            _ => base.remove(key),
        };
    }
    base
}
