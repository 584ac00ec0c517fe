//! `cargo xtask ansible`: the collection below `ansible/`, checked with the tools of those who use it.

mod pages;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::packages;
use crate::python::Environment;
use crate::run::{self, project};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Only what Debian's ansible-core can do by itself: no lint, no sanity tests
    #[arg(long)]
    quick: bool,
    /// Write docs/ansible-modules.md from the documentation of the modules, and check nothing
    #[arg(long)]
    write: bool,
}

/// Replaces the file that ansible-test downloads from a server of its makers.
const GET_PIP: &str = include_str!("get_pip.py");

/// The locale that ansible-test requires.
const LOCALE: &str = "C.UTF-8";

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    packages::install(packages::ANSIBLE)?;
    let place = Place::new()?;
    if arguments.write {
        return pages::write(&place);
    }
    quick_in(&place)?;
    if !arguments.quick {
        let tools = Tools::install(&place)?;
        tools.lint(&place)?;
        tools.sanity(&place)?;
    }
    Ok(())
}

/// The unit tests, the pages, and the playbook of the collection against trees of this machine; with Debian's ansible-core.
///
/// # Errors
/// When one of them fails.
pub(crate) fn quick() -> Result<(), String> {
    packages::install(packages::ANSIBLE)?;
    quick_in(&Place::new()?)
}

/// Everything, with the newest tools.
///
/// # Errors
/// When one of them fails.
pub(crate) fn all() -> Result<(), String> {
    run(&Arguments {
        quick: false,
        write: false,
    })
}

fn quick_in(place: &Place) -> Result<(), String> {
    place.unit_tests()?;
    pages::check(place)
}

/// A copy of the collection in the place that Ansible requires: below
/// `ansible_collections/NAMESPACE/NAME`.
struct Place {
    folder: PathBuf,
    collection: PathBuf,
}

impl Place {
    /// Makes a fresh copy.
    fn new() -> Result<Self, String> {
        let folder = run::target().join("ansible");
        let parent = folder.join("ansible_collections/sshmend");
        let collection = parent.join("ssh");
        if collection.exists() {
            fs::remove_dir_all(&collection).map_err(|error| at(&collection, &error))?;
        }
        fs::create_dir_all(&parent).map_err(|error| at(&parent, &error))?;
        run::run(
            Command::new("cp")
                .arg("-r")
                .arg(project().join("ansible"))
                .arg(&collection),
        )?;
        Ok(Self { folder, collection })
    }

    /// A program that finds the collection, run in it, with nothing of this person's own configuration.
    fn program(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.collection)
            .env("HOME", self.folder.join("home"))
            .env("LC_ALL", LOCALE)
            .env("PYTHONPATH", &self.folder)
            .env("ANSIBLE_COLLECTIONS_PATH", &self.folder)
            .env("ANSIBLE_NOCOLOR", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    fn unit_tests(&self) -> Result<(), String> {
        let unit = self.collection.join("tests/unit/plugins");
        for test in files(&unit)? {
            run::run(self.program("/usr/bin/python3").arg(&test).arg("--quiet"))?;
        }
        Ok(())
    }
}

/// ansible-core and ansible-lint in an environment of their own.
struct Tools {
    python: Environment,
}

impl Tools {
    /// Installs what `ansible/tests/requirements.txt` names, unless that was done already.
    fn install(place: &Place) -> Result<Self, String> {
        let requirements = project().join("ansible/tests/requirements.txt");
        let wanted =
            fs::read_to_string(&requirements).map_err(|error| at(&requirements, &error))?;
        let python = Environment::install(&place.folder.join("venv"), &wanted)?;
        Ok(Self { python })
    }

    fn program(&self, place: &Place, name: &str) -> Result<Command, String> {
        let mut program = place.program(self.python.program(name));
        program
            .env("PATH", self.python.path())
            .env_remove("PYTHONPATH");
        let home = place.folder.join("home");
        fs::create_dir_all(&home).map_err(|error| at(&home, &error))?;
        Ok(program)
    }

    fn lint(&self, place: &Place) -> Result<(), String> {
        let mut lint = self.program(place, "ansible-lint")?;
        run::run(lint.args(["--offline", "--profile", "production"]))
    }

    fn sanity(&self, place: &Place) -> Result<(), String> {
        self.stand_in_for_get_pip(place)?;
        // ansible-test asks git which files are part of the collection; without a separate
        // repository it would use the project's.
        for words in [["init", "--quiet"], ["add", "--all"]] {
            run::run(place.program("git").args(words))?;
        }
        let python = run::output(
            self.program(place, "python")?
                .args(["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]),
        )?;
        let mut sanity = self.program(place, "ansible-test")?;
        sanity.args(["sanity", "--requirements", "--color", "no", "--python"]);
        run::run(sanity.arg(python.trim()))
    }

    /// ansible-test takes a pip from a server that need not be in reach; the package index has the same one.
    fn stand_in_for_get_pip(&self, place: &Place) -> Result<(), String> {
        let script = "import re, ansible_test._internal.python_requirements as p; \
                      print(re.search(r\"pip='([0-9.]+)'\", open(p.__file__).read()).group(1))";
        let version = run::output(self.program(place, "python")?.args(["-c", script]))?;
        let cache = place.folder.join("home/.ansible/test/cache");
        fs::create_dir_all(&cache).map_err(|error| at(&cache, &error))?;
        let name = format!("get_pip_{}.py", version.trim().replace('.', "_"));
        let path = cache.join(name);
        fs::write(&path, GET_PIP).map_err(|error| at(&path, &error))
    }
}

/// The tests below a folder, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| at(folder, &error))? {
        let path = entry.map_err(|error| at(folder, &error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if name.starts_with("test_") && name.ends_with(".py") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn at(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
