//! The places where an address can be written so that a jail ignores it, by increasing size of the
//! change.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sshmend_lossless::{Edit, Unread};

use crate::document::{Block, DEFAULT, Document, Opt};
use crate::list_edit;
use crate::merged::Value;
use crate::reading::Reading;
use crate::release::Dialect;
use crate::session::{Session, Step};
use crate::until;

const KEY: &str = "ignoreip";
/// The number of files tried for one value.
const TRIED: usize = 4;

/// The words to write.
#[derive(Debug, Clone)]
pub(crate) struct Addition {
    pub(crate) words: Vec<String>,
    pub(crate) until: Option<Timestamp>,
}

impl Addition {
    fn comment(&self) -> Option<String> {
        self.until.map(|until| until::comment(until, &self.words))
    }
}

/// A step that may do it.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) step: Step,
    /// It copies a list, which then no longer follows the original.
    pub(crate) copies: bool,
}

/// The data shared by all sites of one reading.
pub(crate) struct Ground<'a> {
    session: &'a Session<'a>,
    reading: &'a Reading<'a>,
    /// The layers that have a section and are ours, in reading order, with their place in it.
    files: BTreeMap<&'a str, Vec<(usize, usize)>>,
}

impl<'a> Ground<'a> {
    pub(crate) fn new(session: &'a Session<'a>, reading: &'a Reading<'a>) -> Self {
        let mut files: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
        for (position, &file) in reading.stack.read.iter().enumerate() {
            let source = &reading.loader.files[file];
            if session.is_layer(&source.path) && session.is_ours(&source.path) {
                let names: BTreeSet<&str> = source
                    .document
                    .blocks
                    .iter()
                    .map(|block| block.name.as_str())
                    .collect();
                for name in names {
                    files.entry(name).or_default().push((position, file));
                }
            }
        }
        Self {
            session,
            reading,
            files,
        }
    }

    /// The steps that may have the effect; reading the configuration again shows which one does.
    ///
    /// `everywhere`: the address is for all jails, so that `[DEFAULT]` may be changed.
    pub(crate) fn candidates(
        &'a self,
        jail: &'a str,
        everywhere: bool,
        addition: &'a Addition,
    ) -> Candidates<'a> {
        let decider = self
            .reading
            .stack
            .merged
            .deciding(jail, KEY)
            .map(AsRef::as_ref);
        let is_own = decider.is_some_and(|value| !value.is_default);
        let section = if is_own || !everywhere { jail } else { DEFAULT };
        let site = Site {
            ground: self,
            jail,
            section,
            decider,
            addition,
        };
        let extend = if is_own || everywhere {
            site.extend()
        } else {
            None
        };
        Candidates {
            site,
            extend: extend.map(|step| Candidate {
                step,
                copies: false,
            }),
            rest: None,
        }
    }
}

/// The candidates of one site, by increasing size of the change. Those after the first are
/// generated only on demand.
pub(crate) struct Candidates<'a> {
    site: Site<'a>,
    extend: Option<Candidate>,
    rest: Option<std::vec::IntoIter<Candidate>>,
}

impl Iterator for Candidates<'_> {
    type Item = Candidate;

    fn next(&mut self) -> Option<Candidate> {
        let site = &self.site;
        self.extend.take().or_else(|| {
            self.rest
                .get_or_insert_with(|| site.new_lines().into_iter())
                .next()
        })
    }
}

struct Site<'a> {
    ground: &'a Ground<'a>,
    jail: &'a str,
    section: &'a str,
    decider: Option<&'a Value>,
    addition: &'a Addition,
}

