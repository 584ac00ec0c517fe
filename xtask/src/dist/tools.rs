//! The tools that a build of the packages needs beside Rust, installed by name.

use std::path::Path;
use std::process::Command;

use crate::packages;
use crate::python::Environment;

const DEBIAN: &[(&str, &str)] = &[
    ("git", "the commit that is built"),
    ("gcc", "the build scripts of dependencies"),
    ("libc6-dev", "the build scripts of dependencies"),
    ("binutils", "readelf, which lists the versions of symbols"),
    ("xz-utils", "the compression inside the .deb and the .rpm"),
    ("rpm", "rpmbuild"),
    ("rpmlint", "the check of the .rpm"),
    ("lintian", "the check of the .deb"),
    ("zsh", "the check of its completions"),
    ("fish", "the check of its completions"),
];

/// Exact versions: another linker could give other bytes.
const PYTHON: &str = "ziglang==0.17.1\nmaturin==1.16.0\nwheel==0.48.0\n";

/// The tools, in a folder of their own.
pub(super) struct Tools {
    python: Environment,
}

impl Tools {
    /// Installs the missing tools.
    pub(super) fn install(folder: &Path) -> Result<Self, String> {
        packages::install(DEBIAN)?;
        let python = Environment::install(folder, PYTHON)?;
        Ok(Self { python })
    }

    /// A command that finds the tools, and they each other.
    pub(super) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.python.program(name));
        command.env("PATH", self.python.path());
        command
    }
}
