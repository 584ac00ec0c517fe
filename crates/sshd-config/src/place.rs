//! Where a new line goes, and what it looks like there.

use std::path::Path;

use sshmend_lossless::{Edit, Line as Physical, LineEnding, dominant_ending, lines};

use crate::keyword::Keyword;
use crate::line::Line;
use crate::logical::Logical;
use crate::release::Release;
use crate::value;

/// The bytes around keyword and value of a new line.
struct Style {
    indent: Vec<u8>,
    separator: Vec<u8>,
    ending: LineEnding,
}

/// The edits that would add a line to a document, the best place first.
///
/// Beside a commented default of the keyword; at the end of what stands before the first Match line; before the first
/// Include or Match line; at the top.
pub(crate) fn candidates(document: &[u8], keyword: &Keyword, name: &str, value: &str, release: Release) -> Vec<Edit> {
    let all: Vec<Physical> = lines(document).collect();
    let structure: Vec<Option<String>> = all.iter().map(|line| keyword_of(line.text(document), release)).collect();
    let position = |names: &[&str]| {
        structure.iter().position(|found| found.as_deref().is_some_and(|found| names.contains(&found)))
    };
    let first_match = position(&["match"]).unwrap_or(all.len());
    let mut places: Vec<(usize, Option<usize>)> = Vec::new();
    for (index, line) in all.iter().enumerate().take(first_match) {
        if is_commented_default(line.text(document), keyword, release) {
            places.push((index + 1, Some(index)));
        }
    }
    places.truncate(4);
    places.push((before_comments(&all, document, first_match), None));
    places.push((position(&["match", "include"]).unwrap_or(0), None));
    places.push((0, None));
    places.dedup();
    let plan = |(at, beside): (usize, Option<usize>)| {
        let sibling = beside.or_else(|| nearest_directive(&structure, at.min(first_match)));
        let style = style(document, sibling.and_then(|index| all.get(index)), release);
        insertion(document, &all, at, &render(&style, name, value), style.ending)
    };
    places.into_iter().map(plan).collect()
}

/// The whole file for a keyword that has none yet.
pub(crate) fn new_file(name: &str, value: &str) -> Vec<u8> {
    format!("{name} {value}\n").into_bytes()
}

fn keyword_of(text: &[u8], release: Release) -> Option<String> {
    Some(Line::parse(Logical::detached(text), release)?.keyword.lossy().to_ascii_lowercase())
}

/// A comment such as `#MaxStartups 10:30:100`, not a sentence about the keyword.
fn is_commented_default(text: &[u8], keyword: &Keyword, release: Release) -> bool {
    let Some(body) = text.trim_ascii_start().strip_prefix(b"#").map(<[u8]>::trim_ascii_start) else { return false };
    let Some(line) = Line::parse(Logical::detached(body), release) else { return false };
    let named = keyword.names.iter().any(|name| name.text.eq_ignore_ascii_case(&line.keyword.lossy()));
    named && value::read(keyword.kind, &line, release).is_ok()
}

/// Goes up from a Match line over the comments that belong to it.
fn before_comments(all: &[Physical], document: &[u8], first_match: usize) -> usize {
    if first_match == all.len() {
        return first_match;
    }
    let comment = |index: &usize| all[*index].text(document).trim_ascii_start().starts_with(b"#");
    first_match - (0..first_match).rev().take_while(comment).count()
}

fn nearest_directive(structure: &[Option<String>], at: usize) -> Option<usize> {
    let plain = |index: &usize| structure[*index].as_deref().is_some_and(|name| name != "match" && name != "include");
    (0..at.min(structure.len())).rev().find(plain).or_else(|| (0..structure.len()).find(plain))
}

fn style(document: &[u8], sibling: Option<&Physical>, release: Release) -> Style {
    let ending = dominant_ending(document);
    let plain = Style { indent: Vec::new(), separator: b" ".to_vec(), ending };
    let Some(sibling) = sibling else { return plain };
    let text = sibling.text(document);
    let indent: Vec<u8> = text.iter().copied().take_while(u8::is_ascii_whitespace).collect();
    let body = text.trim_ascii_start();
    let body = body.strip_prefix(b"#").map_or(body, <[u8]>::trim_ascii_start);
    let Some(line) = Line::parse(Logical::detached(body), release) else { return plain };
    let separator = line.separator().to_vec();
    let ending = if sibling.ending == LineEnding::None { ending } else { sibling.ending };
    let usable = !separator.is_empty() && separator.iter().all(|b| b" \t=".contains(b));
    Style { indent, separator: if usable { separator } else { b" ".to_vec() }, ending }
}

fn render(style: &Style, name: &str, value: &str) -> Vec<u8> {
    [style.indent.as_slice(), name.as_bytes(), &style.separator, value.as_bytes()].concat()
}

/// Inserts before the line with this index; behind a last line that has no ending, it has none either.
fn insertion(document: &[u8], all: &[Physical], before: usize, line: &[u8], ending: LineEnding) -> Edit {
    let at = all.get(before).map_or(document.len(), |line| line.span.start);
    let unfinished = at == document.len() && all.last().is_some_and(|last| last.ending == LineEnding::None);
    let text = if unfinished { [ending.as_bytes(), line].concat() } else { [line, ending.as_bytes()].concat() };
    Edit::insert(at, text)
}

/// The drop-in that this program writes, next to a main file.
pub(crate) fn drop_in(main: &Path) -> std::path::PathBuf {
    main.parent().unwrap_or(Path::new("/")).join("sshd_config.d/00-sshmend.conf")
}
