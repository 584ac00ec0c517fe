//! Checks docs/architecture.md: its code map, the files and the tests that it names.

use std::collections::BTreeSet;
use std::fs;

use super::{project, quoted};

fn page() -> String {
    fs::read_to_string(project().join("docs/architecture.md")).expect("the page")
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
fn every_invariant_says_what_holds_it() {
    let page = page();
    let (_, invariants) = page
        .split_once("## What is deliberately missing")
        .expect("the invariants");
    let paragraphs = invariants.split("\n\n");
    let bare: Vec<&str> = paragraphs
        .filter(|paragraph| paragraph.starts_with("**"))
        .filter(|paragraph| {
            !paragraph
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .contains("Held by")
        })
        .collect();
    assert!(bare.is_empty(), "{bare:#?}");
}
