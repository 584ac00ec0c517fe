//! The way from files to jails, in the order in which fail2ban goes it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sshmend_lossless::{Origin, Request, Snapshot};

use crate::document::DEFAULT;
use crate::explain::Explainer;
use crate::interpolate::Interpolation;
use crate::item::Item;
use crate::jail::{Jail, List, Loss, Setting, Shadowed, Word};
use crate::layers::{LoadFailure, Loader, Stack};
use crate::merged::{Merged, Value};
use crate::problem::{Consequence, Problem};
use crate::release::{Dialect, Release};
use crate::spec;
use crate::traced::Traced;
use crate::wreckage;

/// What fail2ban takes from `[Definition]` of `fail2ban.conf`.
const SERVER_OPTIONS: [&str; 9] =
    ["socket", "pidfile", "loglevel", "logtarget", "syslogsocket", "allowipv6", "dbfile", "dbmaxmatches", "dbpurgeage"];
const LOG_LEVELS: [&str; 12] = [
    "CRITICAL",
    "DEBUG",
    "ERROR",
    "FATAL",
    "HEAVYDEBUG",
    "INFO",
    "MSG",
    "NOTICE",
    "NOTSET",
    "TRACEDEBUG",
    "WARN",
    "WARNING",
];
/// What it takes from every section of `jail.conf`, enabled or not.
const FIRST_OPTIONS: [&str; 3] = ["enabled", "backend", "filter"];
/// What it takes from a filter, and what an enabled jail may override of it.
const FILTER_OPTIONS: [&str; 7] =
    ["usedns", "prefregex", "ignoreregex", "failregex", "maxlines", "datepattern", "journalmatch"];
/// What it takes from an enabled jail.
const JAIL_OPTIONS: [&str; 19] = [
    "maxretry",
    "maxmatches",
    "findtime",
    "bantime",
    "bantime.increment",
    "bantime.factor",
    "bantime.formula",
    "bantime.multipliers",
    "bantime.maxtime",
    "bantime.rndtime",
    "bantime.overalljails",
    "ignorecommand",
    "ignoreself",
    "ignoreip",
    "ignorecache",
    "logtimezone",
    "logencoding",
    "logpath",
    "action",
];
/// What it takes from an enabled jail since 1.1.1.
const LATER_OPTIONS: [&str; 2] = ["skip_if_nologs", "systemd_if_nologs"];
/// What it takes from an action.
const ACTION_OPTIONS: [&str; 13] = [
    "actionstart",
    "actionstart_on_demand",
    "actionstop",
    "actionflush",
    "actionreload",
    "actioncheck",
    "actionrepair",
    "actionrepair_on_unban",
    "actionban",
    "actionprolong",
    "actionreban",
    "actionunban",
    "norestored",
];
/// What only other options refer to, and people ask for.
const OTHER_OPTIONS: [&str; 6] = ["banaction", "banaction_allports", "port", "mode", "protocol", "chain"];

