//! Keeps the old content of a long file without copying it: its inode gets a second name in the state folder.

use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::geteuid;
use rustix::fs::{AtFlags, linkat, unlinkat};
use sshmend_lossless::{FileImage, Metadata};

use crate::directory::Directory;
use crate::durable::Unsynced;
use crate::failure::{FileError, Why};
use crate::machine::Machine;
use crate::trust::{Purpose, Trust};
use crate::walk::open_node;

/// The size from which a second name of the old file takes the place of a copy, in bytes. Nothing
/// that writes to the old inode later can harm a copy, but a long one takes longer than all else.
pub const LONG: u64 = 1 << 17;

/// The mode bits that let others write to the file.
const OTHERS_WRITE: u32 = 0o022;

/// Whether the old content of this file may be kept as a second name of its inode, as far as its
/// metadata tells: it is our own, long, with a single name, and nobody else may write to it.
pub fn may_keep_inode(meta: &Metadata) -> bool {
    let own = meta.uid == geteuid().as_raw() && meta.mode & OTHERS_WRITE == 0;
    meta.size >= LONG && meta.links == 1 && own
}

impl Machine {
    /// Gives the captured file a second name, `to`, on the disk of `state`, which is durable once
    /// the directory that is returned is synced; `None` if that is not possible or not worthwhile.
    ///
    /// It must be one that [`may_keep_inode`], on the same file system.
    ///
    /// # Errors
    /// If the operating system refuses for another reason.
    pub fn keep_inode(
        &self,
        path: &Path,
        captured: &FileImage,
        state: &Self,
        to: &Path,
    ) -> Result<Option<Unsynced>, FileError> {
        let meta = &captured.meta;
        if !may_keep_inode(meta) {
            return Ok(None);
        }
        let mut trust = Trust::new(self.root.is_live(), Purpose::Write);
        let found = self
            .root
            .walk(path, true, &mut |step| trust.visit(step))
            .map_err(FileError::at(path))?;
        let (directory, name) = Directory::holding(&state.root, to)?;
        if (found.meta.dev(), found.meta.ino()) != meta.identity {
            return Err(FileError::new(
                path,
                Why::Changed("someone else wrote to it"),
            ));
        }
        let linked = linkat(
            found.parent.as_fd(),
            &found.name,
            directory.file.as_fd(),
            &name,
            AtFlags::empty(),
        );
        // Another file system, or one without hard links: then it is copied.
        if linked.is_err() {
            return Ok(None);
        }
        let linked = open_node(directory.file.as_fd(), &name).map_err(FileError::at(to))?;
        let same = linked
            .metadata()
            .is_ok_and(|now| (now.dev(), now.ino()) == meta.identity);
        // With two names it must still be acceptable for reading at its path.
        if same && self.root.locate(path, Purpose::Read).is_ok() {
            return Ok(Some(Unsynced(directory)));
        }
        unlinkat(&directory.file, name.as_os_str(), AtFlags::empty()).map_err(FileError::at(to))?;
        Ok(None)
    }
}
