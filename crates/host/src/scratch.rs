//! What a program writes into files, without a file of the machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::failure::reason;
use crate::run::Runner;

/// In memory, where there is one, so that a secret touches no disk.
const IN_MEMORY: [&str; 2] = ["/run", "/dev/shm"];

/// How long the program may take: a large key on a busy machine takes a while.
const DEADLINE: Duration = Duration::from_secs(120);

/// Runs the program that `argv` makes of a directory, and hands back the bytes of the files of these names in it.
///
/// Nobody else can enter the directory (mode 0700), and it is gone afterwards.
///
/// # Errors
/// When there is no place for the directory, the program fails, or does not write the files; the text says which.
pub fn written_by(
    argv: impl FnOnce(&Path) -> Vec<String>,
    names: &[&str],
) -> Result<Vec<Vec<u8>>, String> {
    let directory = private_directory()?;
    let argv = argv(directory.path());
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

fn private_directory() -> Result<tempfile::TempDir, String> {
    let places = IN_MEMORY
        .into_iter()
        .map(PathBuf::from)
        .chain([std::env::temp_dir()]);
    let private = fs::Permissions::from_mode(0o700);
    let make = |place| {
        tempfile::Builder::new()
            .prefix(".sshmend-")
            .permissions(private.clone())
            .tempdir_in(place)
    };
    let mut made = places.map(make);
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
    fn files_are_handed_back_and_nothing_is_left() {
        let script = "cd \"$0\" && pwd > where && stat -c %a . > mode";
        let files = written_by(shell(script), &["where", "mode"]).expect("both are written");
        assert_eq!(files[1], b"700\n");
        let place = PathBuf::from(String::from_utf8_lossy(&files[0]).trim_end());
        assert!(place.is_absolute() && !place.exists());
    }

    #[test]
    fn a_program_that_fails_or_writes_nothing_is_told() {
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
