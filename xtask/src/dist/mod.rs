//! `cargo xtask dist`: the program for machines without Rust, as a tarball, a .deb, an .rpm and a wheel.
//!
//! Builds from the commit, not the working tree. The folder, the time and the user must not
//! influence the result: `--check` builds twice and compares.

mod archive;
mod binary;
mod deb;
mod folder;
mod rpm;
mod source;
mod stage;
mod target;
mod toolchain;
mod tools;
mod trial;
mod wheel;

use std::fs;
use std::path::{self, Path, PathBuf};
use std::process::{self, Command};

use clap::Args;

use crate::run::{self, project};
pub(crate) use deb::rehearse;

use binary::Built;
use folder::{empty, names};
use source::{Commit, Source};
use target::{TARGETS, Target};
use toolchain::Toolchain;
use tools::Tools;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Build the commit a second time, in another folder, time zone and language and with another umask, and fail unless every file
    /// has the same bytes
    #[arg(long)]
    check: bool,
    /// Install, use, upgrade and purge the .deb on trees of Debian 11, 12 and 13, and use each of the other files (root)
    #[arg(long = "try")]
    trial: bool,
    /// Build for this target alone (may be given several times), instead of all
    #[arg(long = "target", value_name = "TRIPLE", value_parser = Target::named)]
    targets: Vec<Target>,
    /// Build this commit instead of the newest one
    #[arg(long, value_name = "COMMIT", default_value = "HEAD")]
    commit: String,
    /// Where it is built, instead of target/dist-work/one
    #[arg(long, value_name = "DIR")]
    place: Option<PathBuf>,
    /// Where the files go, instead of target/dist
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Lists the checksums of all the others.
const SUMS: &str = "SHA256SUMS";

/// Builds for every target that there is a standard library for, and says for which there is none.
///
/// # Errors
/// If a tool cannot be installed, a build fails, a file is not as required, or a target that was
/// named cannot be built.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let work = project().join("target/dist-work");
    let out = folder_named(arguments.out.as_deref(), || project().join("target/dist"))?;
    let tools = Tools::install(&work.join("tools"))?;
    let toolchain = Toolchain::complete(&wanted(arguments), &work.join("toolchain"))?;
    let commit = Commit::named(&arguments.commit)?;
    let place = folder_named(arguments.place.as_deref(), || work.join("one"))?;
    make(&tools, &toolchain, &commit, &place, &out)?;
    if arguments.check {
        let again = work.join("again");
        build_again(&toolchain, &commit, &work.join("a/second/place"), &again)?;
        same(&out, &again)?;
        println!("reproducible: a second build elsewhere gives the same bytes");
    }
    if arguments.trial {
        trial::run(&toolchain, &commit, &out, &work)?;
    }
    println!("{}:", out.display());
    run::run(Command::new("cat").arg(SUMS).current_dir(&out))?;
    let missing = toolchain.not_built();
    if missing.is_empty() || arguments.targets.is_empty() {
        print!("{missing}");
        return Ok(());
    }
    // Who names a target wants it.
    Err(missing.trim_end().to_owned())
}

/// The folder that was named, or the usual one. The tools run in folders of their own, where a
/// relative path would be another.
fn folder_named(named: Option<&Path>, usual: impl Fn() -> PathBuf) -> Result<PathBuf, String> {
    named.map_or_else(
        || Ok(usual()),
        |path| path::absolute(path).map_err(|error| format!("{}: {error}", path.display())),
    )
}

fn wanted(arguments: &Arguments) -> Vec<Target> {
    if arguments.targets.is_empty() {
        TARGETS.to_vec()
    } else {
        arguments.targets.clone()
    }
}

/// Builds in another folder, as somebody with other habits does: what of them gets into a file makes the two builds differ.
fn build_again(
    toolchain: &Toolchain,
    commit: &Commit,
    place: &Path,
    out: &Path,
) -> Result<(), String> {
    // Of another depth, so that no path of the build has the same length; and nothing that an earlier build left there.
    empty(place)?;
    // Not by its name: during the first build somebody may have compiled this program anew.
    let program = format!("/proc/{}/exe", process::id());
    let mut build = Command::new("sh");
    build
        .args(["-c", "umask 077; exec \"$@\"", "sh"])
        .arg(program)
        .args(["dist", "--commit", &commit.hash, "--place"])
        .arg(place)
        .arg("--out")
        .arg(out)
        .env("TZ", "Pacific/Kiritimati")
        .env("LC_ALL", "C");
    for target in &toolchain.targets {
        build.args(["--target", target.triple]);
    }
    run::run(&mut build)
}

/// One build from the commit alone, in `place`; the results go to `out`.
fn make(
    tools: &Tools,
    toolchain: &Toolchain,
    commit: &Commit,
    place: &Path,
    out: &Path,
) -> Result<(), String> {
    let source = commit.export(&place.join("source"))?;
    empty(out)?;
    for target in &toolchain.targets {
        let built = binary::build(tools, toolchain, &source, *target, place, out)?;
        pack(&source, &built, &place.join(target.triple), out)?;
    }
    sums(out)
}

fn pack(source: &Source, built: &Built, place: &Path, out: &Path) -> Result<(), String> {
    archive::tarball(source, built, place, out)?;
    if built.target.packaged {
        deb::checked(source, built, place, out)?;
        rpm::checked(source, built, place, out)?;
    }
    Ok(())
}

fn sums(out: &Path) -> Result<(), String> {
    let names = names(out)?;
    let sums = run::output(Command::new("sha256sum").args(&names).current_dir(out))?;
    fs::write(out.join(SUMS), sums).map_err(|error| format!("{SUMS}: {error}"))
}

fn same(one: &Path, other: &Path) -> Result<(), String> {
    let read = |folder: &Path| {
        fs::read_to_string(folder.join(SUMS))
            .map_err(|error| format!("{}: {error}", folder.display()))
    };
    let (first, second) = (read(one)?, read(other)?);
    if first == second {
        Ok(())
    } else {
        Err(format!(
            "two builds of one commit differ:\n{first}and\n{second}"
        ))
    }
}
