//! The plan that makes jails of fail2ban ignore addresses, and lifts their bans.

use std::net::IpAddr;
use std::path::Path;

use jiff::Timestamp;
use sshmend_diagnose::{package_version, package_wants};
use sshmend_fail2ban::{Address, Config, Edited, Item, Jail, Network, Parsed, Release, Wish, wants};
use sshmend_lossless::{CommandOutput, Metadata, Request, Snapshot};

use crate::check::{Check, Expect, Proof};
use crate::future::{files, future};
use crate::plan::{Effect, Notice, Plan, Refusal};

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
    let commands = [&VERSION, &PING, &BANNED].map(|argv| Request::Run(argv.map(str::to_owned).into()));
    let commands = commands.into_iter().filter(|request| live && !snapshot.answers(request));
    let packages = if live { Vec::new() } else { package_wants(snapshot) };
    let files = wants(snapshot, Path::new(DIRECTORY), fail2ban_release(snapshot));
    files.into_iter().chain(commands).chain(packages).collect()
}

/// The release that is installed: by its own word, on a mounted disk by the package database.
pub fn fail2ban_release(snapshot: &Snapshot) -> Option<Release> {
    let version = said(snapshot, &VERSION).map(CommandOutput::text);
    version.or_else(|| package_version(snapshot, "fail2ban")).and_then(|text| Release::parse(&text))
}

/// Plans the change.
///
/// # Errors
/// When fail2ban does not run on the configuration and it cannot be mended, or the jails would not take the addresses.
pub fn fail2ban(snapshot: &Snapshot, wish: &Fail2banWish) -> Result<Plan, Refusal> {
    let (directory, release) = (Path::new(DIRECTORY), fail2ban_release(snapshot));
    let before = Config::read(snapshot, directory, release);
    let addresses: Vec<Address> = wish.addresses.iter().map(|parsed| parsed.address.clone()).collect();
    let jails = (!wish.jails.is_empty()).then(|| wish.jails.clone());
    let edited = before.ignore(&Wish { addresses: addresses.clone(), jails: jails.clone(), until: wish.until });
    let edited = edited.map_err(|refusal| Refusal::refused(refusal.to_string(), refusal.hint()))?;
    let after = future(snapshot, &edited.edits, &edited.creates);
    let after = Config::read(&after, directory, release);
    let new = Metadata { mode: 0o644, ..Metadata::default() };
    let work = Work { snapshot, wish, addresses, before: &before, after: &after };
    let mut plan = Plan { files: files(snapshot, &edited.edits, &edited.creates, &new), ..Plan::default() };
    plan.purpose = format!("ignore {}", words(&work.addresses).join(" "));
    plan.effects = work.effects();
    plan.notices = work.notices(&edited);
    if wish.live && said(snapshot, &VERSION).is_some() {
        work.judge(&mut plan);
        work.activate(&mut plan);
    }
    Ok(plan)
}

fn said<'s>(snapshot: &'s Snapshot, argv: &[&str]) -> Option<&'s CommandOutput> {
    snapshot.command(argv)?.ok().filter(|output| output.success())
}

fn words(addresses: &[Address]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

/// A plan in the making.
struct Work<'w> {
    snapshot: &'w Snapshot,
    wish: &'w Fail2banWish,
    addresses: Vec<Address>,
    before: &'w Config<'w>,
    after: &'w Config<'w>,
}

