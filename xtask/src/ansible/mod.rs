//! `cargo xtask ansible`: the collection below `ansible/`, checked with the tools of those who use it.

mod pages;
mod place;

use std::fs;
use std::process::Command;

use clap::Args;

use crate::packages;
use crate::python::Environment;
use crate::run::{self, project};
use place::{Place, at};

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
