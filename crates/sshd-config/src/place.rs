//! The place and the style of a new line.

use std::ops::Range;
use std::path::{Path, PathBuf};

use sshmend_lossless::{Edit, Line as Physical, LineEnding, dominant_ending, lines};

use crate::criteria::Criteria;
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
/// In this order: beside a commented default of the keyword; after the last directive before the
/// first Match line; before the first Include or Match line; at the top. A commented Match line
/// counts, because uncommenting it turns everything below into a block.
pub(crate) fn candidates(
    document: &[u8],
    keyword: &Keyword,
    name: &str,
    value: &str,
    release: Release,
) -> Vec<Edit> {
    let all: Vec<Physical> = lines(document).collect();
    let structure: Vec<Option<String>> = all
        .iter()
        .map(|line| keyword_of(line.text(document), release))
        .collect();
    let position = |names: &[&str]| {
        structure
            .iter()
            .position(|found| found.as_deref().is_some_and(|found| names.contains(&found)))
    };
    let commented = |line: &Physical| is_commented_match(line.text(document), release);
    let first_match = position(&["match"]).unwrap_or(all.len());
    let first_match = all
        .iter()
        .take(first_match)
        .position(commented)
        .unwrap_or(first_match);
    let mut places: Vec<(usize, Option<usize>)> = Vec::new();
    for (index, line) in all.iter().enumerate().take(first_match) {
        if is_commented_default(line.text(document), keyword, release) {
            places.push((index + 1, Some(index)));
        }
    }
    places.truncate(4);
    places.push((
        end_of_global(&all, &structure, document, first_match, release),
        None,
    ));
    places.push((before_comments(&all, document, first_match), None));
    places.push((
        position(&["match", "include"])
            .unwrap_or(0)
            .min(first_match),
        None,
    ));
    places.push((0, None));
    places.dedup();
    let plan = |(at, beside): (usize, Option<usize>)| {
        let sibling = beside.or_else(|| nearest_directive(&structure[..first_match], at));
        let style = style(document, sibling.and_then(|index| all.get(index)), release);
        insertion(
            document,
            &all,
            at,
            &render(&style, name, value),
            style.ending,
        )
    };
    places.into_iter().map(plan).collect()
}

/// The whole file for a keyword that has none yet.
pub(crate) fn new_file(name: &str, value: &str) -> Vec<u8> {
    format!("{name} {value}\n").into_bytes()
}

fn keyword_of(text: &[u8], release: Release) -> Option<String> {
    Some(
        Line::parse(Logical::detached(text), release)?
            .keyword
            .lossy()
            .to_ascii_lowercase(),
    )
}

/// A comment such as `#MaxStartups 10:30:100`, not a sentence about the keyword.
fn is_commented_default(text: &[u8], keyword: &Keyword, release: Release) -> bool {
    let Some(line) = commented_line(text, release) else {
        return false;
    };
    let named = keyword
        .names
        .iter()
        .any(|name| name.text.eq_ignore_ascii_case(&line.keyword.lossy()));
    named && value::read(keyword.kind, &line, release).is_ok()
}

/// The keyword and the rest of a comment that may be a line switched off.
fn commented_line(text: &[u8], release: Release) -> Option<Line> {
    let body = text
        .trim_ascii_start()
        .strip_prefix(b"#")?
        .trim_ascii_start();
    Line::parse(Logical::detached(body), release)
}

/// A comment such as `#Match User anoncvs`, not a sentence that begins so.
fn is_commented_match(text: &[u8], release: Release) -> bool {
    let line = commented_line(text, release);
    line.is_some_and(|line| {
        line.keyword.lossy().eq_ignore_ascii_case("match") && Criteria::read(&line, release).is_ok()
    })
}

/// A comment such as `#UseDNS no`, for any keyword.
fn is_commented_setting(text: &[u8], release: Release) -> bool {
    let Some(line) = commented_line(text, release) else {
        return false;
    };
    let found = Keyword::find(&line.keyword.lossy(), release);
    found.is_some_and(|(keyword, _)| value::read(keyword.kind, &line, release).is_ok())
}

/// After the last line before the first Match line that sets something, or is commented out; the
/// prose below it belongs to the Match line or ends the file. Subsystem lines stay last, with the
/// comments right above them.
fn end_of_global(
    all: &[Physical],
    structure: &[Option<String>],
    document: &[u8],
    first_match: usize,
    release: Release,
) -> usize {
    let sets = |index: &usize| {
        structure[*index].is_some() || is_commented_setting(all[*index].text(document), release)
    };
    let is_subsystem = |index: usize| structure[index].as_deref() == Some("subsystem");
    let Some(mut last) = (0..first_match).rev().find(sets) else {
        return before_comments(all, document, first_match);
    };
    let behind_all = last + 1;
    while is_subsystem(last) {
        match (0..last).rev().find(sets) {
            Some(before) => last = before,
            None => return behind_all,
        }
    }
    last + 1
}

