//! The plan that makes jails of fail2ban ignore addresses, and lifts their bans.

mod bans;
mod mend;
mod notes;
mod running;

use std::path::Path;

use jiff::Timestamp;
use sshmend_facts::{finds_no_fail2ban, package_version};
use sshmend_fail2ban::{Address, Config, Edited, Jail, Parsed, Release, Wish};
use sshmend_lossless::{CommandOutput, FileChange, Metadata, NotRun, Snapshot};

use crate::plan::{Plan, Refusal};

pub(crate) use mend::{fail2ban_mend, fail2ban_retire, fail2ban_unignore};

/// The configuration directory of fail2ban.
pub const DIRECTORY: &str = "/etc/fail2ban";

const VERSION: [&str; 2] = ["fail2ban-client", "--version"];
const PING: [&str; 2] = ["fail2ban-client", "ping"];
const BANNED: [&str; 2] = ["fail2ban-client", "banned"];

/// The requested change of fail2ban.
#[derive(Debug, Clone)]
pub(crate) struct Fail2banWish {
    /// Addresses, networks and names to ignore.
    pub addresses: Vec<Parsed>,
    /// The jails; empty for all that run.
    pub jails: Vec<String>,
    /// When it ends; recorded with the words.
    pub until: Option<Timestamp>,
    /// The time now.
    pub now: Timestamp,
    /// Whether programs may be asked; not on a mounted disk.
    pub live: bool,
}

/// The installed release: as reported by the program, on a mounted disk by the package database.
pub fn fail2ban_release(snapshot: &Snapshot) -> Option<Release> {
    let version = match snapshot.command(&VERSION)? {
        Ok(output) if output.success() => Some(output.text()),
        _ => package_version(snapshot, "fail2ban"),
    };
    version.and_then(|text| Release::parse(&text))
}

/// Whether fail2ban is running and can be queried.
///
/// # Errors
/// If it is, and does not answer: then it is unknown whether its server runs and whom it bans.
fn is_at_hand(snapshot: &Snapshot, live: bool) -> Result<bool, Refusal> {
    if !live {
        return Ok(false);
    }
    // What it will be asked in any case is looked for at once: each answer takes the start of a Python.
    let answers = [&VERSION, &BANNED].map(|argv| snapshot.command(argv));
    if matches!(answers[0], Some(Err(NotRun::Missing))) {
        return Ok(false);
    }
    let mut answers = answers.into_iter().flatten().chain(ping(snapshot));
    match answers.find_map(Result::err) {
        Some(why) => Err(Refusal::refused(
            format!("fail2ban-client cannot be asked: {why}"),
            "run it again once `fail2ban-client ping` answers",
        )),
        None => Ok(said(snapshot, &VERSION).is_some()),
    }
}

/// Plans the change.
///
/// # Errors
/// If fail2ban does not start with the configuration, one of its files cannot be read here, or the
/// jails would not ignore the addresses.
pub(crate) fn fail2ban(snapshot: &Snapshot, wish: &Fail2banWish) -> Result<Plan, Refusal> {
    let (directory, release) = (Path::new(DIRECTORY), fail2ban_release(snapshot));
    let before = Config::read(snapshot, directory, release);
    let addresses: Vec<Address> = wish
        .addresses
        .iter()
        .map(|parsed| parsed.address.clone())
        .collect();
    let jails = (!wish.jails.is_empty()).then(|| wish.jails.clone());
    let edited = before.ignore(&Wish {
        addresses: addresses.clone(),
        jails,
        until: wish.until,
    });
    let edited = edited.map_err(|refusal| mend::refused(&before, &refusal))?;
    let mut plan = changes(snapshot, &edited);
    let future = snapshot.after(&plan.files);
    let after = Config::read(&future, directory, release);
    plan.purpose = format!("ignore {}", words(&addresses).join(" "));
    plan.effects = notes::effects(&before, &after);
    plan.notices = notes::corrected(&wish.addresses)
        .chain(notes::notes(&edited, &after, wish.now))
        .collect();
    if is_at_hand(snapshot, wish.live)? {
        let jails = meant(&after, &wish.jails);
        let work = running::Work {
            snapshot,
            addresses: &addresses,
            jails,
            after: &after,
        };
        work.judge(&mut plan);
        work.activate(&mut plan);
    }
    Ok(plan)
}

