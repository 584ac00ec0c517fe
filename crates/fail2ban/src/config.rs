//! The whole configuration, read.

use std::path::{Path, PathBuf};

use sshmend_lossless::{Request, Snapshot};

use crate::jail::Jail;
use crate::problem::Problem;
use crate::reading::Reading;
use crate::release::Release;

/// fail2ban's jail configuration as fail2ban merges it.
pub struct Config<'a> {
    pub(crate) reading: Reading<'a>,
}

/// Names what has to be asked of the machine before [`Config::read`] knows all; call it until it names nothing.
///
/// `directory` is `/etc/fail2ban`.
pub fn wants(snapshot: &Snapshot, directory: &Path, release: Option<Release>) -> Vec<Request> {
    Reading::new(snapshot, directory, release).lacking()
}

impl<'a> Config<'a> {
    /// Reads the configuration below `directory` as this release does; without a release, as all of them do.
    ///
    /// Never fails: what is wrong is among the [`problems`](Self::problems).
    pub fn read(snapshot: &'a Snapshot, directory: &'a Path, release: Option<Release>) -> Self {
        Self { reading: Reading::new(snapshot, directory, release) }
    }

    /// The jails, enabled or not, in the order in which their sections come.
    pub fn jails(&self) -> &[Jail] {
        &self.reading.jails
    }

    /// One jail by its name.
    pub fn jail(&self, name: &str) -> Option<&Jail> {
        self.reading.jails.iter().find(|jail| jail.name == name)
    }

    /// What a jail without options of its own would have.
    pub fn defaults(&self) -> &Jail {
        &self.reading.defaults
    }

    /// What is wrong, the worst first.
    pub fn problems(&self) -> &[Problem] {
        &self.reading.problems
    }

    /// Whether fail2ban runs on this configuration, as far as a configuration can tell.
    pub fn starts(&self) -> bool {
        !self.problems().iter().any(|problem| problem.consequence.is_fatal())
    }

    /// The files of the jail configuration in the order in which they are read; a file can come twice.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.reading.stack.read.iter().map(|&file| &self.reading.loader.files[file].path)
    }
}
