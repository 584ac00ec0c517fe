//! Logical lines: what libwrap's xgets makes of a file.
//!
//! Three rules of misc.c decide. A backslash directly before a line feed joins the next line,
//! comments too. The buffer holds 2,047 bytes of one logical line, its line feed included. A NUL
//! hides the rest of its line *and* the line feed, so that the next line is joined.

use std::ops::Range;

/// The bytes of one logical line that libwrap can hold, with the line feed.
pub const LINE_LIMIT: usize = 2047;

/// The reason why libwrap stops reading a file at a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The file ends without a line feed.
    MissingNewline,
    /// The logical line is longer than [`LINE_LIMIT`].
    TooLong,
}

/// One logical line: its physical lines, joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogicalLine {
    /// Its range in the document, line endings included.
    pub span: Range<usize>,
    /// The number of its first physical line, counted from 1.
    pub first: usize,
    /// The number of its last physical line.
    pub last: usize,
    /// The number that libwrap logs for it; lines with a NUL and faulty lines do not count there.
    pub logged: usize,
    /// The text that libwrap compares: without line feeds and continuation marks.
    pub text: Vec<u8>,
    /// The reason why libwrap stops here, if it does.
    pub fault: Option<Fault>,
    /// Whether a line feed ends it.
    pub terminated: bool,
    pieces: Vec<Range<usize>>,
}

impl LogicalLine {
    /// The bytes of the document from which `range` of [`LogicalLine::text`] comes, joints inside it included.
    pub fn source(&self, range: Range<usize>) -> Range<usize> {
        let start = self.locate(range.start, false);
        let end = self.locate(range.end, true);
        start..end.max(start)
    }

    /// The piece that contains an offset; at a joint, an `end` belongs to the earlier piece and a
    /// start to the later one.
    fn locate(&self, offset: usize, end: bool) -> usize {
        let mut left = offset;
        for piece in &self.pieces {
            if left < piece.len() || (end && left == piece.len()) {
                return piece.start + left;
            }
            left -= piece.len();
        }
        self.pieces
            .last()
            .map_or(self.span.start, |piece| piece.end)
    }
}

/// Splits a document into logical lines; their `span`s join to the document.
///
/// Lines after a fault are split as libwrap would split them without the fault.
pub fn logical_lines(document: &[u8]) -> Vec<LogicalLine> {
    LogicalReader::new(document).collect()
}

/// Reads one logical line after the other.
pub(crate) struct LogicalReader<'a> {
    document: &'a [u8],
    at: usize,
    number: usize,
    logged: usize,
}

impl Iterator for LogicalReader<'_> {
    type Item = LogicalLine;

    fn next(&mut self) -> Option<LogicalLine> {
        (self.at < self.document.len()).then(|| self.line())
    }
}

impl<'a> LogicalReader<'a> {
    pub(crate) fn new(document: &'a [u8]) -> Self {
        Self {
            document,
            at: 0,
            number: 1,
            logged: 0,
        }
    }

    /// Skips physical lines as long as `skip` returns true, which it must not do for a line that is
    /// joined to the next.
    pub(crate) fn pass_over(&mut self, skip: impl Fn(&[u8]) -> bool) {
        while let Some(feed) = memchr::memchr(b'\n', &self.document[self.at..]) {
            let line = &self.document[self.at..self.at + feed];
            if line.len() + 1 >= LINE_LIMIT || !skip(line) {
                return;
            }
            self.at += feed + 1;
            self.number += 1;
            self.logged += 1;
        }
    }

    fn line(&mut self) -> LogicalLine {
        let (start, logged) = (self.at, self.logged);
        let mut line = self.read(LINE_LIMIT);
        if line.fault == Some(Fault::TooLong) {
            (self.at, self.logged) = (start, logged);
            let logged = line.logged;
            line = LogicalLine {
                fault: line.fault,
                logged,
                ..self.read(usize::MAX - 1)
            };
        }
        self.number = line.last + usize::from(line.terminated);
        line
    }

    /// xgets with a buffer for `limit` bytes.
    fn read(&mut self, limit: usize) -> LogicalLine {
        let start = self.at;
        let mut pieces: Vec<Range<usize>> = Vec::new();
        let (mut room, mut terminated) = (limit, false);
        while self.at < self.document.len() && room > 0 && !terminated {
            let chunk = self.chunk(room);
            let text = &self.document[chunk.clone()];
            let seen = memchr::memchr(0, text).unwrap_or(text.len());
            let kept = match &text[..seen] {
                [.., b'\\', b'\n'] => seen - 2,
                [.., b'\n'] => {
                    terminated = true;
                    seen - 1
                }
                _ => seen,
            };
            self.logged += usize::from(text[..seen].ends_with(b"\n"));
            pieces.push(chunk.start..chunk.start + kept);
            room -= kept;
        }
        self.finish(start, pieces, terminated, room == 0)
    }

    /// fgets: up to `room` bytes, the line feed included.
    fn chunk(&mut self, room: usize) -> Range<usize> {
        let start = self.at;
        let most = &self.document[start..self.document.len().min(start.saturating_add(room))];
        self.at += memchr::memchr(b'\n', most).map_or(most.len(), |feed| feed + 1);
        start..self.at
    }

    fn finish(
        &self,
        start: usize,
        pieces: Vec<Range<usize>>,
        terminated: bool,
        full: bool,
    ) -> LogicalLine {
        let span = start..self.at;
        let text: Vec<u8> = pieces
            .iter()
            .flat_map(|piece| &self.document[piece.clone()])
            .copied()
            .collect();
        let fault = match (terminated, full) {
            (true, _) => None,
            (false, true) => Some(Fault::TooLong),
            (false, false) => (!text.is_empty()).then_some(Fault::MissingNewline),
        };
        let source = &self.document[span.clone()];
        let feeds = memchr::memchr_iter(b'\n', source).count();
        let last = self.number + feeds - usize::from(source.ends_with(b"\n"));
        LogicalLine {
            span,
            first: self.number,
            last,
            logged: self.logged,
            text,
            fault,
            terminated,
            pieces,
        }
    }
}
