//! Collects the files that a program writes, without touching a file of the machine.

use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::geteuid;
use rustix::fs::{CWD, Mode, OFlags, openat};

use crate::failure::reason;
use crate::run::Runner;

/// In memory if possible, so that a secret never reaches a disk.
const IN_MEMORY: [&str; 2] = ["/run", "/dev/shm"];

/// The prefix of the directory names.
const PREFIX: &str = ".sshmend-files-";

/// The number of attempts to create a directory that another process removes as a leftover.
const ATTEMPTS: u32 = 8;

/// The time limit for the program: generating a large key on a busy machine takes a while.
const DEADLINE: Duration = Duration::from_secs(120);

/// Runs the program with the arguments that `argv` makes from a directory, and returns the content
/// of the named files in it.
///
/// Nobody else can enter the directory (mode 0700), and it is removed afterwards.
///
/// # Errors
/// If the directory cannot be created, the program fails, or it does not write the files; the text
/// says which.
pub fn written_by(
    argv: impl FnOnce(&Path) -> Vec<String>,
    names: &[&str],
) -> Result<Vec<Vec<u8>>, String> {
    let directory = private_directory()?;
    let argv = argv(&directory.path());
    let program = argv.first().cloned().unwrap_or_default();
    let runner = Runner {
        deadline: DEADLINE,
        ..Runner::default()
    };
    let output = runner
        .run(&argv)
        .map_err(|error| format!("{program}: {error}"))?;
    if !output.success() {
        let said = [output.stderr, output.stdout].concat();
        return Err(format!(
            "{program}: {}",
            String::from_utf8_lossy(&said).trim()
        ));
    }
    let read = |name: &&str| {
        fs::read(directory.path().join(name)).map_err(|error| format!("{name}: {}", reason(&error)))
    };
    names.iter().map(read).collect()
}

/// Removes what killed processes have left of [`written_by`], and nothing of a running one: while
/// it lives its directory is locked, and the kernel releases the lock however it ends.
///
/// Directories that cannot be removed are left for the next run.
pub fn remove_leftovers() {
    for place in places() {
        let Ok(names) = fs::read_dir(&place) else {
            continue;
        };
        for name in names.flatten().map(|entry| entry.file_name()) {
            if name.as_bytes().starts_with(PREFIX.as_bytes()) {
                remove_left(&place.join(name));
            }
        }
    }
}

fn remove_left(path: &Path) {
    let Ok(directory) = open_directory(path) else {
        return;
    };
    // In a folder for all users anybody can create a directory with such a name.
    let own = directory
        .metadata()
        .is_ok_and(|meta| meta.uid() == geteuid().as_raw());
    if own && directory.try_lock().is_ok() {
        // The next run tries again.
        drop(fs::remove_dir_all(path));
    }
}

fn places() -> impl Iterator<Item = PathBuf> {
    IN_MEMORY
        .into_iter()
        .map(PathBuf::from)
        .chain([std::env::temp_dir()])
}

/// A directory that is removed on drop, and locked until then.
struct Private {
    directory: tempfile::TempDir,
    _locked: File,
}

impl Private {
    fn in_place(place: &Path) -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            let directory = tempfile::Builder::new()
                .prefix(PREFIX)
                .permissions(fs::Permissions::from_mode(0o700))
                .tempdir_in(place)?;
            let locked = open_directory(directory.path());
            // Before it was locked, another process may have taken it for a leftover.
            if let Ok(locked) = locked
                && locked.try_lock().is_ok()
                && same_directory(&locked, directory.path())
            {
                return Ok(Self {
                    directory,
                    _locked: locked,
                });
            }
        }
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn path(&self) -> PathBuf {
        self.directory.path().to_owned()
    }
}

fn same_directory(open: &File, path: &Path) -> bool {
    let id = |meta: fs::Metadata| (meta.dev(), meta.ino());
    let (open, named) = (open.metadata().map(id), fs::symlink_metadata(path).map(id));
    open.is_ok_and(|open| named.is_ok_and(|named| open == named))
}

fn open_directory(path: impl AsRef<Path>) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(CWD, path.as_ref(), flags, Mode::empty())?.into())
}

fn private_directory() -> Result<Private, String> {
    let mut made = places().map(|place| Private::in_place(&place));
    let made = made
        .find(Result::is_ok)
        .transpose()
        .map_err(|error| reason(&error))?;
    made.ok_or_else(|| "no directory can be made for temporary files".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> impl FnOnce(&Path) -> Vec<String> {
        move |directory| {
            ["sh", "-c", script, &directory.display().to_string()]
                .map(str::to_owned)
                .to_vec()
        }
    }

    #[test]
    fn scratch_files_are_returned_and_removed() {
        let script = "cd \"$0\" && pwd > where && stat -c %a . > mode";
        let files = written_by(shell(script), &["where", "mode"]).expect("both are written");
        assert_eq!(files[1], b"700\n");
        let place = PathBuf::from(String::from_utf8_lossy(&files[0]).trim_end());
        assert!(place.is_absolute() && !place.exists());
    }

    #[test]
    fn leftovers_of_a_killed_process_are_removed_and_files_in_use_are_kept() {
        let left = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in("/dev/shm")
            .expect("a directory")
            .keep();
        fs::write(left.join("key"), "secret").expect("a file");
        let other = tempfile::Builder::new()
            .prefix(".sshmend-other-")
            .tempdir_in("/dev/shm")
            .expect("a directory");
        let used = Private::in_place(Path::new("/dev/shm")).expect("a directory");
        remove_leftovers();
        assert!(!left.exists());
        assert!(used.path().exists() && other.path().exists());
    }

    #[test]
    fn a_program_that_fails_or_writes_nothing_is_reported() {
        assert_eq!(
            written_by(shell("echo no >&2; exit 3"), &[]),
            Err("sh: no".to_owned())
        );
        assert_eq!(
            written_by(shell("true"), &["key"]),
            Err("key: No such file or directory".to_owned())
        );
        assert!(written_by(|_| vec!["/nonexistent".to_owned()], &[]).is_err());
    }
}
