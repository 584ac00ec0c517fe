//! Expiry of exemptions, as comment lines: `# sshmend: until 2026-12-01T00:00:00Z 203.0.113.7`.

use std::ops::Range;

use jiff::Timestamp;
use sshmend_lossless::Edit;

use crate::document::Document;
use crate::python::{strip, text_lines};

pub(crate) const MARK: &str = "sshmend: until ";

/// One such line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The bytes of the line with its ending.
    pub(crate) span: Range<usize>,
    /// The line number, counted from 1.
    pub(crate) line: usize,
    pub(crate) until: Timestamp,
    pub(crate) words: Vec<String>,
    /// The line of the option below it, to which it refers.
    pub(crate) option: Option<usize>,
}

/// The line for some words.
pub(crate) fn comment(until: Timestamp, words: &[String]) -> String {
    format!("# {MARK}{until} {}", words.join(" "))
}

/// Every such line of a document.
pub(crate) fn marks(document: &Document) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    let mut waiting = 0;
    for line in text_lines(&document.text) {
        let text = &document.text[strip(&document.text, line.content.clone())];
        if let Some((until, words)) = parse(text) {
            marks.push(Mark {
                span: line.content.start..line.next,
                line: line.number,
                until,
                words,
                option: None,
            });
        } else if !text.is_empty() && !text.starts_with(['#', ';']) {
            for mark in &mut marks[waiting..] {
                mark.option = Some(line.number);
            }
            waiting = marks.len();
        }
    }
    marks
}

fn parse(line: &str) -> Option<(Timestamp, Vec<String>)> {
    let rest = line.strip_prefix('#')?.trim_start().strip_prefix(MARK)?;
    let mut words = rest.split_whitespace();
    let until = words.next()?.parse().ok()?;
    Some((until, words.map(str::to_owned).collect()))
}

impl Mark {
    /// A line above this one with another end.
    pub(crate) fn beside(&self, document: &Document, until: Timestamp, words: &[String]) -> Edit {
        let ending = if document.text[self.span.clone()].ends_with("\r\n") {
            "\r\n"
        } else {
            "\n"
        };
        Edit::insert(
            self.span.start,
            format!("{}{ending}", comment(until, words)),
        )
    }

    /// Removes words from the line, and the line if none is left.
    pub(crate) fn without(&self, document: &Document, drop: impl Fn(&str) -> bool) -> Edit {
        let kept: Vec<String> = self
            .words
            .iter()
            .filter(|word| !drop(word))
            .cloned()
            .collect();
        if kept.is_empty() {
            return Edit::delete(self.span.clone());
        }
        let text = strip(&document.text, self.span.clone());
        Edit::replace(text, comment(self.until, &kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_mark_is_read_back_as_written() {
        let until: Timestamp = "2026-12-01T00:00:00Z".parse().expect("a time");
        let line = comment(until, &["203.0.113.7".to_owned(), "::1".to_owned()]);
        assert_eq!(
            line,
            "# sshmend: until 2026-12-01T00:00:00Z 203.0.113.7 ::1"
        );
        let document = Document::parse(
            format!("[x]\n{line}\n\n# more\nignoreip = 203.0.113.7 ::1\n").as_bytes(),
        );
        let marks = marks(&document);
        assert_eq!(
            (marks.len(), marks[0].line, marks[0].option),
            (1, 2, Some(5))
        );
        assert_eq!((marks[0].until, marks[0].words.len()), (until, 2));
    }

    #[test]
    fn other_comments_are_not_expiry_marks() {
        for line in [
            "# sshmend: until tomorrow 1.2.3.4",
            "sshmend: until 2026-12-01T00:00:00Z ::1",
            "# until 2026-12-01T00:00:00Z",
        ] {
            assert_eq!(marks(&Document::parse(line.as_bytes())), [], "{line}");
        }
    }
}
