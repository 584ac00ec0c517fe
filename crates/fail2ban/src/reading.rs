//! From files to jails, in the order in which fail2ban proceeds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use sshmend_lossless::{Origin, Snapshot};

use crate::document::DEFAULT;
use crate::explain::Explainer;
use crate::interpolate::Interpolation;
use crate::jail::{Jail, List};
use crate::layers::{LoadFailure, Loader, Stack};
use crate::merged::Merged;
use crate::options::{self, is_log_level, names};
use crate::problem::{Consequence, Problem};
use crate::release::{Dialect, Release};
use crate::traced::{Spot, Traced};
use crate::wreckage;

/// Everything that was read, and the conclusions.
pub(crate) struct Reading<'a> {
    pub(crate) loader: Loader<'a>,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) directory: &'a Path,
    pub(crate) release: Option<Release>,
    pub(crate) dialects: &'static [Dialect],
    pub(crate) stack: Stack,
    /// The words of lists without references, by the place of the option.
    pub(crate) shared_lists: BTreeMap<Spot, Arc<[List]>>,
    /// The same for the texts of values without references.
    pub(crate) shared_values: BTreeMap<Spot, Arc<str>>,
    /// Layers that were not read.
    missed: BTreeSet<PathBuf>,
    pub(crate) problems: Vec<Problem>,
    /// The problems noted already, with their places.
    said: BTreeSet<(Origin, usize, String)>,
    pub(crate) jails: Vec<Jail>,
    /// The index of each jail in the list.
    index: BTreeMap<String, usize>,
    pub(crate) defaults: Jail,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(
        snapshot: &'a Snapshot,
        directory: &'a Path,
        release: Option<Release>,
    ) -> Self {
        let mut reading = Self {
            loader: Loader::new(snapshot, directory),
            snapshot,
            directory,
            release,
            dialects: Dialect::of(release),
            stack: Stack::default(),
            shared_lists: BTreeMap::new(),
            shared_values: BTreeMap::new(),
            missed: BTreeSet::new(),
            problems: Vec::new(),
            said: BTreeSet::new(),
            jails: Vec::new(),
            index: BTreeMap::new(),
            defaults: Jail::new(DEFAULT),
        };
        reading.read_server();
        reading.read_jails();
        reading.note_undecodable();
        let wreckage = wreckage::find(&reading);
        reading.problems.extend(wreckage);
        reading
            .problems
            .sort_by(|a, b| (a.consequence, &a.origin).cmp(&(b.consequence, &b.origin)));
        reading
    }

    /// One jail by its name, or the values of a jail without options.
    pub(crate) fn jail(&self, name: &str) -> Option<&Jail> {
        let jail = self.index.get(name).map(|&at| &self.jails[at]);
        jail.or_else(|| (name == DEFAULT).then_some(&self.defaults))
    }

    pub(crate) fn explainer(&self) -> Explainer<'_> {
        Explainer {
            files: &self.loader.files,
            directory: self.directory,
        }
    }

    fn read_server(&mut self) {
        let Some(stack) = self.load_layers("fail2ban") else {
            return;
        };
        let mut wanted: Vec<(&str, &str)> = names(options::SERVER)
            .map(|key| ("Definition", key))
            .collect();
        wanted.push(("Thread", "stacksize"));
        for (section, key) in wanted {
            let known = stack.merged.section(section).is_some();
            let value = if known {
                self.evaluate(&stack.merged, section, key)
            } else {
                None
            };
            if let Some(value) =
                value.filter(|value| key == "loglevel" && !is_log_level(value.text()))
            {
                let problem = self.explainer().log_level(value.spot(0), value.text());
                self.push(problem);
            }
        }
    }

    fn read_jails(&mut self) {
        let Some(stack) = self.load_layers("jail") else {
            return;
        };
        self.stack = stack;
        let version = self.release.map_or_else(Traced::unknown, |release| {
            Traced::plain(&release.to_string())
        });
        self.stack.merged.add(None, "fail2ban_version", version);
        let directory = self.directory.to_string_lossy();
        self.stack.merged.add(
            None,
            "fail2ban_confpath",
            Traced::plain(directory.trim_end_matches('/')),
        );
        for name in self.stack.merged.section_names() {
            if name != "INCLUDES" {
                let jail = self.read_jail(&name);
                self.index.insert(name, self.jails.len());
                self.jails.push(jail);
            }
        }
        self.check_that_one_runs();
        let mut defaults = Jail::new(DEFAULT);
        self.settle(&mut defaults);
        self.defaults = defaults;
    }

    /// Loads a configuration without which fail2ban does not start.
    fn load_layers(&mut self, name: &str) -> Option<Stack> {
        match self.loader.stack(name) {
            Ok(stack) => {
                let opened = self.loader.files.iter().map(|source| &*source.path);
                let known = opened
                    .chain(self.loader.unread.keys().map(PathBuf::as_path))
                    .collect();
                let problems = self.explainer().layers(name, &stack, &known, self.dialects);
                self.problems.extend(problems);
                self.missed.extend(stack.missed.iter().cloned());
                Some(stack)
            }
            Err(failure) => {
                self.report(&failure);
                None
            }
        }
    }

    pub(crate) fn report(&mut self, failure: &LoadFailure) {
        let problems = self.explainer().load_failure(failure);
        for problem in problems {
            self.push(problem);
        }
    }

    pub(crate) fn push(&mut self, problem: Problem) {
        if self.said.insert((
            problem.origin.clone(),
            problem.column,
            problem.message.clone(),
        )) {
            self.problems.push(problem);
        }
    }

    /// An option's value; a failure to interpolate it is a problem.
    pub(crate) fn evaluate(
        &mut self,
        merged: &Merged,
        section: &str,
        key: &str,
    ) -> Option<Rc<Traced>> {
        match Interpolation::new(merged, section).get(key) {
            Ok(value) => value,
            Err(failure) => {
                let value = merged.deciding(section, key);
                let problem = self.explainer().interpolation(
                    &failure,
                    section,
                    key,
                    value.and_then(|value| value.spot),
                );
                self.push(problem);
                None
            }
        }
    }

    /// If every enabled jail is skipped, fail2ban does not start at all.
    fn check_that_one_runs(&mut self) {
        if self.jails.iter().any(Jail::runs) {
            return;
        }
        for problem in self
            .problems
            .iter_mut()
            .filter(|problem| problem.consequence == Consequence::JailSkipped)
        {
            problem.consequence = Consequence::DoesNotStart;
            problem.message.push_str(", and no other jail runs");
        }
    }

    fn note_undecodable(&mut self) {
        let problem = |&file: &usize| {
            let layer = self.missed.contains(&*self.loader.files[file].path);
            self.explainer().undecodable(file, layer, self.dialects)
        };
        let problems: Vec<Problem> = self.loader.undecodable.iter().map(problem).collect();
        self.problems.splice(0..0, problems);
    }
}
