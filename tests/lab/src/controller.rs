//! The machine from which a fleet is changed: ansible-core, this project's collection, and the command to install.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binary;
use crate::case::{Ansible, Case, Fleet};
use crate::command;
use crate::error::{LabError, trying};
use crate::machine::Machine;
use crate::project;
use crate::suite::Suite;

/// For which machines it is fetched of the package index.
const PLATFORM: [&str; 4] = [
    "--only-binary=:all:",
    "--platform=manylinux_2_28_x86_64",
    "--platform=manylinux2014_x86_64",
    "--upgrade",
];

/// The folder on the client for an ansible-core from the package index.
const THERE: &str = "/opt/ansible";

/// The programs that are called, and how `python3 -m` names them.
const PROGRAMS: [(&str, &str); 8] = [
    ("ansible", "ansible adhoc"),
    ("ansible-config", "ansible config"),
    ("ansible-doc", "ansible doc"),
    ("ansible-galaxy", "ansible galaxy"),
    ("ansible-inventory", "ansible inventory"),
    ("ansible-playbook", "ansible playbook"),
    ("ansible-vault", "ansible vault"),
    ("molecule", "molecule"),
];

/// Fetches the ansible-core that the cases need on these suites, unless it is already there.
pub(crate) fn fetch_for(cases: &[Case], suites: &[Suite]) -> Result<(), LabError> {
    for case in cases {
        let Some(fleet) = &case.fleet else { continue };
        let suites = suites
            .iter()
            .filter(|suite| !case.except.contains_key(suite));
        for suite in suites {
            fetch(&requirements(fleet), *suite)?;
        }
    }
    Ok(())
}

/// What pip is asked for; nothing where the suite's own ansible-core is all that is wanted.
fn requirements(fleet: &Fleet) -> Vec<String> {
    let ansible = match &fleet.ansible {
        Ansible::Debian => None,
        Ansible::Newest => Some("ansible-core".to_owned()),
        Ansible::Release(release) => Some(format!("ansible-core=={release}.*")),
    };
    ansible.into_iter().chain(fleet.with.clone()).collect()
}

fn fetch(requirements: &[String], suite: Suite) -> Result<(), LabError> {
    let fetched = fetched(requirements, suite);
    if requirements.is_empty() || fetched.exists() {
        return Ok(());
    }
    let partial = fetched.with_extension("partial");
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--target"]);
    pip.arg(&partial).args(PLATFORM);
    pip.args(["--python-version", suite.python()])
        .args(requirements);
    command::run(&mut pip, "")?.ok("pip install")?;
    trying(
        fetched.display().to_string(),
        fs::rename(&partial, &fetched),
    )
}

/// Puts the collection, and a program to install with its checksum, into the working directory.
pub(crate) fn equip(client: &Machine, folder: &Path, sshmend: &Path) -> Result<(), LabError> {
    let collection = folder.join("sshmend/ansible");
    copy(
        &project().join("ansible"),
        &client.path(&collection.to_string_lossy()),
    )?;
    let files = client.path(&folder.join("files").to_string_lossy());
    trying(files.display().to_string(), fs::create_dir_all(&files))?;
    let program = files.join("sshmend");
    binary::unpack(sshmend, &program)?;
    // Without its symbols it is a tenth as long, as the packages have it.
    command::run(Command::new("strip").arg(&program), "")?.ok("strip")?;
    let mut sums = Command::new("sha256sum");
    let sums = command::run(sums.current_dir(&files).arg("sshmend"), "")?.ok("sha256sum")?;
    let path = files.join("SHA256SUMS");
    trying(path.display().to_string(), fs::write(&path, sums.stdout))
}

/// Gives the client the ansible-core that the case wants in place of its suite's, and what it wants with it.
pub(crate) fn install(client: &Machine, fleet: &Fleet, suite: Suite) -> Result<(), LabError> {
    let requirements = requirements(fleet);
    if requirements.is_empty() {
        return Ok(());
    }
    copy(&fetched(&requirements, suite), &client.path(THERE))?;
    for (program, words) in PROGRAMS {
        let script = format!("#!/bin/sh\nPYTHONPATH={THERE} exec python3 -m {words} \"$@\"\n");
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

/// The folder in which it is cached.
fn fetched(requirements: &[String], suite: Suite) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| project().join("target"), |target| project().join(target));
    let name = requirements.join("_");
    let name: String = name
        .chars()
        .filter(|character| !"=*".contains(*character))
        .collect();
    target.join(format!("{name}_{suite}"))
}
