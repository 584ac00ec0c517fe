//! Patterns of file names.

use std::path::Path;

use sshmend_lossless::{Snapshot, fixture, glob_matches};

use crate::input::files;

pub(crate) fn matches(data: &[u8]) {
    let [pattern, name] = files(data);
    let ours = glob_matches(pattern, name);
    // Brackets and backslashes have rules of their own, and a leading dot is never matched by a wildcard.
    let plain = !pattern
        .iter()
        .any(|byte| matches!(byte, b'[' | b'\\' | b'/'))
        && !name.starts_with(b".");
    if plain && !name.contains(&b'/') {
        assert_eq!(ours, by_definition(pattern, name));
    }
    if let Ok(text) = std::str::from_utf8(pattern) {
        let seen = fixture::snapshot("//- /etc/d/a.conf\n//- /etc/d/.b.conf\n//- /etc/e/a.conf\n");
        expand(&seen, Path::new("/etc").join(text).as_path());
    }
}

/// A pattern that leaves the captured directories makes requests.
fn expand(seen: &Snapshot, pattern: &Path) {
    if let Ok(found) = seen.glob(pattern) {
        assert!(found.paths.is_sorted(), "{:?}", found.paths);
    }
}

/// The definition as a table: which prefixes of the name match the pattern so far.
fn by_definition(pattern: &[u8], name: &[u8]) -> bool {
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for &byte in pattern {
        let mut next = vec![false; name.len() + 1];
        for at in 0..=name.len() {
            next[at] = match byte {
                b'*' => reached[at] || at > 0 && next[at - 1],
                b'?' => at > 0 && reached[at - 1],
                _ => at > 0 && reached[at - 1] && name[at - 1] == byte,
            };
        }
        reached = next;
    }
    reached[name.len()]
}
