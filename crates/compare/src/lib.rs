//! The differences between two states of a machine: not in text but in effect, each with the lines
//! that cause it.
//!
//! Compared are the values of sshd for all connections and for each Match block, the clients that
//! TCP wrappers allow or deny, the addresses that fail2ban exempts, and host keys. A missing file
//! means what it means to the program that reads it.
//!
//! This crate touches no machine and edits nothing. Begin with `sshd.rs`, which compares the values
//! of sshd; each other area has its own file.
//!
//! ```
//! use std::path::Path;
//! use sshmend_compare::{Area, Side, compare};
//! use sshmend_lossless::fixture::snapshot;
//! use sshmend_sshd_config::Release;
//!
//! let a = snapshot("//- /etc/ssh/sshd_config\nMaxSessions 4\n# a remark\n");
//! let b = snapshot("//- /etc/ssh/sshd_config\nMaxSessions 9\n");
//! let side = |snapshot| Side {
//!     snapshot,
//!     main: Path::new("/etc/ssh/sshd_config"),
//!     overrides: &[],
//!     reading: Release::new(9, 2),
//! };
//! let found = compare(&side(&a), &side(&b), &[Area::SshdConfig]);
//! assert_eq!(found.differences.len(), 1);
//! assert_eq!(found.differences[0].what, "maxsessions");
//! assert_eq!(found.differences[0].after.text, "9");
//! ```

mod comparison;
mod fail2ban;
mod known_hosts;
mod overlap;
mod sshd;
mod wrappers;

use sshmend_facts::wrapper_tables;
use sshmend_lossless::Snapshot;

pub use comparison::{Answer, Area, Comparison, Difference, Side, Unseen};

/// Reads everything of a state that a comparison needs beside its sshd_config.
pub fn look(snapshot: &Snapshot, areas: &[Area]) {
    if areas.contains(&Area::HostsAccess) {
        wrapper_tables(snapshot, false);
    }
    if areas.contains(&Area::Fail2ban) {
        fail2ban::look(snapshot);
    }
    if areas.contains(&Area::KnownHosts) {
        known_hosts::look(snapshot);
    }
}

/// Compares two states.
pub fn compare(before: &Side<'_>, after: &Side<'_>, areas: &[Area]) -> Comparison {
    let mut found = Comparison::default();
    for area in Area::ALL.iter().filter(|area| areas.contains(area)) {
        match area {
            Area::SshdConfig => sshd::compare(before, after, &mut found),
            Area::HostsAccess => wrappers::compare(before, after, &mut found),
            Area::Fail2ban => fail2ban::compare(before, after, &mut found),
            Area::KnownHosts => known_hosts::compare(before, after, &mut found),
        }
    }
    found
}
