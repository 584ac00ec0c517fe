//! The files of a change, and the addresses in words.

use sshmend_fail2ban::{Address, Edited};
use sshmend_lossless::{FileChange, Metadata, Snapshot};

use crate::plan::Plan;

/// The configuration directory of fail2ban.
pub const DIRECTORY: &str = "/etc/fail2ban";

/// The files of a change.
pub(super) fn changes(snapshot: &Snapshot, edited: &Edited) -> Plan {
    let new = Metadata {
        mode: 0o644,
        ..Metadata::default()
    };
    Plan {
        files: FileChange::all(snapshot, &edited.edits, &edited.creates, &new),
        ..Plan::default()
    }
}

pub(super) fn words(addresses: &[Address]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}
