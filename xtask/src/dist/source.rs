//! The commit, unpacked: nothing that is not committed gets into a package.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::folder::{empty, names};
use crate::run::{self, project};

/// The version of every crate.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit to build: determined once, because others may commit during a build.
pub(super) struct Commit {
    pub(super) hash: String,
    /// The commit and its date, which `--version` prints beside the number.
    described: String,
    /// Seconds since 1970.
    epoch: String,
}

impl Commit {
    /// The one that git knows by this name.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        let shown = git(&["log", "-1", "--format=%H %cs %ct", name, "--"])?;
        let [hash, date, epoch] = shown.split(' ').collect::<Vec<_>>()[..] else {
            return Err(format!("git log said {shown:?}"));
        };
        Ok(Self {
            hash: hash.to_owned(),
            described: format!("{} {date}", &hash[..hash.len().min(12)]),
            epoch: epoch.to_owned(),
        })
    }

    /// Unpacks it into an empty folder; files already unpacked from the same commit stay, and are
    /// not compiled again.
    pub(super) fn export(&self, folder: &Path) -> Result<Source, String> {
        let source = Source {
            folder: folder.to_owned(),
            commit: self.described.clone(),
            epoch: self.epoch.clone(),
        };
        let stamp = folder.with_extension("commit");
        if folder.exists() && fs::read_to_string(&stamp).is_ok_and(|hash| hash == self.hash) {
            return Ok(source);
        }
        empty(folder)?;
        let archive = folder.join("source.tar");
        let name = archive.to_string_lossy();
        git(&["archive", "--format=tar", "--output", &*name, &self.hash])?;
        // With the time of the commit, cargo would consider later output of another commit up to
        // date.
        let mut tar = Command::new("tar");
        tar.args(["--touch", "-xf", "source.tar"]);
        run::run(tar.current_dir(folder))?;
        fs::remove_file(&archive).map_err(|error| format!("{name}: {error}"))?;
        fs::write(&stamp, &self.hash).map_err(|error| format!("{}: {error}", stamp.display()))?;
        Ok(source)
    }
}

/// The tree of one commit.
pub(super) struct Source {
    /// The folder in which it was unpacked.
    pub(super) folder: PathBuf,
    /// The commit and its date, which `--version` prints beside the number.
    pub(super) commit: String,
    /// Seconds since 1970 of the commit: the age of every file in every package.
    pub(super) epoch: String,
}

impl Source {
    /// The working tree as it is, to see what would go into a package, without asking git.
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

    /// The paths of the files in a folder of the project and in the folders below it, sorted.
    pub(super) fn below(&self, folder: &str) -> Result<Vec<String>, String> {
        let mut paths = Vec::new();
        for name in self.names(folder)? {
            let path = format!("{folder}/{name}");
            if self.folder.join(&path).is_dir() {
                paths.extend(self.below(&path)?);
            } else {
                paths.push(path);
            }
        }
        Ok(paths)
    }

    /// The names of the files in a folder of the project, sorted; empty if there is no such folder.
    pub(super) fn names(&self, folder: &str) -> Result<Vec<String>, String> {
        let folder = self.folder.join(folder);
        if folder.exists() {
            names(&folder)
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
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn an_archive_names_its_commit_and_is_newer_than_the_compiled_files() {
        if !project().join(".git").exists() {
            // Sources that came as an archive themselves.
            return;
        }
        let folder = run::target().join("source-test");
        let before = SystemTime::now() - Duration::from_secs(2);
        let commit = Commit::named("HEAD").unwrap();
        // From another commit, with a file that this one does not have.
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("left"), "").unwrap();
        fs::write(folder.with_extension("commit"), "another").unwrap();
        let source = commit.export(&folder).unwrap();
        assert!(!folder.join("left").exists());
        let said = source.read("crates/sshmend/commit.txt").unwrap();
        let said = String::from_utf8(said).unwrap();
        let (hash, date) = said.trim().split_once(' ').unwrap();
        assert_eq!(format!("{} {date}", &hash[..12]), source.commit);
        // With an older time cargo would use the output of another commit.
        let manifest = fs::metadata(folder.join("Cargo.toml")).unwrap();
        assert!(manifest.modified().unwrap() >= before);
        fs::write(folder.join("kept"), "").unwrap();
        commit.export(&folder).unwrap();
        assert!(folder.join("kept").exists());
        fs::remove_file(folder.with_extension("commit")).unwrap();
        fs::remove_dir_all(folder).unwrap();
    }
}
