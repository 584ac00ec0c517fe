//! A run leaves nothing behind on this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use crate::cgroup;
use crate::error::{LabError, trying};

/// Begins the name of every control group, temporary directory and job.
const PREFIX: &str = "sshmend-lab-";

/// The prefix of everything that a lab with this process id starts.
pub(crate) fn prefix(pid: u32) -> String {
    format!("{PREFIX}{pid}.")
}

/// The directory that its workers cover with their machines.
pub(crate) fn place(pid: u32) -> PathBuf {
    std::env::temp_dir().join(prefix(pid))
}

/// Lists what a lab with this process id has left: directories, mounts, interfaces, processes and
/// control groups.
pub fn left_by(pid: u32) -> Result<Vec<String>, LabError> {
    Ok([
        directories(pid),
        mounts(pid),
        interfaces(),
        processes(pid),
        groups(pid)?,
    ]
    .concat())
}

/// Fails when anything of this run is still there.
pub(crate) fn nothing_left() -> Result<(), LabError> {
    let left = left_by(process::id())?;
    if left.is_empty() {
        Ok(())
    } else {
        Err(LabError::LeftBehind(left.join("; ")))
    }
}

/// Clears away what labs that were killed could not: their empty directories and control groups.
pub(crate) fn sweep() -> Result<(), LabError> {
    let temporary = std::env::temp_dir();
    let what = temporary.display().to_string();
    for entry in trying(&what, fs::read_dir(&temporary))?.flatten() {
        let dead = dead_owner(&entry.file_name().to_string_lossy());
        if let Some(pid) = dead {
            cgroup::remove(&prefix(pid))?;
            trying(
                entry.path().display().to_string(),
                fs::remove_dir(entry.path()),
            )?;
        }
    }
    Ok(())
}

/// The process id in the name of a directory whose lab no longer runs.
fn dead_owner(name: &str) -> Option<u32> {
    let pid: u32 = name.strip_prefix(PREFIX)?.strip_suffix('.')?.parse().ok()?;
    (!Path::new(&format!("/proc/{pid}")).exists()).then_some(pid)
}

fn directories(pid: u32) -> Vec<String> {
    let runtime = PathBuf::from("/run/systemd/nspawn/unix-export/server");
    let ours = [place(pid), runtime];
    ours.iter()
        .filter(|path| path.exists())
        .map(|path| format!("directory {}", path.display()))
        .collect()
}

fn mounts(pid: u32) -> Vec<String> {
    let prefix = prefix(pid);
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    mounts
        .lines()
        .filter(|line| line.contains(&prefix))
        .map(|line| format!("mount {line}"))
        .collect()
}

fn interfaces() -> Vec<String> {
    let ours = ["to-server", "to-client"].into_iter();
    ours.filter(|name| Path::new("/sys/class/net").join(name).exists())
        .map(|name| format!("interface {name}"))
        .collect()
}

/// Processes that carry the name of one of the jobs in their environment.
fn processes(pid: u32) -> Vec<String> {
    let wanted = format!("SSHMEND_LAB_JOB={}", prefix(pid));
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ours = entries.filter(|entry| {
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|variable| variable.starts_with(wanted.as_bytes()))
    });
    ours.map(|entry| format!("process {}", entry.file_name().to_string_lossy()))
        .collect()
}

fn groups(pid: u32) -> Result<Vec<String>, LabError> {
    Ok(cgroup::find(&prefix(pid))?
        .into_iter()
        .map(|path| format!("control group {}", path.display()))
        .collect())
}
