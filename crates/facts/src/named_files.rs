//! Files and programs that the configuration names for the account asked about, and that may not be there.

use crate::Facts;

/// A keyword that names a file, the path, and what comes of it when it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// The keyword.
    pub key: &'static str,
    /// The path, with user and home put in.
    pub path: String,
    /// What comes of it when nothing stands there.
    pub harm: Harm,
}

/// What comes of a file that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// No key is taken.
    EveryKey,
    /// No session can be opened.
    EverySession,
    /// Certificates open nothing, or keys that the program would have listed.
    SomeKeys,
    /// No file can be transferred.
    Transfers,
}

const KEYS: [(&str, Harm); 7] = [
    ("RevokedKeys", Harm::EveryKey),
    ("ChrootDirectory", Harm::EverySession),
    ("ForceCommand", Harm::EverySession),
    ("TrustedUserCAKeys", Harm::SomeKeys),
    ("AuthorizedKeysCommand", Harm::SomeKeys),
    ("AuthorizedPrincipalsCommand", Harm::SomeKeys),
    ("AuthorizedPrincipalsFile", Harm::SomeKeys),
];

impl Facts<'_> {
    /// The files that the configuration names for the account asked about.
    pub fn named_files(&self) -> Vec<NamedFile> {
        let Some(user) = self.user() else {
            return Vec::new();
        };
        let home = self
            .account(user)
            .ok()
            .flatten()
            .map(|account| account.home)
            .unwrap_or_default();
        let filled = |path: &str| path.replace("%u", user).replace("%h", &home);
        let program = |value: &str| {
            value
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let mut files: Vec<NamedFile> = KEYS
            .into_iter()
            .filter_map(|(key, harm)| {
                let path = filled(&program(&self.value(key).ok()??));
                Some(NamedFile { key, path, harm })
            })
            .collect();
        // In a chroot a program is looked up there.
        if self.chroot(user).is_some() {
            files.retain(|file| file.key != "ForceCommand");
        }
        if let Some(path) = self.sftp_program() {
            files.push(NamedFile {
                key: "Subsystem",
                path,
                harm: Harm::Transfers,
            });
        }
        files.retain(|file| file.path.starts_with('/') && !file.path.contains('%'));
        files
    }

    /// Those that are not there.
    pub fn missing_files(&self) -> Vec<NamedFile> {
        let mut files = self.named_files();
        files.retain(|file| self.meta(&file.path) == Ok(None));
        files.sort_by_key(|file| file.harm);
        files
    }

    fn sftp_program(&self) -> Option<String> {
        let setting = self.setting("Subsystem").ok()??;
        let sftp = setting
            .values
            .iter()
            .find_map(|value| value.strip_prefix("sftp "))?;
        Some(sftp.split_whitespace().next()?.to_owned())
    }
}
