//! The plan that makes jails of fail2ban ignore addresses, and lifts their bans.

mod bans;
mod change;
mod client;
mod mend;
mod notes;
mod running;

use std::path::Path;

use jiff::Timestamp;
use sshmend_fail2ban::{Address, Config, Jail, Parsed, Wish};
use sshmend_lossless::Snapshot;

use crate::plan::{Plan, Refusal};

use change::{changes, words};
use client::is_at_hand;

pub use change::DIRECTORY;
pub use client::fail2ban_release;
pub(crate) use mend::{fail2ban_mend, fail2ban_retire, fail2ban_unignore};

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

/// The jails that were named, or all that run.
fn meant<'c>(config: &'c Config<'_>, names: &[String]) -> Vec<&'c Jail> {
    match names {
        [] => config.jails().iter().filter(|jail| jail.runs()).collect(),
        names => names.iter().filter_map(|name| config.jail(name)).collect(),
    }
}
