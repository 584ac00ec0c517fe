//! Messages of clients, their libraries and the programs that carry their connections: one table
//! for each family.

mod errors;
mod java;
mod libraries;
mod managed;
mod native;
mod openssh;
pub(super) mod plain;
mod programs;
mod proxies;
mod putty;
mod python;
mod row;
mod server;
mod sign;
mod terminals;
mod testers;
mod warnings;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Software;
use crate::template::Template;

pub(super) use errors::failure;
pub(super) use sign::{Scope, Sign, Symptom};

use sign::Family;

/// A known message.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) template: Template,
    pub(super) sign: Sign,
    pub(super) scope: Scope,
    pub(super) software: Option<Software>,
}

/// All messages, indexed by their first two bytes.
#[derive(Debug)]
pub(super) struct Table {
    entries: Vec<Entry>,
    by_lead: HashMap<[u8; 2], Vec<usize>>,
}

/// All messages; of two that match at one place the earlier one wins.
pub(super) static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let own: &[Family] = &[
        (Some(Software::PortTester), testers::ROWS),
        (Some(Software::OpenSsh), openssh::BEFORE),
        (Some(Software::OpenSsh), openssh::CONNECTING),
        (Some(Software::OpenSsh), openssh::LATER),
        (Some(Software::OpenSsh), warnings::ROWS),
        (Some(Software::Putty), putty::ROWS),
        (None, openssh::SHARED),
        (None, programs::ROWS),
        (None, proxies::ROWS),
        (None, server::ROWS),
    ];
    let all = own
        .iter()
        .chain(terminals::FAMILIES)
        .chain(libraries::FAMILIES);
    Table::new(all)
});

impl Table {
    fn new<'a>(families: impl Iterator<Item = &'a Family>) -> Self {
        let mut table = Self {
            entries: Vec::new(),
            by_lead: HashMap::new(),
        };
        for &(software, rows) in families {
            for &(pattern, sign, scope) in rows {
                let template = Template::new(pattern);
                let lead = [template.lead()[0], template.lead()[1]];
                table
                    .by_lead
                    .entry(lead)
                    .or_default()
                    .push(table.entries.len());
                table.entries.push(Entry {
                    template,
                    sign,
                    scope,
                    software,
                });
            }
        }
        table
    }

    /// The words that each message begins with.
    pub(super) fn leads(&self) -> impl Iterator<Item = &[u8]> {
        self.entries.iter().map(|entry| entry.template.lead())
    }

    /// The messages that may begin a text.
    pub(super) fn candidates(&self, text: &[u8]) -> impl Iterator<Item = &Entry> {
        let lead = text.first_chunk::<2>();
        let found = lead
            .and_then(|lead| self.by_lead.get(lead))
            .map(Vec::as_slice)
            .unwrap_or_default();
        found
            .iter()
            .map(|&at| &self.entries[at])
            .filter(move |entry| text.starts_with(entry.template.lead()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message that begins with a field or with a single letter would be searched for at each
    /// byte of a text.
    #[test]
    fn every_client_message_begins_with_at_least_four_fixed_bytes() {
        for entry in &TABLE.entries {
            assert!(entry.template.lead().len() >= 4, "{entry:?}");
            // The fields exist.
            entry.template.beginning(b"");
        }
    }
}
