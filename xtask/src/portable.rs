//! `cargo xtask portable`: the crates that touch no machine are for every machine. They are checked with Debian's own Rust,
//! which is older than ours, for two machines that are not Linux: a browser, and Windows.

use std::env;
use std::ffi::OsString;
use std::fs;

use sshmend_lab::Rust;

use crate::run::{self, project};

const TARGETS: [&str; 2] = ["wasm32-unknown-unknown", "x86_64-pc-windows-gnu"];

/// The crates with this line in their Cargo.toml are checked; which those are, a test holds (`tests/documents/architecture.rs`).
const PURE: &str = "rust-version = \"1.85\"";

/// Checks them; only root can lay Debian's Rust over the lab's tree.
///
/// # Errors
/// If a crate needs something that the release or one of the machines does not have, if the tree
/// cannot be made, and in CI if the check is not run.
pub(crate) fn check() -> Result<(), String> {
    match (nix::unistd::geteuid().is_root(), env::var_os("CI")) {
        (true, _) => {}
        (false, Some(_)) => return Err("the lab's trees take root".to_owned()),
        (false, None) => {
            println!("not run: the lab's trees take root");
            return Ok(());
        }
    }
    let home = run::cargo_home()?;
    // Inside there may be no network.
    run::run(&mut run::cargo(&["fetch", "--quiet", "--locked"]))?;
    let rust = Rust::hold(&home).map_err(|error| error.to_string())?;
    let built = run::target().join("portable");
    fs::create_dir_all(&built).map_err(|error| format!("{}: {error}", built.display()))?;
    run::run(&mut rust.cargo(&project(), &home, &built, &words()?))
}

fn words() -> Result<Vec<OsString>, String> {
    let mut words: Vec<OsString> = ["check", "--quiet", "--offline", "--locked"]
        .map(OsString::from)
        .into();
    for target in TARGETS {
        words.extend(["--target".into(), target.into()]);
    }
    for name in pure()? {
        words.extend(["--package".into(), format!("sshmend-{name}").into()]);
    }
    Ok(words)
}

/// The folders of the crates that keep to the older release.
fn pure() -> Result<Vec<String>, String> {
    let folder = project().join("crates");
    let said = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut pure = Vec::new();
    for entry in fs::read_dir(&folder).map_err(said)? {
        let entry = entry.map_err(said)?;
        let manifest = fs::read_to_string(entry.path().join("Cargo.toml")).map_err(said)?;
        if manifest.lines().any(|line| line == PURE) {
            pure.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    pure.sort();
    Ok(pure)
}
