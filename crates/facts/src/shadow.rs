//! The entry of the account in question in the password database (shadow(5)), and the failures that
//! PAM has counted against it.

use crate::Facts;

const FILE: &str = "/etc/shadow";

/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;

/// An entry of the password database; days are counted from 1970 on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shadow {
    password: String,
    /// When the password was changed last; 0: at the next login.
    changed: Option<i64>,
    /// The number of days for which a password is valid.
    lasts: Option<i64>,
    /// The day on which the account ends.
    ends: Option<i64>,
}

fn faillock(user: &str) -> [&str; 3] {
    ["faillock", "--user", user]
}

impl Facts<'_> {
    /// The entry of the account; `None` if there is none, or it cannot be read.
    pub fn shadow(&self, user: &str) -> Option<Shadow> {
        let text = self.text(FILE).ok().flatten()?;
        let line = text
            .lines()
            .find(|line| line.split(':').next() == Some(user))?;
        let fields: Vec<&str> = line.split(':').collect();
        let day = |at: usize| fields.get(at)?.parse().ok();
        Some(Shadow {
            password: (*fields.get(1)?).to_owned(),
            changed: day(2),
            lasts: day(4),
            ends: day(7),
        })
    }

    /// Whether the account of the file of accounts keeps its password in the password database, and that has no entry of it.
    pub fn lacks_shadow(&self, user: &str) -> bool {
        let field = |text: &str| {
            let mut lines = text.lines().map(|line| line.split(':'));
            let mut entry = lines.find(|fields| fields.clone().next() == Some(user))?;
            Some(entry.nth(1).unwrap_or_default().to_owned())
        };
        let passwd = self.text("/etc/passwd").ok().flatten();
        let in_database = passwd.and_then(|text| field(&text)).as_deref() == Some("x");
        let database = self.text(FILE).ok().flatten();
        in_database && database.is_some_and(|text| !text.is_empty() && field(&text).is_none())
    }

    /// The failures that pam_faillock counts against the account, and the number that locks it.
    pub fn counted_failures(&self, user: &str) -> Option<(usize, usize)> {
        let lines = self.pam_lines("pam_faillock.so");
        if lines.is_empty() {
            return None;
        }
        let output = self
            .run_as_root(&faillock(user))
            .ok()
            .filter(|output| output.success())?;
        let valid = output
            .text()
            .lines()
            .filter(|line| line.trim_end().ends_with(" V"))
            .count();
        let of_file = || {
            let text = self.text("/etc/security/faillock.conf").ok().flatten()?;
            let value = |line: &str| {
                let (key, value) = line.split_once('=')?;
                (key.trim() == "deny").then(|| value.trim().parse().ok())?
            };
            text.lines().find_map(value)
        };
        let named = lines
            .iter()
            .find_map(|line| line.argument("deny")?.parse().ok());
        // Three attempts lock an account unless a line says otherwise (faillock.conf(5)).
        Some((valid, named.or_else(of_file).unwrap_or(3)))
    }
}

impl Shadow {
    /// Whether the account has ended by this time, in seconds since 1970.
    pub fn has_ended(&self, now: i64) -> bool {
        self.ends.is_some_and(|day| day >= 0 && day * DAY <= now)
    }

    /// Whether the password has to be changed before anything else.
    pub fn has_to_change(&self, now: i64) -> bool {
        let aged = |changed: i64| {
            self.lasts
                .is_some_and(|lasts| lasts >= 0 && (changed + lasts) * DAY < now)
        };
        self.changed
            .is_some_and(|changed| changed == 0 || aged(changed))
    }

    /// Whether it has an empty password.
    pub fn is_empty(&self) -> bool {
        self.password.is_empty()
    }

    /// Whether sshd itself takes the account for locked (configure.ac, LOCKED_PASSWD_PREFIX).
    pub fn is_locked(&self) -> bool {
        self.password.starts_with('!')
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{NOW, machine};
    use crate::question::Question;

    use super::*;

    #[test]
    fn expiry_days_are_counted_as_shadow_tools_count_them() {
        let shadow = "//- /etc/shadow\nann:$y$x:20000:0:99999:7:::\nbob:!$y$x:0:0:99999:7:::\ncy:*:20000:0:90:7::20001:\n";
        let (machine, question) = (machine(shadow), Question::server(NOW));
        let facts = Facts::new(&machine, &question);
        let state = |name: &str| {
            let entry = facts.shadow(name).expect("an entry");
            (
                entry.has_ended(NOW),
                entry.has_to_change(NOW),
                entry.is_locked(),
            )
        };
        assert_eq!(state("ann"), (false, false, false));
        assert_eq!(state("bob"), (false, true, true));
        assert_eq!(state("cy"), (true, true, false));
        assert_eq!(facts.shadow("dee"), None);
    }
}
