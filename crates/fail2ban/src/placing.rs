//! Writes addresses for many jails at once: the steps for all of them are tried together, and the
//! configuration is read again once for all, so that the work grows with the files and not with
//! files times jails.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use sshmend_lossless::Origin;

use crate::address::Address;
use crate::change::Refusal;
use crate::document::DEFAULT;
use crate::jail::Jail;
use crate::place::{Addition, Candidate, Candidates, Ground};
use crate::proof::{Direction, Held, Proof, address_of};
use crate::reading::Reading;
use crate::session::{Ownership, Session};
use crate::wish::{Wish, is_own, jail, meant};

/// The most readings of the configuration for one wish, whatever it contains.
const READINGS: usize = 200;
/// The most jails that a note names.
const NAMED: usize = 10;

/// Writes whatever the jails of the wish do not ignore yet; `reading` is the present configuration.
pub(crate) fn place<'c>(
    session: &Session<'c>,
    reading: &Reading<'_>,
    wish: &Wish,
) -> Result<Session<'c>, Refusal> {
    let names = meant(reading, wish.jails.as_deref())?;
    Placing::new(wish).run(session, reading, &names)
}

fn words(wish: &Wish) -> BTreeSet<String> {
    wish.addresses.iter().map(ToString::to_string).collect()
}

/// A jail, and the items it does not ignore yet.
#[derive(Debug, Clone)]
struct Lack {
    jail: String,
    addition: Addition,
    addresses: Vec<Address>,
}

fn lacking(reading: &Reading<'_>, names: &[String], wish: &Wish) -> Vec<Lack> {
    // Jails share lists: each list is searched once.
    let mut known: BTreeMap<(usize, bool), Vec<Address>> = BTreeMap::new();
    let lacks = names.iter().filter_map(|name| {
        let jail = jail(reading, name);
        let command = jail
            .setting("ignorecommand")
            .is_some_and(|setting| !setting.value.is_empty());
        let missing = known
            .entry((address_of(jail), command))
            .or_insert_with(|| missing(jail, &wish.addresses));
        let words: Vec<String> = missing.iter().map(ToString::to_string).collect();
        let addition = Addition {
            words,
            until: wish.until,
        };
        (!missing.is_empty()).then(|| Lack {
            jail: name.clone(),
            addition,
            addresses: missing.clone(),
        })
    });
    lacks.collect()
}

fn missing(jail: &Jail, addresses: &[Address]) -> Vec<Address> {
    addresses
        .iter()
        .filter(|address| !address.is_ignored_by(jail))
        .cloned()
        .collect()
}

struct Placing<'w> {
    wish: &'w Wish,
    words: BTreeSet<String>,
    /// The number of readings left.
    left: usize,
}

impl<'w> Placing<'w> {
    fn new(wish: &'w Wish) -> Self {
        Self {
            wish,
            words: words(wish),
            left: READINGS,
        }
    }

