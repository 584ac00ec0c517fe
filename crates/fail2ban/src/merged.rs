//! All files of a configuration laid over one another, as `SafeConfigParserWithIncludes.read` does it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::document::{Block, DEFAULT, Document, Opt};
use crate::python::is_word;
use crate::traced::{Spot, Traced};

/// The prefix of the sections in which fail2ban keeps values that a later file has overridden.
const KNOWN: &str = "KNOWN/";

/// One definition of an option.
#[derive(Debug)]
pub(crate) struct Value {
    /// The value before interpolation.
    pub(crate) raw: Rc<Traced>,
    /// Whether it is set in `[DEFAULT]`.
    pub(crate) is_default: bool,
    /// The place of its key; `None` for options that fail2ban adds itself.
    pub(crate) spot: Option<Spot>,
}

/// The options of one section.
pub(crate) type Options = BTreeMap<String, Rc<Value>>;

/// The merged configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Merged {
    pub(crate) defaults: Options,
    sections: BTreeMap<String, Options>,
    order: Vec<String>,
}

impl Merged {
    /// One file alone, as the search for its includes sees it; empty without a section that could name any.
    pub(crate) fn of(file: usize, document: &Document, section: &str) -> Self {
        if !document
            .blocks
            .iter()
            .any(|block| split_condition(&block.name).0 == section)
        {
            return Self::default();
        }
        let mut merged = Self::default();
        merged.lay(file, document);
        merged
    }

    /// Overlays one more file on those read so far.
    pub(crate) fn lay(&mut self, file: usize, document: &Document) {
        let mut seen = BTreeSet::new();
        for block in &document.blocks {
            let values: Vec<_> = block
                .options
                .iter()
                .map(|option| value(file, document, block, option))
                .collect();
            if block.name == DEFAULT {
                self.defaults.extend(values);
            } else if seen.insert(block.name.clone()) {
                self.lay_section(&block.name, values);
            }
        }
    }

    /// `KNOWN/name` keeps overridden values; a section `name?condition` is merged into `name`, with
    /// the condition added to its keys.
    fn lay_section(&mut self, written: &str, values: Vec<(String, Rc<Value>)>) {
        let (name, condition) = split_condition(written);
        let values: Options = values
            .into_iter()
            .map(|(key, value)| (key + condition, value))
            .collect();
        let Some(section) = self.sections.get_mut(name) else {
            self.order.push(name.to_owned());
            self.sections.insert(name.to_owned(), values);
            return;
        };
        let known: Options = section
            .iter()
            .filter(|(key, _)| values.contains_key(*key))
            .map(|(key, value)| (key.clone(), Rc::clone(value)))
            .collect();
        section.extend(values);
        let known_name = format!("{KNOWN}{name}");
        if !self.sections.contains_key(&known_name) {
            self.order.push(known_name.clone());
        }
        self.sections.entry(known_name).or_default().extend(known);
    }

    /// Adds options that are in no file.
    pub(crate) fn add(&mut self, section: Option<&str>, key: &str, raw: Traced) {
        let value = Rc::new(Value {
            raw: Rc::new(raw),
            is_default: section.is_none(),
            spot: None,
        });
        let options = match section {
            None => &mut self.defaults,
            Some(section) => self.sections.entry(section.to_owned()).or_default(),
        };
        options.insert(key.to_owned(), value);
    }

    /// The sections in the order in which fail2ban visits them, without its internal ones.
    pub(crate) fn section_names(&self) -> Vec<String> {
        self.order
            .iter()
            .filter(|name| !name.starts_with(KNOWN))
            .cloned()
            .collect()
    }

    pub(crate) fn section(&self, name: &str) -> Option<&Options> {
        self.sections.get(name)
    }

    /// The value of an option in an earlier file that a later one overrides in the same section.
    pub(crate) fn known(&self, section: &str, key: &str) -> Option<&Rc<Value>> {
        self.sections.get(&format!("{KNOWN}{section}"))?.get(key)
    }

    /// The definition that decides an option: the section's own, else that of `[DEFAULT]`.
    pub(crate) fn deciding(&self, section: &str, key: &str) -> Option<&Rc<Value>> {
        self.sections
            .get(section)
            .and_then(|own| own.get(key))
            .or_else(|| self.defaults.get(key))
    }
}

/// `^(\w+)(\?.+)$`
fn split_condition(name: &str) -> (&str, &str) {
    match name.find('?') {
        Some(at) if at > 0 && at + 1 < name.len() && name[..at].chars().all(is_word) => {
            name.split_at(at)
        }
        _ => (name, ""),
    }
}

fn value(file: usize, document: &Document, block: &Block, option: &Opt) -> (String, Rc<Value>) {
    let mut raw = Traced::default();
    for (index, piece) in option.pieces.iter().enumerate() {
        if index > 0 {
            raw.push_str("\n", None);
        }
        let spot = Spot {
            file,
            line: piece.line.number,
            offset: piece.text.start,
        };
        raw.push_str(&document.text[piece.text.clone()], Some(spot));
    }
    raw.truncate(raw.text().trim_end_matches(crate::python::is_space).len());
    let spot = Some(Spot {
        file,
        line: option.line.number,
        offset: option.key_start,
    });
    (
        option.key.clone(),
        Rc::new(Value {
            raw: Rc::new(raw),
            is_default: block.name == DEFAULT,
            spot,
        }),
    )
}
