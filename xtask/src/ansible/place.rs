//! The copy of the collection that is tested.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{self, project};

/// The locale that ansible-test requires.
const LOCALE: &str = "C.UTF-8";

/// A copy of the collection in the place that Ansible requires: below
/// `ansible_collections/NAMESPACE/NAME`.
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) collection: PathBuf,
}

impl Place {
    /// Makes a fresh copy.
    pub(super) fn new() -> Result<Self, String> {
        let folder = run::target().join("ansible");
        let parent = folder.join("ansible_collections/sshmend");
        let collection = parent.join("ssh");
        if collection.exists() {
            fs::remove_dir_all(&collection).map_err(|error| at(&collection, &error))?;
        }
        fs::create_dir_all(&parent).map_err(|error| at(&parent, &error))?;
        run::run(
            Command::new("cp")
                .arg("-r")
                .arg(project().join("ansible"))
                .arg(&collection),
        )?;
        Ok(Self { folder, collection })
    }

    /// A program that finds the collection, run in it, with nothing of this person's own configuration.
    pub(super) fn program(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.collection)
            .env("HOME", self.folder.join("home"))
            .env("LC_ALL", LOCALE)
            .env("PYTHONPATH", &self.folder)
            .env("ANSIBLE_COLLECTIONS_PATH", &self.folder)
            .env("ANSIBLE_NOCOLOR", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    pub(super) fn unit_tests(&self) -> Result<(), String> {
        let unit = self.collection.join("tests/unit/plugins");
        for test in files(&unit)? {
            run::run(self.program("/usr/bin/python3").arg(&test).arg("--quiet"))?;
        }
        Ok(())
    }
}

/// The tests below a folder, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| at(folder, &error))? {
        let path = entry.map_err(|error| at(folder, &error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if name.starts_with("test_") && name.ends_with(".py") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

pub(super) fn at(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
