//! `cargo xtask docs`: writes generated documents, and checks whether they are current.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::manual;
use crate::run::project;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Write nothing; fail when a generated document is not what it should be
    #[arg(long)]
    check: bool,
}

/// The folders that hold nothing but generated documents.
const FOLDERS: [&str; 2] = ["docs/schema", "docs/man"];

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    if arguments.check { check() } else { write() }
}

/// Lists the paragraphs of the pages of the causes that name no source.
pub(crate) fn claims() {
    let mut count = 0;
    for cause in sshmend_diagnose::CAUSES {
        for paragraph in cause.unsourced() {
            count += 1;
            println!("docs/causes/{}.md: {paragraph}\n", cause.name);
        }
    }
    println!("{count} paragraphs name no source");
}

/// Fails if a generated document is not up to date.
pub(crate) fn check() -> Result<(), String> {
    let stale = stale(&documents()?)?;
    let list: String = stale
        .iter()
        .map(|path| format!("\n  {}", path.display()))
        .collect();
    if stale.is_empty() {
        Ok(())
    } else {
        Err(format!("stale, `cargo xtask docs` writes them:{list}"))
    }
}

fn write() -> Result<(), String> {
    let documents = documents()?;
    let stale = stale(&documents)?;
    for folder in FOLDERS {
        fs::create_dir_all(project().join(folder)).map_err(|error| format!("{folder}: {error}"))?;
    }
    stale.iter().try_for_each(|path| match documents.get(path) {
        Some(text) => fs::write(project().join(path), text)
            .map_err(|error| format!("{}: {error}", path.display())),
        None => fs::remove_file(project().join(path))
            .map_err(|error| format!("{}: {error}", path.display())),
    })
}

/// Every generated document by its path below the project.
fn documents() -> Result<BTreeMap<PathBuf, String>, String> {
    let schemas = sshmend::schemas().into_iter().map(|(name, schema)| {
        let file = format!("{}.json", name.replace('/', "-"));
        (Path::new("docs/schema").join(file), schema + "\n")
    });
    let pages = manual::pages()
        .into_iter()
        .map(|(name, text)| (Path::new("docs/man").join(name), text));
    let lab = fs::read_to_string(project().join(sshmend_lab::PAGE))
        .map_err(|error| format!("{}: {error}", sshmend_lab::PAGE))?;
    let lab = sshmend_lab::refreshed(&lab).map_err(|error| error.to_string())?;
    let lab = (PathBuf::from(sshmend_lab::PAGE), lab);
    Ok(schemas.chain(pages).chain([lab]).collect())
}

/// Documents that are missing or differ, and files that nothing generates any more.
fn stale(documents: &BTreeMap<PathBuf, String>) -> Result<Vec<PathBuf>, String> {
    let differs = |(path, text): &(&PathBuf, &String)| {
        fs::read_to_string(project().join(path)).ok().as_ref() != Some(text)
    };
    let mut stale: Vec<PathBuf> = documents
        .iter()
        .filter(differs)
        .map(|(path, _)| path.clone())
        .collect();
    for folder in FOLDERS {
        let Ok(entries) = fs::read_dir(project().join(folder)) else {
            continue;
        };
        for entry in entries {
            let name = entry
                .map_err(|error| format!("{folder}: {error}"))?
                .file_name();
            let path = Path::new(folder).join(name);
            if !documents.contains_key(&path) {
                stale.push(path);
            }
        }
    }
    Ok(stale)
}