impl Site<'_> {
    /// The line that decides gets the words.
    fn extend(&self) -> Option<Step> {
        let spot = self.decider?.spot?;
        let source = &self.ground.reading.loader.files[spot.file];
        let option = source.document.option_at(spot.offset)?;
        let words = list_edit::append(&source.document, option, &self.addition.words);
        let edits = mark(&source.document, option, self.addition)
            .into_iter()
            .chain([words]);
        self.ground
            .session
            .is_ours(&source.path)
            .then(|| Step::edit(&source.path, edits))
    }

    /// New lines that override the one that decides now.
    fn new_lines(&self) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for (value, copies) in self.values() {
            let steps = self
                .in_sections(&value)
                .into_iter()
                .chain(self.in_drop_in(&value));
            candidates.extend(steps.map(|step| Candidate { step, copies }));
        }
        candidates
    }

    /// The section in the administrator's files gets a line, the file that is read last first.
    fn in_sections(&self, value: &str) -> Vec<Step> {
        let of_section = self
            .ground
            .files
            .get(self.section)
            .map(Vec::as_slice)
            .unwrap_or_default();
        // A line of the same section in a file that is read earlier would lose.
        let rival = self
            .decider
            .filter(|value| value.is_default == (self.section == DEFAULT));
        let rival = rival.and_then(|value| value.spot).and_then(|spot| {
            self.ground
                .reading
                .stack
                .read
                .iter()
                .rposition(|&file| file == spot.file)
        });
        let after = of_section
            .iter()
            .rev()
            .take_while(|(position, _)| rival.is_none_or(|rival| *position > rival));
        let steps = after.filter_map(|&(_, file)| {
            let source = &self.ground.reading.loader.files[file];
            let block = free_block(&source.document, self.section)?;
            let comment = self.addition.comment();
            Some(Step::edit(
                &source.path,
                [list_edit::add_option(
                    &source.document,
                    block,
                    value,
                    comment.as_deref(),
                )],
            ))
        });
        steps.take(TRIED).collect()
    }

    /// A new section in our own file.
    fn in_drop_in(&self, value: &str) -> Option<Step> {
        let Ground {
            session, reading, ..
        } = self.ground;
        let path = session.drop_in();
        let comment = self
            .addition
            .comment()
            .map(|comment| comment + "\n")
            .unwrap_or_default();
        let section = format!("[{}]\n{comment}{KEY} = {value}\n", self.section);
        match reading
            .loader
            .files
            .iter()
            .find(|source| *source.path == *path)
        {
            Some(source) if source.document.section(self.section).next().is_some() => None,
            Some(_) => session
                .is_ours(&path)
                .then(|| Step::section(&path, section)),
            // A file that exists but is not read by fail2ban is left alone.
            None => matches!(
                reading.snapshot.read(&path),
                Ok(None) | Err(Unread::NotAsked)
            )
            .then(|| Step::section(&path, section)),
        }
    }

    /// The possible values of a new line: the present value and the words; true for a copy.
    fn values(&self) -> Vec<(String, bool)> {
        let words = self.addition.words.join(" ");
        let Some(decider) = self
            .decider
            .filter(|decider| !decider.raw.text().is_empty())
        else {
            return vec![(words, false)];
        };
        let reference = match (self.section, decider.is_default) {
            (DEFAULT, _) => None,
            (_, true) => Some("%(default/ignoreip)s".to_owned()),
            (_, false) => Some("%(known/ignoreip)s".to_owned()),
        };
        let copies = [Some(one_line(decider.raw.text())), self.expanded()];
        let bases = reference.map(|base| (base, false)).into_iter();
        let bases = bases.chain(copies.into_iter().flatten().map(|base| (base, true)));
        bases
            .flat_map(|(base, copies)| {
                [
                    (format!("{base} {words}"), copies),
                    (format!("{words} {base}"), copies),
                ]
            })
            .collect()
    }

    /// The words in force, written out.
    fn expanded(&self) -> Option<String> {
        let words = self
            .ground
            .reading
            .jail(self.jail)?
            .words()
            .iter()
            .map(|word| word.text.replace('%', "%%"));
        Some(words.collect::<Vec<_>>().join(" "))
    }
}

/// The comment with the expiry, above the option.
pub(crate) fn mark(document: &Document, option: &Opt, addition: &Addition) -> Option<Edit> {
    let comment = addition.comment()?;
    let indent = &document.text[option.line.content.start..option.key_start];
    let ending = if document.text[..option.line.next].ends_with("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    Some(Edit::insert(
        option.line.content.start,
        format!("{indent}{comment}{ending}"),
    ))
}

/// The last block of a section in which the option is not set.
fn free_block<'a>(document: &'a Document, section: &str) -> Option<&'a Block> {
    let blocks: Vec<&Block> = document.section(section).collect();
    let is_set = blocks
        .iter()
        .any(|block| block.options.iter().any(|option| option.key == KEY));
    blocks.last().copied().filter(|_| !is_set)
}

/// A value of several lines as one line.
fn one_line(raw: &str) -> String {
    let words = Dialect::Before11
        .words(raw)
        .into_iter()
        .map(|word| &raw[word]);
    words.collect::<Vec<_>>().join(" ")
}
