//! The requested change of the known_hosts files, and the facts it needs.

use std::path::PathBuf;

use sshmend_known_hosts::{
    ClientConfig, Destination, Fingerprint, KeyType, LookedUp, Name, Target,
};
use sshmend_lossless::{Request, Snapshot};

use crate::context::Context;
use crate::plan::Refusal;
use crate::wish::KnownHostsOf;

/// The reason why the configuration of ssh is not known.
#[derive(Debug, thiserror::Error)]
enum NoConfig {
    /// It is still being asked for.
    #[error("ssh was not asked for its configuration")]
    NotAsked,
    /// ssh cannot answer, for this reason.
    #[error("{0}")]
    Refused(String),
}

/// The requested change of one user's known_hosts files.
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
    /// One line of one file, whatever its content.
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
    /// Parses the wish, without looking up anything.
    ///
    /// # Errors
    /// The word that is not a host, a fingerprint or a key type.
    pub fn of(of: &KnownHostsOf, context: &Context<'_>) -> Result<Self, Refusal> {
        let fingerprint = |text: &String| {
            Fingerprint::parse(text)
                .map_err(|error| Refusal::refused(error.to_string(), error.hint()))
        };
        Ok(Self {
            destination: Destination::parse(&of.host)
                .map_err(|error| Refusal::refused(error.to_string(), error.hint()))?,
            home: context.owner.home.clone(),
            uid: context.owner.uid,
            gid: context.owner.gid,
            files: of.files.clone(),
            key_type: of.key_type.as_deref().map(key_type).transpose()?,
            line: of.line.as_ref().map(|line| (line.path.clone(), line.line)),
            expected: of
                .fingerprints
                .iter()
                .map(fingerprint)
                .collect::<Result<_, _>>()?,
            key_file: of.key_file.clone(),
            live: context.is_live(),
            offline: of.offline,
        })
    }

    /// Whether a verified key is to be pinned.
    pub fn pins(&self) -> bool {
        !self.expected.is_empty() || self.key_file.is_some()
    }

    /// Whether files alone can say that nothing has to be done: keys are named by their fingerprints,
    /// and any other key of the host would have to go.
    pub(super) fn may_hold(&self) -> bool {
        !self.expected.is_empty() && self.key_file.is_none() && self.key_type.is_none()
    }

    /// The entries for the host, for which only the lines that may match it are read, with the
    /// names that were looked up.
    ///
    /// # Errors
    /// Like [`KnownHostsWish::target`].
    pub fn look_up(&self, snapshot: &Snapshot) -> Result<(Vec<Name>, LookedUp), Refusal> {
        if let Some(likely) = self.likely(snapshot) {
            // Without the configuration no name has to be resolved.
            likely.foresee_look_up(snapshot, &likely.names(snapshot));
        }
        let target = self.target(snapshot)?;
        // The addresses are names too: they must be known first.
        let Some(names) = snapshot.once_answered(|| target.names(snapshot)) else {
            return Ok((Vec::new(), LookedUp::default()));
        };
        let found = target.look_up(snapshot, &names);
        Ok((names, found))
    }

    /// The names that ssh would look up, and the files.
    ///
    /// # Errors
    /// When ssh cannot be asked for its configuration, or refuses it, and no file was named either.
    pub fn target(&self, snapshot: &Snapshot) -> Result<Target, Refusal> {
        let named = !self.files.is_empty() || self.line.is_some();
        let target = match self.config(snapshot) {
            Ok(Some(config)) => Target::of(&config),
            Ok(None) => self.plain(),
            Err(NoConfig::Refused(_)) if named => self.plain(),
            Err(why) => {
                let hint = "correct what it names; or give the files with --file: HOST is then looked up as written";
                return Err(Refusal::refused(why.to_string(), hint));
            }
        };
        Ok(self.in_named_files(target))
    }

    fn plain(&self) -> Target {
        Target::without_config(&self.destination, &self.home)
    }

    fn in_named_files(&self, target: Target) -> Target {
        if self.files.is_empty() {
            target
        } else {
            target.in_files(&self.files)
        }
    }

    /// What ssh will most likely look up: the name as written, in the files that were named or are
    /// ssh's own. `None` if its configuration is already known, or nobody is asked for it.
    pub(super) fn likely(&self, snapshot: &Snapshot) -> Option<Target> {
        let asks = self.live && !snapshot.answers(&Request::Run(self.destination.ssh_g()));
        asks.then(|| self.in_named_files(self.plain()))
    }

    /// The reason why the configuration of ssh is unknown, if it was requested.
    pub fn config_trouble(&self, snapshot: &Snapshot) -> Option<String> {
        self.config(snapshot).err().map(|why| why.to_string())
    }

    /// The configuration of ssh for the destination; `None` if no program may be run.
    ///
    /// # Errors
    /// The reason why it is not known.
    fn config(&self, snapshot: &Snapshot) -> Result<Option<ClientConfig>, NoConfig> {
        if !self.live {
            return Ok(None);
        }
        let answer = snapshot.command(&self.destination.ssh_g());
        let refused = match answer.ok_or(NoConfig::NotAsked)? {
            Err(reason) => format!("ssh cannot be asked for its configuration: {reason}"),
            Ok(output) if output.success() => match ClientConfig::parse(output.text()) {
                Ok(config) => return Ok(Some(config)),
                Err(error) => error.to_string(),
            },
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                // Each bad line is named; the last message only counts them.
                let told = |line: &&str| !line.is_empty() && !line.contains(": terminating, ");
                let said: Vec<&str> = said.lines().map(str::trim).filter(told).collect();
                format!("ssh refuses its configuration: {}", said.join("; "))
            }
        };
        Err(NoConfig::Refused(refused))
    }
}

fn key_type(text: &str) -> Result<KeyType, Refusal> {
    KeyType::parse(text).ok_or_else(|| {
        let reason = format!("not a key type that ssh knows: {text}");
        Refusal::refused(reason, "such as ssh-ed25519 or ssh-rsa")
    })
}
