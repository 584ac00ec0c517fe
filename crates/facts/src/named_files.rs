//! Files and programs that the configuration names for the account in question, and that may not
//! exist.

use sshmend_lossless::Origin;

use crate::{Facts, Force};

/// A keyword that names a file, the path, and the consequence if the file is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// The keyword.
    pub key: &'static str,
    /// The path, with user and home put in.
    pub path: String,
    /// The consequence if it does not exist.
    pub harm: Harm,
    /// The line that names it; none for a default.
    pub origin: Option<Origin>,
    /// The criteria of its Match block, if no particular account is in question.
    pub only_for: Option<String>,
}

/// The consequence of a missing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// No key is accepted.
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
    /// The files that the configuration names: for the account in question, or else for everybody
    /// and in each Match block.
    pub fn named_files(&self) -> Vec<NamedFile> {
        let mut files = match self.user() {
            Some(user) => self.files_for(user),
            None => self.files_for_anybody(),
        };
        files.extend(self.sftp_program());
        files.retain(|file| file.path.starts_with('/') && !file.path.contains('%'));
        files
    }

    /// Those that are not there.
    pub fn missing_files(&self) -> Vec<NamedFile> {
        let mut files = self.named_files();
        files.retain(|file| self.meta(&file.path) == Ok(None));
        files.sort_by_key(|file| (file.only_for.is_some(), file.harm));
        files
    }

    /// The shell of the account in question, if it is missing in the directory that its sessions
    /// are confined to.
    pub fn shell_missing_in_chroot(&self) -> Option<NamedFile> {
        let user = self.user()?;
        let shell = self.account(user).ok()??.shell;
        let root = self.chroot(user).filter(|_| !self.transfers_only())?;
        let path = root.join(shell.trim_start_matches('/'));
        // Without the directory itself no session begins, which is reported separately.
        let is_gone = self.meta(&path) == Ok(None) && matches!(self.meta(&root), Ok(Some(_)));
        is_gone.then(|| NamedFile {
            key: "ChrootDirectory",
            path: path.display().to_string(),
            harm: Harm::EverySession,
            origin: self.origin_of("ChrootDirectory"),
            only_for: None,
        })
    }

    /// Whether sshd itself serves sftp, for which it needs no program.
    pub fn serves_sftp_itself(&self) -> bool {
        self.value("Subsystem")
            .ok()
            .flatten()
            .is_some_and(|value| value.contains("internal-sftp"))
    }

    /// Whether the daemon applies the line that names a file; a login does not refute something
    /// that takes effect when the session begins.
    pub fn force_of_named(&self, file: &NamedFile) -> Force {
        let paths: Vec<_> = file
            .origin
            .iter()
            .map(|origin| origin.path.clone())
            .filter(|path| path.is_absolute())
            .collect();
        let force = self.force_of(&paths);
        if file.harm.is_of_sessions() {
            self.unless_only_let_in(force)
        } else {
            force
        }
    }

    fn files_for(&self, user: &str) -> Vec<NamedFile> {
        let home = self
            .account(user)
            .ok()
            .flatten()
            .map(|account| account.home)
            .unwrap_or_default();
        let is_locked_in = self.chroot(user).is_some();
        let named = |(key, harm): (&'static str, Harm)| {
            let value = self.value(key).ok()??;
            Some(NamedFile {
                key,
                path: first_word(&value).replace("%u", user).replace("%h", &home),
                harm,
                origin: self.origin_of(key),
                only_for: None,
            })
        };
        KEYS.into_iter()
            // In a chroot a program is looked up there.
            .filter(|(key, _)| !is_locked_in || *key != "ForceCommand")
            .filter_map(named)
            .collect()
    }

    /// If no account is in question: the files named for everybody, and those in Match blocks for
    /// some.
    fn files_for_anybody(&self) -> Vec<NamedFile> {
        let (Ok(tree), Ok(global)) = (self.tree(), self.global()) else {
            return Vec::new();
        };
        let blocks = |key: &str| tree.match_overrides(key, self.release());
        let locked_in: Vec<String> = blocks("ChrootDirectory")
            .into_iter()
            .map(|block| block.criteria)
            .collect();
        let all_are_locked_in = global
            .get("ChrootDirectory")
            .is_some_and(|setting| setting.values.iter().any(|value| value != "none"));
        let mut files = Vec::new();
        for (key, harm) in KEYS {
            let in_chroot = |criteria: &str| {
                key == "ForceCommand"
                    && (all_are_locked_in || locked_in.iter().any(|other| other == criteria))
            };
            let setting = global.get(key).filter(|_| !in_chroot(""));
            files.extend(setting.and_then(|setting| {
                Some(NamedFile {
                    key,
                    path: first_word(setting.values.first()?).to_owned(),
                    harm,
                    origin: setting.origin.clone(),
                    only_for: None,
                })
            }));
            for block in blocks(key) {
                if in_chroot(&block.criteria) {
                    continue;
                }
                files.push(NamedFile {
                    key,
                    path: first_word(&block.value).to_owned(),
                    harm,
                    origin: Some(block.line),
                    only_for: Some(block.criteria),
                });
            }
        }
        files
    }

    fn origin_of(&self, key: &str) -> Option<Origin> {
        self.setting(key).ok()??.origin.clone()
    }

    fn sftp_program(&self) -> Option<NamedFile> {
        let setting = self.setting("Subsystem").ok()??;
        let sftp = setting
            .values
            .iter()
            .find_map(|value| value.strip_prefix("sftp "))?;
        Some(NamedFile {
            key: "Subsystem",
            path: first_word(sftp).to_owned(),
            harm: Harm::Transfers,
            origin: setting.origin.clone(),
            only_for: None,
        })
    }
}

impl Harm {
    /// Whether it takes effect when the session begins, after sshd has logged `Accepted`.
    pub fn is_of_sessions(self) -> bool {
        matches!(self, Self::EverySession | Self::Transfers)
    }
}

fn first_word(value: &str) -> &str {
    value.split_whitespace().next().unwrap_or_default()
}
