//! The machine from which a fleet is changed: ansible-core, this project's collection, and the command to install.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::case::{Ansible, Case};
use crate::command;
use crate::error::{LabError, trying};
use crate::machine::Machine;

/// What is fetched of the package index, for the Python of the client's suite.
const NEWEST: [&str; 6] = [
    "--only-binary=:all:",
    "--python-version=3.13",
    "--platform=manylinux_2_28_x86_64",
    "--platform=manylinux2014_x86_64",
    "--upgrade",
    "ansible-core",
];

/// Where the client has the newest ansible-core.
const THERE: &str = "/opt/ansible";

/// Fetches the newest ansible-core where a case wants it and it was not fetched yet.
pub(crate) fn fetch_for(cases: &[Case]) -> Result<(), LabError> {
    let wanted = |case: &Case| {
        let fleet = case.fleet.as_ref();
        fleet.is_some_and(|fleet| fleet.ansible == Ansible::Newest)
    };
    let (fetched, partial) = (newest(), newest().with_extension("partial"));
    if fetched.exists() || !cases.iter().any(wanted) {
        return Ok(());
    }
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--target"]);
    command::run(pip.arg(&partial).args(NEWEST), "")?.ok("pip install ansible-core")?;
    trying(
        fetched.display().to_string(),
        fs::rename(&partial, &fetched),
    )
}

/// Puts the collection, and a program to install with its checksum, into the working directory.
pub(crate) fn equip(client: &Machine, folder: &Path, binary: &Path) -> Result<(), LabError> {
    let collection = folder.join("sshmend/ansible");
    copy(
        &project().join("ansible"),
        &client.path(&collection.to_string_lossy()),
    )?;
    let files = client.path(&folder.join("files").to_string_lossy());
    trying(files.display().to_string(), fs::create_dir_all(&files))?;
    let program = files.join("sshmend");
    trying(
        program.display().to_string(),
        fs::copy(binary, &program).map(drop),
    )?;
    // Without its symbols it is a tenth as long, as the packages have it.
    command::run(Command::new("strip").arg(&program), "")?.ok("strip")?;
    let mut sums = Command::new("sha256sum");
    let sums = command::run(sums.current_dir(&files).arg("sshmend"), "")?.ok("sha256sum")?;
    let path = files.join("SHA256SUMS");
    trying(path.display().to_string(), fs::write(&path, sums.stdout))
}

/// Gives the client the newest ansible-core in place of its suite's.
pub(crate) fn install_newest(client: &Machine) -> Result<(), LabError> {
    copy(&newest(), &client.path(THERE))?;
    for (program, word) in [
        ("ansible", "adhoc"),
        ("ansible-playbook", "playbook"),
        ("ansible-galaxy", "galaxy"),
        ("ansible-doc", "doc"),
    ] {
        let script =
            format!("#!/bin/sh\nPYTHONPATH={THERE} exec python3 -m ansible {word} \"$@\"\n");
        let path = client.path(&format!("/usr/local/bin/{program}"));
        let written = fs::write(&path, script)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o755)));
        trying(path.display().to_string(), written)?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), LabError> {
    if let Some(parent) = to.parent() {
        trying(parent.display().to_string(), fs::create_dir_all(parent))?;
    }
    command::run(Command::new("cp").arg("-r").arg(from).arg(to), "")?
        .ok("cp")
        .map(drop)
}

fn newest() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| project().join("target"), |target| project().join(target));
    target.join("ansible-core")
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
