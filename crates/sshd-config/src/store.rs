//! The values accumulated from the lines of one pass, keyword by keyword.

use std::collections::BTreeMap;

use crate::keyword::{Keyword, Rule};
use crate::release::Release;
use crate::table::TABLE;
use crate::value::{Kind, Parts};
use crate::walk::Walk;

/// A part of a value that is in force, and the directive that set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    /// The part.
    pub(crate) part: usize,
    /// Its value, as sshd prints it.
    pub(crate) value: String,
    /// The index of the directive in the walk.
    pub(crate) by: usize,
}

/// Everything that was read for one keyword.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slot {
    /// The parts in force.
    pub(crate) held: Vec<Held>,
    /// The directives that were read, in reading order.
    pub(crate) seen: Vec<u32>,
}

/// The slots of one pass, by the first name of their keyword.
pub(crate) type Store = BTreeMap<&'static str, Slot>;

/// Reads the directives whose scope is active.
pub(crate) fn fill(walk: &Walk, release: Release, active: impl Fn(usize) -> bool) -> Store {
    let active: Vec<bool> = (0..walk.scopes.len()).map(active).collect();
    // By their place in the table: of a long file this is asked for every line, again and again.
    let mut slots: Vec<Slot> = TABLE.iter().map(|_| Slot::default()).collect();
    let keys_command = TABLE
        .iter()
        .position(|keyword| keyword.names[0].text == "AuthorizedKeysCommand");
    let directives = &walk.directives;
    for index in 0..directives.len() {
        if !active[directives.scope(index)] || !directives.sets(index) {
            continue;
        }
        let Some(place) = directives.place(index) else {
            continue;
        };
        let keyword = &TABLE[place];
        if matches!(keyword.kind, Kind::Ignored | Kind::Structure) {
            continue;
        }
        let is_behind_keys_command = keyword.rule == Rule::PrincipalsCommand
            && keyword.last_wins(release)
            && keys_command.is_some_and(|place| !slots[place].held.is_empty());
        let slot = &mut slots[place];
        slot.seen.push(u32::try_from(index).unwrap_or(u32::MAX));
        if is_behind_keys_command {
            continue;
        }
        // Nearly all lines of a long file come after the deciding one: they need not be read.
        if slot.is_decided(keyword, release) {
            continue;
        }
        let reading = directives.get(index).map(|directive| directive.reading);
        if let Some(Ok(reading)) = reading {
            slot.take(keyword, &reading.parts, index, release);
        }
    }
    let named = TABLE.iter().zip(slots);
    named
        .filter(|(_, slot)| !slot.seen.is_empty())
        .map(|(keyword, slot)| (keyword.names[0].text, slot))
        .collect()
}

impl Slot {
    /// Whether no further line can change the value.
    fn is_decided(&self, keyword: &Keyword, release: Release) -> bool {
        let first_counts = matches!(keyword.rule, Rule::First | Rule::LastBefore(_));
        first_counts && !keyword.last_wins(release) && !self.held.is_empty()
    }

    fn take(&mut self, keyword: &Keyword, parts: &Parts, by: usize, release: Release) {
        let held = |(part, value): &(usize, String)| Held {
            part: *part,
            value: value.clone(),
            by,
        };
        match keyword.rule {
            _ if keyword.last_wins(release) => {
                for part in parts {
                    self.replace(held(part));
                }
            }
            Rule::All => self.held.extend(parts.iter().map(held)),
            Rule::FirstOfName => parts.iter().for_each(|part| self.add_name(held(part))),
            Rule::FirstOfPart | Rule::Penalties => {
                for part in parts {
                    self.add_part(held(part), keyword.rule);
                }
            }
            Rule::FirstOrNone if parts.iter().any(|part| part.1 == "none") => {
                self.held = parts.iter().map(held).collect();
            }
            _ if self.held.is_empty() => self.held = parts.iter().map(held).collect(),
            _ => {}
        }
    }

    fn replace(&mut self, held: Held) {
        self.held.retain(|other| other.part != held.part);
        self.held.push(held);
    }

    fn add_name(&mut self, held: Held) {
        if !self
            .held
            .iter()
            .any(|other| subsystem_name(&other.value) == subsystem_name(&held.value))
        {
            self.held.push(held);
        }
    }

    fn add_part(&mut self, held: Held, rule: Rule) {
        if self.held.iter().any(|other| other.part == held.part) {
            return;
        }
        if rule == Rule::Penalties && held.part > 0 {
            self.replace(Held {
                part: 0,
                value: "yes".to_owned(),
                by: held.by,
            });
        }
        self.held.push(held);
    }

    /// Overlays the values of a Match block. A block with subsystems replaces all of them, not only
    /// those it names.
    pub(crate) fn overlay(&mut self, keyword: &Keyword, block: &Self) {
        let by_part = keyword.rule == Rule::FirstOfPart;
        self.held
            .retain(|held| by_part && !block.held.iter().any(|other| other.part == held.part));
        self.held.extend(block.held.iter().cloned());
    }
}

/// The first word of a Subsystem value.
pub(crate) fn subsystem_name(value: &str) -> &str {
    value.split(' ').next().unwrap_or_default()
}