impl Work<'_> {
    fn effects(&self) -> Vec<Effect> {
        let list = |jail: &Jail| jail.words().iter().map(|word| word.text.clone()).collect::<Vec<_>>().join(" ");
        let changed = self.after.jails().iter().filter_map(|jail| {
            let was = self.before.jail(&jail.name).map(list).unwrap_or_default();
            let is = list(jail);
            let what = format!("ignoreip of jail {}", jail.name);
            (jail.runs() && was != is).then_some(Effect { what, before: was, after: is })
        });
        changed.collect()
    }

    fn notices(&self, edited: &Edited) -> Vec<Notice> {
        let notice = |name: &str, text: String| Notice { name: name.to_owned(), text, origin: None };
        let corrected = self.wish.addresses.iter().filter_map(|parsed| parsed.notice.clone());
        let mut notices: Vec<Notice> = corrected.map(|text| notice("corrected", text)).collect();
        notices.extend(edited.notes.iter().map(|note| Notice {
            name: "mended".to_owned(),
            text: note.text.clone(),
            origin: note.origin.clone(),
        }));
        notices.extend(self.after.problems().iter().map(|problem| Notice {
            name: "misread".to_owned(),
            text: format!("{}: {}; {}", problem.message, problem.consequence, problem.hint),
            origin: Some(problem.origin.clone()),
        }));
        notices.extend(self.after.expired(self.wish.now).into_iter().map(|over| Notice {
            name: "expired".to_owned(),
            text: format!("{} was to be ignored until {}, which is over", over.words.join(" "), over.until),
            origin: Some(over.origin),
        }));
        notices
    }

    /// The jails that were meant.
    fn jails(&self) -> Vec<&str> {
        let meant = |jail: &&Jail| match self.wish.jails.is_empty() {
            true => jail.runs(),
            false => self.wish.jails.contains(&jail.name),
        };
        self.after.jails().iter().filter(meant).map(|jail| jail.name.as_str()).collect()
    }

    /// fail2ban's own reader has to accept the files and to show the words in each jail that runs.
    fn judge(&self, plan: &mut Plan) {
        if plan.changes_nothing() {
            return;
        }
        plan.rehearsal.push(Check::success("fail2ban-client -t", &["fail2ban-client", "-t"]));
        for jail in self.running() {
            for word in self.words_of(jail) {
                let title = format!("fail2ban-client -d: {jail} ignores {word}");
                let line = vec![format!("'{jail}', 'addignoreip'"), format!("'{word}'")];
                plan.rehearsal.push(Check::new(&title, &["fail2ban-client", "-d"], Expect::LineWith(line)));
            }
        }
    }

    /// The jails that were meant and that run.
    fn running(&self) -> Vec<&str> {
        let runs = |name: &&str| self.after.jail(name).is_some_and(Jail::runs);
        self.jails().into_iter().filter(runs).collect()
    }

    /// The words by which the jail covers the addresses: those that were asked for, or wider ones.
    fn words_of(&self, jail: &str) -> Vec<String> {
        let jail = self.after.jail(jail);
        let covers = |address: &Address| {
            let words = jail.map(Jail::words).unwrap_or_default();
            let word = words.iter().find(|word| match (&word.item, address) {
                (Item::Network(network), Address::Network(wanted)) => network.covers(*wanted),
                (Item::Name(name), Address::Name(wanted)) => name.eq_ignore_ascii_case(wanted),
                _ => false,
            });
            word.map(|word| word.text.clone())
        };
        self.addresses.iter().filter_map(covers).collect()
    }

    fn activate(&self, plan: &mut Plan) {
        if said(self.snapshot, &PING).is_none() {
            let text = "the server of fail2ban does not run: it reads the change when it starts".to_owned();
            plan.notices.push(Notice { name: "fail2ban-not-running".to_owned(), text, origin: None });
            return;
        }
        if !plan.changes_nothing() {
            plan.activation.push(Check::success("fail2ban-client reload", &["fail2ban-client", "reload"]));
            plan.reloaded.push("fail2ban".to_owned());
            for jail in self.running() {
                plan.proof.extend(self.words_of(jail).into_iter().map(|word| {
                    let title = format!("fail2ban ignores {word} in {jail}");
                    let argv = ["fail2ban-client", "get", jail, "ignoreip"];
                    Proof::Check(Check::new(&title, &argv, Expect::Mention(word)))
                }));
            }
        }
        for (jail, address) in self.bans() {
            let title = format!("lift the ban of {address} in {jail}");
            let lift = Check::success(&title, &["fail2ban-client", "set", &jail, "unbanip", &address]);
            plan.activation.push(lift.clone());
            let title = format!("ban {address} in {jail} again");
            plan.undo.push(Check::success(&title, &["fail2ban-client", "set", &jail, "banip", &address]));
            let title = format!("{address} is banned no more in {jail}");
            let argv = ["fail2ban-client", "get", &jail, "banip"];
            let check = Check::new(&title, &argv, Expect::SilenceWord(address));
            // After a reload the jail puts the bans of its database in force again, when it gets to it.
            plan.proof.push(Proof::CheckAfter { check, again: lift });
        }
        Self::undo_reload(plan);
    }

    /// What was reloaded is reloaded with the old files before a ban comes back: until then it would be ignored.
    fn undo_reload(plan: &mut Plan) {
        let reload = plan.activation.iter().find(|check| check.begins_with(&["fail2ban-client", "reload"])).cloned();
        if !plan.undo.is_empty() {
            plan.undo.splice(0..0, reload);
        }
    }

    /// The bans of what is to be ignored, in the jails that were meant.
    fn bans(&self) -> Vec<(String, String)> {
        let text = said(self.snapshot, &BANNED).map(CommandOutput::text).unwrap_or_default();
        let jails = self.jails();
        let is_meant = |(jail, address): &(String, String)| {
            jails.contains(&jail.as_str()) && self.addresses.iter().any(|wanted| covers(wanted, address))
        };
        banned(&text).into_iter().filter(is_meant).collect()
    }
}

