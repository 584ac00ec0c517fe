//! Checks the pages for contributors: the files, tests and names that they send a reader to exist.

use std::process::Command;

use super::{names, project, quoted, sources, text};

/// The pages whose words in backquotes are checked.
const PAGES: [&str; 4] = [
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/lab.md",
    "docs/reliability.md",
];

/// The folders of the project with sources.
const FOLDERS: [&str; 7] = [
    "crates/", "tests/", "xtask/", "docs/", "fuzz/", "ansible/", ".ci/",
];

#[test]
fn every_file_that_a_page_names_exists() {
    let mut missing = Vec::new();
    for page in PAGES {
        let text = text(page);
        let paths = quoted(&text).filter(|word| {
            FOLDERS.iter().any(|folder| word.starts_with(folder))
                && !word.contains(char::is_whitespace)
                // A word in capitals is to be filled in.
                && !word.chars().any(char::is_uppercase)
        });
        for path in paths.filter(|path| !project().join(path).exists()) {
            missing.push(format!("{page}: {path}"));
        }
    }
    assert!(missing.is_empty(), "no such file: {missing:#?}");
}

#[test]
fn every_chore_that_a_page_names_exists() {
    let help = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("--help")
        .output()
        .expect("the chores");
    let help = String::from_utf8_lossy(&help.stdout);
    let chores: Vec<&str> = help
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .collect();
    for page in PAGES {
        let text = text(page);
        let words = text.split("cargo xtask ").skip(1);
        for word in words.filter_map(|rest| rest.split([' ', '`', '\n', ')', ',']).next()) {
            assert!(chores.contains(&word), "{page}: cargo xtask {word}");
        }
    }
}

#[test]
fn every_test_that_a_page_names_exists() {
    let sources = sources();
    let mut missing = Vec::new();
    for page in PAGES {
        let text = text(page);
        for test in quoted(&text).filter(|word| is_name_of_test(word)) {
            if !sources.contains(&format!("fn {test}()")) {
                missing.push(format!("{page}: {test}"));
            }
        }
    }
    assert!(missing.is_empty(), "no such test: {missing:#?}");
}

/// A plain sentence of at least five words.
fn is_name_of_test(word: &str) -> bool {
    let letters =
        |letter: char| letter == '_' || letter.is_ascii_lowercase() || letter.is_ascii_digit();
    word.matches('_').count() >= 4 && word.chars().all(letters)
}

#[test]
fn the_page_of_every_crate_says_where_to_begin_reading() {
    for name in names("crates", "") {
        let page = text(&format!("crates/{name}/src/lib.rs"));
        let page: String = page
            .lines()
            .filter_map(|line| line.strip_prefix("//!"))
            .collect();
        let (_, begin) = page.split_once("Begin with `").unwrap_or_else(|| {
            panic!("crates/{name}/src/lib.rs: a line \"Begin with `FILE`\" is missing")
        });
        let file = begin.split('`').next().unwrap_or_default();
        let path = format!("crates/{name}/src/{file}");
        assert!(project().join(&path).is_file(), "no such file: {path}");
    }
}
