//! docs/policy.md shows what the command does.

use std::path::Path;

use crate::apply::machine;
use crate::disk::{Disk, run};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policy.md");
    std::fs::read_to_string(path).expect("the page")
}

/// The text of the block that begins with this line.
fn block(page: &str, head: &str) -> String {
    let start = page.find(&format!("```{head}\n")).expect(head) + head.len() + 4;
    let end = start + page[start..].find("```").expect("a block ends");
    page[start..end].to_owned()
}

/// The output below a command of the page.
fn printed(page: &str, command: &str) -> Vec<String> {
    let (_, behind) = page.split_once(&format!("$ {command}\n")).expect(command);
    let shown = behind.split("```").next().unwrap_or_default();
    shown.lines().map(str::to_owned).collect()
}

/// Runs a command of the page, with the files of the page beside it.
fn said(disk: &Disk, command: &str) -> (i32, String) {
    let words = command.strip_prefix("sshmend ").expect("ours");
    let here = disk.path("/");
    let words: Vec<String> = words
        .split(' ')
        .map(|word| {
            if word.ends_with(".toml") && !word.starts_with('/') {
                here.join(word).display().to_string()
            } else {
                word.to_owned()
            }
        })
        .chain(["--root".to_owned(), here.display().to_string()])
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let said = run(&words, b"");
    let text = format!("{}{}", said.stdout, said.stderr);
    (said.code, text.replace(&here.display().to_string(), ""))
}

#[test]
fn every_example_of_the_policy_page_matches_the_command() {
    let page = page();
    let disk = machine();
    for name in ["policy.toml", "wrong.toml"] {
        disk.write(name, block(&page, &format!("toml {name}")));
    }
    for (command, code) in [
        ("sshmend apply policy.toml --dry-run", 1),
        ("sshmend apply wrong.toml", 2),
        (
            "sshmend fix sshd-config MaxSessions=20 --record /etc/sshmend/policy.toml --yes",
            0,
        ),
    ] {
        let (ended, text) = said(&disk, command);
        assert_eq!(ended, code, "{command}: {text}");
        for line in printed(&page, command) {
            assert!(
                text.lines().any(|said| said == line),
                "{command}: {line}\n{text}"
            );
        }
    }
    assert_eq!(said(&disk, "sshmend apply policy.toml --yes").0, 0);
    assert_eq!(said(&disk, "sshmend apply policy.toml --dry-run").0, 0);
    let root = disk.path("/");
    let words = ["apply", "-", "-n", "--root", root.to_str().expect("plain")];
    assert_eq!(
        run(&words, block(&page, "json").as_bytes()).code,
        0,
        "JSON says the same"
    );
}
