//! The inputs of a plan besides the machine: who asks, from where, when, and with which rights.

use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;
use sshmend_facts::Question;
use sshmend_sshd_config::Readings;

use crate::host_keys::{KeyKind, KeyPair};
use crate::person::Person;
use crate::wish::Mended;

/// The person and the circumstances for which a wish is planned.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The time and its zone, whether the machine runs, and what this process may examine.
    pub question: Question,
    /// The person who must not lose access.
    pub person: Person,
    /// The user whose known_hosts are meant.
    pub owner: Owner,
    /// The name of the running machine.
    pub hostname: String,
    /// Options that commands in notices need in addition, such as ` --root /mnt`.
    pub flags: String,
    /// The repairs made by earlier plans of the same run.
    pub mended: Mended,
    /// The means by which a temporary exemption ends.
    pub ends: Ends,
    /// The source of new keys and random bytes.
    pub source: &'a dyn Randomness,
    /// The configurations of sshd that were read so far: a plan is made again until no lookup is
    /// unanswered, and the files may be long.
    pub readings: Readings,
}

/// The user whose files are looked up and made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owner {
    /// The home directory.
    pub home: PathBuf,
    /// The user.
    pub uid: u32,
    /// The group of a file that is made for the user.
    pub gid: u32,
}

/// The means by which a temporary exemption ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// A timer of the change itself; an end that is in the past is refused.
    ByTimer,
    /// The next run of the policy, in which the expired exemption is a wish to remove it.
    ByPolicy,
}

/// Random values, which cannot be computed from the snapshot.
pub trait Randomness: fmt::Debug {
    /// The salt of a name that is hashed.
    ///
    /// # Errors
    /// The reason why there are no random bytes.
    fn salt(&self) -> Result<[u8; 20], String>;

    /// A new key with this comment.
    ///
    /// # Errors
    /// The reason why none could be generated.
    fn key_pair(&self, kind: KeyKind, comment: &str) -> Result<KeyPair, String>;
}

impl Context<'_> {
    /// Whether the machine runs: on a mounted disk only files change.
    pub(crate) fn is_live(&self) -> bool {
        !self.question.offline
    }

    /// Where the disk is mounted on this machine, for the commands of a hint.
    pub(crate) fn root(&self) -> &str {
        match self.question.root.as_str() {
            "" => "DIR",
            root => root,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_second(self.question.now).unwrap_or_default()
    }
}
