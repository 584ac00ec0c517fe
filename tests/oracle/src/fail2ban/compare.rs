//! One tree, ours and theirs.

use std::fs;
use std::path::{Path, PathBuf};

use fastrand::Rng;
use sshmend_fail2ban::{Address, Config, Consequence, Edited, Ignored, Jail, Network, Release, Wish, wants};
use sshmend_lossless::{Entry, FileImage, Kind, Listed, Metadata, Request, Snapshot};

use super::program::{Answer, Program, Started};
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

/// What is asked for; all of it is new to most trees.
const WISHES: &[&str] =
    &["203.0.113.9", "198.18.0.0/15", "2001:db8:77::1", "2001:db8:78::/48", "192.0.2.1", "new.example.net"];

/// Compares one tree as it is, and after each kind of fix.
pub(super) fn tree(
    program: &mut Program,
    case: &str,
    tree: &Tree,
    random: &mut Rng,
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
    let running: Vec<String> = theirs.jails.keys().cloned().collect();
    let wish = wish(random, &running);
    fix(program, &case, &ours, &theirs, &wish, directory.path(), report)
}

fn wish(random: &mut Rng, running: &[String]) -> Wish {
    let first = random.usize(0..WISHES.len());
    let count = 1 + usize::from(random.u8(..) < 60);
    let chosen = WISHES.iter().cycle().skip(first).take(count);
    let addresses = chosen.map(|text| Address::parse(text).expect("our own list").address).collect();
    let jails = (random.bool() && !running.is_empty()).then(|| vec![running[random.usize(0..running.len())].clone()]);
    let until = random.bool().then(|| "2027-01-15T08:00:00Z".parse().expect("a time"));
    Wish { addresses, jails, until }
}

/// After `ignore` the program must start and take every address in every jail that is meant, and only there.
pub(super) fn fix(
    program: &mut Program,
    case: &str,
    ours: &Config<'_>,
    before: &Answer,
    wish: &Wish,
    directory: &Path,
    report: &mut Report,
) -> Result<(), String> {
    let case = format!("{case}\n  {wish:?}");
    let edited = match ours.ignore(wish) {
        Ok(edited) => edited,
        // Where no jail runs, nothing shows what a reference in [DEFAULT] would mean.
        Err(_) if ours.starts() && before.jails.is_empty() => return Ok(()),
        Err(refusal) => {
            let expected = if ours.starts() { "possible" } else { "refused" };
            report.compare(&format!("{case}: {refusal}"), &"refused", &expected);
            return Ok(());
        }
    };
    let originals = write(&edited, directory).map_err(|error| error.to_string())?;
    let case = format!("{case}\n{}", diff(&originals, directory));
    let asked: Vec<String> = wish
        .addresses
        .iter()
        .map(|address| address.to_string().split('/').next().unwrap_or_default().to_owned())
        .collect();
    let after = program.ask(directory, &asked)?;
    report.compare(
        &format!("{case}: after the fix: {:?} {:?}", after.error, after.server),
        &(true, None),
        &(after.starts, after.server.clone()),
    );
    for (name, jail) in &after.jails {
        let is_meant = wish.jails.as_ref().is_none_or(|jails| jails.contains(name));
        if is_meant {
            for (address, asked) in wish.addresses.iter().zip(&asked) {
                let words = jail.words.as_deref().unwrap_or_default();
                let is_ignored = words.contains(&address.to_string())
                    || after.ignored.get(name).is_some_and(|verdicts| verdicts[asked]);
                report.compare(&format!("{case}: {address} in {name}"), &true, &is_ignored);
            }
        } else if before.starts {
            let words =
                |answer: &Answer| answer.jails.get(name).and_then(|jail| jail.words.clone()).unwrap_or_default();
            report.compare(&format!("{case}: {name} is not meant"), &words(before), &words(&after));
        }
    }
    undo(program, &case, before, wish, directory, report)
}

/// A second `ignore` changes nothing; `unignore` gives back the words of before.
fn undo(
    program: &mut Program,
    case: &str,
    before: &Answer,
    wish: &Wish,
    directory: &Path,
    report: &mut Report,
) -> Result<(), String> {
    let snapshot = capture(directory, program.release);
    let config = Config::read(&snapshot, directory, Some(program.release));
    let again = config.ignore(wish).map(|edited| edited.is_empty());
    report.compare(&format!("{case}: again"), &Ok(true), &again);
    let Ok(edited) = config.unignore(&wish.addresses, wish.jails.as_deref()) else { return Ok(()) };
    write(&edited, directory).map_err(|error| error.to_string())?;
    let after = program.ask(directory, &[])?;
    let words = |answer: &Answer| -> Vec<(String, Vec<String>)> {
        let words = |jail: &Started| jail.words.clone().unwrap_or_default();
        let is_wished =
            |word: &String| Address::parse(word).is_ok_and(|parsed| wish.addresses.contains(&parsed.address));
        answer
            .jails
            .iter()
            .map(|(name, jail)| (name.clone(), words(jail).into_iter().filter(|word| !is_wished(word)).collect()))
            .collect()
    };
    if before.starts && before.server.is_none() {
        report.compare(&format!("{case}: unignored {:?}", after.error), &words(before), &words(&after));
    }
    Ok(())
}

