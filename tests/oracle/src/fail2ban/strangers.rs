//! Files that we must not read, and files that other programs keep.

use std::path::{Path, PathBuf};

use fastrand::Rng;
use sshmend_fail2ban::{Config, Refusal, Release, Wish};
use sshmend_lossless::{Entry, Snapshot, Unread};

use crate::Report;

/// The first file that fail2ban reads for a random jail.
fn layer(snapshot: &Snapshot, directory: &Path, random: &mut Rng) -> Option<PathBuf> {
    let is_layer = |path: &Path| {
        path == directory.join("jail.local")
            || path == directory.join("jail.conf")
            || path.parent() == Some(&directory.join("jail.d"))
    };
    let files = snapshot
        .paths()
        .filter(|(path, entry)| is_layer(path) && matches!(entry, Entry::File(_)));
    let files: Vec<&Path> = files.map(|(path, _)| path).collect();
    (!files.is_empty()).then(|| files[random.usize(0..files.len())].to_owned())
}

/// A layer that we may not read leaves everything unknown, and nothing is changed.
pub(super) fn hidden(
    snapshot: &Snapshot,
    directory: &Path,
    release: Release,
    (case, wish): (&str, &Wish),
    random: &mut Rng,
    report: &mut Report,
) {
    // Whatever stops fail2ban before it reaches the file is known nevertheless.
    if !Config::read(snapshot, directory, Some(release)).starts() {
        return;
    }
    let Some(path) = layer(snapshot, directory, random) else {
        return;
    };
    let mut seen = snapshot.clone();
    seen.insert(path.clone(), Entry::Unreadable(Unread::Denied));
    let config = Config::read(&seen, directory, Some(release));
    let refused = matches!(config.ignore(wish), Err(Refusal::Unread { .. }));
    report.compare(
        &format!("{case}: {} is hidden", path.display()),
        &(true, true),
        &(config.unread().contains_key(&path), refused),
    );
}

/// A layer behind a link to another program's file is never edited.
pub(super) fn foreign(
    snapshot: &Snapshot,
    directory: &Path,
    release: Release,
    (case, wish): (&str, &Wish),
    random: &mut Rng,
    report: &mut Report,
) {
    let Some(path) = layer(snapshot, directory, random) else {
        return;
    };
    let Ok(Some(image)) = snapshot.read(&path) else {
        return;
    };
    let mut image = image.clone();
    image.target = "/nix/store/0abc-etc/jail.local".into();
    let mut seen = snapshot.clone();
    seen.insert(path.clone(), Entry::File(image));
    let config = Config::read(&seen, directory, Some(release));
    let edits = config
        .ignore(wish)
        .is_ok_and(|edited| edited.edits.contains_key(&path));
    let mends = config.mendable().any(|problem| problem.origin.path == path);
    report.compare(
        &format!("{case}: {} is foreign", path.display()),
        &(false, false),
        &(edits, mends),
    );
}
