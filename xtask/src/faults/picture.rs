//! What a disk holds, as far as it counts.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The path of the state on the disk.
const STATE: &str = "var/lib/sshmend";

/// The state of a disk.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct Picture {
    /// All files but the state: content and mode.
    pub(crate) files: BTreeMap<PathBuf, (Vec<u8>, u32)>,
    /// The states of the transactions, the oldest first.
    pub(crate) journal: Vec<String>,
}

impl Picture {
    pub(crate) fn of(disk: &Path) -> Self {
        let (mut picture, mut folders) = (Self::default(), vec![disk.to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let Ok(meta) = fs::symlink_metadata(&path) else {
                    continue;
                };
                let place = path.strip_prefix(disk).unwrap_or(&path).to_owned();
                if place == Path::new(STATE) {
                    continue;
                }
                if meta.is_dir() {
                    folders.push(path.clone());
                }
                let content = alike(&place, fs::read(&path).unwrap_or_default());
                picture
                    .files
                    .insert(place, (content, meta.permissions().mode()));
            }
        }
        let states = transactions(disk).into_iter().map(|transaction| {
            let record = fs::read_to_string(transaction.join("transaction.toml"));
            let state = state_of(&record.unwrap_or_default()).to_owned();
            if transaction.join("forgotten").exists() {
                "forgotten".to_owned()
            } else {
                state
            }
        });
        picture.journal = states.collect();
        picture
    }
}

/// Host keys are generated afresh each time: only their presence and integrity count.
fn alike(place: &Path, content: Vec<u8>) -> Vec<u8> {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let is_whole = if name.ends_with(".pub") {
        content.starts_with(b"ssh-") && content.ends_with(b"\n")
    } else {
        content.ends_with(b"-----END OPENSSH PRIVATE KEY-----\n")
    };
    if name.starts_with("ssh_host_") && is_whole {
        b"a host key".to_vec()
    } else {
        content
    }
}

/// The transactions of a disk, the oldest first.
pub(super) fn transactions(disk: &Path) -> Vec<PathBuf> {
    let folder = disk.join(STATE).join("transactions");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    found.sort();
    found
}

/// The state that a transaction.toml says.
pub(super) fn state_of(record: &str) -> &str {
    let line = record
        .lines()
        .find_map(|line| line.strip_prefix("state = \""));
    line.unwrap_or_default().trim_end_matches('"')
}
