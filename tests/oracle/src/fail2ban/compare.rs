//! One tree, ours and theirs.

use std::net::IpAddr;

use fastrand::Rng;
use sshmend_fail2ban::{Config, Consequence, Ignored, Jail, Network};

use super::disk::capture;
use super::fix::{Trial, random_wish};
use super::program::{Answer, Program};
use super::strangers;
use super::trees::{self, Tree};
use crate::Report;

/// The addresses whose membership is compared.
const ADDRESSES: &str = "127.0.0.1 ::1 192.0.2.1 192.0.2.2 192.0.2.99 198.51.100.7 10.0.0.1 10.9.9.9 8.0.0.1 1.2.3.4 \
    1.2.3.9 2001:db8::1 2001:db8:5::1 203.0.113.7 2001:db9::1 1.2.0.3";

/// Compares one tree as it is, and after a fix.
pub(super) fn tree(
    program: &mut Program,
    case: &str,
    tree: &Tree,
    random: &mut Rng,
    report: &mut Report,
) -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let directory = directory.path();
    trees::write(tree, directory).map_err(|error| error.to_string())?;
    let addresses: Vec<String> = ADDRESSES.split_whitespace().map(str::to_owned).collect();
    let theirs = program.ask(directory, &addresses)?;
    let snapshot = capture(directory, program.release);
    let ours = Config::read(&snapshot, directory, Some(program.release));
    let case = format!(
        "{case}\n{}  {:?}\n  {:?}",
        trees::shown(tree),
        theirs.error,
        ours.problems()
    );
    report.compare(
        &case,
        &Summary::of(&ours, &theirs),
        &Summary::theirs(&theirs),
    );
    let wish = random_wish(random, &theirs.jails.keys().cloned().collect::<Vec<_>>());
    strangers::hidden(
        &snapshot,
        directory,
        program.release,
        (&case, &wish),
        random,
        report,
    );
    strangers::foreign(
        &snapshot,
        directory,
        program.release,
        (&case, &wish),
        random,
        report,
    );
    let mut trial = Trial {
        program,
        report,
        directory,
        case,
        before: &theirs,
    };
    trial.mend(&ours)?;
    trial.fix(&ours, &wish)
}

/// The driver must agree with the package's client.
pub(super) fn driver(
    program: &mut Program,
    case: &str,
    tree: &Tree,
    report: &mut Report,
) -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    trees::write(tree, directory.path()).map_err(|error| error.to_string())?;
    let answer = program.ask_stream(directory.path())?;
    let (exit, lines) = program.dump(directory.path())?;
    // Complaints go to the same place; they are texts of other programs' making.
    let printed: Vec<String> = lines
        .into_iter()
        .filter(|line| line.starts_with("['"))
        .collect();
    report.compare(
        &format!("{case}: the driver"),
        &(answer.starts, answer.stream),
        &(exit, printed),
    );
    Ok(())
}

/// The properties compared.
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
        let jails = answer
            .jails
            .iter()
            .filter(|_| answer.starts)
            .map(|(name, jail)| JailSummary {
                name: name.clone(),
                words: jail.words.clone(),
                settings: jail.settings.clone().into_iter().collect(),
                ignored: answer
                    .ignored
                    .get(name)
                    .cloned()
                    .unwrap_or_default()
                    .into_iter()
                    .collect(),
            });
        Self {
            starts: answer.starts,
            server: answer.starts && answer.server.is_some(),
            jails: jails.collect(),
        }
    }

    fn of(config: &Config<'_>, theirs: &Answer) -> Self {
        let starts = !config
            .problems()
            .iter()
            .any(|problem| problem.consequence == Consequence::DoesNotStart);
        let server = starts
            && config
                .problems()
                .iter()
                .any(|problem| problem.consequence == Consequence::ServerStops);
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
        Self {
            starts,
            server,
            jails,
        }
    }
}

/// Our words; those produced by a filter's regular expressions are taken from theirs.
fn words(jail: &Jail, theirs: &Answer) -> Option<Vec<String>> {
    if !jail.is_complete() {
        return theirs
            .jails
            .get(&jail.name)
            .and_then(|started| started.words.clone());
    }
    jail.setting("ignoreip")
        .map(|_| jail.words().iter().map(|word| word.text.clone()).collect())
}

fn settings(jail: &Jail, theirs: &Answer) -> Vec<(String, String)> {
    let Some(started) = theirs.jails.get(&jail.name) else {
        return Vec::new();
    };
    let value = |key: &String| match jail.setting(key) {
        Some(setting) if !setting.complete => started.settings[key].clone(),
        Some(setting) => setting.value.to_string(),
        None if key == "backend" => "auto".to_owned(),
        None if key == "filter" || key == "action" => String::new(),
        None => "(unset)".to_owned(),
    };
    started
        .settings
        .keys()
        .map(|key| (key.clone(), value(key)))
        .collect()
}

/// Our verdicts; nothing is claimed about what we do not know because it depends on names, files or
/// commands.
fn ignored(jail: &Jail, theirs: &Answer) -> Vec<(String, bool)> {
    let Some(verdicts) = theirs.ignored.get(&jail.name) else {
        return Vec::new();
    };
    let ours = verdicts.iter().map(|(address, verdict)| {
        let network = Network::from(address.parse::<IpAddr>().expect("our own list"));
        let is_ignored = match jail.ignored(network) {
            Ignored::Yes { .. } => true,
            Ignored::No => false,
            Ignored::Unknown(_) => *verdict,
        };
        (address.clone(), is_ignored)
    });
    ours.collect()
}
