//! Adds words to a list and removes them, in the style of the list.

use std::ops::Range;

use sshmend_lossless::Edit;

use crate::document::{Block, Document, Opt, Piece};
use crate::python::{TextLine, is_space};
use crate::release::Dialect;

/// Blanks and commas, which separate words.
const SEPARATORS: [char; 3] = [' ', '\t', ','];

/// Appends words to a list: on lines of their own if the list has one word a line, else on its last
/// line.
///
/// They are inserted before a `#`, which is not a comment, and before `file:`, after which fail2ban
/// 1.1.1 stops.
pub(crate) fn append(document: &Document, option: &Opt, words: &[String]) -> Edit {
    let text = |piece: &Piece| &document.text[piece.text.clone()];
    let filled: Vec<&Piece> = option
        .pieces
        .iter()
        .filter(|piece| !piece.text.is_empty())
        .collect();
    let Some(last) = filled.last() else {
        return fill(document, option, words);
    };
    let before =
        |piece: &Piece, mark| first_word_with(text(piece), mark).map(|at| piece.text.start + at);
    let comment = before(last, "#");
    let own = &document.text[last.text.start..comment.unwrap_or(last.text.end)];
    let is_alone = last.line.number > option.line.number && !own.trim_end().contains(SEPARATORS);
    match filled
        .iter()
        .find_map(|piece| before(piece, "file:"))
        .or(comment.filter(|_| !is_alone))
    {
        Some(at) => Edit::insert(at, words.join(" ") + " "),
        None if is_alone => lines(document, last, words),
        None => inline(document, last, words),
    }
}

fn first_word_with(text: &str, mark: &str) -> Option<usize> {
    let mut starts = Dialect::From111
        .words(text)
        .into_iter()
        .map(|word| word.start);
    starts.find(|&start| text[start..].starts_with(mark))
}

/// The first words of an empty list.
fn fill(document: &Document, option: &Opt, words: &[String]) -> Edit {
    let at = option.delimiter + 1;
    let blank = if document.text[at..].starts_with(' ') {
        1
    } else {
        0
    };
    let text = words.join(" ");
    let rest = document.text[at + blank..option.line.content.end].starts_with(|c| !is_space(c));
    Edit::insert(
        at + blank,
        [
            if blank == 0 { " " } else { "" },
            &text,
            if rest { " " } else { "" },
        ]
        .concat(),
    )
}

fn lines(document: &Document, last: &Piece, words: &[String]) -> Edit {
    let line = &last.line;
    let indent = &document.text[line.content.start..last.text.start];
    let ending = &document.text[line.content.end..line.next];
    let text: String = match ending {
        "" => words
            .iter()
            .map(|word| format!("\n{indent}{word}"))
            .collect(),
        ending => words
            .iter()
            .map(|word| format!("{indent}{word}{ending}"))
            .collect(),
    };
    Edit::insert(line.next, text)
}

fn inline(document: &Document, last: &Piece, words: &[String]) -> Edit {
    let text = &document.text[last.text.clone()];
    let separator = match text.trim_end_matches(|c| !SEPARATORS.contains(&c)) {
        before if before.trim_end_matches(' ').ends_with(',') && !text.ends_with(',') => {
            &before[before.trim_end_matches(SEPARATORS).len()..]
        }
        _ => " ",
    };
    let separator = if separator.contains('\t') {
        ", "
    } else {
        separator
    };
    Edit::insert(
        last.text.end,
        format!("{separator}{}", words.join(separator)),
    )
}

/// Removes one word, with the separator before it, or the whole line if it is alone there.
pub(crate) fn remove(document: &Document, option: &Opt, word: &Range<usize>) -> Option<Edit> {
    let piece = option
        .pieces
        .iter()
        .find(|piece| piece.text.start <= word.start && word.end <= piece.text.end)?;
    let text = &document.text;
    let (before, after) = (
        &text[piece.text.start..word.start],
        &text[word.end..piece.text.end],
    );
    let before_end = piece.text.start + before.trim_end_matches(SEPARATORS).len();
    let after_start = piece.text.end - after.trim_start_matches(SEPARATORS).len();
    let is_first = before_end == piece.text.start;
    Some(Edit::delete(
        match (is_first, after_start == piece.text.end) {
            (true, true) if piece.line.number > option.line.number => {
                piece.line.content.start..piece.line.next
            }
            (true, true) => option.delimiter + 1..piece.text.end,
            (true, false) => piece.text.start..after_start,
            (false, _) => before_end..word.end,
        },
    ))
}

/// A new option beside its commented default, else at the end of a section, in the style of the
/// section's last option.
pub(crate) fn add_option(
    document: &Document,
    block: &Block,
    value: &str,
    comment: Option<&str>,
) -> Edit {
    let at = beside_default(document, block).unwrap_or_else(|| block.end_of_options());
    let sibling = block.options.last();
    let indent = sibling.map_or("", |option| {
        &document.text[option.line.content.start..option.key_start]
    });
    let delimiter = sibling.map_or(" = ", |option| delimiter(document, option));
    let ending = ending(document, at);
    let comment = comment
        .map(|comment| format!("{indent}{comment}{ending}"))
        .unwrap_or_default();
    let line = format!("{comment}{indent}ignoreip{delimiter}{value}");
    let is_open = at > 0 && !document.text[..at].ends_with(['\n', '\r']);
    Edit::insert(
        at,
        if is_open {
            format!("{ending}{line}")
        } else {
            format!("{line}{ending}")
        },
    )
}