/// Goes up from a Match line over the comments that belong to it.
fn before_comments(all: &[Physical], document: &[u8], first_match: usize) -> usize {
    if first_match == all.len() {
        return first_match;
    }
    let comment = |index: &usize| {
        all[*index]
            .text(document)
            .trim_ascii_start()
            .starts_with(b"#")
    };
    first_match - (0..first_match).rev().take_while(comment).count()
}

fn nearest_directive(structure: &[Option<String>], at: usize) -> Option<usize> {
    const OF_THEIR_OWN: [&str; 3] = ["match", "include", "subsystem"];
    let plain = |index: &usize| {
        structure[*index]
            .as_deref()
            .is_some_and(|name| !OF_THEIR_OWN.contains(&name))
    };
    (0..at.min(structure.len()))
        .rev()
        .find(plain)
        .or_else(|| (0..structure.len()).find(plain))
}

fn style(document: &[u8], sibling: Option<&Physical>, release: Release) -> Style {
    let ending = dominant_ending(document);
    let plain = Style {
        indent: Vec::new(),
        separator: b" ".to_vec(),
        ending,
    };
    let Some(sibling) = sibling else { return plain };
    let text = sibling.text(document);
    let indent: Vec<u8> = text
        .iter()
        .copied()
        .take_while(u8::is_ascii_whitespace)
        .collect();
    let body = text.trim_ascii_start();
    let body = body
        .strip_prefix(b"#")
        .map_or(body, <[u8]>::trim_ascii_start);
    let Some(line) = Line::parse(Logical::detached(body), release) else {
        return plain;
    };
    let separator = line.separator().to_vec();
    let ending = if sibling.ending == LineEnding::None {
        ending
    } else {
        sibling.ending
    };
    let usable = !separator.is_empty() && separator.iter().all(|b| b" \t=".contains(b));
    Style {
        indent,
        separator: if usable { separator } else { b" ".to_vec() },
        ending,
    }
}

/// A line to insert after the one that occupies `span`, in its style.
pub(crate) fn behind(
    document: &[u8],
    span: &Range<usize>,
    name: &str,
    value: &str,
    release: Release,
) -> Edit {
    let all: Vec<Physical> = lines(document).collect();
    let at = all.iter().position(|line| line.span.start == span.start);
    let style = style(document, at.and_then(|at| all.get(at)), release);
    let line = render(&style, name, value);
    let before = at.map_or(all.len(), |at| at + 1);
    insertion(document, &all, before, &line, style.ending)
}

fn render(style: &Style, name: &str, value: &str) -> Vec<u8> {
    [
        style.indent.as_slice(),
        name.as_bytes(),
        &style.separator,
        value.as_bytes(),
    ]
    .concat()
}

/// Inserts before the line with this index. If the last line has no line ending, a line added after
/// it has none either.
fn insertion(
    document: &[u8],
    all: &[Physical],
    before: usize,
    line: &[u8],
    ending: LineEnding,
) -> Edit {
    let at = all
        .get(before)
        .map_or(document.len(), |line| line.span.start);
    let unfinished = at == document.len()
        && all
            .last()
            .is_some_and(|last| last.ending == LineEnding::None);
    let text = if unfinished {
        [ending.as_bytes(), line].concat()
    } else {
        [line, ending.as_bytes()].concat()
    };
    Edit::insert(at, text)
}

/// The drop-ins that this program writes: one that is read first, and one that is read last, for
/// keywords whose last line wins.
const DROP_INS: [&str; 2] = [
    "sshd_config.d/00-sshmend.conf",
    "sshd_config.d/zz-sshmend.conf",
];

/// The drop-ins next to a main file; those of a vendor's main file lie in /etc.
pub(crate) fn drop_ins(main: &Path) -> [PathBuf; 2] {
    let folder = main.parent().unwrap_or(Path::new("/"));
    let folder = folder
        .strip_prefix("/usr/etc")
        .map_or(folder.to_owned(), |below| Path::new("/etc").join(below));
    DROP_INS.map(|name| folder.join(name))
}

/// The one that is read first.
pub(crate) fn drop_in(main: &Path) -> PathBuf {
    let [first, _] = drop_ins(main);
    first
}

/// Whether this program made the drop-in.
pub(crate) fn is_own_drop_in(path: &Path) -> bool {
    DROP_INS.iter().any(|name| path.ends_with(name))
}
