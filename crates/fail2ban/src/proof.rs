//! The invariants of a change, checked by reading the configuration again.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::address::Address;
use crate::change::Refusal;
use crate::jail::Jail;
use crate::problem::Problem;
use crate::reading::Reading;

/// The parts of the configuration that a change must leave as they are.
pub(crate) struct Proof<'a> {
    pub(crate) before: &'a Reading<'a>,
    /// The jails whose lists may change; `None` for all of them.
    pub(crate) jails: Option<&'a BTreeSet<&'a str>>,
}

/// The direction in which lists may change.
pub(crate) enum Direction<'a> {
    /// Lists only grow, by these words.
    More(&'a BTreeSet<String>),
    /// Lists only shrink, by this address.
    Less(&'a Address),
}

/// The result of checking a change against the configuration as read again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// Everything that had to stay is unchanged.
    Yes,
    /// These jails do not come out as they should; everything else is as it was.
    Except(Vec<String>),
    /// Something else changed, or fail2ban does not run any more.
    No,
}

impl Proof<'_> {
    /// fail2ban runs, no jail changes except its list, and the lists of running jails change only
    /// in the intended direction and jails. The values of a jail that does not run may not even be
    /// defined.
    pub(crate) fn holds(&self, after: &Reading<'_>, direction: &Direction<'_>) -> Held {
        if broken(after).is_some() || self.before.jails.len() != after.jails.len() {
            return Held::No;
        }
        // Jails share lists: each pair of lists is compared once.
        let compared = RefCell::new(BTreeMap::new());
        let mut failed = Vec::new();
        for (old, new) in self.before.jails.iter().zip(&after.jails) {
            if !same_but_list(old, new) {
                return Held::No;
            }
            let is_meant = self
                .jails
                .is_none_or(|jails| jails.contains(old.name.as_str()));
            let key = (address_of(old), address_of(new), is_meant);
            let fits = !old.runs()
                || *compared.borrow_mut().entry(key).or_insert_with(|| {
                    words(old) == words(new)
                        || is_meant && changes(&words(old), &words(new), direction)
                });
            match (fits, is_meant) {
                (true, _) => {}
                (false, true) => failed.push(old.name.clone()),
                (false, false) => return Held::No,
            }
        }
        if failed.is_empty() {
            Held::Yes
        } else {
            Held::Except(failed)
        }
    }
}

/// Identifies a list, among those that exist at the same time.
pub(crate) fn address_of(jail: &Jail) -> usize {
    Arc::as_ptr(&jail.lists).cast::<u8>().addr()
}

/// Whether a jail is in the same state and, if it runs, has the same settings beside its list.
fn same_but_list(old: &Jail, new: &Jail) -> bool {
    let same_state =
        (&old.name, old.enabled, &old.skipped) == (&new.name, new.enabled, &new.skipped);
    same_state && (!old.runs() || others(old).eq(others(new)))
}

fn others(jail: &Jail) -> impl Iterator<Item = (&String, &str)> {
    let others = jail.settings.iter().filter(|(key, _)| *key != "ignoreip");
    others.map(|(key, setting)| (key, &*setting.value))
}

fn words(jail: &Jail) -> Vec<&str> {
    jail.words().iter().map(|word| word.text.as_str()).collect()
}

fn changes(old: &[&str], new: &[&str], direction: &Direction<'_>) -> bool {
    match direction {
        Direction::More(words) => {
            is_kept(old, new) && differ(new, old, |word| words.contains(word))
        }
        Direction::Less(address) => {
            is_kept(new, old) && differ(old, new, |word| address.is_word(word))
        }
    }
}

/// Whether all words that only the longer list has are allowed to differ.
fn differ(long: &[&str], short: &[&str], may: impl Fn(&str) -> bool) -> bool {
    let short: BTreeSet<&str> = short.iter().copied().collect();
    long.iter().all(|word| short.contains(word) || may(word))
}

/// Whether the words occur in the same order in the longer list.
fn is_kept(short: &[&str], long: &[&str]) -> bool {
    let mut long = long.iter();
    short.iter().all(|word| long.any(|other| other == word))
}

/// The reason why fail2ban does not run with a configuration.
pub(crate) fn broken(reading: &Reading<'_>) -> Option<Refusal> {
    let fatal: Vec<Problem> = reading
        .problems
        .iter()
        .filter(|problem| problem.consequence.is_fatal())
        .cloned()
        .collect();
    (!fatal.is_empty()).then_some(Refusal::Broken(fatal))
}
