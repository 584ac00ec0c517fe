//! What a run leaves on this machine: nothing.

use std::fs;
use std::path::Path;
use std::process;

use crate::cgroup;
use crate::error::LabError;

/// Begins the name of every control group, temporary directory and job.
pub(crate) const PREFIX: &str = "sshmend-lab-";

/// The prefix of everything that this process starts.
pub(crate) fn own_prefix() -> String {
    format!("{PREFIX}{}.", process::id())
}

/// Fails when anything of this run is still there.
pub(crate) fn nothing_left(place: &Path) -> Result<(), LabError> {
    let left: Vec<String> = [directories(place), mounts(), interfaces(), processes(), groups()?].concat();
    if left.is_empty() { Ok(()) } else { Err(LabError::LeftBehind(left.join("; "))) }
}

fn directories(place: &Path) -> Vec<String> {
    let runtime = Path::new("/run/systemd/nspawn/unix-export/server");
    [place, runtime].iter().filter(|path| path.exists()).map(|path| format!("directory {}", path.display())).collect()
}

fn mounts() -> Vec<String> {
    let own = own_prefix();
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    mounts.lines().filter(|line| line.contains(&own)).map(|line| format!("mount {line}")).collect()
}

fn interfaces() -> Vec<String> {
    let ours = ["to-server", "to-client"].into_iter();
    ours.filter(|name| Path::new("/sys/class/net").join(name).exists())
        .map(|name| format!("interface {name}"))
        .collect()
}

/// Processes that carry the name of one of our jobs in their environment.
fn processes() -> Vec<String> {
    let wanted = format!("SSHMEND_LAB_JOB={}", own_prefix());
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ours = entries.filter(|entry| {
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable.starts_with(wanted.as_bytes()))
    });
    ours.map(|entry| format!("process {}", entry.file_name().to_string_lossy())).collect()
}

fn groups() -> Result<Vec<String>, LabError> {
    Ok(cgroup::find(&own_prefix())?.into_iter().map(|path| format!("control group {}", path.display())).collect())
}
