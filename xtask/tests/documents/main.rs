//! Checks what the documents say of the sources: files, tests and cases that they name exist.

mod architecture;
mod causes;
mod pages;

use std::fs;
use std::path::{Path, PathBuf};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the project")
        .to_owned()
}

/// The text of a file of the project.
fn text(path: &str) -> String {
    fs::read_to_string(project().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names of the files of a folder that end like this, without that end.
fn names(folder: &str, end: &str) -> Vec<String> {
    let entries = fs::read_dir(project().join(folder)).expect("a folder");
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.expect("an entry").file_name();
            name.to_str()?.strip_suffix(end).map(str::to_owned)
        })
        .collect();
    names.sort();
    names
}

/// Words in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// All Rust sources of the project as one text.
fn sources() -> String {
    sources_below(&project())
}

/// The Rust sources of a folder and all folders below it as one text.
fn sources_below(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
    {
        let name = entry
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if entry.is_dir() && name != "target" && !name.starts_with('.') {
            text.push_str(&sources_below(&entry));
        } else if name.ends_with(".rs") {
            text.push_str(&fs::read_to_string(&entry).expect("a source"));
        }
    }
    text
}
