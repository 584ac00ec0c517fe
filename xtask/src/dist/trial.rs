//! Tests the results: the .deb on trees of real machines (installed, upgraded to, removed and
//! purged), the .rpm and the tarball on the same trees, the wheel in a separate environment, and
//! the program of each tarball, including those for other machines.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::folder::{empty, names};
use super::source::{Commit, Source, VERSION};
use super::stage::Program;
use super::target::Target;
use super::toolchain::Toolchain;
use super::{SUMS, deb};
use crate::python::Environment;
use crate::run;

/// What runs a wheel without installing it.
const RUNNERS: &str = "pipx==1.18.4\nuv==0.13.9\n";

/// The target of the lab's machines.
const MACHINE: &str = "x86_64-unknown-linux-gnu";

/// Older than any package, with the same content.
const OLDER: &str = "0.1.0-1";

/// A disk that every program looks at, below the folder that it runs in.
const DISK: &str = "disk";

/// The test that every program must pass: arguments, input, and a word of the output.
const ANSWERS: [(&[&str], &str, &str); 5] = [
    (
        &["show", "sshd-config", "MaxStartups", "--root", DISK],
        "",
        "8:40:50",
    ),
    (
        &[
            "fix",
            "sshd-config",
            "MaxStartups=30:30:200",
            "--dry-run",
            "--root",
            DISK,
        ],
        "",
        "+MaxStartups 30:30:200",
    ),
    (&["explain", "max-startups"], "", "MaxStartups"),
    (
        &["diagnose", "-"],
        "ssh: connect to host build.example port 22: Connection refused\n",
        "sshd-not-running",
    ),
    (
        &["diagnose", "-"],
        "kex_exchange_identification: read: Connection reset by peer\n",
        "max-startups",
    ),
];

/// Tests the packages for this machine, on each suite of the lab.
///
/// # Errors
/// When a step fails, and when this is not root.
pub(super) fn run(
    toolchain: &Toolchain,
    commit: &Commit,
    out: &Path,
    work: &Path,
) -> Result<(), String> {
    if !nix::unistd::geteuid().is_root() {
        return Err("--try changes its root folder, which takes root".to_owned());
    }
    if toolchain.targets.contains(&Target::named(MACHINE)?) {
        machines(commit, out, work)?;
        wheel(out, work)?;
    } else {
        println!("trial: no package for {MACHINE} was built, and none is installed");
    }
    for target in &toolchain.targets {
        program(*target, out, work)?;
    }
    Ok(())
}

/// Installs the packages on each suite of the lab.
fn machines(commit: &Commit, out: &Path, work: &Path) -> Result<(), String> {
    let package = made(out, "_amd64.deb")?;
    let rpm = made(out, ".x86_64.rpm")?;
    let tarball = made(out, &format!("-{MACHINE}.tar.gz"))?;
    let source = commit.export(&work.join("trial-source"))?;
    let older = older(&source, &package, work)?;
    let script = source.folder.join("packaging/debian/trial.sh");
    let role = source.folder.join("packaging/trial-role.sh");
    let archives = sshmend_lab::archives().map_err(|error| error.to_string())?;
    let place = work.join("machine");
    for (_held, tree) in sshmend_lab::trees().map_err(|error| error.to_string())? {
        empty(&place)?;
        let mut trial = Command::new("unshare");
        trial
            .args(["--mount", "--propagation=private", "sh"])
            .args([&script, &tree, &place, &older, &package, &rpm, &tarball])
            .arg(VERSION);
        run::run(&mut trial)?;
        let mut trial = Command::new("unshare");
        trial
            .args(["--mount", "--propagation=private", "sh"])
            .args([&role, &tree, &place])
            .args(&archives)
            .args([&source.folder.join("ansible"), out])
            .arg(VERSION);
        run::run(&mut trial)?;
    }
    Ok(())
}

