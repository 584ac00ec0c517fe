//! One tree, ours and theirs.

use std::fs;
use std::path::Path;

use fastrand::Rng;
use sshmend_fail2ban::{Config, Ignored, Network, Release, wants};
use sshmend_lossless::{Entry, FileImage, Kind, Listed, Metadata, Request, Snapshot};

use super::program::{Answer, Program};
use super::trees::{self, Tree};
use crate::Report;

/// The addresses whose membership is compared.
pub(super) const ADDRESSES: &[&str] = &[
    "127.0.0.1",
    "::1",
    "192.0.2.1",
    "192.0.2.2",
    "192.0.2.99",
    "198.51.100.7",
    "10.0.0.1",
    "10.9.9.9",
    "8.0.0.1",
    "1.2.3.4",
    "1.2.3.9",
    "2001:db8::1",
    "2001:db8:5::1",
    "203.0.113.7",
    "2001:db9::1",
    "1.2.0.3",
];

/// Compares one tree as it is.
pub(super) fn tree(
    program: &mut Program,
    case: &str,
    tree: &Tree,
    _random: &mut Rng,
    report: &mut Report,
) -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    trees::write(tree, directory.path()).map_err(|error| error.to_string())?;
    let addresses: Vec<String> = ADDRESSES.iter().map(|&address| address.to_owned()).collect();
    let theirs = program.ask(directory.path(), &addresses)?;
    let snapshot = capture(directory.path(), program.release);
    let ours = Config::read(&snapshot, directory.path(), Some(program.release));
    let case = format!("{case}\n{}  {:?}\n  {:?}", trees::shown(tree), theirs.error, ours.problems());
    compare(&case, &ours, &theirs, report);
    Ok(())
}

/// Compares what both say of a tree.
pub(super) fn compare(case: &str, ours: &Config<'_>, theirs: &Answer, report: &mut Report) {
    let summary = Summary::of(ours, theirs);
    report.compare(case, &summary, &Summary::theirs(theirs));
}

/// What is compared.
#[derive(Debug, PartialEq)]
struct Summary {
    starts: bool,
    server: bool,
    jails: Vec<JailSummary>,
}

#[derive(Debug, PartialEq)]
struct JailSummary {
    name: String,
    words: Option<Vec<String>>,
    settings: Vec<(String, String)>,
    ignored: Vec<(String, bool)>,
}

impl Summary {
    fn theirs(answer: &Answer) -> Self {
        let jails = answer.jails.iter().filter(|_| answer.starts).map(|(name, jail)| JailSummary {
            name: name.clone(),
            words: jail.words.clone(),
            settings: jail.settings.clone().into_iter().collect(),
            ignored: answer.ignored.get(name).cloned().unwrap_or_default().into_iter().collect(),
        });
        Self { starts: answer.starts, server: answer.starts && answer.server.is_some(), jails: jails.collect() }
    }

    fn of(config: &Config<'_>, theirs: &Answer) -> Self {
        let starts =
            !config.problems().iter().any(|problem| problem.consequence == sshmend_fail2ban::Consequence::DoesNotStart);
        let server = starts
            && config
                .problems()
                .iter()
                .any(|problem| problem.consequence == sshmend_fail2ban::Consequence::ServerStops);
        let running = config.jails().iter().filter(|jail| starts && jail.runs());
        let mut jails: Vec<JailSummary> = running
            .map(|jail| JailSummary {
                name: jail.name.clone(),
                words: jail.setting("ignoreip").map(|_| jail.words().iter().map(|word| word.text.clone()).collect()),
                settings: settings(jail, theirs),
                ignored: ignored(jail, theirs),
            })
            .collect();
        jails.sort_by(|a, b| a.name.cmp(&b.name));
        Self { starts, server, jails }
    }
}

fn settings(jail: &sshmend_fail2ban::Jail, theirs: &Answer) -> Vec<(String, String)> {
    let asked =
        theirs.jails.get(&jail.name).map(|started| started.settings.keys().cloned().collect()).unwrap_or_default();
    let keys: Vec<String> = asked;
    let value = |key: &String| match jail.setting(key) {
        Some(setting) => setting.value.clone(),
        None if key == "backend" => "auto".to_owned(),
        None if key == "filter" || key == "action" => String::new(),
        None => "(unset)".to_owned(),
    };
    keys.iter().map(|key| (key.clone(), value(key))).collect()
}

/// Our verdicts; what depends on names is taken for theirs, which resolves none.
fn ignored(jail: &sshmend_fail2ban::Jail, theirs: &Answer) -> Vec<(String, bool)> {
    let Some(verdicts) = theirs.ignored.get(&jail.name) else { return Vec::new() };
    let ours = verdicts.keys().map(|address| {
        let network = Network::from(address.parse::<std::net::IpAddr>().expect("our own list"));
        (address.clone(), matches!(jail.ignored(network), Ignored::Yes { .. }))
    });
    ours.collect()
}

/// Answers what our reader wants to know from the disk.
pub(super) fn capture(directory: &Path, release: Release) -> Snapshot {
    let mut snapshot = Snapshot::default();
    loop {
        let requests = wants(&snapshot, directory, Some(release));
        if requests.is_empty() {
            return snapshot;
        }
        for request in requests {
            match &request {
                Request::Read(path) | Request::List(path) => snapshot.insert(path.clone(), entry(path)),
                other => panic!("{other:?} was not expected"),
            }
        }
    }
}

fn entry(path: &Path) -> Entry {
    let Ok(metadata) = fs::metadata(path) else {
        return if path.symlink_metadata().is_ok() { Entry::Dangling } else { Entry::Missing };
    };
    if metadata.is_dir() {
        let listed = fs::read_dir(path).into_iter().flatten().flatten();
        let mut names: Vec<Listed> =
            listed.map(|entry| Listed { name: entry.file_name(), directory: entry.path().is_dir() }).collect();
        names.sort();
        return Entry::Directory(names, Metadata { kind: Kind::Directory, ..Metadata::default() });
    }
    match fs::read(path) {
        Ok(bytes) => Entry::File(FileImage { bytes, meta: Metadata::default(), target: path.to_owned() }),
        Err(error) => Entry::Unreadable(error.to_string()),
    }
}
