//! The recorded answers of a corpus: every item is laid over the jail files that it was recorded with.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sshmend_fail2ban::{Address, Config, Consequence, Ignored, Jail, Network, Release, Wish};

use super::disk::capture;
use super::fix::Trial;
use super::program::{Program, package_root};
use crate::{Item, Report, items};

/// The release that was recorded completely; for others only the differences were.
const RECORDED: &str = "1.0.2";
const LATER: &str = "1.1.2";
/// Addresses that no item has.
const NEW: [&str; 2] = ["203.0.113.211", "2001:db8:ffff::/64"];
/// Lists longer than this are abridged in the recording.
const LONG: usize = 100;

/// Compares every item of the corpus.
pub(super) fn compare(corpus: &Path) -> Result<Report, String> {
    let items = items(corpus, "fail2ban").map_err(|error| error.to_string())?;
    let (bases, items): (Vec<Item>, Vec<Item>) = items
        .into_iter()
        .partition(|item| item.name.contains("/_base"));
    let base = bases.first().ok_or("the corpus has no base")?;
    let package = package_root()?.join("etc/fail2ban");
    let mut report = Report::default();
    let mut program = Program::start()?;
    for item in items {
        let outcome = compare_item(&package, base, &item, &mut program, &mut report);
        outcome.unwrap_or_else(|reason| report.leave_out(&item.name, &reason));
    }
    Ok(report)
}

fn compare_item(
    package: &Path,
    base: &Item,
    item: &Item,
    program: &mut Program,
    report: &mut Report,
) -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let at = directory.path();
    for source in [package, &base.path, &item.path] {
        copy(source, at).map_err(|error| format!("{}: {error}", source.display()))?;
    }
    // An item with its own jail.conf was recorded without Debian's additions.
    let brings_main = item.path.join("jail.conf").exists();
    if brings_main && !item.path.join("jail.d/defaults-debian.conf").exists() {
        fs::remove_file(at.join("jail.d/defaults-debian.conf"))
            .map_err(|error| error.to_string())?;
    }
    let oracle = &item.expect["oracle"];
    compare_release(RECORDED, at, oracle, &item.name, report);
    let head = &oracle["fail2ban_head"];
    if head["same_as_1.0.2"] == true {
        compare_release(LATER, at, oracle, &item.name, report);
    } else if head.is_object() {
        compare_release(LATER, at, head, &item.name, report);
    }
    fix_item(at, &item.name, program, report)
}

/// After `ignore` every jail that fail2ban starts holds the address.
fn fix_item(
    at: &Path,
    name: &str,
    program: &mut Program,
    report: &mut Report,
) -> Result<(), String> {
    let before = program.ask(at, &[])?;
    let snapshot = capture(at, program.release);
    let config = Config::read(&snapshot, at, Some(program.release));
    let addresses = NEW
        .iter()
        .map(|text| Address::parse(text).expect("our own list").address)
        .collect();
    let wish = Wish {
        addresses,
        jails: None,
        until: None,
    };
    if !config.starts() && config.ignore(&wish).is_err() {
        report.compare(
            &format!("{name}: broken"),
            &false,
            &(before.starts && before.server.is_none()),
        );
        return Ok(());
    }
    Trial {
        program,
        report,
        directory: at,
        case: name.to_owned(),
        before: &before,
    }
    .fix(&config, &wish)
}

fn compare_release(release: &str, at: &Path, oracle: &Value, name: &str, report: &mut Report) {
    let release = Release::parse(release).expect("a release");
    let snapshot = capture(at, release);
    let config = Config::read(&snapshot, at, Some(release));
    let case = |what: &str| format!("{name} {release} {what}: {:?}", config.problems());
    let dump = &oracle["fail2ban_client_d"];
    let starts = !config
        .problems()
        .iter()
        .any(|problem| problem.consequence == Consequence::DoesNotStart);
    if dump["exit"].is_i64() {
        report.compare(&case("exit"), &starts, &(dump["exit"] == 0));
    }
    if starts && dump["exit"] == 0 {
        let ours: Vec<(&str, Vec<String>)> = running(&config)
            .map(|jail| (jail.name.as_str(), words(jail)))
            .collect();
        let started = strings(&dump["jails_started"]);
        let list = |jail: &str| abridged(strings(&dump["addignoreip"][jail]));
        let theirs: Vec<(&str, Vec<String>)> =
            started.iter().map(|&jail| (jail, list(jail))).collect();
        report.compare(&case("ignoreip"), &sorted(ours), &sorted(theirs));
    }
    compare_config(&config, &oracle["config"], &case, report);
}

fn compare_config(
    config: &Config<'_>,
    recorded: &Value,
    case: &dyn Fn(&str) -> String,
    report: &mut Report,
) {
    if recorded["read"] != true {
        return;
    }
    let default: Option<Vec<String>> = recorded["default"]
        .is_array()
        .then(|| abridged(strings(&recorded["default"])));
    let ours = config.defaults();
    report.compare(
        &case("[DEFAULT]"),
        &ours.setting("ignoreip").map(|_| words(ours)),
        &default,
    );
    if recorded["enabled"].is_array() {
        let enabled: Vec<&str> = config
            .jails()
            .iter()
            .filter(|jail| jail.enabled)
            .map(|jail| jail.name.as_str())
            .collect();
        report.compare(
            &case("enabled"),
            &sorted(enabled),
            &sorted(strings(&recorded["enabled"])),
        );
    }
    for (jail, list) in recorded["jails_with_another_ignoreip"]
        .as_object()
        .into_iter()
        .flatten()
    {
        let ours = config.jail(jail).map(words);
        report.compare(&case(jail), &ours, &Some(abridged(strings(list))));
    }
    let ignored_in = &recorded["ignored_in"];
    let Some(jail) = ignored_in["jail"]
        .as_str()
        .and_then(|name| config.jail(name))
    else {
        return;
    };
    for (address, verdict) in ignored_in["ips"].as_object().into_iter().flatten() {
        let network = Network::from(address.parse::<std::net::IpAddr>().expect("an address"));
        // Nothing is claimed about what we do not know.
        let ours = match jail.ignored(network) {
            Ignored::Yes { .. } => true,
            Ignored::No => false,
            Ignored::Unknown(_) => continue,
        };
        report.compare(&case(address), &Some(ours), &verdict.as_bool());
    }
}

fn running<'a>(config: &'a Config<'_>) -> impl Iterator<Item = &'a Jail> {
    config.jails().iter().filter(|jail| jail.runs())
}

fn words(jail: &Jail) -> Vec<String> {
    abridged(jail.words().iter().map(|word| word.text.as_str()).collect())
}

fn strings(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// A list as the corpus records it: of a long one the first five words and the number.
fn abridged(list: Vec<&str>) -> Vec<String> {
    let mut list: Vec<String> = list.into_iter().map(str::to_owned).collect();
    if list.len() > LONG {
        list.splice(5.., [format!("... {} in all", list.len())]);
    }
    list
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path: PathBuf = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::write(&target, fs::read(&path)?)?;
        }
    }
    Ok(())
}
