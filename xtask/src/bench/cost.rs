//! Time and memory of one run of a whole command.

use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use nix::sys::resource::{UsageWho, getrusage};

/// One command to measure, started by a separate process so that its memory is measured separately.
#[derive(Args)]
pub(crate) struct Measured {
    /// The folder to run it in
    #[arg(long)]
    folder: Option<OsString>,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    argv: Vec<OsString>,
}

/// A command line with its working directory.
#[derive(Clone, Default)]
pub(super) struct Line {
    pub(super) argv: Vec<String>,
    pub(super) folder: Option<String>,
}

/// Time and memory of one run.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    wall: Duration,
    memory_kib: u64,
}

impl Cost {
    pub(super) fn seconds(&self) -> f64 {
        self.wall.as_secs_f64()
    }

    pub(super) fn mib(&self) -> f64 {
        self.memory_kib as f64 / 1024.0
    }

    pub(super) fn megabytes(&self) -> f64 {
        self.memory_kib as f64 * 1024.0 / 1e6
    }
}

impl Line {
    pub(super) fn new(argv: &[&str]) -> Self {
        Self {
            argv: argv.iter().map(|&word| word.to_owned()).collect(),
            folder: None,
        }
    }

    pub(super) fn within(self, folder: &str) -> Self {
        Self {
            folder: Some(folder.to_owned()),
            ..self
        }
    }

    /// Its output, if it succeeds.
    pub(super) fn output(&self) -> Result<String, String> {
        let mut command = Command::new(&self.argv[0]);
        command.args(&self.argv[1..]).stdin(Stdio::null());
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        let output = command
            .output()
            .map_err(|error| format!("{}: {error}", self.argv[0]))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0 | 1) => Ok(said),
            _ => Err(format!("{:?}: {}: {said}", self.argv, output.status)),
        }
    }
}

/// Runs one command and prints its wall time in microseconds and its peak memory in KiB.
pub(crate) fn measure(measured: &Measured) -> Result<(), String> {
    let mut command = Command::new(&measured.argv[0]);
    command
        .args(&measured.argv[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Some(folder) = &measured.folder {
        command.current_dir(folder);
    }
    let start = Instant::now();
    let status = command
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

/// The cost of one run.
pub(super) fn cost(line: &Line) -> Result<Cost, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.arg("measure");
    if let Some(folder) = &line.folder {
        command.args(["--folder", folder]);
    }
    let output = command
        .arg("--")
        .args(&line.argv)
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (wall, memory) = text
        .trim()
        .split_once(' ')
        .ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    Ok(Cost {
        wall: Duration::from_micros(wall.parse().map_err(|_| text.clone())?),
        memory_kib: memory.parse().map_err(|_| text.clone())?,
    })
}

/// The ratio of their time to ours: the median over the pairs, because other load on a shared
/// machine slows both of a pair down.
pub(super) fn ratio(ours: &[Cost], theirs: &[Cost]) -> Option<f64> {
    let pairs = ours.iter().zip(theirs);
    let mut ratios: Vec<f64> = pairs
        .map(|(ours, theirs)| theirs.seconds() / ours.seconds())
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied()
}

/// The median of the times, and the median of the memory.
pub(super) fn median(mut costs: Vec<Cost>) -> Cost {
    costs.sort_by_key(|cost| cost.wall);
    let wall = costs[costs.len() / 2].wall;
    costs.sort_by_key(|cost| cost.memory_kib);
    Cost {
        wall,
        memory_kib: costs[costs.len() / 2].memory_kib,
    }
}
