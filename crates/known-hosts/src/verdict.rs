//! The judgement of `ssh` on a host key (`check_host_key` in sshconnect.c,
//! `check_hostkeys_by_key_or_type` in hostfile.c).

use crate::found::{Found, Lookup};
use crate::key::HostKey;
use crate::line::Marker;
use crate::name::Role;

/// A line of one of the files that were looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The index of the file, in the order in which `ssh` reads them.
    pub file: usize,
    /// The line number, counted from 1.
    pub line: usize,
}

/// The result of checking a plain host key; certificates are not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStatus {
    /// The key is known, at this line; after [`Role::WithoutPort`] under the name without the port only.
    Known(Role, Place),
    /// The key is known for the host, but its address is known with another key: `ssh` asks, or refuses when it may not.
    AddressDiffers(Place),
    /// No key is known for the name: `ssh` asks, adds the key, or refuses, according to
    /// `StrictHostKeyChecking`.
    Unknown,
    /// Only other keys are known, of any type; `ssh` names the last of these lines as the offending
    /// one.
    Changed(Place),
    /// A `@revoked` line contains the key, or a certificate of it, whatever else is known.
    Revoked(Place),
}

/// Judges a plain host key by the entries of the files, in reading order, for the names of one
/// destination.
pub fn judge(files: &[Lookup], key: &HostKey) -> KeyStatus {
    match status(files, Role::Host, key) {
        KeyStatus::Unknown => match status(files, Role::WithoutPort, key) {
            known @ KeyStatus::Known(..) => known,
            _ => KeyStatus::Unknown,
        },
        known @ KeyStatus::Known(..) => match status(files, Role::Address, key) {
            KeyStatus::Changed(place) => KeyStatus::AddressDiffers(place),
            _ => known,
        },
        verdict => verdict,
    }
}

fn status(files: &[Lookup], role: Role, key: &HostKey) -> KeyStatus {
    let holds = |found: &&Found| found.matches.iter().any(|found| found.name.role() == role);
    let all = || {
        files.iter().enumerate().flat_map(move |(file, lookup)| {
            let found = lookup.found.iter().filter(holds);
            found.map(move |found| {
                (
                    Place {
                        file,
                        line: found.line,
                    },
                    found,
                )
            })
        })
    };
    let marked = |marker| all().filter(move |(_, found)| found.marker == marker);
    let same = |(_, found): &(Place, &Found)| found.key == *key;
    let same_public = |(_, found): &(Place, &Found)| found.key.fingerprint() == key.fingerprint();
    if let Some((place, _)) = marked(Some(Marker::Revoked)).find(same_public) {
        return KeyStatus::Revoked(place);
    }
    if let Some((place, _)) = marked(None).find(same) {
        return KeyStatus::Known(role, place);
    }
    marked(None)
        .next_back()
        .map_or(KeyStatus::Unknown, |(place, _)| KeyStatus::Changed(place))
}
