//! What a plan depends on beside the machine: who asks, from where, when, and with which rights.

use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;
use sshmend_facts::Question;

use crate::host_keys::{KeyKind, KeyPair};
use crate::person::Person;
use crate::wish::Mended;

/// For whom a wish is planned, and where.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The time and its zone, whether the machine runs, and what this process may look at.
    pub question: Question,
    /// The person who must not lose access.
    pub person: Person,
    /// The user whose known_hosts are meant.
    pub owner: Owner,
    /// The name of the running machine.
    pub hostname: String,
    /// What commands that are named in notices need besides, such as ` --root /mnt`.
    pub flags: String,
    /// What earlier plans of the same run mend.
    pub mended: Mended,
    /// What ends an exemption that has an end.
    pub ends: Ends,
    /// Where new keys and random bytes come from.
    pub source: &'a dyn Randomness,
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

/// What ends an exemption that has an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// A timer of the change itself; an end that lies in the past is refused.
    ByTimer,
    /// The next time that the policy is applied, which is a wish of its own once the end has passed.
    ByPolicy,
}

/// What cannot be computed from what was seen.
pub trait Randomness: fmt::Debug {
    /// The salt of a name that is hashed.
    ///
    /// # Errors
    /// Why there are no random bytes.
    fn salt(&self) -> Result<[u8; 20], String>;

    /// A new key with this comment.
    ///
    /// # Errors
    /// Why none could be made.
    fn key_pair(&self, kind: KeyKind, comment: &str) -> Result<KeyPair, String>;
}

impl Context<'_> {
    /// Whether the machine runs: on a mounted disk only files change.
    pub(crate) fn is_live(&self) -> bool {
        !self.question.offline
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_second(self.question.now).unwrap_or_default()
    }
}
