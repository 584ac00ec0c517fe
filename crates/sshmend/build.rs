//! Names the commit that a release build was made from: `sshmend 0.2.0 (0123456789ab 2026-12-31)`.
//!
//! `SSHMEND_COMMIT` says it (`cargo xtask dist` sets it), else git is asked. Without either, and in a debug build, which
//! would be linked again after each commit, the version is the plain one.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a build script asks its environment and git"
)]

use std::env;
use std::path::Path;
use std::process::Command;

/// Cargo runs in the package's folder, two below the root of the project.
const ROOT: &str = "../..";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=SSHMEND_COMMIT");
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = env::var("SSHMEND_COMMIT")
        .ok()
        .filter(|said| !said.is_empty());
    match commit.or_else(|| release.then(asked).flatten()) {
        Some(commit) => println!("cargo::rustc-env=SSHMEND_VERSION={version} ({commit})"),
        None => println!("cargo::rustc-env=SSHMEND_VERSION={version}"),
    }
}

/// The newest commit and its date, as git tells them; `None` where this is not a checkout of the project.
fn asked() -> Option<String> {
    // A copy inside another project's repository must not be named after that project's commit.
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != Path::new(ROOT).canonicalize().ok()? {
        return None;
    }
    for name in ["HEAD", "logs/HEAD"] {
        let path = git(&["rev-parse", "--git-path", name])?;
        // Naming a file that is missing would run this script at every build.
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let commit = git(&["rev-parse", "HEAD"])?;
    let date = git(&["log", "-1", "--format=%cs"])?;
    Some(format!("{} {date}", commit.get(..12)?))
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then_some(())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned())
}
