//! Names the commit that a build was made from: `sshmend 0.2.0 (0123456789ab 2026-12-31)`.
//!
//! In sources from `git archive` the commit is in `commit.txt`; in a checkout git is asked. Without
//! either, and in a debug build of a checkout, which would be linked again after each commit, the
//! version is the plain one.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a build script asks its environment and git"
)]

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Cargo runs in the package's folder, two below the root of the project.
const ROOT: &str = "../..";

/// Filled in by `git archive` according to `.gitattributes`.
const ARCHIVED: &str = "commit.txt";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={ARCHIVED}");
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    match archived().or_else(|| release.then(asked).flatten()) {
        Some(commit) => println!("cargo::rustc-env=SSHMEND_VERSION={version} ({commit})"),
        None => println!("cargo::rustc-env=SSHMEND_VERSION={version}"),
    }
}

/// The commit of the archive that contains the sources; `None` in a checkout, where the file has
/// git's placeholders.
fn archived() -> Option<String> {
    shortened(&fs::read_to_string(ARCHIVED).ok()?)
}

/// The newest commit and its date as git reports them; `None` outside a checkout of the project.
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
    shortened(&git(&["log", "-1", "--format=%H %cs"])?)
}

/// Twelve digits of the commit and its date.
fn shortened(commit: &str) -> Option<String> {
    let (hash, date) = commit.trim().split_once(' ')?;
    let is_hash = hash.len() >= 12 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| format!("{} {date}", &hash[..12]))
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then_some(())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned())
}
