//! The exemption that is asked for, and the jails that it means.

use jiff::Timestamp;

use crate::address::Address;
use crate::change::Refusal;
use crate::document::DEFAULT;
use crate::jail::Jail;
use crate::reading::Reading;

/// The exemption to add: its subject, the jails and the expiry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The addresses.
    pub addresses: Vec<Address>,
    /// The jails; `None` for every jail that runs.
    pub jails: Option<Vec<String>>,
    /// When it ends; `None` for never. Only recorded: see [`crate::Config::expired`].
    pub until: Option<Timestamp>,
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

/// A jail by its name; an unknown one has the values of a jail without options.
pub(crate) fn jail<'a>(reading: &'a Reading<'_>, name: &str) -> &'a Jail {
    reading.jail(name).unwrap_or(&reading.defaults)
}
