//! The commit, unpacked: nothing that is not committed gets into a package.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::empty;
use crate::run::{self, project};

/// The version of every crate.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The tree of one commit.
pub(super) struct Source {
    /// Where it was unpacked.
    pub(super) folder: PathBuf,
    /// What `--version` says beside the number: the commit and its date.
    pub(super) commit: String,
    /// Seconds since 1970 of the commit: the age of every file in every package.
    pub(super) epoch: String,
}

impl Source {
    /// Unpacks the newest commit into an empty folder.
    pub(super) fn export(folder: &Path) -> Result<Self, String> {
        let shown = git(&["log", "-1", "--format=%H %cs %ct"])?;
        let [hash, date, epoch] = shown.split(' ').collect::<Vec<_>>()[..] else {
            return Err(format!("git log said {shown:?}"));
        };
        empty(folder)?;
        let archive = folder.join("source.tar");
        let name = archive.to_string_lossy();
        git(&["archive", "--format=tar", "--output", &*name, hash])?;
        run::run(
            Command::new("tar")
                .args(["-xf", "source.tar"])
                .current_dir(folder),
        )?;
        fs::remove_file(&archive).map_err(|error| format!("{name}: {error}"))?;
        Ok(Self {
            folder: folder.to_owned(),
            commit: format!("{} {date}", &hash[..hash.len().min(12)]),
            epoch: epoch.to_owned(),
        })
    }

    /// The working tree as it stands, to see what would go into a package: git is not asked.
    pub(super) fn of_the_working_tree() -> Self {
        Self {
            folder: project(),
            commit: "working tree".to_owned(),
            epoch: "0".to_owned(),
        }
    }

    /// A file of the project.
    pub(super) fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let path = self.folder.join(path);
        fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The names of the files in a folder of the project, sorted; none where there is no such folder.
    pub(super) fn names(&self, folder: &str) -> Result<Vec<String>, String> {
        let folder = self.folder.join(folder);
        if folder.exists() {
            super::names(&folder)
        } else {
            Ok(Vec::new())
        }
    }
}

fn git(arguments: &[&str]) -> Result<String, String> {
    let mut git = Command::new("git");
    let said = run::output(git.args(arguments).current_dir(project()))?;
    Ok(said.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_says_which_commit_it_is_of() {
        if !project().join(".git").exists() {
            // Sources that came as an archive themselves.
            return;
        }
        let folder = run::target().join("source-test");
        let source = Source::export(&folder).unwrap();
        let said = source.read("crates/sshmend/commit.txt").unwrap();
        let said = String::from_utf8(said).unwrap();
        let (hash, date) = said.trim().split_once(' ').unwrap();
        assert_eq!(format!("{} {date}", &hash[..12]), source.commit);
        fs::remove_dir_all(folder).unwrap();
    }
}