    fn run<'c>(
        &mut self,
        session: &Session<'c>,
        reading: &Reading<'_>,
        names: &[String],
    ) -> Result<Session<'c>, Refusal> {
        let lacking = lacking(reading, names, self.wish);
        if lacking.is_empty() {
            return Ok(session.clone());
        }
        let all = lacking.len();
        let batch = self.first(reading, lacking);
        let next = self.place(session, reading, &batch)?;
        // The jails of the batch were examined; with [DEFAULT], others may have received the
        // address as well.
        if batch.len() == all {
            return Ok(next);
        }
        let reading = self.read(&next);
        self.run(&next, &reading, names)
    }

    fn read<'s>(&mut self, session: &'s Session<'_>) -> Reading<'s> {
        self.left = self.left.saturating_sub(1);
        session.reading()
    }

    /// The jails that come first. `[DEFAULT]` is changed before sections that may refer to it; a section whose list is
    /// not taken from that of another one that lacks the address too is changed before those that refer to it.
    fn first(&self, reading: &Reading<'_>, lacking: Vec<Lack>) -> Vec<Lack> {
        if self.wish.jails.is_none() {
            if let Some(shared) = lacking.iter().position(|lack| !is_own(reading, &lack.jail)) {
                return lacking.into_iter().skip(shared).take(1).collect();
            }
        }
        let sources = Sources::new(reading, &lacking);
        let free = lacking
            .iter()
            .filter(|lack| !sources.feed(jail(reading, &lack.jail)));
        let free: Vec<Lack> = free.cloned().collect();
        if free.is_empty() { lacking } else { free }
    }

    /// Tries the candidates of a batch together until each jail of it ignores what it lacked.
    fn place<'c>(
        &mut self,
        session: &Session<'c>,
        before: &Reading<'_>,
        batch: &[Lack],
    ) -> Result<Session<'c>, Refusal> {
        let ground = Ground::new(session, before);
        let everywhere = self.wish.jails.is_none();
        let mut trials = Vec::new();
        for lack in batch {
            let mut candidates = ground.candidates(&lack.jail, everywhere, &lack.addition);
            let chosen = candidates
                .next()
                .ok_or_else(|| no_place(session, before, lack))?;
            trials.push(Trial {
                lack,
                candidates,
                chosen,
            });
        }
        loop {
            let next = session.with_all(trials.iter().map(|trial| &trial.chosen.step));
            let outcome = next
                .as_ref()
                .map_or(Held::No, |next| self.judge(before, next, &trials));
            match (outcome, next) {
                (Held::Yes, Some(next)) => return Ok(noted(next, before, everywhere, &trials)),
                (Held::Except(failed), _) => {
                    let failed: BTreeSet<&str> = failed.iter().map(String::as_str).collect();
                    for trial in trials
                        .iter_mut()
                        .filter(|trial| failed.contains(trial.lack.jail.as_str()))
                    {
                        trial
                            .advance()
                            .ok_or_else(|| no_place(session, before, trial.lack))?;
                    }
                }
                _ => match trials.as_mut_slice() {
                    [alone] => alone
                        .advance()
                        .ok_or_else(|| no_place(session, before, alone.lack))?,
                    _ => return self.place_halves(session, before, batch),
                },
            }
        }
    }

    /// One step conflicts with others: finds it by bisection.
    fn place_halves<'c>(
        &mut self,
        session: &Session<'c>,
        before: &Reading<'_>,
        batch: &[Lack],
    ) -> Result<Session<'c>, Refusal> {
        let (first, second) = batch.split_at(batch.len() / 2);
        let between = self.place(session, before, first)?;
        let names: Vec<String> = second.iter().map(|lack| lack.jail.clone()).collect();
        let reading = self.read(&between);
        let second = lacking(&reading, &names, self.wish);
        if second.is_empty() {
            Ok(between.clone())
        } else {
            self.place(&between, &reading, &second)
        }
    }

    /// Judges the steps by reading the configuration with them.
    fn judge(&mut self, before: &Reading<'_>, next: &Session<'_>, trials: &[Trial<'_>]) -> Held {
        if self.left == 0 {
            return Held::No;
        }
        let after = self.read(next);
        let meant: BTreeSet<&str> = trials
            .iter()
            .map(|trial| trial.lack.jail.as_str())
            .collect();
        let jails = self.wish.jails.is_some().then_some(&meant);
        let held = Proof { before, jails }.holds(&after, &Direction::More(&self.words));
        let takes = |trial: &&Trial<'_>| {
            missing(jail(&after, &trial.lack.jail), &trial.lack.addresses).is_empty()
        };
        let without = trials
            .iter()
            .filter(|trial| !takes(trial))
            .map(|trial| trial.lack.jail.clone());
        match held {
            Held::Yes => {
                let without: Vec<String> = without.collect();
                if without.is_empty() {
                    Held::Yes
                } else {
                    Held::Except(without)
                }
            }
            Held::Except(failed) if failed.iter().all(|name| meant.contains(name.as_str())) => {
                Held::Except(failed.into_iter().chain(without).collect())
            }
            Held::Except(_) | Held::No => Held::No,
        }
    }
}

/// One jail, and the candidate that is tried for it now.
struct Trial<'a> {
    lack: &'a Lack,
    candidates: Candidates<'a>,
    chosen: Candidate,
}

impl Trial<'_> {
    fn advance(&mut self) -> Option<()> {
        let next = self.candidates.next()?;
        drop(mem::replace(&mut self.chosen, next));
        Some(())
    }
}

/// The lines that decide the lists of some jails.
struct Sources<'a> {
    /// For each file the ranges of options, by their start: their end, and the jail they belong to.
    stretches: BTreeMap<(usize, usize), (usize, &'a str)>,
}

impl<'a> Sources<'a> {
    fn new(reading: &Reading<'_>, lacking: &'a [Lack]) -> Self {
        let stretches = lacking.iter().filter_map(|lack| {
            let decider = reading
                .stack
                .merged
                .deciding(&lack.jail, "ignoreip")
                .filter(|value| !value.is_default);
            let spot = decider?.spot?;
            let option = reading.loader.files[spot.file]
                .document
                .option_at(spot.offset)?;
            Some((
                (spot.file, spot.offset),
                (option.span().end, lack.jail.as_str()),
            ))
        });
        Self {
            stretches: stretches.collect(),
        }
    }

    /// Whether a word of the jail's list comes from the line of another jail.
    fn feed(&self, jail: &Jail) -> bool {
        jail.words()
            .iter()
            .filter_map(|word| word.spot)
            .any(|spot| {
                let before = self
                    .stretches
                    .range(..=(spot.file, spot.offset))
                    .next_back();
                before.is_some_and(|(&(file, _), &(end, whose))| {
                    file == spot.file && spot.offset < end && whose != jail.name
                })
            })
    }
}

