//! Content and names on their way to the disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::thread;

use rustix::fs::{Advice, fadvise};
use sshmend_lossless::{Beside, beside};

use crate::directory::Directory;
use crate::failure::FileError;

/// A directory in which names have changed that a power failure may still lose.
#[derive(Debug)]
#[must_use = "the names are not durable until the directory is synced"]
pub struct Unsynced(pub(crate) Directory);

/// The number of bytes after which the disk begins with what was written, so that it works while
/// the rest of a long file is copied.
const SHARE: usize = 8 << 20;

/// Small pieces are written together, long ones directly.
pub(crate) fn write_pieces(file: &mut File, pieces: &[&[u8]]) -> io::Result<()> {
    let mut buffered = BufWriter::new(file);
    let mut written = 0;
    for share in pieces.iter().flat_map(|piece| piece.chunks(SHARE)) {
        buffered.write_all(share)?;
        if share.len() == SHARE {
            begin_writing(buffered.get_ref(), written);
        }
        written += share.len() as u64;
    }
    buffered.flush()
}

/// Has the disk begin with the content of a file from `start` on: on Linux this advice writes what
/// is not on the disk yet. Only a hint; the sync decides.
pub(crate) fn begin_writing(file: &File, start: u64) {
    let _ = fadvise(file, start, None, Advice::DontNeed);
}

/// Syncs all of these at once: a file system commits together what it is asked for together, so
/// that several take hardly longer than one.
///
/// # Errors
/// The first one's, if the operating system refuses.
pub(crate) fn sync_together<T: Sync>(
    these: &[T],
    sync: impl Fn(&T) -> Result<(), FileError> + Sync,
) -> Result<(), FileError> {
    let Some((first, others)) = these.split_first() else {
        return Ok(());
    };
    thread::scope(|scope| {
        let others: Vec<_> = others
            .iter()
            .map(|other| beside(scope, || sync(other)))
            .collect();
        let first = sync(first);
        others
            .into_iter()
            .map(Beside::join)
            .fold(first, Result::and)
    })
}

/// Makes the names in these directories durable; each directory is synced once.
///
/// # Errors
/// If the operating system refuses.
pub fn sync_all(unsynced: &[Unsynced]) -> Result<(), FileError> {
    let mut directories = BTreeMap::new();
    for Unsynced(directory) in unsynced {
        let stat = directory.file.metadata();
        let stat = stat.map_err(FileError::at(&directory.path))?;
        directories.insert((stat.dev(), stat.ino()), directory);
    }
    let directories: Vec<&Directory> = directories.into_values().collect();
    sync_together(&directories, |directory| {
        directory.sync().map_err(FileError::at(&directory.path))
    })
}
