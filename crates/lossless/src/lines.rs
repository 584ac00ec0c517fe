//! A document as physical lines, each with its byte ranges.

use std::ops::Range;

/// The terminator of a physical line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnding {
    /// A line feed.
    Lf,
    /// A carriage return and a line feed.
    CrLf,
    /// None: the last line of a document without a final newline.
    None,
}

impl LineEnding {
    /// The bytes of this ending.
    pub fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
            Self::None => b"",
        }
    }
}

/// One physical line, by its range in its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line number, counted from 1.
    pub number: usize,
    /// The byte range with the ending.
    pub span: Range<usize>,
    /// The byte range without the ending.
    pub content: Range<usize>,
    /// The terminator of the line.
    pub ending: LineEnding,
}

impl Line {
    /// The bytes of the line without its ending.
    ///
    /// # Panics
    /// If `document` is shorter than the one that the line came from.
    pub fn text<'a>(&self, document: &'a [u8]) -> &'a [u8] {
        &document[self.content.clone()]
    }
}

/// Splits a document into its physical lines; a line feed ends a line, and joining all `span`s gives the document.
pub fn lines(document: &[u8]) -> Lines<'_> {
    lines_from(document, 0, 1)
}

/// The same, starting with the line that begins at `start` and has this number.
pub fn lines_from(document: &[u8], start: usize, number: usize) -> Lines<'_> {
    Lines {
        document,
        at: start.min(document.len()),
        number: number.saturating_sub(1),
    }
}

/// The iterator that [`lines()`] returns.
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    document: &'a [u8],
    at: usize,
    number: usize,
}

impl Iterator for Lines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        let rest = &self.document[self.at..];
        if rest.is_empty() {
            return None;
        }
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |feed| feed + 1);
        self.number += 1;
        let line = line_at(self.number, self.at, &rest[..length]);
        self.at += length;
        Some(line)
    }
}

/// The line with these bytes, which begin at `start` and contain at most one line feed, as their
/// last byte.
pub(crate) fn line_at(number: usize, start: usize, bytes: &[u8]) -> Line {
    let ending = match bytes {
        [.., b'\r', b'\n'] => LineEnding::CrLf,
        [.., b'\n'] => LineEnding::Lf,
        _ => LineEnding::None,
    };
    let end = start + bytes.len();
    Line {
        number,
        span: start..end,
        content: start..end - ending.as_bytes().len(),
        ending,
    }
}

/// The most common line ending of the document; a line feed if there is none.
pub fn dominant_ending(document: &[u8]) -> LineEnding {
    let (mut lf, mut crlf) = (0usize, 0usize);
    for line in lines(document) {
        match line.ending {
            LineEnding::Lf => lf += 1,
            LineEnding::CrLf => crlf += 1,
            LineEnding::None => {}
        }
    }
    if crlf > lf {
        LineEnding::CrLf
    } else {
        LineEnding::Lf
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_belongs_to_exactly_one_line() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..2_000 {
            let document: Vec<u8> = (0..random.usize(0..60))
                .map(|_| *random.choice(b"a \r\n\0\xff#").expect("not empty"))
                .collect();
            let joined: Vec<u8> = lines(&document)
                .flat_map(|line| document[line.span].to_vec())
                .collect();
            assert_eq!(joined, document);
        }
    }

    #[test]
    fn endings_are_distinguished() {
        let endings: Vec<_> = lines(b"a\r\nb\n\rc").map(|line| line.ending).collect();
        assert_eq!(
            endings,
            [LineEnding::CrLf, LineEnding::Lf, LineEnding::None]
        );
        assert_eq!(lines(b"").count(), 0);
        assert_eq!(lines(b"\n").count(), 1);
    }

    #[test]
    fn the_dominant_ending_is_the_more_frequent_one() {
        assert_eq!(dominant_ending(b"a\r\nb\r\nc\n"), LineEnding::CrLf);
        assert_eq!(dominant_ending(b"a\r\nb\n"), LineEnding::Lf);
        assert_eq!(dominant_ending(b"a"), LineEnding::Lf);
    }
}
