//! The account that logs in: whether it exists, its groups, and what keeps accounts from logging
//! in.

use std::path::{Path, PathBuf};

use crate::Facts;
use crate::known::Known;

/// While one of these exists pam_nologin(8) admits only root; sshd itself, without PAM, checks the
/// first (session.c, `do_nologin`).
const NOLOGIN: [&str; 2] = ["/etc/nologin", "/run/nologin"];

/// The rules of pam_access(8).
pub const ACCESS: &str = "/etc/security/access.conf";

const SHELLS_THAT_REFUSE: [&str; 4] = [
    "/usr/sbin/nologin",
    "/sbin/nologin",
    "/bin/false",
    "/usr/bin/false",
];

/// Accounts with this number or a higher one belong to people.
const FIRST_OF_PEOPLE: u32 = 1000;

/// An entry of the account database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The user id.
    pub id: u32,
    /// The id of its primary group.
    pub group: u32,
    /// The home directory.
    pub home: String,
    /// The login shell.
    pub shell: String,
    /// The line, for evidence.
    pub line: String,
}

fn entry(user: &str) -> [&str; 4] {
    ["getent", "passwd", "--", user]
}

/// Puts user and home into a path of the configuration (sshd_config(5), TOKENS).
fn filled_in(path: &str, user: &str, home: &str) -> String {
    path.replace("%u", user).replace("%h", home)
}

fn groups(user: &str) -> [&str; 4] {
    ["id", "-Gn", "--", user]
}

impl Facts<'_> {
    /// The account in question.
    pub fn user(&self) -> Option<&str> {
        self.question.asked_server()?.user.as_deref()
    }

    /// The account in the user database, including network sources; `None` if there is no such
    /// account.
    pub fn account(&self, user: &str) -> Known<Option<Account>> {
        let text = match self.run(&entry(user)) {
            Ok(output) => output.text(),
            Err(unchecked) => self.text("/etc/passwd").ok().flatten().ok_or(unchecked)?,
        };
        Ok(text
            .lines()
            .find(|line| line.split(':').next() == Some(user))
            .and_then(account))
    }

    /// Whether the file of accounts has this one, found by the database or not.
    pub fn is_in_passwd(&self, user: &str) -> bool {
        let text = self.text("/etc/passwd").ok().flatten().unwrap_or_default();
        text.lines()
            .any(|line| line.split(':').next() == Some(user))
    }

    /// The groups of a user, network sources included; from /etc/passwd and /etc/group if no
    /// program can tell.
    pub fn groups(&self, user: &str) -> Vec<String> {
        match self.run(&groups(user)) {
            Ok(output) if output.success() => output
                .text()
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            _ => self.groups_in_files(user),
        }
    }

    fn groups_in_files(&self, user: &str) -> Vec<String> {
        let text = |path: &str| self.text(path).ok().flatten().unwrap_or_default();
        let (passwd, group) = (text("/etc/passwd"), text("/etc/group"));
        let own = passwd
            .lines()
            .map(|line| line.split(':'))
            .find(|fields| fields.clone().next() == Some(user));
        let primary = own.and_then(|mut fields| fields.nth(3).map(str::to_owned));
        let member = |line: &&str| {
            let mut fields = line.split(':');
            let (id, members) = (fields.nth(2), fields.next().unwrap_or_default());
            id.is_some() && id == primary.as_deref()
                || members.split(',').any(|member| member == user)
        };
        group
            .lines()
            .filter(member)
            .filter_map(|line| line.split(':').next())
            .map(str::to_owned)
            .collect()
    }

    /// The directory to which the sessions of a user are confined.
    pub fn chroot(&self, user: &str) -> Option<PathBuf> {
        let set = self.value("chrootdirectory").ok()??;
        let home = self.account(user).ok()??.home;
        Some(filled_in(&set, user, &home).into()).filter(|path: &PathBuf| path.is_absolute())
    }

    /// Whether every session of the account in question is served by sshd's internal sftp, which
    /// needs no shell.
    pub fn transfers_only(&self) -> bool {
        let command = self.value("forcecommand").ok().flatten();
        command.is_some_and(|command| command.starts_with("internal-sftp"))
    }

    /// The files of keys that sshd looks for, for one user; empty if it also asks a program or an
    /// authority.
    pub fn key_files(&self, user: &str) -> Vec<PathBuf> {
        let is_set = |key: &str| {
            self.value(key)
                .ok()
                .flatten()
                .is_some_and(|value| value != "none")
        };
        let Some(home) = self
            .account(user)
            .ok()
            .flatten()
            .map(|account| account.home)
        else {
            return Vec::new();
        };
        if is_set("AuthorizedKeysCommand") || is_set("TrustedUserCAKeys") {
            return Vec::new();
        }
        let setting = self.setting("AuthorizedKeysFile").ok().flatten();
        let names = setting
            .map_or(&[][..], |setting| &setting.values)
            .iter()
            .flat_map(|value| value.split_whitespace());
        let path = |name: &str| Path::new(&home).join(filled_in(name, user, &home));
        names.filter(|name| *name != "none").map(path).collect()
    }

    /// Whether an account of this machine belongs to a person.
    pub fn is_person(&self, user: &str) -> bool {
        let people = |account: &Account| account.id >= FIRST_OF_PEOPLE && !account.has_no_shell();
        self.account(user)
            .ok()
            .flatten()
            .is_some_and(|account| people(&account))
    }

    /// The file that admits only root, with its text, if sshd or a PAM module checks it.
    pub fn nologin(&self) -> Option<(String, String)> {
        let there = |path: &str| Some((path.to_owned(), self.text(path).ok()??));
        if !self.uses_pam() {
            return there(NOLOGIN[0]);
        }
        // Without an account in question, the stack is not examined.
        let modules = self
            .user()
            .map(|_| self.pam_lines("pam_nologin.so"))
            .unwrap_or_default();
        if let Some(named) = modules.iter().find_map(|line| line.argument("file")) {
            return there(named);
        }
        let asked = !modules.is_empty() || self.user().is_none();
        NOLOGIN.into_iter().filter(|_| asked).find_map(there)
    }

    /// The rules of pam_access(8) that are in force, with their numbers.
    pub fn access_rules(&self) -> Vec<(usize, String)> {
        let text = self.text(ACCESS).ok().flatten().unwrap_or_default();
        let lines = text
            .lines()
            .map(str::trim)
            .enumerate()
            .map(|(at, line)| (at + 1, line.to_owned()));
        lines
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            .collect()
    }
}

impl Account {
    /// Whether its shell only says that the account may not be used.
    pub fn has_no_shell(&self) -> bool {
        SHELLS_THAT_REFUSE.contains(&self.shell.as_str())
    }
}

fn account(line: &str) -> Option<Account> {
    let fields: Vec<&str> = line.split(':').collect();
    let shell = Some(fields.get(6)?.trim())
        .filter(|shell| !shell.is_empty())
        .unwrap_or("/bin/sh");
    let home = fields[5].to_owned();
    Some(Account {
        id: fields[2].parse().ok()?,
        group: fields[3].parse().ok()?,
        home,
        shell: shell.to_owned(),
        line: line.to_owned(),
    })
}