fn noted<'c>(
    mut next: Session<'c>,
    before: &Reading<'_>,
    everywhere: bool,
    trials: &[Trial<'_>],
) -> Session<'c> {
    let own = trials.iter().map(|trial| trial.lack.jail.as_str());
    let own: Vec<&str> = own
        .filter(|name| everywhere && *name != DEFAULT && is_own(before, name))
        .collect();
    if let Some(text) = own_list(&own) {
        next.note("own-list", None, text);
    }
    for trial in trials {
        let setting = jail(before, &trial.lack.jail).setting("ignoreip");
        let Some(origin) = setting.and_then(|setting| setting.origin.clone()) else {
            continue;
        };
        if trial.chosen.copies {
            let text = "this list is copied: later additions to it have no effect";
            next.note("copied", Some(origin.clone()), text);
        }
        if let Some(owner) = owners_way(&next, &origin) {
            next.note(
                "file-owned-by",
                Some(origin),
                format!("{owner}: it is not edited, the new line overrides it"),
            );
        }
    }
    next
}

/// The jails that [DEFAULT] does not reach; the first ten by name.
fn own_list(jails: &[&str]) -> Option<String> {
    let (shown, others) = jails.split_at(jails.len().min(NAMED));
    let names = shown.join(", ");
    match (jails.len(), others.len()) {
        (0, _) => None,
        (1, _) => Some(format!(
            "jail {names} has an ignoreip of its own, which replaces that of [DEFAULT]"
        )),
        (_, 0) => Some(format!(
            "jails {names} have an ignoreip of their own, which replaces that of [DEFAULT]"
        )),
        (_, others) => Some(format!(
            "jails {names} and {others} others have an ignoreip of their own, which replaces that of [DEFAULT]"
        )),
    }
}

/// The owner of the file that decides, and what to do there.
fn owners_way(session: &Session<'_>, origin: &Origin) -> Option<String> {
    let Ownership::Elsewhere(packager) = session.ownership(&origin.path) else {
        return None;
    };
    Some(packager.describes().to_owned())
}

fn no_place(session: &Session<'_>, before: &Reading<'_>, lack: &Lack) -> Refusal {
    let foreign = before
        .stack
        .read
        .iter()
        .rev()
        .find_map(|&file| session.owner_hint(&before.loader.files[file].path));
    Refusal::NoPlace {
        jail: lack.jail.clone(),
        address: lack
            .addresses
            .first()
            .cloned()
            .unwrap_or_else(|| Address::Name(String::new())),
        hint: foreign,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sshmend_lossless::{Snapshot, fixture};

    use super::*;
    use crate::config::Config;

    /// A machine with this number of jails, each with this line.
    fn machine(jails: usize, line: &str) -> Snapshot {
        let sections = (0..jails)
            .map(|number| format!("[site{number}]\nenabled = true\nfilter = f\n{line}\n"));
        let sections: String = sections.collect();
        fixture::snapshot(&format!(
            "//- /etc/fail2ban/fail2ban.conf\n//- /etc/fail2ban/jail.conf\n[DEFAULT]\nbackend = auto\n//- /etc/fail2ban/filter.d/f.conf\n[Definition]\n\
             //- /etc/fail2ban/jail.local\n[DEFAULT]\nignoreip = 192.0.2.40\n{sections}"
        ))
    }

    /// The number of readings of the configuration for one address, and the number of edits that
    /// result.
    fn readings(seen: &Snapshot, jails: Option<&[String]>) -> (usize, usize) {
        let config = Config::read(seen, Path::new("/etc/fail2ban"), None);
        assert_eq!(config.problems(), []);
        let addresses = vec![Address::parse("198.51.100.9").expect("an address").address];
        let wish = Wish {
            addresses,
            jails: jails.map(<[String]>::to_vec),
            until: None,
        };
        let mut placing = Placing::new(&wish);
        let names = meant(&config.reading, wish.jails.as_deref()).expect("they are there");
        let session = placing
            .run(&Session::new(&config), &config.reading, &names)
            .expect("possible");
        (
            READINGS - placing.left,
            session
                .finish()
                .edits
                .values()
                .map(|edits| edits.iter().count())
                .sum(),
        )
    }

    #[test]
    fn the_number_of_reads_does_not_depend_on_the_number_of_jails() {
        for jails in [2, 300] {
            assert_eq!(
                readings(&machine(jails, ""), None),
                (2, 1),
                "{jails} with the shared list"
            );
            assert_eq!(
                readings(&machine(jails, "ignoreip = 192.0.2.41"), None),
                (1, jails),
                "{jails} with own lists"
            );
            let names: Vec<String> = (0..jails).map(|number| format!("site{number}")).collect();
            assert_eq!(
                readings(&machine(jails, ""), Some(&names)),
                (1, jails),
                "{jails} that are named"
            );
            let refers = "ignoreip = %(default/ignoreip)s 192.0.2.41";
            assert_eq!(
                readings(&machine(jails, refers), None),
                (1, jails),
                "{jails} that refer to the shared list"
            );
        }
    }
}
