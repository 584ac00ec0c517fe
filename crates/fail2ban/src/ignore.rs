//! Addresses that jails are to ignore.

use jiff::Timestamp;

use crate::address::Address;
use crate::change::{Edited, Refusal};
use crate::config::Config;
use crate::document::DEFAULT;
use crate::ends;
use crate::jail::Jail;
use crate::place::{self, Addition};
use crate::proof::{Direction, Proof};
use crate::reading::Reading;
use crate::session::Session;

/// What is to be ignored, where and how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The addresses.
    pub addresses: Vec<Address>,
    /// The jails; `None` for every jail that runs.
    pub jails: Option<Vec<String>>,
    /// When it ends; `None` for never. Only recorded: see [`Config::expired`].
    pub until: Option<Timestamp>,
}

impl Config<'_> {
    /// Makes jails ignore addresses, by the smallest change from which each of them takes it; those that do already
    /// are left alone.
    ///
    /// # Errors
    /// [`Refusal`] when fail2ban does not run on the configuration and it cannot be mended, when there is no such
    /// jail, or when no change has the effect.
    pub fn ignore(&self, wish: &Wish) -> Result<Edited, Refusal> {
        let mut session = self.running_session()?;
        let jails = meant(&session.reading(), wish.jails.as_deref())?;
        for jail in &jails {
            session = add_missing(session, jail, wish)?;
        }
        session = ends::set(session, wish);
        Ok(session.finish())
    }
}

/// The names of the jails that are meant: those that run, or `[DEFAULT]` when none does.
pub(crate) fn meant(reading: &Reading<'_>, names: Option<&[String]>) -> Result<Vec<String>, Refusal> {
    let known = || reading.jails.iter().map(|jail| jail.name.clone());
    match names {
        Some(names) => {
            let unknown = names.iter().find(|name| !known().any(|jail| jail == **name));
            unknown.map_or(Ok(names.to_vec()), |name| {
                Err(Refusal::NoSuchJail { name: name.clone(), known: known().collect() })
            })
        }
        None => {
            let mut running: Vec<&Jail> = reading.jails.iter().filter(|jail| jail.runs()).collect();
            running.sort_by_key(|jail| is_own(reading, &jail.name));
            let names: Vec<String> = running.into_iter().map(|jail| jail.name.clone()).collect();
            Ok(if names.is_empty() { vec![DEFAULT.to_owned()] } else { names })
        }
    }
}

fn is_own(reading: &Reading<'_>, jail: &str) -> bool {
    reading.stack.merged.deciding(jail, "ignoreip").is_some_and(|value| !value.is_default)
}

pub(crate) fn jail<'a>(reading: &'a Reading<'_>, name: &str) -> &'a Jail {
    reading.jails.iter().find(|jail| jail.name == name).unwrap_or(&reading.defaults)
}

/// Adds what a jail does not ignore yet, by the first step from which it takes it.
fn add_missing<'c>(session: Session<'c>, name: &str, wish: &Wish) -> Result<Session<'c>, Refusal> {
    let reading = session.reading();
    let missing: Vec<&Address> =
        wish.addresses.iter().filter(|address| !address.is_ignored_by(jail(&reading, name))).collect();
    let Some(&first) = missing.first() else {
        drop(reading);
        return Ok(session);
    };
    let addition = Addition { words: missing.iter().map(ToString::to_string).collect(), until: wish.until };
    let proof = Proof { before: &reading, jails: &[name.to_owned()], everywhere: wish.jails.is_none() };
    let takes = |next: &Session<'_>| {
        let after = next.reading();
        missing.iter().all(|address| address.is_ignored_by(jail(&after, name)))
            && proof.holds(&after, &Direction::More(&addition.words))
    };
    let candidates = place::steps(&session, &reading, name, wish.jails.is_none(), &addition);
    let tried = candidates.iter().filter_map(|candidate| Some((candidate, session.with(&candidate.step)?)));
    let Some((candidate, mut next)) = tried.into_iter().find(|(_, next)| takes(next)) else {
        return Err(Refusal::NoPlace { jail: name.to_owned(), address: first.clone() });
    };
    if wish.jails.is_none() && is_own(&reading, name) {
        next.note(None, format!("jail {name} has an ignoreip of its own, which replaces that of [DEFAULT]"));
    }
    if candidate.copies {
        let origin = jail(&reading, name).setting("ignoreip").and_then(|setting| setting.origin.clone());
        next.note(origin, "this list is copied: what is added to it later has no effect");
    }
    Ok(next)
}
