//! One configuration as one person meets it.

use std::path::{Path, PathBuf};

use sshmend_lossless::{Known, Metadata, Origin, Snapshot};
use sshmend_sshd_config::{Effective, Release, Scope, Tree};

use super::change::SshdChange;
use super::keeper::Keeper;
use crate::person::Person;

/// The default host keys (sshd_config(5)).
const HOST_KEYS: [&str; 3] = [
    "/etc/ssh/ssh_host_rsa_key",
    "/etc/ssh/ssh_host_ecdsa_key",
    "/etc/ssh/ssh_host_ed25519_key",
];

/// An entry of the account database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) home: String,
    pub(super) shell: String,
    group: String,
}

/// The values in force for a person who must not lose access, and the other relevant facts.
pub(super) struct View<'a> {
    pub(super) keeper: &'a Keeper,
    pub(super) effective: Effective,
    pub(super) account: Option<Account>,
    /// The groups of the account; `None` if unknown.
    pub(super) groups: Option<Vec<String>>,
    pub(super) release: Release,
    pub(super) socket: bool,
    snapshot: &'a Snapshot,
}

impl<'a> View<'a> {
    pub(super) fn new(
        keeper: &'a Keeper,
        tree: &Tree,
        snapshot: &'a Snapshot,
        change: &SshdChange<'_>,
    ) -> Self {
        let user = keeper.user.as_deref();
        let account = user.and_then(|user| account(snapshot, user));
        let groups = user.and_then(|user| groups(snapshot, user, account.as_ref()));
        let connection = keeper.connection(groups.clone().unwrap_or_default());
        let scope = Scope::Connection(&connection);
        Self {
            keeper,
            effective: tree.effective(Some(change.reading), scope),
            account,
            groups,
            release: change.reading,
            socket: change.socket,
            snapshot,
        }
    }

    /// The single value of a keyword; empty if there is none.
    pub(super) fn value(&self, key: &str) -> &str {
        let values = self.values(key);
        values.first().map_or("", String::as_str)
    }

    pub(super) fn values(&self, key: &str) -> &[String] {
        self.effective
            .get(key)
            .map_or(&[], |setting| &setting.values)
    }

    pub(super) fn is(&self, key: &str, value: &str) -> bool {
        self.values(key) == [value]
    }

    /// The line that decides a keyword.
    pub(super) fn origin(&self, key: &str) -> Option<Origin> {
        self.effective.get(key)?.origin.clone()
    }

    pub(super) fn is_root(&self) -> bool {
        self.keeper.user.as_deref() == Some("root")
    }

    pub(super) fn meta(&self, path: &Path) -> Known<Option<&Metadata>> {
        self.snapshot.metadata(path)
    }

    pub(super) fn bytes(&self, path: &Path) -> Known<Option<&[u8]>> {
        let image = self.snapshot.read(path)?;
        Ok(image.map(|image| image.bytes.as_slice()))
    }

    /// A path with its tokens expanded (sshd_config(5), TOKENS); `None` if the account is unknown.
    fn filled_in(&self, path: &str) -> Option<PathBuf> {
        let user = self.keeper.user.as_deref();
        let home = self.account.as_ref().map(|account| account.home.as_str());
        let mut filled = String::new();
        let mut rest = path;
        while let Some((before, after)) = rest.split_once('%') {
            filled.push_str(before);
            let token = after.chars().next()?;
            filled.push_str(match token {
                'u' => user?,
                'h' => home?,
                '%' => "%",
                _ => return None,
            });
            rest = &after[token.len_utf8()..];
        }
        filled.push_str(rest);
        Some(filled.into())
    }

    /// The files of keys that sshd looks for; `None` if it also asks a program or an authority, or
    /// if they are unknown.
    pub(super) fn key_files(&self) -> Option<Vec<PathBuf>> {
        let elsewhere = ["authorizedkeyscommand", "trustedusercakeys"];
        if elsewhere
            .iter()
            .any(|key| !matches!(self.value(key), "" | "none"))
        {
            return None;
        }
        let home = PathBuf::from(&self.account.as_ref()?.home);
        let values = self.values("authorizedkeysfile").iter();
        let names = values.flat_map(|value| value.split_whitespace());
        names
            .filter(|name| *name != "none")
            .map(|name| Some(home.join(self.filled_in(name)?)))
            .collect()
    }

