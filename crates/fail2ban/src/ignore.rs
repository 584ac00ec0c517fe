//! Addresses that jails are to ignore.

use jiff::Timestamp;

use crate::address::Address;
use crate::change::{Edited, Refusal};
use crate::config::Config;
use crate::document::DEFAULT;
use crate::ends;
use crate::jail::Jail;
use crate::placing;
use crate::reading::Reading;

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
    /// are left alone. Nothing else is changed: what keeps fail2ban from running is for [`Config::mend`].
    ///
    /// # Errors
    /// [`Refusal`] when fail2ban does not run on the configuration, when a file of it is not known, when there is no
    /// such jail, or when no change has the effect.
    pub fn ignore(&self, wish: &Wish) -> Result<Edited, Refusal> {
        let session = placing::place(&self.running_session()?, &self.reading, wish)?;
        Ok(ends::set(session, wish).finish())
    }
}

/// The names of the jails that are meant: those that run, or `[DEFAULT]` when none does.
pub(crate) fn meant(
    reading: &Reading<'_>,
    names: Option<&[String]>,
) -> Result<Vec<String>, Refusal> {
    match names {
        Some(names) => match names
            .iter()
            .find(|name| *name == DEFAULT || reading.jail(name).is_none())
        {
            None => Ok(names.to_vec()),
            Some(name) => {
                let known = reading.jails.iter().map(|jail| jail.name.clone()).collect();
                Err(Refusal::NoSuchJail {
                    name: name.clone(),
                    known,
                })
            }
        },
        None => {
            let running = reading
                .jails
                .iter()
                .filter(|jail| jail.runs())
                .map(|jail| jail.name.clone());
            let names: Vec<String> = running.collect();
            Ok(if names.is_empty() {
                vec![DEFAULT.to_owned()]
            } else {
                names
            })
        }
    }
}

/// Whether a section of the jail itself decides its list.
pub(crate) fn is_own(reading: &Reading<'_>, jail: &str) -> bool {
    reading
        .stack
        .merged
        .deciding(jail, "ignoreip")
        .is_some_and(|value| !value.is_default)
}

/// A jail by its name; what is not there has what a jail without options of its own has.
pub(crate) fn jail<'a>(reading: &'a Reading<'_>, name: &str) -> &'a Jail {
    reading.jail(name).unwrap_or(&reading.defaults)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::path::Path;

    use sshmend_lossless::fixture;

    use super::*;
    use crate::steps;

    /// How many times a jail is read to ignore one address in each of `jails` jails, of which every second has a list of
    /// its own.
    fn jails_read_for(jails: usize) -> usize {
        let mut text = "//- /etc/fail2ban/fail2ban.conf\n[Definition]\n//- /etc/fail2ban/filter.d/f.conf\n[Definition]\nfailregex = ^x <HOST>\n\
            //- /etc/fail2ban/jail.conf\n[DEFAULT]\nfilter = f\nlogpath = /x\naction =\nenabled = true\n"
            .to_owned();
        for number in 0..jails {
            let own = if number % 2 == 0 {
                "ignoreip = 192.0.2.1\n"
            } else {
                ""
            };
            write!(text, "[site{number}]\n{own}").expect("memory");
        }
        let seen = fixture::snapshot(&text);
        let config = Config::read(&seen, Path::new("/etc/fail2ban"), None);
        let wish = Wish {
            addresses: vec![Address::parse("198.51.100.9").expect("an address").address],
            jails: None,
            until: None,
        };
        let (read, edited) = steps::of(|| config.ignore(&wish).expect("it can be done"));
        assert!(!edited.edits.is_empty() || !edited.creates.is_empty());
        read
    }

    #[test]
    fn ignoring_an_address_reads_each_jail_a_few_times_however_many_there_are() {
        let (some, twice, more) = (
            jails_read_for(100),
            jails_read_for(200),
            jails_read_for(400),
        );
        assert!(some >= 100, "the jails are counted: {some}");
        assert!(
            twice <= some * 5 / 2 && more <= twice * 5 / 2,
            "{some} {twice} {more}"
        );
    }
}
