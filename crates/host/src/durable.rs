//! Content and names on their way to the disk.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt;

use rustix::fs::{Advice, fadvise};

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

/// Makes the names in these directories durable; each directory is synced once.
///
/// # Errors
/// If the operating system refuses.
pub fn sync_all(unsynced: &[Unsynced]) -> Result<(), FileError> {
    let mut synced = Vec::new();
    for Unsynced(directory) in unsynced {
        let stat = directory.file.metadata();
        let stat = stat.map_err(FileError::at(&directory.path))?;
        let identity = (stat.dev(), stat.ino());
        if !synced.contains(&identity) {
            directory.sync().map_err(FileError::at(&directory.path))?;
            synced.push(identity);
        }
    }
    Ok(())
}
