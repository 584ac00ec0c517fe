//! What is wanted of the known_hosts files, and what has to be known for it.

use std::path::PathBuf;

use sshmend_known_hosts::{
    ClientConfig, Destination, Files, Fingerprint, KeyType, LookedUp, Name, NoContent, Target,
};
use sshmend_lossless::Snapshot;

use crate::plan::Refusal;

const NOT_ASKED: &str = "ssh was not asked for its configuration";

/// What is wanted of the known_hosts files of one user.
#[derive(Debug, Clone)]
pub struct KnownHostsWish {
    /// The host, as the user would name it to ssh.
    pub destination: Destination,
    /// The user's home directory.
    pub home: PathBuf,
    /// The user.
    pub uid: u32,
    /// The group of a file that is made for the user.
    pub gid: u32,
    /// Files to edit instead of those that ssh reads.
    pub files: Vec<PathBuf>,
    /// Only keys of this type.
    pub key_type: Option<KeyType>,
    /// One line of one file, whatever it holds.
    pub line: Option<(PathBuf, usize)>,
    /// Fingerprints that the server's key must have.
    pub expected: Vec<Fingerprint>,
    /// A file with the server's key.
    pub key_file: Option<PathBuf>,
    /// Whether programs may be asked; not on a mounted disk.
    pub live: bool,
    /// Whether the server is left alone instead of being asked for its keys.
    pub offline: bool,
}

impl KnownHostsWish {
    /// Whether a verified key is to be pinned.
    pub fn pins(&self) -> bool {
        !self.expected.is_empty() || self.key_file.is_some()
    }

    /// Whether the files say already that the host has exactly the keys with these fingerprints, under each of its names.
    pub(crate) fn holds(&self, snapshot: &Snapshot) -> bool {
        if self.expected.is_empty() || self.key_file.is_some() || self.key_type.is_some() {
            return false;
        }
        let Ok(target) = self.target(snapshot) else {
            return false;
        };
        let files = target.read(snapshot);
        let all_read = files
            .unread
            .iter()
            .all(|file| file.why == NoContent::NotThere);
        let names = target.names(snapshot);
        let mut own = names.iter().filter(|name| name.is_owned());
        all_read && !names.is_empty() && own.all(|name| self.holds_for(name, &files))
    }

    fn holds_for(&self, name: &Name, files: &Files<'_>) -> bool {
        let names = std::slice::from_ref(name);
        let found = files
            .read
            .iter()
            .flat_map(|file| file.lines.find(names).found);
        let mut known = Vec::new();
        for found in found {
            if found.marker.is_some() || !self.expected.contains(&found.key.fingerprint()) {
                return false;
            }
            known.push(found.key.fingerprint());
        }
        self.expected
            .iter()
            .all(|expected| known.contains(expected))
    }

    /// What the files say of the host, of which no more is read than the lines that can say anything of it; with the names that
    /// were looked up.
    ///
    /// # Errors
    /// As [`KnownHostsWish::target`].
    pub fn look_up(&self, snapshot: &Snapshot) -> Result<(Vec<Name>, LookedUp), Refusal> {
        let target = self.target(snapshot)?;
        // The addresses are names too: what is looked for is known when they are.
        let Some(names) = snapshot.once_answered(|| target.names(snapshot)) else {
            return Ok((Vec::new(), LookedUp::default()));
        };
        let found = target.look_up(snapshot, &names);
        Ok((names, found))
    }

    /// What ssh would look up, and in which files.
    ///
    /// # Errors
    /// When ssh cannot be asked for its configuration, or refuses it, and no file was named either.
    pub fn target(&self, snapshot: &Snapshot) -> Result<Target, Refusal> {
        if !self.is_ssh_asked(snapshot) {
            return Err(Refusal::refused(NOT_ASKED, "ask it: ssh -G HOST"));
        }
        let plain = || Target::without_config(&self.destination, &self.home);
        let named = !self.files.is_empty() || self.line.is_some();
        let target = match self.config(snapshot) {
            Ok(Some(config)) => Target::of(&config),
            Ok(None) => plain(),
            Err(_) if named => plain(),
            Err(reason) => {
                let hint = "mend what it names; or name the files with --file: HOST is looked up as written then";
                return Err(Refusal::refused(reason, hint));
            }
        };
        Ok(if self.files.is_empty() {
            target
        } else {
            target.in_files(&self.files)
        })
    }

    /// Why the configuration of ssh is not known, where it was asked for.
    pub fn config_trouble(&self, snapshot: &Snapshot) -> Option<String> {
        self.config(snapshot).err()
    }

    /// Whether what ssh says of its configuration is known, as far as it can be.
    fn is_ssh_asked(&self, snapshot: &Snapshot) -> bool {
        let argv = self.destination.ssh_g();
        let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
        !self.live || snapshot.command(&argv).is_some()
    }

    /// The configuration of ssh for the destination; `None` where no program may be asked.
    ///
    /// # Errors
    /// Why it is not known, in one sentence.
    fn config(&self, snapshot: &Snapshot) -> Result<Option<ClientConfig>, String> {
        let argv = self.destination.ssh_g();
        let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
        if !self.live {
            return Ok(None);
        }
        match snapshot.command(&argv) {
            None => Err(NOT_ASKED.to_owned()),
            Some(Err(reason)) => Err(format!(
                "ssh cannot be asked for its configuration: {reason}"
            )),
            Some(Ok(output)) if output.success() => ClientConfig::parse(output.text())
                .map(Some)
                .map_err(|error| error.to_string()),
            Some(Ok(output)) => {
                let said = String::from_utf8_lossy(&output.stderr);
                // Each bad line is named; how many there were is only counted.
                let told = |line: &&str| !line.is_empty() && !line.contains(": terminating, ");
                let said: Vec<&str> = said.lines().map(str::trim).filter(told).collect();
                Err(format!(
                    "ssh refuses its configuration: {}",
                    said.join("; ")
                ))
            }
        }
    }
}
