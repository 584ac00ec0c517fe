//! The table whose rules are read, and the sets that they name.

use std::collections::BTreeMap;

/// The members of each ipset, as `ipset save` writes them.
pub(crate) type Sets = BTreeMap<String, Vec<String>>;

/// The list of the match `recent` among the sets.
pub(super) fn recent_list(name: &str) -> String {
    format!("{RECENT}{name}")
}

/// The folder in which the kernel shows the lists of the match `recent` (iptables-extensions(8)).
const RECENT: &str = "/proc/net/xt_recent/";

/// One table of a program.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    pub(super) program: &'a str,
    pub(super) name: &'a str,
    pub(super) sets: &'a Sets,
}

impl Table<'_> {
    /// The key of a chain among the chains of all tables.
    pub(super) fn key(&self, chain: &str) -> String {
        format!("{} {} {chain}", self.program, self.name)
    }
}
