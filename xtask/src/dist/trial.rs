//! What was made, used: the .deb on trees of real machines (installed, upgraded to, removed and purged), the tarball on the same
//! trees, the wheel in an environment of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::source::{Source, VERSION};
use super::{SUMS, deb};
use crate::python::Environment;
use crate::run;

/// Older than any package; what is in it is the same.
const OLDER: &str = "0.1.0-1";

/// Tries what was made for this machine, on each suite of the lab.
///
/// # Errors
/// When a step fails, and when this is not root.
pub(super) fn run(out: &Path, work: &Path) -> Result<(), String> {
    if !nix::unistd::geteuid().is_root() {
        return Err("--try changes its root folder, which takes root".to_owned());
    }
    let package = made(out, "_amd64.deb")?;
    let tarball = made(out, "-x86_64-unknown-linux-gnu.tar.gz")?;
    let source = Source::export(&work.join("trial-source"))?;
    let older = older(&source, &package, work)?;
    let script = source.folder.join("packaging/debian/trial.sh");
    let place = work.join("machine");
    for (_held, tree) in sshmend_lab::trees().map_err(|error| error.to_string())? {
        super::empty(&place)?;
        let mut trial = Command::new("unshare");
        trial
            .args(["--mount", "--propagation=private", "sh"])
            .args([&script, &tree, &place, &older, &package, &tarball])
            .arg(VERSION);
        run::run(&mut trial)?;
    }
    wheel(out, work)
}

/// The file whose name ends so.
fn made(out: &Path, end: &str) -> Result<PathBuf, String> {
    super::names(out)?
        .into_iter()
        .find(|name| name.ends_with(end))
        .map(|name| out.join(name))
        .ok_or_else(|| format!("{}: no *{end} was made", out.display()))
}

/// The same package as if it were of an older release.
fn older(source: &Source, package: &Path, work: &Path) -> Result<PathBuf, String> {
    let unpacked = work.join("unpacked");
    super::empty(&unpacked)?;
    run::run(
        Command::new("dpkg-deb")
            .arg("--extract")
            .args([package, &unpacked]),
    )?;
    let program = unpacked.join("usr/bin/sshmend");
    let bytes = fs::read(&program).map_err(|error| format!("{}: {error}", program.display()))?;
    deb::make(source, &bytes, "amd64", OLDER, &work.join("older"), work)
}

/// Installs the wheel as `pipx install FILE` does, with the checksum of [`SUMS`], and starts what it brought.
fn wheel(out: &Path, work: &Path) -> Result<(), String> {
    let wheel = made(out, "manylinux2014_x86_64.whl")?;
    let name = wheel.file_name().unwrap_or_default().to_string_lossy();
    let sums = fs::read_to_string(out.join(SUMS)).map_err(|error| format!("{SUMS}: {error}"))?;
    let sum = sums
        .lines()
        .find_map(|line| line.strip_suffix(&format!("  {name}")))
        .ok_or_else(|| format!("{SUMS}: {name} is not in it"))?;
    let requirement = format!("{} --hash=sha256:{sum}\n", wheel.display());
    let installed = Environment::install(&work.join("wheel"), &requirement)?;
    let said = run::output(Command::new(installed.program("sshmend")).arg("--version"))?;
    if !said.starts_with(&format!("sshmend {VERSION} (")) {
        return Err(format!("{name}: --version says {said:?}"));
    }
    println!("trial: {name} installed by pip, {}", said.trim());
    Ok(())
}
