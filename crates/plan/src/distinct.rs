//! Lists in which everything stands once.

use std::collections::HashSet;
use std::hash::Hash;

/// Each element once, where it stands first. Takes time in proportion to the list, which may be that of a whole fleet.
pub(crate) fn distinct<T: Clone + Eq + Hash>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    let all = all.into_iter();
    all.filter(|one| seen.insert(one.clone())).collect()
}
