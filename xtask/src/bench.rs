//! `cargo xtask bench`: whole commands side by side, on the same input, in one run.
//!
//! Absolute times of a shared machine mean little; the ratio of two commands that took turns means more.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use nix::sys::resource::{UsageWho, getrusage};

use crate::packages;
use crate::run::{self, project};

#[derive(Args)]
pub(crate) struct Arguments {
    /// How often each command runs
    #[arg(long, default_value_t = 7)]
    runs: usize,
    /// Also put the ratios into docs/bench.md
    #[arg(long)]
    write: bool,
}

/// One command to measure, started by a process of its own so that its memory is not mixed with another's.
#[derive(Args)]
pub(crate) struct Measured {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    argv: Vec<OsString>,
}

/// Two commands that answer the same question about the same input.
struct Pair {
    question: String,
    ours: Vec<String>,
    theirs: Vec<String>,
}

/// How many times as much theirs took.
struct Row {
    question: String,
    theirs: String,
    time: f64,
    memory: f64,
}

/// Time and memory of one run.
#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    memory_kib: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    packages::install()?;
    run::run(&mut run::cargo(&[
        "build",
        "--release",
        "--quiet",
        "-p",
        "sshmend",
    ]))?;
    let folder = std::env::temp_dir().join(format!("sshmend-bench-{}", std::process::id()));
    let rows: Result<Vec<Row>, String> = pairs(&folder).and_then(|pairs| {
        pairs
            .iter()
            .map(|pair| compare(pair, arguments.runs))
            .collect()
    });
    fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    if arguments.write {
        document(&rows?, arguments.runs)
    } else {
        rows.map(drop)
    }
}

/// Puts the ratios into the page.
fn document(rows: &[Row], runs: usize) -> Result<(), String> {
    let table: String = rows
        .iter()
        .map(|row| {
            format!(
                "| {} | {} | {:.1} | {:.1} |\n",
                row.question, row.theirs, row.time, row.memory
            )
        })
        .collect();
    let page = format!(
        "# Benchmarks\n\nWritten by `cargo xtask bench --write`: the median of {runs} runs of whole commands that took turns on one \
         machine.\nHow many times as much the other program took, for the same answer from the same input:\n\n\
         | question | other program | time | memory |\n|---|---|---|---|\n{table}"
    );
    let path = project().join("docs/bench.md");
    fs::write(&path, page).map_err(|error| format!("{}: {error}", path.display()))
}

/// Runs one command and prints its wall time in microseconds and its peak memory in KiB.
pub(crate) fn measure(measured: &Measured) -> Result<(), String> {
    let start = Instant::now();
    let status = Command::new(&measured.argv[0])
        .args(&measured.argv[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("{:?}: {error}", measured.argv[0]))?;
    let wall = start.elapsed();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|errno| errno.to_string())?;
    if status.code().is_none_or(|code| code > 1) {
        return Err(format!("{:?}: {status}", measured.argv));
    }
    println!("{} {}", wall.as_micros(), usage.max_rss());
    Ok(())
}

fn compare(pair: &Pair, runs: usize) -> Result<Row, String> {
    let mut costs = (Vec::new(), Vec::new());
    for _ in 0..runs {
        costs.0.push(cost(&pair.ours)?);
        costs.1.push(cost(&pair.theirs)?);
    }
    let (ours, theirs) = (median(costs.0), median(costs.1));
    println!("{}", pair.question);
    show("ours", &pair.ours, ours);
    show("theirs", &pair.theirs, theirs);
    let time = theirs.wall.as_secs_f64() / ours.wall.as_secs_f64();
    let memory = theirs.memory_kib as f64 / ours.memory_kib as f64;
    println!("  theirs / ours: {time:.2} in time, {memory:.2} in memory\n");
    Ok(Row {
        question: pair.question.clone(),
        theirs: program(&pair.theirs),
        time,
        memory,
    })
}

fn program(argv: &[String]) -> String {
    Path::new(&argv[0])
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn show(name: &str, argv: &[String], cost: Cost) {
    let program = program(argv);
    let (wall, mib) = (
        cost.wall.as_secs_f64() * 1e3,
        cost.memory_kib as f64 / 1024.0,
    );
    println!("  {name:<7} {program:<16} {wall:>9.1} ms {mib:>8.1} MiB");
}

fn cost(argv: &[String]) -> Result<Cost, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program)
        .arg("measure")
        .arg("--")
        .args(argv)
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (wall, memory) = text
        .trim()
        .split_once(' ')
        .ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let wall = Duration::from_micros(wall.parse().map_err(|_| text.clone())?);
    Ok(Cost {
        wall,
        memory_kib: memory.parse().map_err(|_| text.clone())?,
    })
}

