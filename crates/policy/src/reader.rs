//! Helpers for all sections of a policy: typed values and known names.

use std::ops::Range;
use std::path::Path;

use sshmend_lossless::nearest;
use sshmend_sshd_config::keyword_names;

use crate::fault::{Excerpt, Fault, Text};
use crate::tree::{Key, Node, Value};

/// Reads values and collects faults.
pub(crate) struct Reader<'t> {
    path: &'t Path,
    text: Text<'t>,
    pub(crate) faults: Vec<Fault>,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(path: &'t Path, text: &'t str) -> Self {
        Self {
            path,
            text: Text::new(text),
            faults: Vec::new(),
        }
    }

    /// A place of the text, for later display.
    pub(crate) fn place(&self, at: &Range<usize>) -> Excerpt {
        Excerpt::of(self.path, &self.text, at)
    }

    pub(crate) fn fault(&mut self, at: &Range<usize>, message: impl Into<String>, hint: &str) {
        self.faults.push(Fault::new(at.clone(), message).hint(hint));
    }

    /// Reports that a value does not have the expected type.
    pub(crate) fn expected(&mut self, node: &Node, what: &str) {
        let message = format!("{what} is expected here, not {}", node.value.describes());
        self.faults.push(Fault::new(node.at.clone(), message));
    }

    /// Reports every key that is not one of these, and every repeated key.
    pub(crate) fn only(&mut self, entries: &[(Key, Node)], known: &[&str], what: &str) {
        for (index, (key, _)) in entries.iter().enumerate() {
            if !known.contains(&key.text.as_str()) {
                self.unknown(key, known.iter().copied(), what);
            } else if entries[..index]
                .iter()
                .any(|(other, _)| other.text == key.text)
            {
                let message = format!("`{}` occurs here a second time", key.text);
                self.fault(&key.at, message, "put both together");
            }
        }
    }

    /// Reports an unknown key, and names the nearest one.
    pub(crate) fn unknown<'k>(
        &mut self,
        key: &Key,
        known: impl Iterator<Item = &'k str> + Clone,
        what: &str,
    ) {
        let message = format!("`{}` is not {what}", key.text);
        let hint = match (nearest(&key.text, known.clone()), section_of(&key.text)) {
            (Some(near), _) => format!("did you mean {near}?"),
            (None, Some(section)) => format!("it belongs in the section {section}"),
            (None, None) if known.clone().count() <= 12 => {
                format!("known are {}", known.collect::<Vec<_>>().join(", "))
            }
            (None, None) => "see sshd_config(5) for the keywords".to_owned(),
        };
        self.fault(&key.at, message, &hint);
    }

    pub(crate) fn text(&mut self, node: &Node) -> Option<String> {
        if let Value::Text(text) = &node.value {
            return Some(text.clone());
        }
        self.expected(node, "text");
        None
    }

    /// A text, or a list of texts; each with its place.
    pub(crate) fn texts(&mut self, node: &Node) -> Vec<(String, Range<usize>)> {
        let each = if let Value::List(list) = &node.value {
            list.iter().collect()
        } else {
            vec![node]
        };
        each.into_iter()
            .filter_map(|one| Some((self.text(one)?, one.at.clone())))
            .collect()
    }

    pub(crate) fn list<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        if let Value::List(list) = &node.value {
            return list;
        }
        let message = format!("{what} is expected here, not {}", node.value.describes());
        let fault = Fault::new(node.at.clone(), message);
        self.faults.push(match &node.value {
            Value::Text(text) if !text.contains(|c: char| c.is_control() || c == '"') => {
                fault.hint(format!("write it in brackets: [\"{text}\"]"))
            }
            _ => fault,
        });
        &[]
    }

    pub(crate) fn table<'n>(&mut self, node: &'n Node, what: &str) -> &'n [(Key, Node)] {
        if let Value::Table(entries) = &node.value {
            return entries;
        }
        self.expected(node, what);
        &[]
    }
}

/// The section to which a key belongs that stands in another one, or above all of them.
fn section_of(key: &str) -> Option<&'static str> {
    match key {
        "allow" | "deny-removed" => Some("hosts-access"),
        "ignore" => Some("fail2ban"),
        // As the manual writes it: `port` in lower case is a key of other sections too.
        _ => keyword_names()
            .any(|name| name == key)
            .then_some("sshd-config"),
    }
}
