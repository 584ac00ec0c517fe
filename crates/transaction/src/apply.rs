//! Changes files: all are staged, all are compared with the captured state, and only then the first
//! is renamed.

use sha2::{Digest, Sha256};
use sshmend_lossless::FileChange;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::disk::Disk;
use crate::error::{Cause, Difference, Stale, Stopped, differs};
use crate::id::Id;

/// Makes all changes, or stops at the first that cannot be made.
pub(crate) fn apply<D: Disk>(disk: &D, id: &Id, changes: &[FileChange]) -> Result<(), Stopped> {
    let staged = stage(disk, id, changes).map_err(|cause| Stopped { cause, touched: 0 })?;
    for (number, ready) in staged.into_iter().enumerate() {
        disk.publish(ready).map_err(|error| Stopped {
            cause: error.into(),
            touched: number + 1,
        })?;
    }
    Ok(())
}

fn stage<D: Disk>(disk: &D, id: &Id, changes: &[FileChange]) -> Result<Vec<D::Staged>, Cause> {
    let mut staged = Vec::new();
    for change in changes {
        staged.push(disk.stage(&change.path, change.into(), &temporary(id, change.target()))?);
    }
    check(disk, changes)?;
    Ok(staged)
}

/// Compares every file with the captured one.
pub(crate) fn check<D: Disk>(disk: &D, changes: &[FileChange]) -> Result<(), Cause> {
    for change in changes {
        let difference = match &change.before {
            Some(captured) => differs(captured, &disk.compare(&change.path, captured)?),
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