/// The files of a change.
fn changes(snapshot: &Snapshot, edited: &Edited) -> Plan {
    let new = Metadata {
        mode: 0o644,
        ..Metadata::default()
    };
    Plan {
        files: FileChange::all(snapshot, &edited.edits, &edited.creates, &new),
        ..Plan::default()
    }
}

/// The jails that were named, or all that run.
fn meant<'c>(config: &'c Config<'_>, names: &[String]) -> Vec<&'c Jail> {
    match names {
        [] => config.jails().iter().filter(|jail| jail.runs()).collect(),
        names => names.iter().filter_map(|name| config.jail(name)).collect(),
    }
}

/// Whether the server runs.
fn runs(snapshot: &Snapshot) -> bool {
    let is_pinged = ping(snapshot).is_some_and(|answer| answer.is_ok_and(CommandOutput::success));
    said(snapshot, &BANNED).is_some() || is_pinged
}

/// What a server says that does not tell whom it bans: before 0.10.6 it does not know the question. `None` where the answer to
/// that one told already whether a server runs.
fn ping(snapshot: &Snapshot) -> Option<Result<&CommandOutput, &NotRun>> {
    match snapshot.command(&BANNED)? {
        Ok(banned) if !banned.success() && !finds_no_fail2ban(banned) => snapshot.command(&PING),
        _ => None,
    }
}

fn said<'s>(snapshot: &'s Snapshot, argv: &[&str]) -> Option<&'s CommandOutput> {
    snapshot
        .command(argv)?
        .ok()
        .filter(|output| output.success())
}

fn words(addresses: &[Address]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use sshmend_lossless::{Request, fixture};

    use super::*;

    fn at_hand(version: &str, banned: &str) -> Result<bool, String> {
        let snapshot = fixture::snapshot(&format!(
            "//$ fail2ban-client --version => {version}\n//$ fail2ban-client ping => 0\nServer replied: pong\n\
             //$ fail2ban-client banned => {banned}\n"
        ));
        is_at_hand(&snapshot, true).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn the_list_of_bans_shows_whether_fail2ban_runs() {
        for (banned, is_running) in [
            ("0\n[]", true),
            (
                "255\nERROR Failed to access socket path: /run/f2b.sock. Is fail2ban running?",
                false,
            ),
        ] {
            let text = format!("//$ fail2ban-client banned => {banned}\n");
            let (runs, missed) = fixture::snapshot(&text).look(runs);
            assert_eq!((runs, missed), (is_running, Vec::new()), "{banned}");
        }
        let old = "//$ fail2ban-client banned => 255\nERROR NOK: ('Invalid command',)\n";
        let (_, missed) = fixture::snapshot(old).look(runs);
        assert_eq!(missed, [Request::Run(PING.map(str::to_owned).to_vec())]);
        let pong = format!("{old}//$ fail2ban-client ping => 0\nServer replied: pong\n");
        assert!(runs(&fixture::snapshot(&pong)));
    }

    #[test]
    fn a_fail2ban_that_does_not_answer_is_not_taken_for_one_without_bans() {
        assert_eq!(at_hand("0\n1.0.2", "0\n[]"), Ok(true));
        assert_eq!(at_hand("missing", "missing"), Ok(false));
        let refused = at_hand("0\n1.0.2", "hangs").unwrap_err();
        assert!(
            refused.contains("cannot be asked: no answer within"),
            "{refused}"
        );
        assert!(at_hand("hangs", "hangs").is_err());
    }
}
