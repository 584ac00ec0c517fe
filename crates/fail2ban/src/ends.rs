//! Ends of what is ignored: recorded, moved, and carried out when they have passed.

use jiff::Timestamp;
use sshmend_lossless::{Edit, Origin};

use crate::config::Config;
use crate::document::Document;
use crate::ignore::Wish;
use crate::layers::SourceFile;
use crate::reading::Reading;
use crate::session::{Session, Step};
use crate::until::{self, Mark};

/// An end that has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    /// The line that says so.
    pub origin: Origin,
    /// When it ended.
    pub until: Timestamp,
    /// The words it is about.
    pub words: Vec<String>,
}

impl Config<'_> {
    /// The recorded ends that have passed at `now`, in the order of files.
    pub fn expired(&self, now: Timestamp) -> Vec<Expired> {
        let mut expired = Vec::new();
        for source in marked_files(&self.reading) {
            let over = until::marks(&source.document)
                .into_iter()
                .filter(|mark| mark.until <= now);
            expired.extend(over.map(|mark| Expired {
                origin: Origin::new(&*source.path, mark.line),
                until: mark.until,
                words: mark.words,
            }));
        }
        expired
    }
}

fn marked_files<'a>(reading: &'a Reading<'_>) -> impl Iterator<Item = &'a SourceFile> {
    let mut read = reading.stack.read.clone();
    read.sort_unstable();
    read.dedup();
    read.into_iter().map(|file| &reading.loader.files[file])
}

/// Makes the recorded ends of what is already ignored agree with the wish.
pub(crate) fn set<'c>(session: Session<'c>, wish: &Wish) -> Session<'c> {
    if !session.mentions(until::MARK) {
        return session;
    }
    let reading = session.reading();
    let ours = marked_files(&reading).filter(|source| session.is_ours(&source.path));
    let steps: Vec<Step> = ours.filter_map(|source| set_ends(source, wish)).collect();
    drop(reading);
    if steps.is_empty() {
        session
    } else {
        session.with_all(&steps).unwrap_or(session)
    }
}

/// Moves the wished words of each line to a line with the wished end, or away.
fn set_ends(source: &SourceFile, wish: &Wish) -> Option<Step> {
    let document = &source.document;
    let is_wished = |word: &String| wish.addresses.iter().any(|address| address.is_word(word));
    let concerns = |mark: &Mark| {
        let is_meant = wish.jails.as_ref().is_none_or(|jails| {
            section_of(document, mark).is_some_and(|name| jails.contains(name))
        });
        is_meant && wish.until != Some(mark.until) && mark.words.iter().any(is_wished)
    };
    let marks = until::marks(document).into_iter().filter(concerns);
    let edits = marks.flat_map(|mark| {
        let moved: Vec<String> = mark
            .words
            .iter()
            .filter(|word| is_wished(word))
            .cloned()
            .collect();
        let line = wish.until.map(|until| mark.beside(document, until, &moved));
        line.into_iter()
            .chain([mark.without(document, |word| moved.iter().any(|it| it == word))])
    });
    let edits: Vec<Edit> = edits.collect();
    (!edits.is_empty()).then(|| Step::edit(&source.path, edits))
}

/// The section of the option that a line speaks of.
fn section_of<'a>(document: &'a Document, mark: &Mark) -> Option<&'a String> {
    document.option_on(mark.option?)?;
    document.block_on(mark.option?).map(|block| &block.name)
}
