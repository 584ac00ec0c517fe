//! One sshmend at a time for each state directory.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use rustix::fs::{Mode, OFlags, openat};

use crate::directory::Directory;
use crate::failure::{FileError, Why};
use crate::machine::Machine;

/// Held until it is dropped or the process ends, however it ends. The file stays: a lock on a name that is replaced
/// excludes nobody.
#[derive(Debug)]
pub struct Lock {
    _held: Flock<File>,
}

/// Why the lock was not had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{}: held by {holder}", path.display())]
    Held {
        /// The lock file.
        path: std::path::PathBuf,
        /// What the other process said of itself.
        holder: String,
    },
    /// The file could not be opened.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Machine {
    /// Takes the lock of a state directory, which must exist; `holder` is what others are told meanwhile.
    ///
    /// # Errors
    /// When another process has it, which is named, or the file cannot be opened.
    pub fn lock(&self, state: &Path, holder: &str) -> Result<Lock, LockError> {
        let path = state.join("lock");
        let (directory, name) = Directory::holding(&self.root, &path)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = openat(&directory.file, name.as_os_str(), flags, Mode::RUSR | Mode::WUSR);
        let file = File::from(opened.map_err(FileError::at(&path))?);
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(mut held) => {
                leave_word(&mut held, holder).map_err(FileError::at(&path))?;
                Ok(Lock { _held: held })
            }
            Err((file, Errno::EWOULDBLOCK)) => Err(LockError::Held { path, holder: word(&file) }),
            Err((_, errno)) => Err(FileError::new(path, Why::from(errno)).into()),
        }
    }
}

fn leave_word(file: &mut File, holder: &str) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    writeln!(file, "process {}: {holder}", std::process::id())
}

fn word(file: &File) -> String {
    let mut word = String::new();
    match file.take(512).read_to_string(&mut word) {
        Ok(_) if !word.trim().is_empty() => word.trim().to_owned(),
        _ => "another process".to_owned(),
    }
}
