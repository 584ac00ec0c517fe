//! Mutual exclusion of sshmend processes for each state directory.

use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;

use crate::directory::Directory;
use crate::environment::{now, zone};
use crate::failure::{FileError, Why};
use crate::machine::Machine;
use crate::trust::{Purpose, kept};
use crate::walk::open_node;

/// Held until it is dropped or the process ends in any way. The file stays, because a lock on a
/// name that gets replaced excludes nobody.
#[derive(Debug)]
pub struct Lock {
    /// Closing it releases the lock, and cannot fail in a way that matters.
    _held: File,
}

/// The reason why the lock was not acquired.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("{}: held by {holder}", path.display())]
    Held {
        /// The lock file.
        path: std::path::PathBuf,
        /// The description that the other process left.
        holder: String,
    },
    /// The file could not be opened.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Machine {
    /// Takes the lock of a state directory, which must exist. `holder` is shown to others that try
    /// meanwhile.
    ///
    /// # Errors
    /// If another process holds it, which is named, or the file cannot be opened, is not a regular
    /// file with a single name, or another user could have created it.
    pub fn lock(&self, state: &Path, holder: &str) -> Result<Lock, LockError> {
        let path = state.join("lock");
        let (directory, name) = Directory::holding(&self.root, &path)?;
        let mut file = open(&directory, &path, &name).map_err(|why| FileError::new(&path, why))?;
        match file.try_lock() {
            Ok(()) => leave_word(&mut file, holder).map_err(FileError::at(&path))?,
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held {
                    path,
                    holder: word(&file),
                });
            }
            Err(TryLockError::Error(error)) => return Err(FileError::at(&path)(error).into()),
        }
        Ok(Lock { _held: file })
    }
}

impl Machine {
    /// Resumes the process that holds the lock of a state directory if it was stopped, as by
    /// Ctrl-Z: stopped, it would hold the lock indefinitely.
    pub fn resume_holder(&self, state: &Path) {
        let Ok(Some(lock)) = self.locate_kept(&state.join("lock")) else {
            return;
        };
        let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
        for pid in holders(&locks, lock.ino()) {
            let stat = std::fs::read(format!("/proc/{pid}/stat")).unwrap_or_default();
            if is_stopped(&stat) {
                // If it has ended meanwhile there is nothing to resume.
                let _ = kill(Pid::from_raw(pid), Signal::SIGCONT);
            }
        }
    }

    fn locate_kept(&self, path: &Path) -> Result<Option<std::fs::Metadata>, Why> {
        match self.root.locate(path, Purpose::Keep) {
            Ok(found) => Ok(Some(found.meta)),
            Err(Why::Missing) => Ok(None),
            Err(why) => Err(why),
        }
    }
}

/// The processes that hold a whole-file lock on the inode: `1: FLOCK  ADVISORY  WRITE 2013 00:1c:12345 0 EOF`
/// (proc_locks(5)). The device is not compared: some file systems show another one to stat(2).
fn holders(locks: &str, inode: u64) -> Vec<i32> {
    let holder = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let place = words.get(5)?.rsplit(':').next()?;
        let holds = words.get(1) == Some(&"FLOCK") && place.parse() == Ok(inode);
        holds.then(|| words.get(4)?.parse().ok()).flatten()
    };
    locks.lines().filter_map(holder).collect()
}

/// The third field of /proc/PID/stat (proc_pid_stat(5)); the second may contain blanks and
/// parentheses.
fn is_stopped(stat: &[u8]) -> bool {
    let end = stat.iter().rposition(|&byte| byte == b')');
    end.is_some_and(|end| stat[end..].starts_with(b") T"))
}

/// Never opens a device or pipe, because opening alone can have effects; and never writes to a file
/// that has another name.
fn open(directory: &Directory, path: &Path, name: &OsStr) -> Result<File, Why> {
    let flags =
        OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let create = flags | OFlags::CREATE | OFlags::EXCL;
    let file = match openat(&directory.file, name, create, Mode::RUSR | Mode::WUSR) {
        Ok(file) => File::from(file),
        Err(Errno::EXIST) => {
            check(path, &open_node(directory.file.as_fd(), name)?)?;
            File::from(openat(&directory.file, name, flags, Mode::empty())?)
        }
        Err(errno) => return Err(errno.into()),
    };
    check(path, &file)?;
    Ok(file)
}

fn check(path: &Path, file: &File) -> Result<(), Why> {
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(Why::WrongKind("a regular file"));
    }
    if meta.nlink() != 1 {
        return Err(Why::Other(
            "it has another name, whose content would be overwritten".to_owned(),
        ));
    }
    kept(path, file, &meta)
}

fn leave_word(file: &mut File, holder: &str) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    let since = now()
        .to_zoned_datetime(zone())
        .strftime("%Y-%m-%d %H:%M:%S %:z");
    writeln!(
        file,
        "process {} since {since}: {holder}",
        std::process::id()
    )
}

fn word(file: &File) -> String {
    let mut word = String::new();
    match file.take(512).read_to_string(&mut word) {
        Ok(_) if !word.trim().is_empty() => word.trim().to_owned(),
        _ => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_a_lock_is_found_by_its_inode() {
        let locks = "1: FLOCK  ADVISORY  WRITE 2013 00:1c:12345 0 EOF\n\
                     2: POSIX  ADVISORY  WRITE 7 00:1c:12345 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 9 00:1c:1234 0 EOF\n\
                     1: -> FLOCK  ADVISORY  WRITE 8 00:1c:12345 0 EOF\n";
        assert_eq!(holders(locks, 12345), [2013]);
        assert_eq!(holders(locks, 5), []);
    }

    #[test]
    fn a_stopped_process_is_recognised_by_the_field_after_its_name() {
        assert!(is_stopped(b"7 (a) S) T 1 7 7"));
        assert!(!is_stopped(b"7 (a) T) S 1 7 7"));
        assert!(!is_stopped(b""));
    }
}
