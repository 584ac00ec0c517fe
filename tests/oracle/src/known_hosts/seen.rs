//! Our result for one name, in the terms of `ssh-keygen`.

use sshmend_known_hosts::{KnownHosts, Marker, Name, Reason};

/// One line found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    /// The line number, counted from 1.
    pub(super) line: usize,
    /// `CA`, `REVOKED` or nothing.
    pub(super) marker: &'static str,
    /// The fingerprint; `None` if the key cannot be read or it was not requested.
    pub(super) fingerprint: Option<String>,
}

/// The lines that `ssh` loads, with fingerprints: `ssh-keygen -l -F`.
pub(super) fn loaded(known: &KnownHosts<'_>, name: &str) -> Vec<Seen> {
    let found = known.find(&[Name::host(name)]).found;
    let seen = found.into_iter().map(|found| Seen {
        line: found.line,
        marker: marker(found.marker),
        fingerprint: Some(found.key.fingerprint().to_string()),
    });
    seen.collect()
}

/// The lines that `ssh-keygen -F` prints, with and without a key that can be read.
pub(super) fn printed(known: &KnownHosts<'_>, name: &str) -> Vec<Seen> {
    let lookup = known.find(&[Name::host(name)]);
    let unreadable = lookup
        .passed_over
        .iter()
        .filter(|passed| matches!(passed.reason, Reason::UnreadableKey(..)));
    let lines = lookup
        .found
        .iter()
        .map(|found| found.line)
        .chain(unreadable.map(|passed| passed.line));
    let marked = |line| known.record(line)?.entry()?.marker;
    let seen = |line| Seen {
        line,
        marker: marker(marked(line)),
        fingerprint: None,
    };
    let mut printed: Vec<Seen> = lines.map(seen).collect();
    printed.sort();
    printed
}

/// The keys of a name, without the line numbers that an edit shifts.
pub(super) fn keys(known: &KnownHosts<'_>, name: &str) -> Vec<(&'static str, Option<String>)> {
    loaded(known, name)
        .into_iter()
        .map(|seen| (seen.marker, seen.fingerprint))
        .collect()
}

fn marker(marker: Option<Marker>) -> &'static str {
    match marker {
        Some(Marker::CertAuthority) => "CA",
        Some(Marker::Revoked) => "REVOKED",
        None => "",
    }
}
