//! After a fix, fail2ban is asked again.

use std::path::Path;

use fastrand::Rng;
use sshmend_fail2ban::{Address, Config, Wish};

use super::disk::{capture, diff, write};
use super::program::{Answer, Program, Started};
use crate::Report;

/// The requested exemptions; all are new to most trees.
const WISHES: &[&str] = &[
    "203.0.113.9",
    "198.18.0.0/15",
    "2001:db8:77::1",
    "2001:db8:78::/48",
    "192.0.2.1",
    "new.example.net",
];

/// A wish for all jails or for one of those that run.
pub(super) fn random_wish(random: &mut Rng, running: &[String]) -> Wish {
    let first = random.usize(0..WISHES.len());
    let count = 1 + usize::from(random.u8(..) < 60);
    let chosen = WISHES.iter().cycle().skip(first).take(count);
    let addresses = chosen
        .map(|text| Address::parse(text).expect("our own list").address)
        .collect();
    let jails = (random.bool() && !running.is_empty())
        .then(|| vec![running[random.usize(0..running.len())].clone()]);
    let until = random
        .bool()
        .then(|| "2027-01-15T08:00:00Z".parse().expect("a time"));
    Wish {
        addresses,
        jails,
        until,
    }
}

/// One tree on disk, and fail2ban's answer for it before.
pub(super) struct Trial<'a> {
    pub(super) program: &'a mut Program,
    pub(super) report: &'a mut Report,
    pub(super) directory: &'a Path,
    pub(super) case: String,
    pub(super) before: &'a Answer,
}

impl Trial<'_> {
    /// A repair alone: if we say that fail2ban starts afterwards, it does.
    pub(super) fn mend(&mut self, ours: &Config<'_>) -> Result<(), String> {
        let Some(origin) = ours.mendable().map(|problem| problem.origin.clone()).next() else {
            return Ok(());
        };
        let Ok(edited) = ours.mend(std::slice::from_ref(&origin)) else {
            return Ok(());
        };
        let originals = write(&edited, self.directory).map_err(|error| error.to_string())?;
        let snapshot = capture(self.directory, self.program.release);
        let mended = Config::read(&snapshot, self.directory, Some(self.program.release));
        let theirs = self.program.ask(self.directory, &[])?;
        let case = format!(
            "{}: mended {origin}\n{}",
            self.case,
            diff(&originals, self.directory)
        );
        self.report.compare(
            &case,
            &mended.starts(),
            &(theirs.starts && theirs.server.is_none()),
        );
        for (path, bytes) in originals {
            std::fs::write(path, bytes).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// After `ignore` the program must start and take every address in every jail that is meant, and only there.
    pub(super) fn fix(mut self, ours: &Config<'_>, wish: &Wish) -> Result<(), String> {
        self.case += &format!("\n  {wish:?}");
        let edited = match ours.ignore(wish) {
            Ok(edited) => edited,
            // If no jail runs, nothing shows what a reference in [DEFAULT] would mean.
            Err(_) if ours.starts() && self.before.jails.is_empty() => return Ok(()),
            Err(refusal) => {
                let expected = if ours.starts() { "possible" } else { "refused" };
                self.report
                    .compare(&format!("{}: {refusal}", self.case), &"refused", &expected);
                return Ok(());
            }
        };
        let originals = write(&edited, self.directory).map_err(|error| error.to_string())?;
        self.case += &format!("\n{}", diff(&originals, self.directory));
        self.look(wish)?;
        self.undo(wish)
    }

    fn look(&mut self, wish: &Wish) -> Result<(), String> {
        let first = |address: &Address| {
            address
                .to_string()
                .split('/')
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let asked: Vec<String> = wish.addresses.iter().map(first).collect();
        let after = self.program.ask(self.directory, &asked)?;
        let case = format!("{}: after the fix: {:?}", self.case, after.error);
        self.report
            .compare(&case, &(true, &None), &(after.starts, &after.server));
        for (name, jail) in &after.jails {
            if wish.jails.as_ref().is_none_or(|jails| jails.contains(name)) {
                for (address, asked) in wish.addresses.iter().zip(&asked) {
                    let is_word = jail
                        .words
                        .iter()
                        .flatten()
                        .any(|word| *word == address.to_string());
                    let is_ignored = is_word
                        || after
                            .ignored
                            .get(name)
                            .is_some_and(|verdicts| verdicts[asked]);
                    self.report.compare(
                        &format!("{}: {address} in {name}", self.case),
                        &true,
                        &is_ignored,
                    );
                }
            } else if self.before.starts {
                let case = format!("{}: {name} is not meant", self.case);
                self.report
                    .compare(&case, &words(self.before, name), &words(&after, name));
            }
        }
        Ok(())
    }

    /// A second `ignore` changes nothing; `unignore` gives back the words of before.
    fn undo(self, wish: &Wish) -> Result<(), String> {
        let snapshot = capture(self.directory, self.program.release);
        let config = Config::read(&snapshot, self.directory, Some(self.program.release));
        let again = config.ignore(wish).map(|edited| edited.is_empty());
        self.report
            .compare(&format!("{}: again", self.case), &Ok(true), &again);
        let Ok(edited) = config.unignore(&wish.addresses, wish.jails.as_deref()) else {
            return Ok(());
        };
        write(&edited, self.directory).map_err(|error| error.to_string())?;
        let after = self.program.ask(self.directory, &[])?;
        if self.before.starts && self.before.server.is_none() {
            let case = format!("{}: unignored {:?}", self.case, after.error);
            self.report.compare(
                &case,
                &other_words(self.before, wish),
                &other_words(&after, wish),
            );
        }
        Ok(())
    }
}

fn words(answer: &Answer, jail: &str) -> Vec<String> {
    answer
        .jails
        .get(jail)
        .and_then(|jail| jail.words.clone())
        .unwrap_or_default()
}

/// The words of each jail, without those of the wish.
fn other_words(answer: &Answer, wish: &Wish) -> Vec<(String, Vec<String>)> {
    let is_wished = |word: &String| {
        Address::parse(word).is_ok_and(|parsed| wish.addresses.contains(&parsed.address))
    };
    let others = |jail: &Started| {
        jail.words
            .iter()
            .flatten()
            .filter(|word| !is_wished(word))
            .cloned()
            .collect()
    };
    answer
        .jails
        .iter()
        .map(|(name, jail)| (name.clone(), others(jail)))
        .collect()
}
