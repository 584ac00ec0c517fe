//! One jail, in the order of fail2ban's `JailReader.getOptions`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use crate::item::Item;
use crate::jail::{Jail, Word};
use crate::layers::Stack;
use crate::merged::Merged;
use crate::options::{self, is_true, names};
use crate::problem::Consequence;
use crate::reading::Reading;
use crate::release::Dialect;
use crate::spec;
use crate::steps;
use crate::traced::Traced;

/// Evaluated options by name.
type Values = BTreeMap<String, Rc<Traced>>;

impl Reading<'_> {
    /// `JailReader.getOptions`
    pub(crate) fn read_jail(&mut self, name: &str) -> Jail {
        steps::add(1);
        let mut values = BTreeMap::new();
        self.read_options(name, names(options::FIRST), &mut values);
        let text = |key: &str| values.get(key).map_or("", |value| value.text()).to_owned();
        let enabled = is_true(&text("enabled"));
        let filter = text("filter");
        let mut jail = Jail {
            enabled,
            ..Jail::new(name)
        };
        if enabled && !filter.is_empty() {
            jail.skipped = self.read_filter(&jail.name, &filter);
        }
        if jail.runs() {
            self.read_options(
                &jail.name,
                names(options::JAIL).chain(names(options::FILTER)),
                &mut values,
            );
            if self.dialects.contains(&Dialect::From111) {
                self.read_options(&jail.name, names(options::LATER), &mut values);
            }
            let action = values
                .get("action")
                .map_or("", |value| value.text())
                .to_owned();
            match self.read_actions(&action, &values) {
                Ok(bans_by) => jail.bans_by = bans_by,
                Err(why) => jail.skipped = Some(why),
            }
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
        values: &mut Values,
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
            return Some(format!(
                "there is no filter {name:?}, or a file of it cannot be read"
            ));
        }
        let given: Vec<&str> = options.into_iter().chain(["logtype"]).collect();
        let mut known = self.read_given(
            &stack.merged,
            given.iter().copied().chain(names(options::FIRST)),
            options::FILTER,
        );
        let own = own_keys(&stack.merged, "Definition").into_iter();
        for key in own
            .filter(|key| !known.contains_key(key))
            .collect::<Vec<_>>()
        {
            known.extend(
                self.evaluate(&stack.merged, "Definition", &key)
                    .map(|value| (key, value)),
            );
        }
        known.extend(
            given
                .into_iter()
                .map(|key| (key.to_owned(), Rc::new(Traced::unknown()))),
        );
        for (key, value) in known
            .into_iter()
            .filter(|(key, _)| !key.starts_with("known/"))
        {
            // fail2ban replaces <tags> in the values of a filter; we do not.
            let has_tags = value.text().contains('<');
            self.stack.merged.add(
                Some(jail),
                &format!("known/{key}"),
                Traced::clone(&value).doubtful(has_tags),
            );
        }
        None
    }

    /// Evaluates `[Init]` of a filter or action, and the wanted options of `[Definition]`, where what its jail gives it
    /// comes first and is not known.
    fn read_given<'k>(
        &mut self,
        merged: &Merged,
        given: impl Iterator<Item = &'k str>,
        wanted: &str,
    ) -> Values {
        let mut values = BTreeMap::new();
        for key in own_keys(merged, "Init") {
            values.extend(
                self.evaluate(merged, "Init", &key)
                    .map(|value| (key, value)),
            );
        }
        if merged.section("Definition").is_some() {
            let given: Vec<&str> = given.collect();
            let mut merged = merged.clone();
            for key in &given {
                merged.add(Some("Definition"), key, Traced::unknown());
            }
            for key in names(wanted).filter(|key| !given.contains(key)) {
                values.extend(
                    self.evaluate(&merged, "Definition", key)
                        .map(|value| (key.to_owned(), value)),
                );
            }
        }
        values
    }

    /// Reads the actions of a jail. Returns the commands with which they ban, or the reason why
    /// fail2ban skips the jail.
    fn read_actions(&mut self, actions: &str, values: &Values) -> Result<Vec<String>, String> {
        let mut bans_by = Vec::new();
        for action in spec::split(actions) {
            let Some((name, options)) =
                spec::extract(action.trim_end_matches(crate::python::is_space))
            else {
                return Err(format!("its action {action:?} has unexpected syntax"));
            };
            if name.ends_with(".py") {
                continue;
            }
            match self.loader.stack(&format!("action.d/{name}")) {
                Err(failure) => self.report(&failure),
                Ok(stack) if self.is_unread(&stack) => {
                    return Err(format!(
                        "there is no action {name:?}, or a file of it cannot be read"
                    ));
                }
                Ok(stack) => {
                    let given = options
                        .into_iter()
                        .chain(values.keys().map(String::as_str))
                        .chain(["name", "actname"]);
                    let read = self.read_given(&stack.merged, given, options::ACTION);
                    bans_by.extend(read.get("actionban").map(|ban| ban.text().to_owned()));
                }
            }
        }
        Ok(bans_by)
    }

    /// `ConfigReader.read` is false when nothing could be read, from 1.1.1 on also when one layer could not.
    ///
    /// A file that we cannot read may exist for fail2ban: then no conclusion is drawn.
    fn is_unread(&self, stack: &Stack) -> bool {
        let refused = |path: &PathBuf| !self.loader.unread.contains_key(path);
        let all_refused = stack.missed.iter().all(refused);
        stack.read.is_empty() && all_refused
            || self.dialects == [Dialect::From111] && stack.missed.iter().any(refused)
    }

    fn note_skipped(&mut self, jail: &Jail) {
        let Some(why) = &jail.skipped else { return };
        let header = self
            .loader
            .files
            .iter()
            .enumerate()
            .rev()
            .find_map(|(file, source)| {
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

    /// Notes a word at which the server stops while it sets up the jails.
    fn note_refused(&mut self, jail: &Jail) {
        let is_refused = |word: &&Word| matches!(word.item, Item::Refused(_));
        for word in jail
            .lists
            .iter()
            .filter(|_| jail.runs())
            .filter_map(|list| list.words.iter().find(is_refused))
        {
            let Item::Refused(why) = word.item else {
                continue;
            };
            let place = word.spot.map(|spot| (spot.file, spot.offset));
            let problem = self
                .explainer()
                .refused(place, &word.text, why, self.release);
            self.push(problem);
        }
    }
}

fn own_keys(merged: &Merged, section: &str) -> Vec<String> {
    merged
        .section(section)
        .into_iter()
        .flat_map(|options| options.keys().cloned())
        .collect()
}
