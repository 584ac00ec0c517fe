//! `hosts_access` against `libwrap`.

use std::path::Path;

use crate::Report;

/// Compares with what was recorded of every item in a corpus.
pub fn corpus(_corpus: &Path) -> Report {
    Report::default()
}

/// Compares `cases` random inputs with the program of this machine.
pub fn random(_cases: u64, _seed: u64) -> Report {
    Report::default()
}