/// The run with the median time, and the median of the memory.
fn median(mut costs: Vec<Cost>) -> Cost {
    costs.sort_by_key(|cost| cost.wall);
    let wall = costs[costs.len() / 2].wall;
    costs.sort_by_key(|cost| cost.memory_kib);
    Cost {
        wall,
        memory_kib: costs[costs.len() / 2].memory_kib,
    }
}

fn pairs(folder: &Path) -> Result<Vec<Pair>, String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(vec![
        known_hosts(folder)?,
        sshd_config(folder)?,
        logs(folder)?,
        fail2ban()?,
    ])
}

fn sshmend() -> String {
    project()
        .join("target/release/sshmend")
        .display()
        .to_string()
}

fn words(argv: &[&str]) -> Vec<String> {
    argv.iter().map(|&word| word.to_owned()).collect()
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::File::create(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| format!("{}: {error}", path.display()))
}

fn known_hosts(folder: &Path) -> Result<Pair, String> {
    let file = folder.join("known_hosts");
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP4aBMBimcXbfhLw8bXOMsIyVd8yE/EK8Z13YBo1vGvE";
    let lines: String = (0..100_000)
        .map(|number| format!("host{number}.example {key}\n"))
        .collect();
    write(&file, &lines)?;
    let path = file.display().to_string();
    run::run(
        Command::new("ssh-keygen")
            .args(["-H", "-f", &path])
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    )?;
    Ok(Pair {
        question: "one host among 100,000 hashed lines of known_hosts".to_owned(),
        ours: words(&[
            &sshmend(),
            "show",
            "known-hosts",
            "host99999.example",
            "--file",
            &path,
        ]),
        theirs: words(&["ssh-keygen", "-l", "-F", "host99999.example", "-f", &path]),
    })
}

fn sshd_config(folder: &Path) -> Result<Pair, String> {
    let directory = folder.join("disk/etc/ssh");
    fs::create_dir_all(&directory).map_err(|error| error.to_string())?;
    let (file, key) = (directory.join("sshd_config"), directory.join("key"));
    let blocks: String = (0..200)
        .map(|number| format!("Match User user{number}\n  MaxSessions {number}\n"))
        .collect();
    write(
        &file,
        &format!("MaxStartups 10:30:100\nMaxSessions 10\n{blocks}"),
    )?;
    let (file, key) = (file.display().to_string(), key.display().to_string());
    run::run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &key]))?;
    let root = folder.join("disk").display().to_string();
    let spec = "user=user150,host=h,addr=192.0.2.1,laddr=192.0.2.2,lport=22";
    Ok(Pair {
        question: "what is in force for a connection, with 200 Match blocks".to_owned(),
        ours: words(&[
            &sshmend(),
            "show",
            "sshd-config",
            "--connection",
            spec,
            "--root",
            &root,
        ]),
        theirs: words(&["/usr/sbin/sshd", "-T", "-f", &file, "-h", &key, "-C", spec]),
    })
}

fn logs(folder: &Path) -> Result<Pair, String> {
    let file = folder.join("auth.log");
    let lines: String = (0..20_000).map(log_lines).collect();
    write(&file, &lines)?;
    let path = file.display().to_string();
    Ok(Pair {
        question: "what 60,000 lines of auth.log say".to_owned(),
        ours: words(&[&sshmend(), "logs", &path]),
        theirs: words(&[
            "fail2ban-regex",
            "--usedns",
            "no",
            &path,
            "sshd[mode=aggressive]",
        ]),
    })
}

fn log_lines(number: u32) -> String {
    let (second, minute, hour) = (number % 60, number / 60 % 60, number / 3600 % 24);
    let stamp = format!(
        "Nov 20 {hour:02}:{minute:02}:{second:02} gw sshd[{}]:",
        1000 + number
    );
    let peer = format!("192.0.2.{}", number % 254 + 1);
    format!(
        "{stamp} Invalid user admin from {peer} port 4711\n{stamp} Connection closed by invalid user admin {peer} port \
         4711 [preauth]\n{stamp} Accepted publickey for alice from {peer} port 4712 ssh2: ED25519 SHA256:x\n"
    )
}

fn fail2ban() -> Result<Pair, String> {
    if !PathBuf::from("/etc/fail2ban/jail.conf").exists() {
        return Err(
            "fail2ban is not installed: cargo xtask test installs what is needed".to_owned(),
        );
    }
    Ok(Pair {
        question: "what the jails ignore".to_owned(),
        ours: words(&[&sshmend(), "show", "fail2ban", "--root", "/"]),
        theirs: words(&["fail2ban-client", "-d"]),
    })
}
