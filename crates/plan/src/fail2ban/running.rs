//! The running fail2ban: the checks it must pass, the commands it gets, and the proofs it must
//! give.

use sshmend_fail2ban::{Address, Config, Item, Jail};
use sshmend_lossless::{CommandOutput, Snapshot, Step};

use super::bans::{Ban, banned};
use super::change::words;
use super::client::{BANNED, ping, runs, said};
use crate::check::{Check, Expect, Proof};
use crate::plan::{Notice, Plan};

/// A plan under construction.
pub(super) struct Work<'w> {
    pub(super) snapshot: &'w Snapshot,
    pub(super) addresses: &'w [Address],
    /// The jails that were meant.
    pub(super) jails: Vec<&'w Jail>,
    pub(super) after: &'w Config<'w>,
}

impl Work<'_> {
    /// fail2ban's own reader has to accept the files and to show the words in each jail that runs.
    pub(super) fn judge(&self, plan: &mut Plan) {
        if plan.changes_nothing() {
            return;
        }
        plan.rehearsal.push(Check::success(
            "fail2ban-client -t",
            &["fail2ban-client", "-t"],
        ));
        let lines = self.running().map(|jail| {
            let words = self
                .words_of(jail)
                .iter()
                .map(|word| format!("'{word}'"))
                .collect();
            (format!("['set', '{}', 'addignoreip', ", jail.name), words)
        });
        let lines = lines
            .filter(|(_, words): &(String, Vec<String>)| !words.is_empty())
            .collect();
        let names: Vec<&str> = self.running().map(|jail| jail.name.as_str()).collect();
        if !names.is_empty() {
            let title = format!(
                "fail2ban-client -d: {} ignore {}",
                names.join(" "),
                self.wanted()
            );
            plan.rehearsal.push(Check::new(
                &title,
                &["fail2ban-client", "-d"],
                Expect::LinesWith(lines),
            ));
        }
    }

    fn wanted(&self) -> String {
        words(self.addresses).join(" ")
    }

    /// The jails that were meant and that run.
    fn running(&self) -> impl Iterator<Item = &Jail> {
        self.jails.iter().copied().filter(|jail| jail.runs())
    }

    /// The words with which a jail covers the addresses: those requested, or wider ones.
    fn words_of(&self, jail: &Jail) -> Vec<String> {
        let covers = |address: &Address| {
            let word = jail
                .words()
                .iter()
                .find(|word| match (&word.item, address) {
                    (Item::Network(network), Address::Network(wanted)) => network.covers(*wanted),
                    (Item::Name(name), Address::Name(wanted)) => name.eq_ignore_ascii_case(wanted),
                    _ => false,
                });
            word.map(|word| word.text.clone())
        };
        self.addresses.iter().filter_map(covers).collect()
    }

    /// Reloads the server and lifts the bans in effect.
    pub(super) fn activate(&self, plan: &mut Plan) {
        if !reload(self.snapshot, plan) {
            return;
        }
        if !plan.changes_nothing() {
            for jail in self.running() {
                plan.proof
                    .extend(self.words_of(jail).into_iter().map(|word| {
                        let title = format!("fail2ban ignores {word} in {}", jail.name);
                        let argv = ["fail2ban-client", "get", &jail.name, "ignoreip"];
                        Proof::Check(Check::new(&title, &argv, Expect::Mention(word)))
                    }));
            }
        }
        for ban in self.bans() {
            self.lift(&ban, plan);
        }
        undo_reload(plan);
    }

    fn lift(&self, ban: &Ban, plan: &mut Plan) {
        let Ban { jail, address } = ban;
        let lift = Step::Unban(jail.clone(), address.clone());
        plan.activation.push(lift.clone());
        plan.undo.extend(lift.undo());
        let title = format!("{address} is no longer banned in {jail}");
        let argv = ["fail2ban-client", "get", jail, "banip"];
        let check = Check::new(&title, &argv, Expect::SilenceWord(address.clone()));
        // After a reload the jail puts the bans of its database in force again, when it gets to it.
        plan.proof.push(Proof::CheckAfter { check, again: lift });
        if let Some(others) = ban.also_lifted(self.addresses) {
            let text =
                format!("jail {jail} bans all of {address}: lifting the ban also admits {others}");
            plan.notices.push(Notice::new("network-ban", text));
        }
    }

    /// The bans of the addresses to ignore, in the jails of the wish.
    fn bans(&self) -> Vec<Ban> {
        let text = said(self.snapshot, &BANNED)
            .map(CommandOutput::text)
            .unwrap_or_default();
        let jails: std::collections::BTreeSet<&str> =
            self.jails.iter().map(|jail| jail.name.as_str()).collect();
        let is_meant = |ban: &Ban| {
            let known = self.after.jail(&ban.jail).is_some();
            known
                && jails.contains(ban.jail.as_str())
                && self.addresses.iter().any(|wanted| ban.concerns(wanted))
        };
        banned(&text).into_iter().filter(is_meant).collect()
    }
}

/// Adds the reload of the running server; false if none runs, or that is unknown.
pub(super) fn reload(snapshot: &Snapshot, plan: &mut Plan) -> bool {
    if !runs(snapshot) {
        plan.notices.push(not_running(snapshot));
        return false;
    }
    if !plan.changes_nothing() {
        plan.activation.push(Step::ReloadFail2ban);
        plan.reloaded.push("fail2ban".to_owned());
    }
    true
}

/// Before a ban is restored, the jail is reloaded with the old files: until then the ban would be
/// ignored.
fn undo_reload(plan: &mut Plan) {
    let reload = plan
        .activation
        .iter()
        .find(|step| step.is_reload())
        .cloned();
    if !plan.undo.is_empty() {
        plan.undo.splice(0..0, reload);
    }
}

fn not_running(snapshot: &Snapshot) -> Notice {
    let answer = ping(snapshot).and_then(Result::ok);
    let complaint =
        answer.map(|answer| [answer.stdout.as_slice(), answer.stderr.as_slice()].concat());
    let complaint = String::from_utf8_lossy(&complaint.unwrap_or_default()).into_owned();
    if complaint.contains("ermission denied") {
        let text = "whether the server of fail2ban runs is not known: it answers only root; run it with sudo";
        return Notice::new("fail2ban-not-asked", text);
    }
    Notice::new(
        "fail2ban-not-running",
        "the server of fail2ban is not running: it reads the change when it starts",
    )
}
