//! What a change must leave as it is: the configuration, read again, is the judge.

use std::collections::BTreeSet;

use crate::address::Address;
use crate::change::Refusal;
use crate::jail::Jail;
use crate::problem::Problem;
use crate::reading::Reading;

/// What a change must leave as it is.
pub(crate) struct Proof<'a> {
    pub(crate) before: &'a Reading<'a>,
    /// The jails whose lists may change.
    pub(crate) jails: &'a [String],
    /// All of them may.
    pub(crate) everywhere: bool,
}

/// How lists may change.
pub(crate) enum Direction<'a> {
    /// Lists only grow, by these words.
    More(&'a [String]),
    /// Lists only shrink, by this address.
    Less(&'a Address),
}

impl Proof<'_> {
    /// fail2ban runs, no jail changes but in its list, and the lists of those that run change only in the direction and
    /// the jails meant. What a jail that does not run would have may not even be defined.
    pub(crate) fn holds(&self, after: &Reading<'_>, direction: &Direction<'_>) -> bool {
        let jails = || self.before.jails.iter().zip(&after.jails);
        let same_jails =
            self.before.jails.len() == after.jails.len() && jails().all(|(old, new)| same_but_list(old, new));
        let lists = jails().all(|(old, new)| {
            let may_change = self.everywhere || self.jails.contains(&old.name);
            !old.runs() || words(old) == words(new) || may_change && changes(&words(old), &words(new), direction)
        });
        broken(after).is_none() && same_jails && lists
    }
}

fn same_but_list(old: &Jail, new: &Jail) -> bool {
    let settings = |jail: &Jail| {
        let others = jail.settings.iter().filter(|(key, _)| *key != "ignoreip");
        others.map(|(key, setting)| (key.clone(), setting.value.clone())).collect::<Vec<_>>()
    };
    let same_state = (&old.name, old.enabled, &old.skipped) == (&new.name, new.enabled, &new.skipped);
    same_state && (!old.runs() || settings(old) == settings(new))
}

fn words(jail: &Jail) -> Vec<&str> {
    jail.words().iter().map(|word| word.text.as_str()).collect()
}

fn changes(old: &[&str], new: &[&str], direction: &Direction<'_>) -> bool {
    match direction {
        Direction::More(words) => is_kept(old, new) && differ(new, old, |word| words.iter().any(|it| it == word)),
        Direction::Less(address) => is_kept(new, old) && differ(old, new, |word| address.is_word(word)),
    }
}

/// Whether all words that only the longer list has are allowed to differ.
fn differ(long: &[&str], short: &[&str], may: impl Fn(&str) -> bool) -> bool {
    let short: BTreeSet<&str> = short.iter().copied().collect();
    long.iter().all(|word| short.contains(word) || may(word))
}

/// Whether the words come in the same order in the longer list.
fn is_kept(short: &[&str], long: &[&str]) -> bool {
    let mut long = long.iter();
    short.iter().all(|word| long.any(|other| other == word))
}

/// Why fail2ban does not run on a configuration.
pub(crate) fn broken(reading: &Reading<'_>) -> Option<Refusal> {
    let fatal: Vec<Problem> =
        reading.problems.iter().filter(|problem| problem.consequence.is_fatal()).cloned().collect();
    (!fatal.is_empty()).then_some(Refusal::Broken(fatal))
}
