//! What each policy wanted when it was last applied: a later policy leaves in place what both want.

use std::ffi::OsStr;

use serde::{Deserialize, Serialize};
use sshmend_host::{Change, Staging, own};

use crate::disk::Disk;
use crate::error::{Damaged, JournalError};
use crate::id::Id;
use crate::journal::{Journal, Past, TEMPORARY};
use crate::record::{State, sha256};
use crate::store::Store;

/// What one policy wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The name of the policy.
    pub name: String,
    /// The transaction that put it in place, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<Id>,
    /// The policy itself, in words that this crate does not interpret.
    pub text: String,
}

impl<D: Disk> Journal<'_, D> {
    /// What the policies applied to this machine want. A policy whose change was rolled back since
    /// wants nothing, and unreadable entries are left out.
    ///
    /// # Errors
    /// If the folder cannot be listed, or another user could have written to it.
    pub fn wanted(&self) -> Result<Vec<Wanted>, JournalError> {
        let folder = self.directory.join(FOLDER);
        let mut wanted = Vec::new();
        for name in self.disk.kept_names(&folder)?.unwrap_or_default() {
            let kept = self.wanted_of(&name)?;
            wanted.extend(kept.filter(|kept| !self.is_rolled_back(kept)));
        }
        Ok(wanted)
    }

    fn wanted_of(&self, name: &OsStr) -> Result<Option<Wanted>, JournalError> {
        let file = self
            .disk
            .read_kept(&self.directory.join(FOLDER).join(name))?;
        Ok(file.and_then(|file| toml_edit::de::from_slice(&file.bytes).ok()))
    }

    fn is_rolled_back(&self, wanted: &Wanted) -> bool {
        let past = wanted
            .transaction
            .as_ref()
            .and_then(|id| self.find(id).ok());
        matches!(past, Some(Past::Record(record)) if record.state == State::RolledBack)
    }
}

impl<D: Disk> Store<'_, D> {
    /// Records what a policy wants from now on.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn note_wanted(&self, wanted: &Wanted) -> Result<(), JournalError> {
        let name = file_of(&wanted.name);
        let folder = self.journal.directory.join(FOLDER);
        let mut unsynced = self.journal.disk.make_directories(&folder, &own(0o700))?;
        let path = folder.join(&name);
        let text = toml_edit::ser::to_string_pretty(wanted).map_err(|error| Damaged {
            id: None,
            path: path.clone(),
            why: error.to_string(),
        })?;
        let owner = own(0o600);
        let change = match self.journal.disk.read_kept(&path)? {
            Some(_) => Change::Replace(text.as_bytes(), None),
            None => Change::Create(text.as_bytes(), &owner),
        };
        unsynced.extend(self.journal.put(&[Staging {
            path: &path,
            change,
            temporary: TEMPORARY,
        }])?);
        self.journal.sync(unsynced)
    }
}

const FOLDER: &str = "policies";

/// The name of a policy is any line of text, which is not always a valid file name.
fn file_of(name: &str) -> String {
    format!("{}.toml", &sha256(&[name.as_bytes()])[..32])
}
