//! The sshmend that the machines get: linked statically, because bullseye's C library is older than most build machines', or a .deb.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;
use crate::error::{LabError, trying};
use crate::machine::{Machine, User};
use crate::project;

/// The longest that dpkg may take, in seconds.
const LIMIT: u32 = 120;

/// Builds it and returns its path.
pub(crate) fn build() -> Result<PathBuf, LabError> {
    let root = project();
    let triple = host_triple()?;
    let flags = format!(
        "CARGO_TARGET_{}_RUSTFLAGS",
        triple.to_uppercase().replace('-', "_")
    );
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.current_dir(&root).args([
        "build",
        "--quiet",
        "--package",
        "sshmend",
        "--target",
        &triple,
    ]);
    command::run(build.env(flags, "-C target-feature=+crt-static"), "")?.ok("cargo build")?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join(triple).join("debug/sshmend"))
}

/// Puts the program into a machine, or has its dpkg install the package.
pub(crate) fn install(machine: &Machine, binary: &Path) -> Result<(), LabError> {
    if !is_package(binary) {
        return put(binary, &machine.path("/usr/local/bin/sshmend"));
    }
    put(binary, &machine.path("/root/sshmend.deb"))?;
    let script = "dpkg --install /root/sshmend.deb && rm /root/sshmend.deb";
    machine.shell(User::Root, script, LIMIT)?.ok("dpkg")?;
    Ok(())
}

/// Writes the program alone to a path of this machine.
pub(crate) fn unpack(binary: &Path, to: &Path) -> Result<(), LabError> {
    if !is_package(binary) {
        return put(binary, to);
    }
    let script = r#"dpkg-deb --fsys-tarfile "$0" | tar -xO ./usr/bin/sshmend >"$1""#;
    let mut unpack = Command::new("sh");
    unpack.args(["-c", script]).args([binary, to]);
    command::run(&mut unpack, "")?.ok("dpkg-deb").map(drop)
}

fn is_package(binary: &Path) -> bool {
    binary
        .extension()
        .is_some_and(|extension| extension == "deb")
}

fn put(file: &Path, to: &Path) -> Result<(), LabError> {
    let copied =
        fs::copy(file, to).and_then(|_| fs::set_permissions(to, fs::Permissions::from_mode(0o755)));
    trying(file.display().to_string(), copied)
}

fn host_triple() -> Result<String, LabError> {
    let version = command::run(Command::new("rustc").arg("-vV"), "")?
        .ok("rustc -vV")?
        .stdout;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.unwrap_or("x86_64-unknown-linux-gnu").to_owned())
}
