//! Programs distributed as Python packages, with a separate environment for each chore.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{packages, run};

/// The packages that create an environment.
const DEBIAN: &[(&str, &str)] = &[
    ("python3", "tools that come as Python packages"),
    ("python3-venv", "tools that come as Python packages"),
];

/// An environment, by the folder of its programs.
#[derive(Debug)]
pub(crate) struct Environment {
    programs: PathBuf,
}

impl Environment {
    /// Makes `folder` contain what `requirements` (lines as pip reads them) name, which it may
    /// already do.
    ///
    /// # Errors
    /// When Python or a package cannot be installed, or is not the one whose checksum the lines give.
    pub(crate) fn install(folder: &Path, requirements: &str) -> Result<Self, String> {
        let programs = folder.join("bin");
        let list = folder.join("requirements.txt");
        let said = |error: std::io::Error| format!("{}: {error}", list.display());
        // Written last: an environment without it was not finished.
        if fs::read_to_string(&list).is_ok_and(|installed| installed == requirements) {
            return Ok(Self { programs });
        }
        packages::install(DEBIAN)?;
        let mut venv = Command::new("python3");
        run::run(venv.args(["-m", "venv", "--clear"]).arg(folder))?;
        let partial = folder.join("requirements.partial");
        fs::write(&partial, requirements).map_err(said)?;
        let mut pip = Command::new(programs.join("pip"));
        run::run(pip.args(["install", "--quiet", "-r"]).arg(&partial))?;
        fs::rename(&partial, &list).map_err(said)?;
        Ok(Self { programs })
    }

    /// The path of one of its programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// A `PATH` on which its programs are found first.
    pub(crate) fn path(&self) -> OsString {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.programs.clone()).chain(env::split_paths(&path));
        env::join_paths(folders).unwrap_or_else(|_| self.programs.clone().into())
    }
}
