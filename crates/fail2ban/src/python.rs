//! Text as Python 3 reads it: universal newlines, Unicode blanks.

use std::ops::Range;

/// `str.isspace` of Python: the Unicode blanks and the four information separators that Rust does not count.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// `\w` of Python's `re`.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `str.strip` of the part of `text` in `range`, as a range.
pub(crate) fn strip(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start_matches(is_space).len());
    start..start + part.trim_matches(is_space).len()
}

/// One line of a text file opened with universal newlines: LF, CR LF and a lone CR all end it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextLine {
    /// Counted from 1.
    pub(crate) number: usize,
    /// The bytes without the ending.
    pub(crate) content: Range<usize>,
    /// The start of the next line.
    pub(crate) next: usize,
}

/// Splits a text into its lines.
pub(crate) fn text_lines(text: &str) -> Vec<TextLine> {
    let bytes = text.as_bytes();
    let mut lines = Vec::new();
    let mut start = 0;
    while let Some(rest) = bytes.get(start..).filter(|rest| !rest.is_empty()) {
        let length = rest
            .iter()
            .position(|b| matches!(b, b'\n' | b'\r'))
            .unwrap_or(rest.len());
        let ending = match rest.get(length..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([_, ..]) => 1,
            _ => 0,
        };
        let next = start + length + ending;
        lines.push(TextLine {
            number: lines.len() + 1,
            content: start..start + length,
            next,
        });
        start = next;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_python_line_ending_ends_a_line() {
        let texts: Vec<&str> = text_lines("a\nb\r\nc\rd\r\re")
            .into_iter()
            .map(|line| &"a\nb\r\nc\rd\r\re"[line.content])
            .collect();
        assert_eq!(texts, ["a", "b", "c", "d", "", "e"]);
        assert!(text_lines("").is_empty());
        assert_eq!(text_lines("\n").len(), 1);
    }

    #[test]
    fn stripping_removes_every_unicode_blank() {
        let text = "\u{a0}\t x y\u{1c}\u{3000}";
        assert_eq!(&text[strip(text, 0..text.len())], "x y");
        assert_eq!(strip(" \t", 0..2).len(), 0);
    }
}