/// The file whose name ends so.
fn made(out: &Path, end: &str) -> Result<PathBuf, String> {
    names(out)?
        .into_iter()
        .find(|name| name.ends_with(end))
        .map(|name| out.join(name))
        .ok_or_else(|| format!("{}: no *{end} was made", out.display()))
}

/// The same package as if it were of an older release.
fn older(source: &Source, package: &Path, work: &Path) -> Result<PathBuf, String> {
    let unpacked = work.join("unpacked");
    empty(&unpacked)?;
    run::run(
        Command::new("dpkg-deb")
            .arg("--extract")
            .args([package, &unpacked]),
    )?;
    let path = unpacked.join("usr/bin/sshmend");
    let program = Program::read(&path, || Command::new(&path))?;
    deb::make(source, &program, "amd64", OLDER, &work.join("older"), work)
}

/// Installs the wheel as `pipx install FILE` does, with the checksum of [`SUMS`], and starts the
/// installed program.
fn wheel(out: &Path, work: &Path) -> Result<(), String> {
    let wheel = made(out, "manylinux_2_17_x86_64.whl")?;
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
    let runners = Environment::install(&work.join("runners"), RUNNERS)?;
    for (runner, words) in [
        ("uvx", &["--no-cache", "--from"][..]),
        ("pipx", &["run", "--no-cache", "--spec"]),
    ] {
        let mut command = Command::new(runners.program(runner));
        command.args(words).arg(&wheel);
        let answer = run::output(command.args(["sshmend", "--version"]))?;
        if answer != said {
            return Err(format!("{runner}: --version says {answer:?}, not {said:?}"));
        }
        println!("trial: {name} run by {runner}");
    }
    Ok(())
}

/// Unpacks the tarball, has its program answer, and has the shells read its completions.
fn program(target: Target, out: &Path, work: &Path) -> Result<(), String> {
    let tarball = made(out, &format!("-{}.tar.gz", target.triple))?;
    let place = work.join("tarball");
    empty(&place)?;
    let mut tar = Command::new("tar");
    tar.args(["--strip-components=1", "-xzf"]).arg(&tarball);
    run::run(tar.arg("--directory").arg(&place))?;
    let ssh = place.join(DISK).join("etc/ssh");
    let said = |error: std::io::Error| format!("{}: {error}", ssh.display());
    fs::create_dir_all(&ssh).map_err(said)?;
    fs::write(ssh.join("sshd_config"), "MaxStartups 8:40:50\n").map_err(said)?;
    for (words, input, wanted) in ANSWERS {
        let said = answer(target, &place, words, input)?;
        if !said.contains(wanted) {
            return Err(format!("{}: {words:?} says {said:?}", target.triple));
        }
    }
    for (shell, script) in [
        ("bash", "sshmend.bash"),
        ("zsh", "_sshmend"),
        ("fish", "sshmend.fish"),
    ] {
        let script = place.join("completions").join(script);
        run::run(Command::new(shell).arg("-n").arg(script))?;
    }
    println!(
        "trial: {} answers, its completions are read by bash, zsh and fish",
        target.triple
    );
    Ok(())
}

/// Starts the program of an unpacked tarball, which runs in its folder; a static one has nothing but that folder.
fn start(target: Target, place: &Path) -> Command {
    if target.is_static() && target.native() {
        let mut command = Command::new("chroot");
        command.arg(place).arg("/sshmend");
        return command;
    }
    let mut command = target.start(&place.join("sshmend"));
    command.current_dir(place);
    command
}

/// The output of the program; it exits with 1 if it finds something.
fn answer(target: Target, place: &Path, words: &[&str], input: &str) -> Result<String, String> {
    let file = place.join("input");
    let said = |error: std::io::Error| format!("{}: {error}", target.triple);
    fs::write(&file, input).map_err(said)?;
    let mut program = start(target, place);
    program.args(words).stdin(File::open(&file).map_err(said)?);
    let output = program.output().map_err(said)?;
    match output.status.code() {
        Some(0 | 1) => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        _ => Err(format!(
            "{}: {words:?}: {}: {}",
            target.triple,
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}
