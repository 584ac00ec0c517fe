//! Addresses that jails are to ignore.

use crate::change::{Edited, Refusal};
use crate::config::Config;
use crate::ends;
use crate::placing;
use crate::wish::Wish;

impl Config<'_> {
    /// Makes jails ignore addresses, each by the smallest change that has the effect; jails that
    /// already do are left alone. Nothing else is changed: repairs of faults that keep fail2ban
    /// from running belong to [`Config::mend`].
    ///
    /// # Errors
    /// [`Refusal`] if fail2ban does not start with the configuration, if one of its files is
    /// unknown, if there is no such jail, or if no change has the effect.
    pub fn ignore(&self, wish: &Wish) -> Result<Edited, Refusal> {
        let session = placing::place(&self.running_session()?, &self.reading, wish)?;
        Ok(ends::set(session, wish).finish())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::path::Path;

    use sshmend_lossless::fixture;

    use super::*;
    use crate::address::Address;
    use crate::steps;

    /// The number of times a jail is read to ignore one address in each of `jails` jails, of which
    /// every second has a separate list.
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
    fn ignoring_an_address_reads_each_jail_a_constant_number_of_times() {
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
