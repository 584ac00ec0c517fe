//! What is judged: a configuration of sshd before and after a change.

use std::path::Path;

use sshmend_lossless::Snapshot;
use sshmend_sshd_config::{Override, Readings, Release};

/// A configuration of sshd before and after a change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SshdChange<'a> {
    /// The machine as it is.
    pub before: &'a Snapshot,
    /// The machine as it would be.
    pub after: &'a Snapshot,
    /// The main file.
    pub main: &'a Path,
    /// The directives on the daemon's command line.
    pub overrides: &'a [Override],
    /// As which release the files are read.
    pub reading: Release,
    /// Whether a socket unit opens the port in sshd's place.
    pub socket: bool,
    /// What was read of it so far.
    pub readings: &'a Readings,
}
