//! Where an address can be written so that a jail takes it, the smallest change first.

use std::path::Path;

use jiff::Timestamp;
use sshmend_lossless::Edit;

use crate::document::{Block, DEFAULT, Document, Opt};
use crate::list_edit;
use crate::merged::Value;
use crate::reading::Reading;
use crate::release::Dialect;
use crate::session::{Session, Step};
use crate::until;

const KEY: &str = "ignoreip";

/// What is to be written.
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

/// The steps that may do it; which one does, the configuration says when it is read again.
///
/// `everywhere`: the address is for all jails, so that `[DEFAULT]` may be changed.
pub(crate) fn steps(
    session: &Session<'_>,
    reading: &Reading<'_>,
    jail: &str,
    everywhere: bool,
    addition: &Addition,
) -> Vec<Candidate> {
    let decider = reading.stack.merged.deciding(jail, KEY).map(AsRef::as_ref);
    let is_own = decider.is_some_and(|value| !value.is_default);
    let section = if is_own || !everywhere { jail } else { DEFAULT };
    let site = Site { session, reading, jail, section, decider, addition };
    let mut candidates = Vec::new();
    if is_own || everywhere {
        candidates.extend(site.extend().map(|step| Candidate { step, copies: false }));
    }
    for (value, copies) in site.values() {
        let steps = site.in_sections(&value).into_iter().chain(site.in_drop_in(&value));
        candidates.extend(steps.map(|step| Candidate { step, copies }));
    }
    candidates
}

/// A step that may do it.
pub(crate) struct Candidate {
    pub(crate) step: Step,
    /// It copies a list, which then no longer follows the original.
    pub(crate) copies: bool,
}

struct Site<'a> {
    session: &'a Session<'a>,
    reading: &'a Reading<'a>,
    jail: &'a str,
    section: &'a str,
    decider: Option<&'a Value>,
    addition: &'a Addition,
}

impl Site<'_> {
    /// The line that decides gets the words.
    fn extend(&self) -> Option<Step> {
        let spot = self.decider?.spot?;
        let source = &self.reading.loader.files[spot.file];
        let option = option_at(&source.document, spot.offset)?;
        let words = list_edit::append(&source.document, option, &self.addition.words);
        let edits = mark(&source.document, option, self.addition).into_iter().chain([words]);
        if self.session.is_ours(&source.path) { Step::edit(&source.path, edits) } else { None }
    }

    /// The section in the administrator's files gets a line, the file that is read last first.
    fn in_sections(&self, value: &str) -> Vec<Step> {
        let mut files = self.reading.stack.read.clone();
        files.reverse();
        files.dedup();
        let sources = files.into_iter().map(|file| &self.reading.loader.files[file]);
        let ours = sources.filter(|source| self.session.is_ours(&source.path) && self.session.is_layer(&source.path));
        ours.filter_map(|source| {
            let block = free_block(&source.document, self.section)?;
            Step::edit(
                &source.path,
                [list_edit::add_option(&source.document, block, value, self.addition.comment().as_deref())],
            )
        })
        .collect()
    }

    /// A section of its own in our file.
    fn in_drop_in(&self, value: &str) -> Option<Step> {
        let path = self.session.drop_in();
        let comment = self.addition.comment().map(|comment| comment + "\n").unwrap_or_default();
        let section = format!("[{}]\n{comment}{KEY} = {value}\n", self.section);
        match self.reading.loader.files.iter().find(|source| source.path == path) {
            Some(source) if source.document.section(self.section).next().is_some() => None,
            Some(source) => append_section(&path, &source.document, &section),
            None if self.reading.snapshot.file(&path).is_some() => None,
            None => Some(Step::Create(path, format!("# Addresses that are never banned.\n\n{section}"))),
        }
    }

    /// The values that a new line may have: what is in force now and the words; true for a copy.
    fn values(&self) -> Vec<(String, bool)> {
        let words = self.addition.words.join(" ");
        let Some(decider) = self.decider.filter(|decider| !decider.raw.text().is_empty()) else {
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
            .flat_map(|(base, copies)| [(format!("{base} {words}"), copies), (format!("{words} {base}"), copies)])
            .collect()
    }

    /// The words in force, written out.
    fn expanded(&self) -> Option<String> {
        let jails = self.reading.jails.iter().chain([&self.reading.defaults]);
        let jail = jails.into_iter().find(|jail| jail.name == self.jail)?;
        let words = jail.words().iter().map(|word| word.text.replace('%', "%%"));
        Some(words.collect::<Vec<_>>().join(" "))
    }
}

/// The comment that says how long, above the option.
pub(crate) fn mark(document: &Document, option: &Opt, addition: &Addition) -> Option<Edit> {
    let comment = addition.comment()?;
    let indent = &document.text[option.line.content.start..option.key_start];
    let ending = if document.text[..option.line.next].ends_with("\r\n") { "\r\n" } else { "\n" };
    Some(Edit::insert(option.line.content.start, format!("{indent}{comment}{ending}")))
}

pub(crate) fn option_at(document: &Document, key_start: usize) -> Option<&Opt> {
    document.blocks.iter().flat_map(|block| &block.options).find(|option| option.key_start == key_start)
}

/// The last block of a section in which the option is not set.
fn free_block<'a>(document: &'a Document, section: &'a str) -> Option<&'a Block> {
    let blocks: Vec<&Block> = document.section(section).collect();
    let is_set = blocks.iter().any(|block| block.options.iter().any(|option| option.key == KEY));
    blocks.last().copied().filter(|_| !is_set)
}

fn append_section(path: &Path, document: &Document, section: &str) -> Option<Step> {
    let end = document.text.len();
    let gap = if document.text.is_empty() || document.text.ends_with('\n') { "\n" } else { "\n\n" };
    Step::edit(path, [Edit::insert(end, format!("{gap}{section}"))])
}

/// A value of several lines as one line.
fn one_line(raw: &str) -> String {
    let words = Dialect::Before11.words(raw).into_iter().map(|word| &raw[word]);
    words.collect::<Vec<_>>().join(" ")
}