    /// The files of the keys that sshd shows.
    pub(super) fn host_keys(&self) -> Vec<PathBuf> {
        let named = self.values("hostkey");
        if named.is_empty() {
            return HOST_KEYS.map(PathBuf::from).to_vec();
        }
        named.iter().map(PathBuf::from).collect()
    }

    /// The file of the command that sessions are forced to run.
    pub(super) fn command_file(&self) -> Option<PathBuf> {
        let word = self.value("forcecommand").split_whitespace().next()?;
        word.starts_with('/').then(|| word.into())
    }

    /// The directory to which sessions are confined.
    pub(super) fn chroot(&self) -> Option<PathBuf> {
        let set = self.value("chrootdirectory");
        if matches!(set, "" | "none") {
            return None;
        }
        self.filled_in(set).filter(|path| path.is_absolute())
    }

    /// The path that the account's shell must have inside that directory.
    pub(super) fn shell_inside(&self) -> Option<PathBuf> {
        let shell = self.account.as_ref()?.shell.strip_prefix('/')?;
        Some(self.chroot()?.join(shell))
    }

    /// The files of keys that are refused.
    pub(super) fn revoked_files(&self) -> Vec<PathBuf> {
        let values = self.values("revokedkeys").iter();
        let names = values.flat_map(|value| value.split_whitespace());
        names
            .filter(|name| *name != "none")
            .map(PathBuf::from)
            .collect()
    }

    /// The stored password of the account; `None` if unknown.
    pub(super) fn stored_password(&self) -> Option<String> {
        let user = self.keeper.user.as_deref()?;
        let text = text(self.snapshot, "/etc/shadow")?;
        let line = fields_of(&text, user)?;
        line.get(1).cloned()
    }
}

impl Person {
    /// Looks up the accounts of those who must not lose access.
    pub(crate) fn look_up_accounts(&self, snapshot: &Snapshot) {
        for user in self
            .keepers()
            .iter()
            .filter_map(|keeper| keeper.user.as_deref())
        {
            let account = account(snapshot, user);
            drop(groups(snapshot, user, account.as_ref()));
        }
    }
}

fn entry(user: &str) -> [&str; 4] {
    ["getent", "passwd", "--", user]
}

fn group_names(user: &str) -> [&str; 4] {
    ["id", "-Gn", "--", user]
}

fn said(snapshot: &Snapshot, argv: &[&str]) -> Option<String> {
    let output = snapshot.command(argv)?.ok()?;
    output.success().then(|| output.text())
}

fn text(snapshot: &Snapshot, path: &str) -> Option<String> {
    let image = snapshot.read(Path::new(path)).ok()??;
    Some(String::from_utf8_lossy(&image.bytes).into_owned())
}

/// The fields of the line of a user.
fn fields_of(text: &str, user: &str) -> Option<Vec<String>> {
    let mut lines = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let found = lines.find(|fields| fields.first() == Some(&user))?;
    Some(found.into_iter().map(str::to_owned).collect())
}

fn account(snapshot: &Snapshot, user: &str) -> Option<Account> {
    let found = said(snapshot, &entry(user)).or_else(|| text(snapshot, "/etc/passwd"))?;
    let fields = fields_of(&found, user)?;
    let shell = fields.get(6).map(|shell| shell.trim()).unwrap_or_default();
    Some(Account {
        home: fields.get(5)?.clone(),
        shell: if shell.is_empty() { "/bin/sh" } else { shell }.to_owned(),
        group: fields.get(3)?.clone(),
    })
}

fn groups(snapshot: &Snapshot, user: &str, account: Option<&Account>) -> Option<Vec<String>> {
    if let Some(names) = said(snapshot, &group_names(user)) {
        return Some(names.split_whitespace().map(str::to_owned).collect());
    }
    let own = account.map(|account| account.group.as_str());
    let groups = text(snapshot, "/etc/group")?;
    let member = |line: &&str| {
        let fields: Vec<&str> = line.split(':').collect();
        let members = fields.get(3).copied().unwrap_or_default();
        own.is_some() && fields.get(2).copied() == own
            || members.split(',').any(|member| member == user)
    };
    let lines = groups.lines().filter(member);
    Some(
        lines
            .filter_map(|line| line.split(':').next())
            .map(str::to_owned)
            .collect(),
    )
}
