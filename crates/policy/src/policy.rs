//! The policy itself: the entries and their places.

use std::path::Path;

use sshmend_plan::Wish;

use crate::entry;
use crate::fault::{Fault, NotAPolicy};
use crate::item::Item;
use crate::reader::Reader;
use crate::tree::{Node, Value};
use crate::{json, sshd, toml};

/// The desired state of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The name given in the policy.
    pub name: Option<String>,
    /// The items, in the order of the text.
    pub items: Vec<Item>,
}

/// Items of one kind, which are planned together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// All items joined.
    pub wish: Wish,
    /// The owner of the files.
    pub account: Option<String>,
    /// The items it was made from; never empty.
    pub items: Vec<Item>,
}

/// Written by some editors before UTF-8 text.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

/// The sections of a policy.
const SECTIONS: [&str; 5] = [
    "name",
    "sshd-config",
    "hosts-access",
    "fail2ban",
    "known-hosts",
];

impl Policy {
    /// Parses a policy: JSON if the first byte that is not blank is a brace, else TOML. `path`
    /// names it in messages.
    ///
    /// # Errors
    /// All faults.
    pub fn parse(path: &Path, text: &[u8]) -> Result<Self, NotAPolicy> {
        let text = match std::str::from_utf8(text) {
            Ok(text) => text,
            Err(error) => {
                let valid = String::from_utf8_lossy(&text[..error.valid_up_to()]);
                let fault =
                    Fault::new(valid.len()..valid.len(), "not UTF-8").hint("save it as UTF-8");
                return Err(NotAPolicy::new(path, &valid, vec![fault]));
            }
        };
        // Some editors begin a file with a byte order mark; it has no width, so columns are as
        // displayed.
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let tree = if is_json(text) {
            json::read(text)
        } else {
            toml::read(text)
        };
        let tree = tree.map_err(|fault| NotAPolicy::new(path, text, vec![fault]))?;
        let mut reader = Reader::new(path, text);
        let policy = read(&mut reader, &tree);
        if reader.faults.is_empty() {
            Ok(policy)
        } else {
            Err(NotAPolicy::new(path, text, reader.faults))
        }
    }

    /// The items in groups that are planned together, in the order of execution.
    pub fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        // Keys of hosts are planned one by one, and there may be thousands of them.
        let mut joinable: Vec<usize> = Vec::new();
        for item in &self.items {
            let joins = |group: &Group| {
                group.account == item.account
                    && !differs(&group.wish, &item.wish)
                    && group.wish.takes(&item.wish)
            };
            if let Some(place) = joinable
                .iter()
                .copied()
                .find(|&place| joins(&groups[place]))
            {
                groups[place].items.push(item.clone());
                continue;
            }
            if item.wish.takes(&item.wish) {
                joinable.push(groups.len());
            }
            groups.push(Group {
                wish: item.wish.clone(),
                account: item.account.clone(),
                items: vec![item.clone()],
            });
        }
        for group in &mut groups {
            let others = group.items.iter().skip(1).map(|item| item.wish.clone());
            group.wish = group.wish.clone().join(others.collect());
        }
        groups
    }
}

/// Whether the text is JSON. A JSON list is neither a policy nor TOML, and is reported as a list.
fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('{')
        || text.starts_with('[') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Whether two wishes must not be joined: deny rules are removed only for the patterns for which
/// that was requested.
fn differs(one: &Wish, other: &Wish) -> bool {
    let removes = |wish: &Wish| {
        matches!(
            wish,
            Wish::Allow {
                remove_deny: true,
                ..
            }
        )
    };
    removes(one) != removes(other)
}

/// The name by which the next version of the policy is recognised.
fn name(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let name = reader.text(node)?;
    if name.trim().is_empty() || name.contains(char::is_control) {
        reader.fault(
            &node.at,
            "not a name",
            "give one line of text, or leave the name out",
        );
        return None;
    }
    Some(name)
}

fn read(reader: &mut Reader<'_>, tree: &Node) -> Policy {
    let mut policy = Policy {
        name: None,
        items: Vec::new(),
    };
    let Value::Table(sections) = &tree.value else {
        reader.expected(tree, "a table");
        return policy;
    };
    reader.only(sections, &SECTIONS, "a section of a policy");
    for (key, section) in sections {
        match key.text.as_str() {
            "name" => policy.name = name(reader, section),
            "sshd-config" => sshd::read(reader, section, &mut policy.items),
            "hosts-access" => entry::hosts_access(reader, section, &mut policy.items),
            "fail2ban" => entry::fail2ban(reader, section, &mut policy.items),
            "known-hosts" => entry::known_hosts(reader, section, &mut policy.items),
            // This is already reported as a fault.
            _ => {}
        }
    }
    policy
}
