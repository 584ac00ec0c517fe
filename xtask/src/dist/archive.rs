//! The tarball: for machines whose distribution has no package here, and for unpacking below
//! /usr/local.

use std::path::Path;
use std::process::Command;

use super::binary::Built;
use super::source::{Source, VERSION};
use super::stage::{self, Entry, Program, UNITS, file};
use crate::{manual, run};

/// Writes `sshmend-VERSION-TARGET.tar.gz`.
pub(super) fn tarball(
    source: &Source,
    built: &Built,
    place: &Path,
    out: &Path,
) -> Result<(), String> {
    let name = format!("sshmend-{VERSION}-{}", built.target.triple);
    let root = place.join("tarball");
    stage::write(&entries(source, &built.program, &name)?, &root)?;
    stage::settle(source, &root)?;
    let mut tar = Command::new("tar");
    tar.args(["--create", "--sort=name", "--format=ustar"])
        .args(["--owner=0", "--group=0", "--numeric-owner"])
        .args(["--use-compress-program=gzip -9n", "--file"])
        .arg(out.join(format!("{name}.tar.gz")))
        .arg("--directory")
        .arg(&root)
        .arg(&name);
    run::run(&mut tar)
}

fn entries(source: &Source, program: &Program, name: &str) -> Result<Vec<Entry>, String> {
    let mut entries = vec![Entry {
        path: format!("{name}/sshmend"),
        mode: 0o755,
        bytes: program.bytes.clone(),
    }];
    entries.extend(stage::documents(source, name)?);
    for document in ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"] {
        entries.push(file(format!("{name}/{document}"), source.read(document)?));
    }
    for (page, text) in stage::manuals(source)? {
        let path = format!("{name}/man/man{}/{page}", manual::SECTION);
        entries.push(file(path, text));
    }
    for (shell, script) in &program.completions {
        let path = format!("{name}/completions/{}", shell.file);
        entries.push(file(path, script.clone()));
    }
    for unit in stage::units(source)? {
        let bytes = source.read(&format!("{UNITS}/{unit}"))?;
        entries.push(file(format!("{name}/systemd/{unit}"), bytes));
    }
    Ok(entries)
}
