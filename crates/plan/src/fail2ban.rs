//! The plan that makes jails of fail2ban ignore addresses, and lifts their bans.

mod bans;
mod mend;
mod notes;
mod running;

use std::path::Path;

use jiff::Timestamp;
use sshmend_facts::{package_version, package_wants};
use sshmend_fail2ban::{Address, Config, Edited, Jail, Parsed, Release, Wish, wants};
use sshmend_lossless::{CommandOutput, FileChange, Metadata, Request, Snapshot};

use crate::plan::{Plan, Refusal};

pub use mend::{fail2ban_mend, fail2ban_retire, fail2ban_unignore};

/// Where fail2ban reads its configuration.
pub const DIRECTORY: &str = "/etc/fail2ban";

const VERSION: [&str; 2] = ["fail2ban-client", "--version"];
const PING: [&str; 2] = ["fail2ban-client", "ping"];
const BANNED: [&str; 2] = ["fail2ban-client", "banned"];

/// What is wanted of fail2ban.
#[derive(Debug, Clone)]
pub struct Fail2banWish {
    /// Addresses, networks and names to ignore.
    pub addresses: Vec<Parsed>,
    /// The jails; empty for every one that runs.
    pub jails: Vec<String>,
    /// When it ends; recorded with the words.
    pub until: Option<Timestamp>,
    /// The time now.
    pub now: Timestamp,
    /// Whether programs may be asked; not on a mounted disk.
    pub live: bool,
}

/// What is still to be known; call it again with the answers until it returns nothing.
pub fn fail2ban_wants(snapshot: &Snapshot, live: bool) -> Vec<Request> {
    let commands =
        [&VERSION, &PING, &BANNED].map(|argv| Request::Run(argv.map(str::to_owned).into()));
    let commands = commands
        .into_iter()
        .filter(|request| live && !snapshot.answers(request));
    let packages = if live {
        Vec::new()
    } else {
        package_wants(snapshot)
    };
    let files = wants(snapshot, Path::new(DIRECTORY), fail2ban_release(snapshot));
    files.into_iter().chain(commands).chain(packages).collect()
}

/// The release that is installed: by its own word, on a mounted disk by the package database.
pub fn fail2ban_release(snapshot: &Snapshot) -> Option<Release> {
    let version = said(snapshot, &VERSION).map(CommandOutput::text);
    version
        .or_else(|| package_version(snapshot, "fail2ban"))
        .and_then(|text| Release::parse(&text))
}

/// Plans the change.
///
/// # Errors
/// When fail2ban does not run on the configuration, a file of it cannot be read here, or the jails would not take the
/// addresses.
pub fn fail2ban(snapshot: &Snapshot, wish: &Fail2banWish) -> Result<Plan, Refusal> {
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
    if wish.live && said(snapshot, &VERSION).is_some() {
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

fn said<'s>(snapshot: &'s Snapshot, argv: &[&str]) -> Option<&'s CommandOutput> {
    snapshot
        .command(argv)?
        .ok()
        .filter(|output| output.success())
}

fn words(addresses: &[Address]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}
