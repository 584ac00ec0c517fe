//! `cargo xtask fuzz …`: what has to hold for any bytes, with bytes that a fuzzer invents.
//!
//! The programs below `fuzz/` are built by the stable compiler, with the coverage counters that libFuzzer reads.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use sshmend_laws::{TARGETS, Target, seeds, target};

use crate::{packages, run};

#[derive(Args)]
pub(crate) struct Arguments {
    /// What to try; none: every target in turn
    target: Option<String>,
    /// How long to try each
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Folders with further inputs to begin with, which are read and not changed
    #[arg(long, value_name = "DIR")]
    seeds: Vec<PathBuf>,
    /// Say which targets there are
    #[arg(long, conflicts_with_all = ["target", "check"])]
    list: bool,
    /// Only build every target
    #[arg(long, conflicts_with = "target")]
    check: bool,
}

/// The coverage of LLVM's sanitizers, which guides libFuzzer; there is no unsafe code, so that no
/// other sanitizer is needed.
const COVERAGE: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
];

/// The time limit for one input, in seconds.
const PATIENCE: &str = "-timeout=10";

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    if arguments.list {
        for target in &TARGETS {
            println!("{:<18} {}", target.name, target.law);
        }
        return Ok(());
    }
    let chosen: Vec<&Target> = match &arguments.target {
        None => TARGETS.iter().collect(),
        Some(name) => vec![
            target(name)
                .ok_or_else(|| format!("no target is named {name}: cargo xtask fuzz --list"))?,
        ],
    };
    packages::install(packages::TESTS)?;
    if arguments.check {
        return build(&["--bins"]);
    }
    let failed: Vec<String> = chosen
        .into_iter()
        .filter_map(|target| attempt(target, arguments).err())
        .collect();
    if failed.is_empty() {
        Ok(())
    } else {
        Err(failed.join("\n       "))
    }
}

/// Checks that every target builds, without the counters, so that it reuses clippy's output for the
/// crates below it.
pub(crate) fn check() -> Result<(), String> {
    let mut cargo = run::cargo(&["check", "--quiet", "--bins", "--manifest-path"]);
    cargo
        .arg(project().join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", run::project().join("target"));
    run::run(&mut cargo)
}

/// Builds every target as it is run.
pub(crate) fn whole() -> Result<(), String> {
    build(&["--bins"])
}

fn attempt(target: &Target, arguments: &Arguments) -> Result<(), String> {
    let program = target.name.replace('-', "_");
    build(&["--bin", &program])?;
    let corpus = folder("corpus", target)?;
    for (number, seed) in seeds(target.name).iter().enumerate() {
        let path = corpus.join(format!("seed-{number}"));
        fs::write(&path, seed).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let crashers = folder("crashers", target)?;
    let mut command = Command::new(built().join(&program));
    command.arg(&corpus).args(&arguments.seeds).args([
        PATIENCE,
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
    ]);
    command.arg(format!("-max_total_time={}", arguments.seconds));
    command.arg(format!("-artifact_prefix={}/", crashers.display()));
    println!("== {}: {}", target.name, target.law);
    let broken = run::run(&mut command).map_err(|_| {
        format!(
            "{}: the law is broken; the input lies in {}",
            target.name,
            crashers.display()
        )
    });
    // An empty folder would say that there was a crasher once.
    _ = fs::remove_dir(&crashers);
    broken
}

/// A folder for the target, created if missing.
fn folder(kind: &str, target: &Target) -> Result<PathBuf, String> {
    let path = project().join(kind).join(target.name);
    fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

fn build(what: &[&str]) -> Result<(), String> {
    let mut cargo = run::cargo(&["build", "--release", "--quiet", "--manifest-path"]);
    // With a target named, build scripts and macros are left without counters.
    cargo
        .arg(project().join("Cargo.toml"))
        .args(["--target", &host()?])
        .args(what);
    cargo
        .env("RUSTFLAGS", COVERAGE.join(" "))
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("CARGO_TARGET_DIR", target_dir());
    run::run(&mut cargo)
}

fn project() -> PathBuf {
    run::project().join("fuzz")
}

fn target_dir() -> PathBuf {
    project().join("target")
}

fn built() -> PathBuf {
    target_dir()
        .join(host().unwrap_or_default())
        .join("release")
}

/// The machine that the compiler builds for.
fn host() -> Result<String, String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(&rustc).arg("-vV").output();
    let output = output.map_err(|error| format!("{}: {error}", Path::new(&rustc).display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| "rustc -vV does not name its host".to_owned())
}
