//! The edits that repair one broken line, if there is only one possible repair.

use std::collections::BTreeSet;
use std::ops::Range;

use sshmend_lossless::{Edit, EditSet};

use crate::document::{DEFAULT, Document, Fault, FaultKind, Opt};
use crate::item::Item;
use crate::layers::SourceFile;
use crate::list_edit;
use crate::options::is_number;
use crate::problem::Mend;
use crate::release::Dialect;

/// Repairs what makes Python reject a file.
pub(crate) fn fault(source: &SourceFile, fault: &Fault) -> Option<Mend> {
    let document = &source.document;
    let edits = match &fault.kind {
        FaultKind::NoHeader => vec![byte_order_mark(document)?],
        FaultKind::SecondOption { first, .. } => second_option(document, *first, fault.line)?,
        FaultKind::SecondSection { name, first } => {
            second_section(document, name, *first, fault.line)?
        }
        FaultKind::NoDelimiter => vec![missing_delimiter(document, fault.at)?],
        FaultKind::NoKey => return None,
    };
    mend(source, edits)
}

/// Doubles a `%` in a text value. A number with a percent sign stops the server although
/// `fail2ban-client -t` accepts it; that has more than one possible repair.
pub(crate) fn double_percent(source: &SourceFile, key: &str, at: usize) -> Option<Mend> {
    if is_number(key) {
        return None;
    }
    let rest = source.document.text.get(at..)?;
    (rest.starts_with('%') && !rest.starts_with("%("))
        .then(|| mend(source, vec![Edit::insert(at, "%")]))?
}

/// Packs edits of a file.
pub(crate) fn mend(source: &SourceFile, edits: Vec<Edit>) -> Option<Mend> {
    let edits = EditSet::new(edits).ok()?;
    Some(Mend {
        path: source.path.to_path_buf(),
        edits,
    })
}

fn byte_order_mark(document: &Document) -> Option<Edit> {
    document
        .text
        .starts_with('\u{feff}')
        .then(|| Edit::delete(0..'\u{feff}'.len_utf8()))
}

/// The same value twice: the second goes. Two lists of addresses: the words of the second go to the end of the first.
fn second_option(document: &Document, first: usize, second: usize) -> Option<Vec<Edit>> {
    let (kept, dropped) = (document.option_on(first)?, document.option_on(second)?);
    let drop = Edit::delete(dropped.span());
    let (old, new) = (words(document, kept), words(document, dropped));
    if old == new {
        return Some(vec![drop]);
    }
    if kept.key != "ignoreip" {
        return None;
    }
    let added: Vec<String> = new
        .into_iter()
        .filter(|word| !old.contains(word))
        .map(str::to_owned)
        .collect();
    Some(if added.is_empty() {
        vec![drop]
    } else {
        vec![list_edit::append(document, kept, &added), drop]
    })
}

/// Moves the options of the second section below those of the first, if no option occurs in both.
fn second_section(
    document: &Document,
    name: &str,
    first: usize,
    second: usize,
) -> Option<Vec<Edit>> {
    let (kept, moved) = (document.block_on(first)?, document.block_on(second)?);
    let keys: BTreeSet<&str> = kept
        .options
        .iter()
        .map(|option| option.key.as_str())
        .collect();
    let is_there = |option: &Opt| keys.contains(option.key.as_str());
    // An option that is indented deeper than the one above it would become part of its value.
    let indent = |option: &Opt| option.key_start - option.line.content.start;
    let is_deeper = moved.options.first().map(indent) > kept.options.last().map(indent);
    if name == DEFAULT
        || moved.options.iter().any(is_there)
        || is_deeper && !kept.options.is_empty()
    {
        return None;
    }
    let body = document.text.get(moved.header.next..moved.end)?;
    let body = if body.is_empty() || body.ends_with(['\n', '\r']) {
        body.to_owned()
    } else {
        format!("{body}\n")
    };
    Some(vec![
        Edit::insert(kept.end_of_options(), body),
        Edit::delete(moved.header.content.start..moved.end),
    ])
}

/// `ignoreip 192.0.2.1` without `=`.
fn missing_delimiter(document: &Document, at: usize) -> Option<Edit> {
    let line = document.text.get(at..)?.lines().next()?;
    let (name, addresses) = line.split_at_checked("ignoreip".len())?;
    (name.eq_ignore_ascii_case("ignoreip") && is_list(addresses))
        .then(|| Edit::insert(at + name.len(), " ="))
}

/// Whether a text is nothing but addresses, and at least one.
pub(crate) fn is_list(text: &str) -> bool {
    let is_network =
        |word: Range<usize>| matches!(Item::parse(&text[word], Dialect::V11), Item::Network(_));
    let words = Dialect::From111.words(text);
    !words.is_empty() && words.into_iter().all(is_network)
}

fn words<'a>(document: &'a Document, option: &Opt) -> Vec<&'a str> {
    let texts = option
        .pieces
        .iter()
        .map(|piece| &document.text[piece.text.clone()]);
    texts
        .flat_map(|text| {
            Dialect::Before11
                .words(text)
                .into_iter()
                .map(move |word| &text[word])
        })
        .collect()
}
