//! The items of a corpus directory and their sidecars.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One item: a file or a tree, and the output of the real programs for it.
#[derive(Debug)]
pub struct Item {
    /// `kind/name`, for messages.
    pub name: String,
    /// The file, or the directory of the tree.
    pub path: PathBuf,
    /// The sidecar, `NAME.expect.json`.
    pub expect: Value,
}

/// The items of one kind (`sshd_config`, `known_hosts`, …), in name order.
///
/// # Errors
/// When the directory cannot be read or a sidecar is not JSON.
pub fn items(corpus: &Path, kind: &str) -> io::Result<Vec<Item>> {
    let directory = corpus.join(kind);
    let mut names: Vec<String> = fs::read_dir(&directory)?
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<_>>()?;
    names.sort();
    let sidecars = names
        .iter()
        .filter_map(|name| name.strip_suffix(".expect.json"));
    sidecars.map(|name| item(&directory, kind, name)).collect()
}

fn item(directory: &Path, kind: &str, name: &str) -> io::Result<Item> {
    let text = fs::read(directory.join(format!("{name}.expect.json")))?;
    let expect = serde_json::from_slice(&text)?;
    Ok(Item {
        name: format!("{kind}/{name}"),
        path: directory.join(name),
        expect,
    })
}
