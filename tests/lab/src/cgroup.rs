//! Control groups of a machine: its systemd needs a separate one, whose members are the processes
//! we started.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::error::{LabError, trying};

const ROOT: &str = "/sys/fs/cgroup";

/// Makes a group of this name in every hierarchy that a machine uses and returns their directories.
pub(crate) fn create(name: &str) -> Result<Vec<PathBuf>, LabError> {
    let groups: Vec<PathBuf> = parents()?
        .into_iter()
        .map(|parent| parent.join(name))
        .collect();
    for group in &groups {
        trying(group.display().to_string(), fs::create_dir_all(group))?;
    }
    Ok(groups)
}

/// Removes every group whose name begins so, with those inside it, once their processes are gone.
pub(crate) fn remove(prefix: &str) -> Result<(), LabError> {
    for group in find(prefix)? {
        let mut left = 100;
        while let Err(error) = remove_tree(&group) {
            left -= 1;
            if left == 0 {
                return trying(group.display().to_string(), Err(error));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
    Ok(())
}

/// Lists the groups whose name begins so.
pub(crate) fn find(prefix: &str) -> Result<Vec<PathBuf>, LabError> {
    let mut found = Vec::new();
    for parent in parents()? {
        let what = parent.display().to_string();
        for entry in trying(&what, fs::read_dir(&parent))? {
            let entry = trying(&what, entry)?;
            if entry.file_name().to_string_lossy().starts_with(prefix) {
                found.push(entry.path());
            }
        }
    }
    Ok(found)
}

/// The parents for new groups: the top of the single hierarchy (version 2), or our own group in
/// each (version 1).
fn parents() -> Result<Vec<PathBuf>, LabError> {
    let root = Path::new(ROOT);
    if root.join("cgroup.controllers").exists() {
        return Ok(vec![root.to_owned()]);
    }
    let own = trying("/proc/self/cgroup", fs::read_to_string("/proc/self/cgroup"))?;
    Ok(own
        .lines()
        .filter_map(own_group)
        .filter(|path| path.is_dir())
        .collect())
}

/// The directory of a line `N:CONTROLLER:PATH` that a machine cares for.
fn own_group(line: &str) -> Option<PathBuf> {
    let (hierarchy, path) = line.split_once(':')?.1.split_once(':')?;
    let folder = match hierarchy {
        "" => "unified",
        "name=systemd" => "systemd",
        "pids" | "memory" => hierarchy,
        _ => return None,
    };
    Some(
        Path::new(ROOT)
            .join(folder)
            .join(path.trim_start_matches('/')),
    )
}

fn remove_tree(group: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(group)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_tree(&entry.path())?;
        }
    }
    fs::remove_dir(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_cgroup_hierarchies_count() {
        let group = |line| own_group(line).map(|path| path.to_string_lossy().into_owned());
        assert_eq!(
            group("8:pids:/a/b").as_deref(),
            Some("/sys/fs/cgroup/pids/a/b")
        );
        assert_eq!(
            group("9:name=systemd:/").as_deref(),
            Some("/sys/fs/cgroup/systemd/")
        );
        assert_eq!(group("0::/").as_deref(), Some("/sys/fs/cgroup/unified/"));
        assert_eq!(group("3:cpuset:/"), None);
        assert_eq!(group("rubbish"), None);
    }
}
