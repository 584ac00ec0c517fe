//! `sshd_config` against `sshd -T`.

mod capture;
mod differential;
mod generate;
mod recorded;
mod sandbox;
mod setting;
mod vocabulary;

use std::path::Path;

use crate::Report;

/// The path at which distributions install sshd.
const SSHD: &str = "/usr/sbin/sshd";

/// Compares with the recordings of every item in a corpus.
pub fn corpus(corpus: &Path) -> Report {
    recorded::corpus(corpus)
}

/// Compares `cases` random trees with the sshd of this machine.
pub fn random(cases: u64, seed: u64) -> Report {
    random_in(None, cases, seed)
}

/// Like [`random`], with the sshd of the distribution below `root`.
pub fn random_in(root: Option<&Path>, cases: u64, seed: u64) -> Report {
    random_with(root, Path::new(SSHD), cases, seed)
}

/// Like [`random_in`], with the sshd at this path inside it.
pub fn random_with(root: Option<&Path>, sshd: &Path, cases: u64, seed: u64) -> Report {
    differential::random(root, sshd, cases, seed)
}