/// Writes a change and returns what the files were.
pub(super) fn write(edited: &Edited, directory: &Path) -> std::io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut originals = Vec::new();
    for (path, edits) in &edited.edits {
        let before = fs::read(path)?;
        fs::write(path, edits.apply(&before))?;
        originals.push((path.clone(), before));
    }
    for (path, content) in &edited.creates {
        fs::create_dir_all(path.parent().unwrap_or(directory))?;
        fs::write(path, content)?;
        originals.push((path.clone(), Vec::new()));
    }
    Ok(originals)
}

fn diff(originals: &[(PathBuf, Vec<u8>)], directory: &Path) -> String {
    let shown = |bytes: &[u8]| bytes.escape_ascii().to_string().replace("\\n", "\n");
    let files = originals.iter().map(|(path, before)| {
        let after = fs::read(path).unwrap_or_default();
        let name = path.strip_prefix(directory).unwrap_or(path).display();
        format!("  {name} was\n{}\n  and is\n{}\n", shown(before), shown(&after))
    });
    files.collect()
}

/// The driver must say what the client of the package says.
pub(super) fn driver(program: &mut Program, case: &str, tree: &Tree, report: &mut Report) -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    trees::write(tree, directory.path()).map_err(|error| error.to_string())?;
    let answer = program.ask_stream(directory.path())?;
    let (exit, lines) = program.dump(directory.path())?;
    // Complaints go to the same place; they are texts of other programs' making.
    let printed: Vec<String> = lines.into_iter().filter(|line| line.starts_with("['")).collect();
    report.compare(&format!("{case}: the driver"), &(answer.starts, answer.stream), &(exit, printed));
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
        let starts = !config.problems().iter().any(|problem| problem.consequence == Consequence::DoesNotStart);
        let server = starts && config.problems().iter().any(|problem| problem.consequence == Consequence::ServerStops);
        let running = config.jails().iter().filter(|jail| starts && jail.runs());
        let mut jails: Vec<JailSummary> = running
            .map(|jail| JailSummary {
                name: jail.name.clone(),
                words: words(jail, theirs),
                settings: settings(jail, theirs),
                ignored: ignored(jail, theirs),
            })
            .collect();
        jails.sort_by(|a, b| a.name.cmp(&b.name));
        Self { starts, server, jails }
    }
}

/// Our words; what comes out of a filter's regular expressions is taken for theirs.
fn words(jail: &Jail, theirs: &Answer) -> Option<Vec<String>> {
    if !jail.is_complete() {
        return theirs.jails.get(&jail.name).and_then(|started| started.words.clone());
    }
    jail.setting("ignoreip").map(|_| jail.words().iter().map(|word| word.text.clone()).collect())
}

fn settings(jail: &Jail, theirs: &Answer) -> Vec<(String, String)> {
    let asked =
        theirs.jails.get(&jail.name).map(|started| started.settings.keys().cloned().collect()).unwrap_or_default();
    let keys: Vec<String> = asked;
    let value = |key: &String| match jail.setting(key) {
        Some(setting) if !setting.complete => theirs.jails[&jail.name].settings[key].clone(),
        Some(setting) => setting.value.clone(),
        None if key == "backend" => "auto".to_owned(),
        None if key == "filter" || key == "action" => String::new(),
        None => "(unset)".to_owned(),
    };
    keys.iter().map(|key| (key.clone(), value(key))).collect()
}

/// Our verdicts; what depends on names is taken for theirs, which resolves none.
fn ignored(jail: &Jail, theirs: &Answer) -> Vec<(String, bool)> {
    let Some(verdicts) = theirs.ignored.get(&jail.name) else { return Vec::new() };
    let ours = verdicts.keys().map(|address| {
        let network = Network::from(address.parse::<std::net::IpAddr>().expect("our own list"));
        let is_ignored = matches!(jail.ignored(network), Ignored::Yes { .. });
        (address.clone(), is_ignored || !jail.is_complete() && verdicts[address])
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
