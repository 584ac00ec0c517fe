//! The lines for many hosts, from one walk over the file.
//!
//! A policy may name as many hosts as a file has lines, and looking them up one after another takes
//! the product of the two. Here a line finds its names in a table. Only a hashed name and a pattern
//! with wildcards have to be compared with every name, because neither shows what it stands for.

use std::collections::HashMap;

use sshmend_lossless::{Line, each_line, in_parts, threads};

use crate::document::KnownHosts;
use crate::found::Lookup;
use crate::hosts::{HostList, ListMatch};
use crate::lanes::SaltedName;
use crate::line::{self, Content};
use crate::name::Name;
use crate::scan::{Form, Hosts, Lane, Waiting};

impl KnownHosts<'_> {
    /// What [`KnownHosts::find`] finds for each of these lists of names, for no edit: the lines
    /// themselves are left out.
    pub fn find_each(&self, lists: &[Vec<Name>]) -> Vec<Lookup> {
        // One list of names needs no table.
        if let [names] = lists {
            let found = self.find(names);
            return vec![Lookup {
                lines: Vec::new(),
                ..found
            }];
        }
        let lines = Sought::of(lists).lines(self.text());
        let of_list = lists.iter().zip(lines);
        of_list
            .map(|(names, lines)| {
                let mut lookup = Lookup::default();
                for line in lines {
                    lookup.add(line.number, line.text(self.text()), names);
                }
                lookup
            })
            .collect()
    }
}

/// All names that are looked up together.
struct Sought<'n> {
    /// The names, each once.
    names: Vec<SaltedName<'n>>,
    /// The place of each name in `names`.
    places: HashMap<&'n [u8], usize>,
    /// The places of the names of each list.
    lists: Vec<Vec<usize>>,
}

/// What one part of a file has for the names.
struct Part {
    /// The number of lines that end in it.
    feeds: usize,
    /// The places of names, each with a line that may concern it, counted from the beginning of the
    /// part.
    found: Vec<(usize, Line)>,
}

impl<'n> Sought<'n> {
    fn of(lists: &'n [Vec<Name>]) -> Self {
        let mut names = Vec::new();
        let mut places = HashMap::new();
        let mut place = |name: &'n Name| {
            *places.entry(name.as_str().as_bytes()).or_insert_with(|| {
                names.push(SaltedName::new(name.as_str()));
                names.len() - 1
            })
        };
        let lists = lists
            .iter()
            .map(|list| list.iter().map(&mut place).collect())
            .collect();
        Self {
            names,
            places,
            lists,
        }
    }

    /// The lines that may concern the names of each list, in order.
    fn lines(&self, text: &[u8]) -> Vec<Vec<Line>> {
        let mut of_name = vec![Vec::new(); self.names.len()];
        let mut before = 0;
        for (start, part) in in_parts(text, threads(), |part| self.part(part)) {
            for (place, line) in part.found {
                of_name[place].push(line.moved(before, start));
            }
            before += part.feeds;
        }
        let lines_of = |places: &Vec<usize>| {
            let lines = places.iter().flat_map(|&place| &of_name[place]);
            let mut lines: Vec<Line> = lines.cloned().collect();
            lines.sort_unstable_by_key(|line| line.number);
            lines.dedup_by_key(|line| line.number);
            lines
        };
        self.lists.iter().map(lines_of).collect()
    }

    fn part(&self, part: &[u8]) -> Part {
        let mut found = Vec::new();
        let mut waiting = Waiting::default();
        let feeds = each_line(part, |number, start, bytes| {
            let line = || Line::of_bytes(number, start, bytes);
            match Form::of(bytes) {
                Form::Nothing => {}
                Form::Plain(Hosts::One(host)) => {
                    found.extend(self.place(host).map(|place| (place, line())));
                }
                Form::Plain(Hosts::List(list)) => {
                    found.extend(self.in_list(list).into_iter().map(|place| (place, line())));
                }
                Form::Odd => {
                    let places = self.in_odd(line().text(part));
                    found.extend(places.into_iter().map(|place| (place, line())));
                }
                Form::Hashed(salt, begins) => {
                    let lane = Lane::new(begins, number, start, bytes);
                    if waiting.add(salt, lane) {
                        waiting.hash(&self.names, |place, line| found.push((place, line)));
                    }
                }
            }
        });
        waiting.hash(&self.names, |place, line| found.push((place, line)));
        Part { feeds, found }
    }

    /// The place of a name, written in any case.
    fn place(&self, name: &[u8]) -> Option<usize> {
        if name.iter().any(u8::is_ascii_uppercase) {
            return self.places.get(&*name.to_ascii_lowercase()).copied();
        }
        self.places.get(name).copied()
    }

    /// The names that a list of patterns may concern.
    fn in_list(&self, list: HostList<'_>) -> Vec<usize> {
        let is_wildcard = |text: &[u8]| memchr::memchr2(b'*', b'?', text).is_some();
        if list.patterns().any(|pattern| is_wildcard(pattern.text)) {
            return self.all_that(|name| list.compare(name) != ListMatch::No);
        }
        let patterns = list.patterns();
        patterns
            .filter_map(|pattern| self.place(pattern.text))
            .collect()
    }

    /// The names that a line may concern that does not have the common form.
    fn in_odd(&self, text: &[u8]) -> Vec<usize> {
        match line::read(text, 0) {
            Content::Entry(entry) => match &entry.hashed {
                Some(hashed) => self.all_that(|name| hashed.is(name)),
                None => self.in_list(entry.list()),
            },
            Content::Ignored(ignored) => ignored
                .hosts
                .map(|hosts| self.in_list(HostList(hosts)))
                .unwrap_or_default(),
            Content::Blank | Content::Comment => Vec::new(),
        }
    }

    fn all_that(&self, is_meant: impl Fn(&[u8]) -> bool) -> Vec<usize> {
        let names = self.names.iter().enumerate();
        names
            .filter(|(_, name)| is_meant(name.name))
            .map(|(place, _)| place)
            .collect()
    }
}
