//! The sshmend that the machines get: linked statically, because bullseye's C library is older than most build machines'.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;
use crate::error::LabError;

/// Builds it and returns its path.
pub(crate) fn build() -> Result<PathBuf, LabError> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
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

fn host_triple() -> Result<String, LabError> {
    let version = command::run(Command::new("rustc").arg("-vV"), "")?
        .ok("rustc -vV")?
        .stdout;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.unwrap_or("x86_64-unknown-linux-gnu").to_owned())
}
