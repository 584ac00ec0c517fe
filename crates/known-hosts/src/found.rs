//! The lines that `ssh` finds for names, and those that it skips.

use sshmend_lossless::{Line, Picked, threads};

use crate::document::KnownHosts;
use crate::hosts::{HostList, ListMatch};
use crate::key::{HostKey, KeyFault, KeyType};
use crate::line::{self, Content, Entry, Ignored, Marker};
use crate::name::{Name, Role};
use crate::scan::sieve;

/// The entries of a file for some names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lookup {
    /// The lines whose key counts for one of the names, in the order of the file.
    pub found: Vec<Found>,
    /// The lines that name one of them and do not count.
    pub passed_over: Vec<PassedOver>,
    /// The lines that were taken apart for the names; of a file that was not read as a whole they are left out.
    pub(crate) lines: Vec<Line>,
}

/// A line whose key counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The line number, counted from 1.
    pub line: usize,
    /// The marker.
    pub marker: Option<Marker>,
    /// The key.
    pub key: HostKey,
    /// The names that match, and how; never empty.
    pub matches: Vec<Match>,
}

/// A match between a line and one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The name.
    pub name: Name,
    /// The kind of match.
    pub how: How,
}

/// The way in which a host field matches a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// The pattern with this index in the list, counted from 0, is the name itself.
    Exact(usize),
    /// The field is the hash of the name.
    Hashed,
    /// The pattern with this index matches by `*` and `?`.
    Wildcard(usize),
}

/// A line that names a host and does not count for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// The line number, counted from 1.
    pub line: usize,
    /// The name.
    pub name: Name,
    /// The reason why it does not count.
    pub reason: Reason,
}

/// The reason why a line does not count for a name in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The negated pattern with this index excludes the name from the line.
    Negated(usize),
    /// The key of this type cannot be read; `ssh-keygen -F` shows such a line, and `ssh` skips it.
    UnreadableKey(KeyType, KeyFault),
    /// `ssh` skips the line.
    Ignored(Ignored),
    /// It is the line of the host without its port, which `ssh` does not ask while a plain key is known under the name
    /// with the port.
    NotAsked,
}

impl Found {
    /// True when the name is hashed in the file.
    pub fn is_hashed(&self) -> bool {
        self.matches.iter().any(|found| found.how == How::Hashed)
    }

    /// True for a plain line that holds one of the names that edits are meant for, itself or hashed.
    pub(crate) fn is_owned(&self) -> bool {
        self.marker.is_none() && self.matches.iter().any(Match::is_owned)
    }
}

impl Found {
    /// True for a plain line that holds a name of this role.
    fn is_plain_for(&self, role: Role) -> bool {
        self.marker.is_none() && self.matches.iter().any(|found| found.name.role() == role)
    }

    /// True when ssh reaches the line by the name without the port alone: such a line accepts and never refuses.
    pub fn is_without_port(&self) -> bool {
        self.matches
            .iter()
            .all(|found| found.name.role() == Role::WithoutPort)
    }

    /// True when the line matches by `*` and `?` alone.
    pub fn is_by_wildcard(&self) -> bool {
        self.matches
            .iter()
            .all(|found| matches!(found.how, How::Wildcard(_)))
    }
}

/// Marks as skipped, in all files of a target, the lines that ssh does not reach: once a plain key
/// of any type is known under the name with the port, plain lines of the name without the port are
/// not searched. Marked lines still are.
pub(crate) fn pass_over_unasked(files: &mut [Lookup]) {
    if !files
        .iter()
        .flat_map(|file| &file.found)
        .any(|found| found.is_plain_for(Role::Host))
    {
        return;
    }
    for file in files {
        let (unasked, asked): (Vec<Found>, Vec<Found>) = std::mem::take(&mut file.found)
            .into_iter()
            .partition(|found| found.marker.is_none() && found.is_without_port());
        file.found = asked;
        file.passed_over
            .retain(|passed| passed.name.role() != Role::WithoutPort);
        let names = unasked
            .iter()
            .flat_map(|found| found.matches.iter().map(|of| (found.line, &of.name)));
        let passed = names.map(|(line, name)| PassedOver {
            line,
            name: name.clone(),
            reason: Reason::NotAsked,
        });
        file.passed_over.extend(passed);
        file.passed_over.sort_by_key(|passed| passed.line);
    }
}

