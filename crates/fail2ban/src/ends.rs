//! Expiry of exemptions: recorded, changed, and carried out.

use jiff::Timestamp;
use sshmend_lossless::{Edit, Origin};

use crate::change::{Edited, Refusal};
use crate::config::Config;
use crate::document::Document;
use crate::layers::SourceFile;
use crate::list_edit;
use crate::proof::broken;
use crate::reading::Reading;
use crate::release::Dialect;
use crate::session::{Session, Step};
use crate::until::{self, Mark};
use crate::wish::Wish;

/// An end that has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    /// The line that records it.
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

    /// Removes what has expired at `now`, with the lines that record it.
    ///
    /// # Errors
    /// [`Refusal::Broken`].
    pub fn retire(&self, now: Timestamp) -> Result<Edited, Refusal> {
        let mut session = self.running_session()?;
        while let Some(next) = retire_one(&session, now) {
            session = next;
        }
        broken(&session.reading()).map_or_else(|| Ok(session.finish()), Err)
    }
}

fn marked_files<'a>(reading: &'a Reading<'_>) -> impl Iterator<Item = &'a SourceFile> {
    let mut read = reading.stack.read.clone();
    read.sort_unstable();
    read.dedup();
    read.into_iter().map(|file| &reading.loader.files[file])
}

/// Makes the recorded expiry of addresses that are already ignored agree with the wish.
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

/// Moves the words of the wish to a line with the requested expiry, or removes them from such
/// lines.
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

/// The section of the option that a line refers to.
fn section_of<'a>(document: &'a Document, mark: &Mark) -> Option<&'a String> {
    document.option_on(mark.option?)?;
    document.block_on(mark.option?).map(|block| &block.name)
}

/// Removes one word of an expired line, or the whole line if none is left.
fn retire_one<'c>(session: &Session<'c>, now: Timestamp) -> Option<Session<'c>> {
    let reading = session.reading();
    let mut ours = marked_files(&reading).filter(|source| session.is_ours(&source.path));
    let step = ours.find_map(|source| {
        let mark = until::marks(&source.document)
            .into_iter()
            .find(|mark| mark.until <= now)?;
        let line = || mark.without(&source.document, |_| true);
        Some(Step::edit(
            &source.path,
            [listed_word(&source.document, &mark).unwrap_or_else(line)],
        ))
    })?;
    session.with(&step)
}

/// The removal of the first word that a line records from the list below it.
fn listed_word(document: &Document, mark: &Mark) -> Option<Edit> {
    let mut options = document.blocks.iter().flat_map(|block| &block.options);
    let option = options
        .find(|option| Some(option.line.number) == mark.option && option.key == "ignoreip")?;
    option.pieces.iter().find_map(|piece| {
        let text = &document.text[piece.text.clone()];
        let mut words = Dialect::From111.words(text).into_iter();
        let word = words.find(|word| {
            mark.words
                .iter()
                .any(|listed| *listed == text[word.clone()])
        })?;
        list_edit::remove(
            document,
            option,
            &(piece.text.start + word.start..piece.text.start + word.end),
        )
    })
}
