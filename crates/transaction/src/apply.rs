//! Changes files: all are staged, all are compared with the captured state, and only then the first
//! is renamed.

use sha2::{Digest, Sha256};
use sshmend_host::{Care, Staging};
use sshmend_lossless::FileChange;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::disk::Disk;
use crate::error::{Cause, Difference, Stale, Stopped, differs};
use crate::id::Id;

/// What becomes durable before the first rename, with the new contents.
pub(crate) struct Ready<D: Disk> {
    /// Directories whose names have changed.
    pub(crate) names: Vec<D::Unsynced>,
    /// Changes to be made after all others.
    pub(crate) staged: Vec<D::Staged>,
}

/// Makes all changes, or stops at the first that cannot be made.
pub(crate) fn apply<D: Disk>(disk: &D, id: &Id, changes: &[FileChange]) -> Result<(), Stopped> {
    let (names, staged) = (Vec::new(), Vec::new());
    apply_with(disk, id, changes, Ready { names, staged }).map(drop)
}

/// The same; returns the changes that are ready to be made after them.
pub(crate) fn apply_with<D: Disk>(
    disk: &D,
    id: &Id,
    changes: &[FileChange],
    ready: Ready<D>,
) -> Result<Vec<D::Staged>, Stopped> {
    let staged = stage(disk, id, changes, ready);
    let mut staged = staged.map_err(|cause| Stopped { cause, touched: 0 })?;
    let others = staged.split_off(changes.len());
    let mut unsynced = Vec::new();
    for (number, ready) in staged.into_iter().enumerate() {
        unsynced.push(disk.place(ready).map_err(|error| Stopped {
            cause: error.into(),
            touched: number + 1,
        })?);
    }
    // Until the journal says that all are new, a power failure may leave any of them old.
    disk.sync(unsynced).map_err(|error| Stopped {
        cause: error.into(),
        touched: changes.len(),
    })?;
    Ok(others)
}

fn stage<D: Disk>(
    disk: &D,
    id: &Id,
    changes: &[FileChange],
    ready: Ready<D>,
) -> Result<Vec<D::Staged>, Cause> {
    let names: Vec<String> = changes
        .iter()
        .map(|change| temporary(id, change.target()))
        .collect();
    let staging = changes.iter().zip(&names).map(|(change, name)| Staging {
        path: &change.path,
        change: change.into(),
        temporary: name,
    });
    let mut staged = disk.stage(&staging.collect::<Vec<_>>())?;
    // The files are compared while the disk writes. Whoever changes one after that changes its
    // version, which is compared once more before the rename.
    check(disk, changes, Care::Content)?;
    staged.extend(ready.staged);
    disk.make_durable(&mut staged, &ready.names)?;
    Ok(staged)
}

/// Compares every file with the captured one.
pub(crate) fn check<D: Disk>(disk: &D, changes: &[FileChange], care: Care) -> Result<(), Cause> {
    for change in changes {
        let difference = match &change.before {
            Some(captured) => differs(captured, &disk.compare(&change.path, captured, care)?),
            None => disk.read(&change.path)?.map(|_| Difference::Created),
        };
        if let Some(difference) = difference {
            return Err(Stale {
                path: change.path.clone(),
                difference,
            }
            .into());
        }
    }
    Ok(())
}

/// The name of the staged content of `target`: hidden, so that no Include pattern matches it, and
/// predictable, so that it can be removed after an interruption.
pub(crate) fn temporary(id: &Id, target: &Path) -> String {
    let mut name = format!(".sshmend-{id}-");
    for byte in Sha256::digest(target.as_os_str().as_bytes()).iter().take(8) {
        let _ = write!(name, "{byte:02x}");
    }
    name + ".tmp"
}
