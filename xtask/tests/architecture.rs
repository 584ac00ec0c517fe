//! Checks docs/architecture.md: its code map and the tests that it names.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the project")
        .to_owned()
}

fn page() -> String {
    fs::read_to_string(project().join("docs/architecture.md")).expect("the page")
}

/// Words in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn folders(parent: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(project().join(parent)).expect("a folder");
    let folders = entries
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_dir());
    folders
        .map(|entry| format!("{parent}/{}", entry.file_name().to_string_lossy()))
        .collect()
}

#[test]
fn the_code_map_names_every_folder_and_no_other() {
    let page = page();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let named: BTreeSet<String> = rows
        .filter_map(|row| quoted(row).next())
        .map(str::to_owned)
        .collect();
    let mut there: BTreeSet<String> = [folders("crates"), folders("tests")]
        .into_iter()
        .flatten()
        .collect();
    there.extend(["xtask", "fuzz", "ansible"].map(str::to_owned));
    assert_eq!(named, there);
}

/// Crates that touch a machine may require a newer Rust than the others, which `cargo xtask
/// portable` checks for other machines.
#[test]
fn only_crates_that_touch_a_machine_ask_for_a_newer_rust() {
    let touching = ["crates/host", "crates/sshmend", "crates/transaction"].map(str::to_owned);
    let newer: BTreeSet<String> = folders("crates")
        .into_iter()
        .filter(|folder| {
            let manifest = project().join(folder).join("Cargo.toml");
            let manifest = fs::read_to_string(manifest).expect("a manifest");
            !manifest
                .lines()
                .any(|line| line == "rust-version = \"1.85\"")
        })
        .collect();
    assert_eq!(newer, BTreeSet::from(touching));
}

#[test]
fn every_file_named_in_the_architecture_exists() {
    let page = page();
    let named: Vec<&str> = quoted(&page)
        .filter(|word| word.contains('/') && word.ends_with(".rs"))
        .collect();
    assert!(named.len() >= 2, "{named:?}");
    let missing: Vec<_> = named
        .iter()
        .filter(|path| !project().join(path).is_file())
        .collect();
    assert!(missing.is_empty(), "no such file: {missing:?}");
}

#[test]
fn every_test_that_holds_an_invariant_exists() {
    let page = page();
    let (_, invariants) = page
        .split_once("## What is deliberately missing")
        .expect("the invariants");
    let tests: Vec<&str> = quoted(invariants)
        .filter(|word| word.matches('_').count() >= 4)
        .collect();
    assert!(tests.len() > 10, "{tests:?}");
    let sources = sources(&project());
    let missing: Vec<_> = tests
        .iter()
        .filter(|test| !sources.contains(&format!("fn {test}()")))
        .collect();
    assert!(missing.is_empty(), "no such test: {missing:?}");
}

/// All Rust sources of the project as one text.
fn sources(folder: &Path) -> String {
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
            text.push_str(&sources(&entry));
        } else if name.ends_with(".rs") {
            text.push_str(&fs::read_to_string(&entry).expect("a source"));
        }
    }
    text
}