/// Everything that was read, and what was concluded.
pub(crate) struct Reading<'a> {
    pub(crate) loader: Loader<'a>,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) directory: &'a Path,
    pub(crate) release: Option<Release>,
    pub(crate) dialects: &'static [Dialect],
    pub(crate) stack: Stack,
    /// Layers that were not read.
    missed: BTreeSet<PathBuf>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) jails: Vec<Jail>,
    pub(crate) defaults: Jail,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, directory: &'a Path, release: Option<Release>) -> Self {
        let (loader, dialects) = (Loader::new(snapshot, directory), Dialect::of(release));
        let (stack, missed, problems, jails) = (Stack::default(), BTreeSet::new(), Vec::new(), Vec::new());
        let mut reading = Self {
            loader,
            snapshot,
            directory,
            release,
            dialects,
            stack,
            missed,
            problems,
            jails,
            defaults: Jail::new(DEFAULT),
        };
        reading.read_server();
        reading.read_jails();
        reading.note_undecodable();
        let wreckage = wreckage::find(&reading);
        reading.problems.extend(wreckage);
        reading.problems.sort_by(|a, b| (a.consequence, &a.origin).cmp(&(b.consequence, &b.origin)));
        reading
    }

    /// What has still to be asked of the machine.
    pub(crate) fn lacking(&self) -> Vec<Request> {
        let unanswered = self.loader.lacking.iter().filter(|request| !self.snapshot.answers(request));
        unanswered.cloned().collect()
    }

    pub(crate) fn explainer(&self) -> Explainer<'_> {
        Explainer { files: &self.loader.files, directory: self.directory }
    }

    fn read_server(&mut self) {
        let Some(stack) = self.load_layers("fail2ban") else { return };
        let mut wanted: Vec<(&str, &str)> = SERVER_OPTIONS.iter().map(|&key| ("Definition", key)).collect();
        wanted.push(("Thread", "stacksize"));
        for (section, key) in wanted {
            let known = stack.merged.section(section).is_some();
            let value = if known { self.evaluate(&stack.merged, section, key) } else { None };
            if let Some(value) = value.filter(|value| key == "loglevel" && !is_log_level(value.text())) {
                let problem = self.explainer().log_level(value.spot(0), value.text());
                self.push(problem);
            }
        }
    }

    fn read_jails(&mut self) {
        let Some(stack) = self.load_layers("jail") else { return };
        self.stack = stack;
        let version = self.release.map_or_else(Traced::unknown, |release| Traced::plain(&release.to_string()));
        self.stack.merged.add(None, "fail2ban_version", version);
        let directory = self.directory.to_string_lossy();
        self.stack.merged.add(None, "fail2ban_confpath", Traced::plain(directory.trim_end_matches('/')));
        for name in self.stack.merged.section_names() {
            if name != "INCLUDES" {
                let jail = self.read_jail(&name);
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
                let problems = self.explainer().layers(name, &stack, self.dialects);
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

    fn report(&mut self, failure: &LoadFailure) {
        let problems = self.explainer().load_failure(failure);
        for problem in problems {
            self.push(problem);
        }
    }

    fn push(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// An option's value; a failure to interpolate it is a problem.
    fn evaluate(&mut self, merged: &Merged, section: &str, key: &str) -> Option<Traced> {
        match Interpolation::new(merged, section).get(key) {
            Ok(value) => value,
            Err(failure) => {
                let value = merged.deciding(section, key);
                let problem =
                    self.explainer().interpolation(&failure, section, key, value.and_then(|value| value.spot));
                self.push(problem);
                None
            }
        }
    }

    /// `JailReader.getOptions`
    fn read_jail(&mut self, name: &str) -> Jail {
        let mut values = BTreeMap::new();
        self.read_options(name, FIRST_OPTIONS, &mut values);
        let text = |key: &str| values.get(key).map_or("", Traced::text).to_owned();
        let enabled = is_true(&text("enabled"));
        let filter = text("filter");
        let mut jail = Jail { enabled, ..Jail::new(name) };
        if enabled && !filter.is_empty() {
            jail.skipped = self.read_filter(&jail.name, &filter);
        }
        if jail.runs() {
            self.read_options(&jail.name, JAIL_OPTIONS.into_iter().chain(FILTER_OPTIONS), &mut values);
            if self.dialects.contains(&Dialect::From111) {
                self.read_options(&jail.name, LATER_OPTIONS, &mut values);
            }
            let action = values.get("action").map_or("", Traced::text).to_owned();
            jail.skipped = self.read_actions(&action, &values);
        }
        self.note_skipped(&jail);
        self.settle(&mut jail);
        self.note_refused(&jail);
        jail
    }

    fn read_options(
        &mut self,
        section: &str,
        keys: impl IntoIterator<Item = &'static str>,
        values: &mut BTreeMap<String, Traced>,
    ) {
        let merged = std::mem::take(&mut self.stack.merged);
        for key in keys {
            if let Some(value) = self.evaluate(&merged, section, key) {
                values.insert(key.to_owned(), value);
            }
        }
        self.stack.merged = merged;
    }

    /// Reads the filter of a jail; its options become `known/…` of the jail. Returns why fail2ban skips the jail.
    fn read_filter(&mut self, jail: &str, filter: &str) -> Option<String> {
        let Some((name, options)) = spec::extract(filter) else {
            return Some(format!("its filter {filter:?} has unexpected syntax"));
        };
        let stack = match self.loader.stack(&format!("filter.d/{name}")) {
            Ok(stack) => stack,
            Err(failure) => {
                self.report(&failure);
                return None;
            }
        };
        if self.is_unread(&stack) {
            return Some(format!("there is no filter {name:?}, or a file of it cannot be read"));
        }
        let given = options.into_iter().chain(FIRST_OPTIONS).chain(["logtype"]);
        let keys = self.read_definition(stack.merged, given, &FILTER_OPTIONS, true);
        for (key, value) in keys {
            if !key.starts_with("known/") {
                self.stack.merged.add(Some(jail), &format!("known/{key}"), value);
            }
        }
        None
    }

    /// Evaluates `[Definition]` and `[Init]` of a filter or action; what its jail gives it comes first and is not known.
    fn read_definition<'k>(
        &mut self,
        mut merged: Merged,
        given: impl Iterator<Item = &'k str>,
        wanted: &[&str],
        all: bool,
    ) -> BTreeMap<String, Traced> {
        let own =
            |section: &str| merged.section(section).into_iter().flat_map(|options| options.keys().cloned()).collect();
        let (init, definition): (Vec<String>, Vec<String>) = (own("Init"), own("Definition"));
        let given: BTreeMap<String, Traced> = given.map(|key| (key.to_owned(), Traced::unknown())).collect();
        let mut values = BTreeMap::new();
        for key in init {
            values.extend(self.evaluate(&merged, "Init", &key).map(|value| (key, without_tags(value))));
        }
        if merged.section("Definition").is_some() {
            given.iter().for_each(|(key, value)| merged.add(Some("Definition"), key, value.clone()));
            let more = definition.into_iter().filter(|_| all);
            let wanted = wanted.iter().map(|&key| key.to_owned()).chain(more).filter(|key| !given.contains_key(key));
            for key in wanted.collect::<BTreeSet<_>>() {
                values.extend(self.evaluate(&merged, "Definition", &key).map(|value| (key, without_tags(value))));
            }
        }
        values.extend(given);
        values
    }

    /// Reads the actions of a jail. Returns why fail2ban skips the jail.
    fn read_actions(&mut self, actions: &str, values: &BTreeMap<String, Traced>) -> Option<String> {
        for action in spec::split(actions) {
            let Some((name, options)) = spec::extract(action.trim_end_matches(crate::python::is_space)) else {
                return Some(format!("its action {action:?} has unexpected syntax"));
            };
            if name.ends_with(".py") {
                continue;
            }
            match self.loader.stack(&format!("action.d/{name}")) {
                Err(failure) => self.report(&failure),
                Ok(stack) if self.is_unread(&stack) => {
                    return Some(format!("there is no action {name:?}, or a file of it cannot be read"));
                }
                Ok(stack) => {
                    let given = options.into_iter().chain(values.keys().map(String::as_str)).chain(["name", "actname"]);
                    self.read_definition(stack.merged, given, &ACTION_OPTIONS, false);
                }
            }
        }
        None
    }

    /// `ConfigReader.read` is false when nothing could be read, from 1.1.1 on also when one layer could not.
    fn is_unread(&self, stack: &Stack) -> bool {
        stack.read.is_empty() || self.dialects == [Dialect::From111] && !stack.missed.is_empty()
    }

    fn note_skipped(&mut self, jail: &Jail) {
        let Some(why) = &jail.skipped else { return };
        let header = self.loader.files.iter().enumerate().rev().find_map(|(file, source)| {
            let block = source.document.section(&jail.name).next()?;
            Some((file, block.name_range.start))
        });
        let problem = self.explainer().at(
            header,
            format!("jail {} is skipped: {why}", jail.name),
            Consequence::JailSkipped,
            "name a filter and actions that exist below filter.d and action.d, or disable the jail",
        );
        self.push(problem);
    }

    /// A word at which the server stops while it sets up the jails.
    fn note_refused(&mut self, jail: &Jail) {
        for word in jail.lists.iter().filter(|_| jail.runs()).flat_map(|list| &list.words) {
            let Item::Refused(why) = word.item else { continue };
            let place = word.spot.map(|spot| (spot.file, spot.offset));
            let problem = self.explainer().refused(place, &word.text, why, self.release);
            self.push(problem);
        }
    }

    /// When every enabled jail is skipped, fail2ban does not start at all.
    fn check_that_one_runs(&mut self) {
        let skipped: Vec<_> =
            self.jails.iter().filter(|jail| jail.skipped.is_some()).map(|jail| jail.name.as_str()).collect();
        if skipped.is_empty() || self.jails.iter().any(Jail::runs) {
            return;
        }
        let message = format!("no enabled jail is left: {} cannot run", skipped.join(", "));
        let problem =
            self.explainer().at(None, message, Consequence::DoesNotStart, "mend or disable the jails that are skipped");
        self.push(problem);
    }

    /// The settings that people ask for, with the lines that decided them.
    fn settle(&mut self, jail: &mut Jail) {
        for key in FIRST_OPTIONS.iter().chain(&JAIL_OPTIONS).chain(&OTHER_OPTIONS).chain(&["usedns"]) {
            let Ok(Some(value)) = Interpolation::new(&self.stack.merged, &jail.name).get(key) else { continue };
            if *key == "ignoreip" {
                jail.lists = self.dialects.iter().map(|&dialect| self.list(&value, dialect)).collect();
            }
            jail.settings.insert((*key).to_owned(), self.setting(&jail.name, key, &value));
        }
        jail.ignoreself = jail.setting("ignoreself").is_none_or(|setting| is_true(&setting.value));
    }

    fn setting(&self, jail: &str, key: &str, value: &Traced) -> Setting {
        let merged = &self.stack.merged;
        let decider = merged.deciding(jail, key);
        let origin = decider.and_then(|value| self.origin(value));
        let is_own = decider.is_some_and(|value| value.section != DEFAULT);
        let losers = |section: &str, why| {
            let others =
                merged.definitions(section, key).iter().filter(|other| decider.is_none_or(|it| it.spot != other.spot));
            others
                .filter_map(move |other| Some((self.origin(other)?, other.raw.text().to_owned(), why)))
                .collect::<Vec<_>>()
        };
        let default_loss = if is_own { Loss::OnlyDefault } else { Loss::ReadEarlier };
        let shadowed = losers(DEFAULT, default_loss).into_iter().chain(losers(jail, Loss::ReadEarlier));
        let shadowed = shadowed.map(|(origin, value, why)| Shadowed { origin, value, why }).collect();
        Setting { value: value.text().to_owned(), origin, shadowed }
    }

    fn origin(&self, value: &Value) -> Option<Origin> {
        value.spot.map(|spot| Origin::new(self.loader.files[spot.file].path.clone(), spot.line))
    }

    fn list(&mut self, value: &Traced, dialect: Dialect) -> List {
        let words = dialect.words(value.text()).into_iter().map(|range| {
            let spot = value.spot(range.start);
            let text = value.text()[range].to_owned();
            let origin = spot.map(|spot| Origin::new(self.loader.files[spot.file].path.clone(), spot.line));
            let item = Item::parse(&text, dialect);
            let content = if let Item::File(path) = &item { self.loader.words_of(Path::new(path)) } else { None };
            Word { text, origin, item, spot, content }
        });
        let mut words: Vec<Word> = words.collect();
        refuse_behind_files(&mut words);
        List { words, opaque: value.opaque }
    }

    fn note_undecodable(&mut self) {
        let problem = |&file: &usize| {
            let layer = self.missed.contains(&self.loader.files[file].path);
            self.explainer().undecodable(file, layer, self.dialects)
        };
        let problems: Vec<Problem> = self.loader.undecodable.iter().map(problem).collect();
        self.problems.splice(0..0, problems);
    }
}

/// fail2ban replaces `<tags>` in what a filter says; we do not.
fn without_tags(value: Traced) -> Traced {
    if value.text().contains('<') { Traced::unknown() } else { value }
}

/// Releases with `file:` items compare each later word with the file as if it were text, and stop at the error, unless
/// an equal word comes before the file.
fn refuse_behind_files(words: &mut [Word]) {
    let Some(first) = words.iter().position(|word| matches!(word.item, Item::File(_))) else { return };
    let (before, behind) = words.split_at_mut(first);
    for word in behind {
        let known = before.iter().any(|other| other.item == word.item);
        match &word.item {
            Item::File(_) => {}
            _ if known => {}
            _ => {
                word.item = Item::Refused("its place behind a file: entry, at which fail2ban 1.1.1 stops");
            }
        }
    }
}

/// `str2LogLevel`: a number or a name, in any case.
fn is_log_level(text: &str) -> bool {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_number || LOG_LEVELS.contains(&text.to_uppercase().as_str())
}

/// `_as_bool`
pub(crate) fn is_true(text: &str) -> bool {
    ["1", "on", "true", "yes"].contains(&text.to_lowercase().as_str())
}
