//! Host keys: those of the machine and, for homes that exist on both sides, those of its users.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sshmend_known_hosts::KnownHosts;
use sshmend_lossless::{Origin, Snapshot};

use crate::comparison::{Answer, Area, Comparison, Difference, Side};

/// For each name and key type the fingerprints, in any order of lines, and the first line.
type Keys = BTreeMap<String, (BTreeSet<String>, usize)>;

/// The files of the machine (ssh_config(5), `GlobalKnownHostsFile`).
const GLOBAL: [&str; 2] = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"];

/// The parent directory of home directories.
const HOMES: &str = "/home";

pub(crate) fn look(snapshot: &Snapshot) {
    let homes = homes(snapshot);
    let files = GLOBAL.iter().map(PathBuf::from);
    for file in files.chain(homes.iter().map(|home| of(home))) {
        let _ = snapshot.read(&file);
    }
    for home in &homes {
        let _ = snapshot.names(home);
    }
}

fn homes(snapshot: &Snapshot) -> Vec<PathBuf> {
    let names = snapshot.names(Path::new(HOMES)).ok().flatten();
    let people = names.into_iter().flatten();
    let people = people.map(|listed| Path::new(HOMES).join(&listed.name));
    people.chain([PathBuf::from("/root")]).collect()
}

fn of(home: &Path) -> PathBuf {
    home.join(".ssh/known_hosts")
}

fn has(snapshot: &Snapshot, home: &Path) -> bool {
    snapshot.names(home).is_ok_and(|names| names.is_some())
}

pub(crate) fn compare(before: &Side<'_>, after: &Side<'_>, found: &mut Comparison) {
    let mut files: Vec<PathBuf> = GLOBAL.iter().map(PathBuf::from).collect();
    let of_both = |home: &PathBuf| has(before.snapshot, home) && has(after.snapshot, home);
    files.extend(
        homes(before.snapshot)
            .iter()
            .filter(|home| of_both(home))
            .map(|home| of(home)),
    );
    for path in files {
        let a = entries(before, false, &path, found);
        let b = entries(after, true, &path, found);
        let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for name in names {
            let answer = |all: &Keys| match all.get(name) {
                Some((keys, line)) => {
                    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                    Answer::new(keys.join(", "), Some(Origin::new(&path, *line)))
                }
                None => Answer::new("unknown", None),
            };
            found.add(Difference {
                area: Area::KnownHosts,
                whom: Some(path.display().to_string()),
                what: name.clone(),
                before: answer(&a),
                after: answer(&b),
            });
        }
    }
}

/// The keys of each name as written and key type, and the first line that contains one.
fn entries(side: &Side<'_>, second: bool, path: &Path, found: &mut Comparison) -> Keys {
    let mut all: Keys = BTreeMap::new();
    let image = match side.snapshot.read(path) {
        Ok(Some(image)) => image,
        Ok(None) => return all,
        Err(why) => {
            found.unseen(second, path, why.to_string());
            return all;
        }
    };
    for record in KnownHosts::parse(&image.bytes).records() {
        let Some(entry) = record.entry() else {
            continue;
        };
        let Ok(key) = entry.key() else { continue };
        let marker = entry
            .marker
            .map(|marker| format!("{} ", marker.as_str()))
            .unwrap_or_default();
        let hosts = String::from_utf8_lossy(entry.hosts.text).into_owned();
        // A hash is one name; each name of a list counts by itself.
        let names: Vec<&str> = if entry.is_hashed() {
            vec![&hosts]
        } else {
            hosts.split(',').collect()
        };
        for name in names {
            let what = format!("{marker}{name} {}", key.key_type().name());
            let fingerprint = key.fingerprint().to_string();
            let (keys, _) = all
                .entry(what)
                .or_insert_with(|| (BTreeSet::new(), record.line.number));
            keys.insert(fingerprint);
        }
    }
    all
}
