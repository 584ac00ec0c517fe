//! Files in `jail.d` that are read although they look like backups, and files that are not read.

use std::ffi::OsStr;
use std::path::Path;

use sshmend_lossless::Entry;

use crate::problem::{Consequence, Problem};
use crate::reading::Reading;

/// Parts of a name by which people mark a file as not in use.
const BACKUP_MARKS: [&str; 12] = [
    "backup", "bak", "copy", "disabled", "dpkg", "old", "orig", "rpmnew", "rpmsave", "save",
    "saved", "tmp",
];
/// Suffixes of files that packages and editors leave behind and nobody expects to be read.
const LEFTOVERS: [&str; 10] = [
    "~",
    ".bak",
    ".orig",
    ".old",
    ".dpkg-old",
    ".dpkg-dist",
    ".rpmsave",
    ".rpmnew",
    ".disabled",
    ".swp",
];

/// Looks at the names in `jail.d`.
pub(super) fn check(reading: &Reading<'_>) -> Vec<Problem> {
    let folder = reading.directory.join("jail.d");
    let Some(Entry::Directory(names, _)) = reading.snapshot.entry(&folder) else {
        return Vec::new();
    };
    let files = names.iter().filter(|listed| !listed.directory);
    files
        .filter_map(|listed| judge(&folder, &listed.name))
        .collect()
}

fn judge(folder: &Path, name: &OsStr) -> Option<Problem> {
    let text = name.to_string_lossy();
    let path = folder.join(name);
    let stem = text
        .strip_suffix(".conf")
        .or_else(|| text.strip_suffix(".local"));
    match stem {
        _ if text.starts_with('.') => None,
        Some(stem) if looks_like_backup(stem) => Some(Problem::on_file(
            path,
            "it looks like a backup, but every *.conf and *.local here is read",
            Consequence::InForce,
            "move it out of jail.d, or give it another extension",
        )),
        Some(_) => None,
        None if LEFTOVERS.iter().any(|ending| text.ends_with(ending))
            || text.starts_with("README") =>
        {
            None
        }
        None => Some(Problem::on_file(
            path,
            "its name ends neither in .conf nor in .local",
            Consequence::NoEffect,
            "rename it if it is meant to be read",
        )),
    }
}

fn looks_like_backup(stem: &str) -> bool {
    let lower = stem.to_lowercase();
    let mut parts = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let is_date = |part: &str| {
        part.len() >= 8 && part.starts_with("20") && part.bytes().all(|b| b.is_ascii_digit())
    };
    lower.ends_with('~')
        || lower.ends_with(".conf")
        || lower.ends_with(".local")
        || parts.any(|part| BACKUP_MARKS.contains(&part) || is_date(part))
}
