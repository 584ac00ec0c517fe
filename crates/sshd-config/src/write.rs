//! The form in which a value is written: on a new line, or in place of an existing value.

use std::collections::BTreeMap;

use sshmend_lossless::Edit;

use crate::keyword::{Keyword, Rule};
use crate::line::Line;
use crate::release::Release;
use crate::value::{Kind, Parts, Penalties};
use crate::words::{Word, argv_split};

/// The value as the argument of a line, with one word quoted if necessary. `None` if no quoting
/// helps: old releases cut a line at `#` before they process quotes.
pub(crate) fn argument(kind: Kind, value: &str, release: Release) -> Option<String> {
    if !release.since(8, 7) && value.contains('#') {
        return None;
    }
    let special = |c: char| matches!(c, ' ' | '\t' | '"' | '\'' | '\\' | '#' | '=');
    if !kind.is_one_word() || !value.contains(special) && !value.is_empty() {
        return Some(value.to_owned());
    }
    quoted(value, release)
}

/// A word in double quotes; `None` if old releases cannot represent it.
pub(crate) fn quoted(value: &str, release: Release) -> Option<String> {
    if release.since(8, 7) {
        return Some(format!(
            "\"{}\"",
            value.replace('\\', "\\\\").replace('"', "\\\"")
        ));
    }
    (!value.contains(['"', '#'])).then(|| format!("\"{value}\""))
}

/// Replaces the value of a line by another one; for penalties only the parts named in `wanted`.
pub(crate) fn over(
    line: &Line,
    document: &[u8],
    keyword: &Keyword,
    argument: &str,
    wanted: &BTreeMap<usize, String>,
) -> Edit {
    let words = line
        .args()
        .map(|args| args.list().to_vec())
        .unwrap_or_default();
    let whole = match (
        keyword.kind.takes_the_rest(),
        words.first().zip(words.last()),
    ) {
        (false, Some((first, last))) => first.range.start..last.range.end,
        _ => line
            .rest()
            .map_or(line.logical.text.len()..line.logical.text.len(), |rest| {
                rest.range
            }),
    };
    let mut text = match (keyword.rule, words.as_slice()) {
        (Rule::Penalties, _) => merged_penalties(&words, argument, wanted),
        (_, [only]) if keyword.kind.is_one_word() => quoted_alike(line, only, argument),
        _ => argument.to_owned(),
    };
    let range = line.file_range(&whole);
    if whole.is_empty() {
        text.insert(0, ' ');
    }
    if document.get(range.end) == Some(&b'#') {
        text.push(' ');
    }
    Edit::replace(range, text)
}

/// The argument in the same quotes as the word that it replaces.
fn quoted_alike(line: &Line, word: &Word, argument: &str) -> String {
    let written = &line.logical.text[word.range.clone()];
    let quote = match written {
        [first @ (b'"' | b'\''), .., last]
            if first == last && word.text.len() + 2 == written.len() =>
        {
            char::from(*first)
        }
        _ => return argument.to_owned(),
    };
    let plain = !argument.contains(['"', '\'', '\\']);
    if plain {
        format!("{quote}{argument}{quote}")
    } else {
        argument.to_owned()
    }
}

/// The words of a line with the requested sub-keys replaced or added; `no` and `yes` stay alone.
fn merged_penalties(words: &[Word], argument: &str, wanted: &BTreeMap<usize, String>) -> String {
    let new = argv_split(argument.as_bytes(), 0).unwrap_or_default();
    let lone = |words: &[Word]| {
        words
            .iter()
            .any(|word| Penalties::name_of(&word.text).is_none())
    };
    if lone(words) || lone(&new) || words.is_empty() {
        return argument.to_owned();
    }
    let part = |word: &Word| Penalties::name_of(&word.text);
    let kept = words
        .iter()
        .filter(|word| part(word).is_some_and(|part| !wanted.contains_key(&part)));
    kept.chain(&new)
        .map(Word::lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The parts that a value specifies: a whole value with defaults for what it leaves open, except
/// for penalties.
pub(crate) fn meant(
    keyword: &Keyword,
    parts: &Parts,
    defaults: &BTreeMap<usize, String>,
) -> BTreeMap<usize, String> {
    let given: BTreeMap<usize, String> = parts.iter().cloned().collect();
    match (keyword.kind, given.len()) {
        (Kind::Penalties, _) => BTreeMap::from([(0, "yes".to_owned())])
            .into_iter()
            .chain(given)
            .collect(),
        _ => defaults.clone().into_iter().chain(given).collect(),
    }
}