impl Match {
    /// True when the line holds the name itself or its hash, and edits are meant for that name.
    pub(crate) fn is_owned(&self) -> bool {
        self.name.is_owned() && !matches!(self.how, How::Wildcard(_))
    }
}

impl KnownHosts<'_> {
    /// Finds the lines that `ssh` loads for any of the names.
    ///
    /// The answer is that of `ssh-keygen -l -F`. Without `-l`, `ssh-keygen -F` also prints lines whose key `ssh` cannot
    /// read: those are in [`Lookup::passed_over`].
    pub fn find(&self, names: &[Name]) -> Lookup {
        let mut lookup = Lookup::default();
        for line in sieve(names).document(self.text(), threads()) {
            lookup.add(line.number, line.text(self.text()), names);
            lookup.lines.push(line);
        }
        lookup
    }
}

impl Lookup {
    /// The entries for some names in the lines that were picked for them out of a file.
    pub(crate) fn of_picked(lines: &[Picked], names: &[Name]) -> Self {
        let mut lookup = Self::default();
        for picked in lines {
            lookup.add(picked.line.number, picked.text(), names);
        }
        lookup
    }

    /// Adds what one line contains about the names.
    pub(crate) fn add(&mut self, line: usize, text: &[u8], names: &[Name]) {
        match line::read(text, 0) {
            Content::Entry(entry) => self.add_entry(line, &entry, names),
            Content::Ignored(ignored) => {
                let hosts = ignored.hosts.map(HostList);
                let named = |name: &&Name| hosts.is_some_and(|list| holds(list, name));
                let reason = Reason::Ignored(ignored.reason);
                self.pass_over(line, names.iter().filter(named), reason);
            }
            Content::Blank | Content::Comment => {}
        }
    }

    fn add_entry(&mut self, line: usize, entry: &Entry<'_>, names: &[Name]) {
        let mut matches = Vec::new();
        for name in names {
            match compare(entry, name) {
                Compared::No => {}
                Compared::Vetoed(index) => self.pass_over(line, [name], Reason::Negated(index)),
                Compared::Yes(how) => matches.push(Match {
                    name: name.clone(),
                    how,
                }),
            }
        }
        if matches.is_empty() {
            return;
        }
        match entry.key() {
            Ok(key) => self.found.push(Found {
                line,
                marker: entry.marker,
                key,
                matches,
            }),
            Err(fault) => {
                let names = matches.iter().map(|found| &found.name);
                self.pass_over(line, names, Reason::UnreadableKey(entry.key_type, fault));
            }
        }
    }

    fn pass_over<'n>(
        &mut self,
        line: usize,
        names: impl IntoIterator<Item = &'n Name>,
        reason: Reason,
    ) {
        self.passed_over
            .extend(names.into_iter().map(|name| PassedOver {
                line,
                name: name.clone(),
                reason,
            }));
    }
}

/// The result of comparing the host field of an entry with one name.
pub(crate) enum Compared {
    No,
    Vetoed(usize),
    Yes(How),
}

pub(crate) fn compare(entry: &Entry<'_>, name: &Name) -> Compared {
    let name = name.as_str().as_bytes();
    if let Some(hashed) = &entry.hashed {
        return if hashed.is(name) {
            Compared::Yes(How::Hashed)
        } else {
            Compared::No
        };
    }
    match entry.list().compare(name) {
        ListMatch::No => Compared::No,
        ListMatch::Vetoed(index) => Compared::Vetoed(index),
        ListMatch::Exact(index) => Compared::Yes(How::Exact(index)),
        ListMatch::Wildcard(index) => Compared::Yes(How::Wildcard(index)),
    }
}

fn holds(list: HostList<'_>, name: &Name) -> bool {
    matches!(
        list.compare(name.as_str().as_bytes()),
        ListMatch::Exact(_) | ListMatch::Wildcard(_)
    )
}
