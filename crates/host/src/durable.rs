//! Content and names on their way to the disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::thread;

use rustix::fs::{Advice, fadvise, fsync};
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

/// A file or directory that is to be synced, with its path for an error.
pub(crate) type ToSync<'f> = (&'f File, PathBuf);

/// The number of threads that sync. A file system commits together what it is asked for together,
/// so that several take hardly longer than one; but a thread takes as long to begin as an idle disk
/// to write, and many of them only wait for each other.
const AT_ONCE: usize = 3;

/// Syncs all of these, several at once.
///
/// # Errors
/// One of them, if the operating system refuses.
pub(crate) fn sync_together(these: &[ToSync<'_>]) -> Result<(), FileError> {
    let share = |first: usize| {
        let mut share = these.iter().skip(first).step_by(AT_ONCE);
        share.try_for_each(|(file, path)| fsync(file).map_err(FileError::at(path)))
    };
    thread::scope(|scope| {
        let others = 1..AT_ONCE.min(these.len());
        let others: Vec<_> = others
            .map(|first| beside(scope, move || share(first)))
            .collect();
        let own = share(0);
        others.into_iter().map(Beside::join).fold(own, Result::and)
    })
}

/// Makes the names in these directories durable; each directory is synced once.
///
/// # Errors
/// If the operating system refuses.
pub fn sync_all(unsynced: &[Unsynced]) -> Result<(), FileError> {
    sync_together(&directories(unsynced)?)
}

/// The directories, each once.
pub(crate) fn directories(unsynced: &[Unsynced]) -> Result<Vec<ToSync<'_>>, FileError> {
    let mut directories = BTreeMap::new();
    for Unsynced(directory) in unsynced {
        let stat = directory.file.metadata();
        let stat = stat.map_err(FileError::at(&directory.path))?;
        directories.insert((stat.dev(), stat.ino()), directory);
    }
    let directories = directories.into_values();
    Ok(directories
        .map(|directory| (&directory.file, directory.path.clone()))
        .collect())
}
