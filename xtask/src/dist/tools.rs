//! What a build of the packages needs beside Rust, installed by name.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{packages, run};

const DEBIAN: &[(&str, &str)] = &[
    ("git", "the commit that is built"),
    ("gcc", "the build scripts of dependencies"),
    ("libc6-dev", "the build scripts of dependencies"),
    ("python3", "maturin and zig come as Python packages"),
    ("python3-venv", "maturin and zig come as Python packages"),
    ("binutils", "readelf, which lists the versions of symbols"),
    ("xz-utils", "the compression inside the .deb and the .rpm"),
    ("rpm", "rpmbuild"),
    ("rpmlint", "the check of the .rpm"),
    ("lintian", "the check of the .deb"),
];

/// Exact versions: another linker could give other bytes.
const PYTHON: &[&str] = &["ziglang==0.17.1", "maturin==1.16.0", "wheel==0.48.0"];

/// The tools, in a folder of their own.
pub(super) struct Tools {
    programs: PathBuf,
}

impl Tools {
    /// Installs what is missing.
    pub(super) fn install(folder: &Path) -> Result<Self, String> {
        packages::install(DEBIAN)?;
        let tools = Self {
            programs: folder.join("bin"),
        };
        if !tools.are_there() {
            run::run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
            let mut pip = Command::new(tools.programs.join("pip"));
            run::run(pip.args(["install", "--quiet"]).args(PYTHON))?;
        }
        Ok(tools)
    }

    fn are_there(&self) -> bool {
        let list = Command::new(self.programs.join("pip"))
            .args(["freeze", "--all"])
            .output();
        list.is_ok_and(|list| {
            let list = String::from_utf8_lossy(&list.stdout);
            PYTHON
                .iter()
                .all(|wanted| list.lines().any(|line| line == *wanted))
        })
    }

    /// A command that finds the tools, and they each other.
    pub(super) fn command(&self, name: &str) -> Command {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.programs.clone()).chain(env::split_paths(&path));
        let path = env::join_paths(folders).unwrap_or_else(|_| OsString::from(&self.programs));
        let mut command = Command::new(self.programs.join(name));
        command.env("PATH", path);
        command
    }
}