/// The place after a line such as `#ignoreip = 127.0.0.1/8`, unless that line is in the middle of a
/// value.
fn beside_default(document: &Document, block: &Block) -> Option<usize> {
    let lines = document.lines_in(block.header.next..block.end);
    let is_free = |at: usize| {
        block
            .options
            .iter()
            .all(|option| !option.span().contains(&at))
    };
    lines
        .iter()
        .rev()
        .find(|line| is_default(document, line) && is_free(line.content.start))
        .map(|line| line.next)
}

fn is_default(document: &Document, line: &TextLine) -> bool {
    let text = document.text[line.content.clone()]
        .trim_start()
        .strip_prefix(['#', ';']);
    let name = text
        .and_then(|text| text.split_once(['=', ':']))
        .map(|(name, _)| name.trim());
    name.is_some_and(|name| name.eq_ignore_ascii_case("ignoreip"))
}

/// The text between the name and the value of an option, if it is nothing unusual.
fn delimiter<'a>(document: &'a Document, option: &Opt) -> &'a str {
    let line = &document.text[option.key_start..option.delimiter];
    let start = option.key_start + line.trim_end().len();
    let value = option
        .pieces
        .first()
        .filter(|piece| !piece.text.is_empty())
        .map_or(option.delimiter + 1, |piece| piece.text.start);
    match &document.text[start..value] {
        usual @ ("=" | " = " | "= " | ":" | ": " | " : ") => usual,
        _ => " = ",
    }
}

/// The line ending before a position, else a line feed.
fn ending(document: &Document, at: usize) -> &'static str {
    let before = &document.text[..at];
    let before = if before.ends_with('\n') {
        before
    } else {
        &before[..before.rfind('\n').map_or(0, |feed| feed + 1)]
    };
    if before.ends_with("\r\n") {
        "\r\n"
    } else {
        "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sshmend_lossless::EditSet;

    fn document(text: &str) -> Document {
        Document::parse(text.as_bytes())
    }

    fn applied(document: &Document, edit: Edit) -> String {
        let bytes = EditSet::new([edit])
            .expect("one edit")
            .apply(document.text.as_bytes());
        String::from_utf8(bytes).expect("text")
    }

    #[track_caller]
    fn appends(before: &str, after: &str) {
        let document = document(&format!("[DEFAULT]\n{before}"));
        let edit = append(
            &document,
            &document.blocks[0].options[0],
            &["A".to_owned(), "B".to_owned()],
        );
        assert_eq!(applied(&document, edit), format!("[DEFAULT]\n{after}"));
    }

    #[track_caller]
    fn removes(before: &str, after: &str) {
        let document = document(&format!("[DEFAULT]\n{before}"));
        let at = document.text.find('X').expect("the word");
        let edit =
            remove(&document, &document.blocks[0].options[0], &(at..at + 1)).expect("a line");
        assert_eq!(applied(&document, edit), format!("[DEFAULT]\n{after}"));
    }

    #[test]
    fn new_words_use_the_separator_of_the_last_line() {
        appends("ignoreip = 1 2\n", "ignoreip = 1 2 A B\n");
        appends("ignoreip = 1\n", "ignoreip = 1 A B\n");
        appends("ignoreip=1,2\r\n", "ignoreip=1,2,A,B\r\n");
        appends(
            "ignoreip: 1, 2 ; home\nx=y\n",
            "ignoreip: 1, 2, A, B ; home\nx=y\n",
        );
        appends("ignoreip = 1 2,", "ignoreip = 1 2, A B");
        appends(
            "ignoreip = 1\n  2 3\n\nx = y\n",
            "ignoreip = 1\n  2 3 A B\n\nx = y\n",
        );
    }

    #[test]
    fn new_words_get_lines_of_their_own_in_a_list_with_one_word_per_line() {
        appends(
            "ignoreip = 1\n    2\n# c\nx = y\n",
            "ignoreip = 1\n    2\n    A\n    B\n# c\nx = y\n",
        );
        appends(
            "ignoreip =\r\n\t1 ; home\r\n",
            "ignoreip =\r\n\t1 ; home\r\n\tA\r\n\tB\r\n",
        );
        appends("ignoreip = 1\n  2", "ignoreip = 1\n  2\n  A\n  B");
        appends(
            "ignoreip = 1\n  2 # home\n",
            "ignoreip = 1\n  2 # home\n  A\n  B\n",
        );
    }

    #[test]
    fn an_empty_list_is_filled() {
        appends("ignoreip =\n", "ignoreip = A B\n");
        appends("ignoreip = \n", "ignoreip = A B\n");
        appends("ignoreip=", "ignoreip= A B");
        appends("ignoreip = ; none\n", "ignoreip = A B ; none\n");
    }

    #[test]
    fn new_words_are_placed_before_comments_and_file_references() {
        appends("ignoreip = 1 # home\n", "ignoreip = 1 A B # home\n");
        appends(
            "ignoreip = 1 file:/x 2\n  3\n",
            "ignoreip = 1 A B file:/x 2\n  3\n",
        );
    }

    #[test]
    fn a_word_is_removed_with_one_separator() {
        removes("ignoreip = X 2 3\n", "ignoreip = 2 3\n");
        removes("ignoreip = 1, X, 3\n", "ignoreip = 1, 3\n");
        removes("ignoreip = 1 2 X ; c\n", "ignoreip = 1 2 ; c\n");
        removes("ignoreip = X\n", "ignoreip =\n");
        removes("ignoreip = 1\n  X\n  3\n", "ignoreip = 1\n  3\n");
    }
}
