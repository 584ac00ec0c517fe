//! The whole configuration, read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sshmend_lossless::{Snapshot, Unread};

use crate::document::DEFAULT;
use crate::jail::Jail;
use crate::problem::Problem;
use crate::reading::Reading;
use crate::release::Release;

/// fail2ban's jail configuration as fail2ban merges it.
pub struct Config<'a> {
    pub(crate) reading: Reading<'a>,
}

impl<'a> Config<'a> {
    /// Reads the configuration below `directory` as this release does; without a release, as all of them do.
    ///
    /// Never fails: faults are among the [`problems`](Self::problems).
    pub fn read(snapshot: &'a Snapshot, directory: &'a Path, release: Option<Release>) -> Self {
        Self {
            reading: Reading::new(snapshot, directory, release),
        }
    }

    /// The jails, enabled or not, in the order of their sections.
    pub fn jails(&self) -> &[Jail] {
        &self.reading.jails
    }

    /// One jail by its name.
    pub fn jail(&self, name: &str) -> Option<&Jail> {
        self.reading.jail(name).filter(|_| name != DEFAULT)
    }

    /// The values of a jail without options.
    pub fn defaults(&self) -> &Jail {
        &self.reading.defaults
    }

    /// The problems, the worst first.
    pub fn problems(&self) -> &[Problem] {
        &self.reading.problems
    }

    /// Whether fail2ban starts with this configuration, as far as the configuration decides.
    pub fn starts(&self) -> bool {
        !self
            .problems()
            .iter()
            .any(|problem| problem.consequence.is_fatal())
    }

    /// Files and folders whose content is unknown here, although fail2ban, which runs as root,
    /// reads them: everything that depends on them is unknown too.
    pub fn unread(&self) -> &BTreeMap<PathBuf, Unread> {
        &self.reading.loader.unread
    }
}