/// Whether a ban stands in the way of what is wanted: that of an address in a wanted network, or that of a network that
/// holds it, which can be lifted only as a whole.
fn covers(wanted: &Address, banned: &str) -> bool {
    let (Address::Network(wanted), Some(banned)) = (wanted, network(banned)) else { return false };
    wanted.covers(banned) || banned.covers(*wanted)
}

fn network(banned: &str) -> Option<Network> {
    let (address, prefix) = banned.split_once('/').unwrap_or((banned, "128"));
    let address: IpAddr = address.parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    Some(Network::new(address, prefix.parse::<u8>().ok()?.min(width)))
}

/// Reads `[{'sshd': ['192.0.2.1', '2001:db8::1']}, {'recidive': []}]`, which `fail2ban-client banned` prints.
fn banned(text: &str) -> Vec<(String, String)> {
    let mut pieces = text.split('\'').skip(1);
    let (mut jail, mut found) = (String::new(), Vec::new());
    while let (Some(word), Some(behind)) = (pieces.next(), pieces.next()) {
        match behind.trim_start().starts_with(':') {
            true => word.clone_into(&mut jail),
            false => found.push((jail.clone(), word.to_owned())),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bans_of_networks_that_hold_the_address_are_lifted_with_it() {
        let wanted = Address::parse("192.0.2.1").expect("an address").address;
        let cases =
            [("192.0.2.1", true), ("192.0.2.0/24", true), ("192.0.2.2", false), ("::/0", false), ("x/y", false)];
        for (banned, expected) in cases {
            assert_eq!(covers(&wanted, banned), expected, "{banned}");
        }
    }

    #[test]
    fn bans_are_read_by_jail() {
        let said = "[{'sshd': ['192.0.2.1', '2001:db8::1']}, {'recidive': []}, {'x': ['192.0.2.1']}]\n";
        let expected = [("sshd", "192.0.2.1"), ("sshd", "2001:db8::1"), ("x", "192.0.2.1")];
        assert_eq!(banned(said), expected.map(|(jail, address)| (jail.to_owned(), address.to_owned())));
        assert_eq!(banned("[{'sshd': []}]"), []);
        assert_eq!(banned(""), []);
    }
}
