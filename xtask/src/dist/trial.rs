//! The .deb on real machines' trees: installed, used, upgraded and purged.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::deb;
use super::source::Source;
use crate::run;

/// Tries the package that was made for this machine, on each suite of the lab.
///
/// # Errors
/// When a step fails, and when this is not root.
pub(super) fn run(out: &Path, work: &Path) -> Result<(), String> {
    if !nix::unistd::geteuid().is_root() {
        return Err("--try changes its root folder, which takes root".to_owned());
    }
    let package = super::names(out)?
        .into_iter()
        .find(|name| name.ends_with("_amd64.deb"))
        .map(|name| out.join(name))
        .ok_or("no package for this machine was made")?;
    let source = Source::export(&work.join("trial-source"))?;
    let newer = newer(&source, &package, work)?;
    let script = source.folder.join("packaging/debian/trial.sh");
    let place = work.join("machine");
    for (_held, tree) in sshmend_lab::trees().map_err(|error| error.to_string())? {
        super::empty(&place)?;
        let mut trial = Command::new("unshare");
        trial
            .args(["--mount", "--propagation=private", "sh"])
            .args([&script, &tree, &place, &package, &newer]);
        run::run(&mut trial)?;
    }
    Ok(())
}

/// The same package as its next revision.
fn newer(source: &Source, package: &Path, work: &Path) -> Result<std::path::PathBuf, String> {
    let unpacked = work.join("unpacked");
    super::empty(&unpacked)?;
    run::run(
        Command::new("dpkg-deb")
            .arg("--extract")
            .args([package, &unpacked]),
    )?;
    let program = unpacked.join("usr/bin/sshmend");
    let bytes = fs::read(&program).map_err(|error| format!("{}: {error}", program.display()))?;
    deb::make(source, &bytes, "amd64", 2, &work.join("newer"), work)
}
