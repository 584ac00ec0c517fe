//! Searches a document that may be too long for memory: only the lines that a pure function picks
//! are kept.

use std::num::NonZero;
use std::ops::Range;
use std::sync::OnceLock;
use std::thread;

use crate::beside::{Beside, beside};
use crate::lines::{Line, line_at};

/// Finds the lines of a block that are worth a closer look: pushes each with its number and byte
/// range, and returns the number of line feeds in the block. A line must be judged by its own bytes
/// alone. False positives are allowed, misses are not.
pub type Pick = fn(words: &[String], block: &[u8], found: &mut Vec<Line>) -> usize;

/// The least part of a document that is worth a thread, in bytes.
const SHARE: usize = 1 << 20;

/// The lines to look for in a file, and how to find them.
#[derive(Debug, Clone)]
pub struct Sieve {
    /// The format, which distinguishes sieves with the same words.
    format: &'static str,
    words: Vec<String>,
    pick: Pick,
}

/// A line that was picked out of a document, with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    /// Its place in the document.
    pub line: Line,
    /// Its bytes, with the ending.
    pub bytes: Vec<u8>,
}

/// The lines picked out of one block, counted from the block's own beginning.
#[derive(Debug, Default)]
pub struct Sifted {
    /// The number of lines that end in the block.
    pub feeds: usize,
    /// The lines that were picked.
    pub lines: Vec<Line>,
}

impl Sieve {
    /// A sieve for these words, by the rules of a format.
    pub fn new(format: &'static str, words: Vec<String>, pick: Pick) -> Self {
        Self {
            format,
            words,
            pick,
        }
    }

    /// Searches one block of whole lines.
    pub fn block(&self, block: &[u8]) -> Sifted {
        let mut lines = Vec::new();
        let feeds = (self.pick)(&self.words, block, &mut lines);
        Sifted { feeds, lines }
    }

    /// The picked lines of a whole document, in order; the same for any number of threads.
    pub fn document(&self, document: &[u8], threads: NonZero<usize>) -> Vec<Line> {
        let sifted = in_parts(document, threads, |part| self.block(part));
        let mut found = Vec::new();
        let mut before = 0;
        for (start, part) in sifted {
            found.extend(part.lines.iter().map(|line| line.moved(before, start)));
            before += part.feeds;
        }
        found
    }

    /// The same with the bytes of each line, on as many threads as the machine runs at once.
    pub fn pick_from(&self, document: &[u8]) -> Vec<Picked> {
        let picked = |line: Line| Picked {
            bytes: document[line.span.clone()].to_vec(),
            line,
        };
        self.document(document, threads())
            .into_iter()
            .map(picked)
            .collect()
    }
}

/// Does some work with each part of a document, in parallel: as many parts of whole lines as there
/// are threads, fewer of a short document. Returns the results in order, each with the place at
/// which its part begins.
pub fn in_parts<T: Send>(
    document: &[u8],
    threads: NonZero<usize>,
    work: impl Fn(&[u8]) -> T + Send + Sync,
) -> Vec<(usize, T)> {
    let share = document.len().div_ceil(threads.get()).max(SHARE);
    let mut parts = Vec::new();
    let mut rest = 0..document.len();
    while !rest.is_empty() {
        let end = line_end(document, (rest.start + share).min(rest.end));
        parts.push(rest.start..end);
        rest.start = end;
    }
    let work = |part: Range<usize>| (part.start, work(&document[part]));
    match parts.as_slice() {
        [] => Vec::new(),
        [part] => vec![work(part.clone())],
        _ => thread::scope(|scope| {
            let work = &work;
            let started: Vec<_> = parts
                .into_iter()
                .map(|part| beside(scope, move || work(part.clone())))
                .collect();
            started.into_iter().map(Beside::join).collect()
        }),
    }
}

/// The number of threads that the machine runs at once, which the kernel is asked for once: the limits of the control group
/// stand in several files.
pub fn threads() -> NonZero<usize> {
    static THREADS: OnceLock<NonZero<usize>> = OnceLock::new();
    let ask = || thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    *THREADS.get_or_init(ask)
}

/// The end of the line that contains the byte before `at`.
fn line_end(document: &[u8], at: usize) -> usize {
    let from = at.saturating_sub(1);
    memchr::memchr(b'\n', &document[from..]).map_or(document.len(), |feed| from + feed + 1)
}

/// Calls `each` with the number, the start and the bytes of every line of a block, including its
/// ending; returns the number of line feeds.
pub fn each_line<'b>(block: &'b [u8], mut each: impl FnMut(usize, usize, &'b [u8])) -> usize {
    let (mut number, mut start) = (0, 0);
    for feed in memchr::memchr_iter(b'\n', block) {
        number += 1;
        each(number, start, &block[start..=feed]);
        start = feed + 1;
    }
    if start < block.len() {
        each(number + 1, start, &block[start..]);
    }
    number
}

impl Picked {
    /// The bytes of the line without its ending.
    pub fn text(&self) -> &[u8] {
        &self.bytes[..self.line.content.len()]
    }
}

impl Line {
    /// The line with these bytes, which begin at `start`; `bytes` includes the ending.
    pub fn of_bytes(number: usize, start: usize, bytes: &[u8]) -> Self {
        line_at(number, start, bytes)
    }

    /// The same line in a document with `lines` lines and `bytes` bytes before it.
    #[must_use]
    pub fn moved(&self, lines: usize, bytes: usize) -> Self {
        Self {
            number: self.number + lines,
            span: self.span.start + bytes..self.span.end + bytes,
            content: self.content.start + bytes..self.content.end + bytes,
            ending: self.ending,
        }
    }
}

// The format identifies the function: function addresses are not an identity.
impl PartialEq for Sieve {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Sieve {}

impl PartialOrd for Sieve {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sieve {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.format, &self.words).cmp(&(other.format, &other.words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines;

    fn pick(words: &[String], block: &[u8], found: &mut Vec<Line>) -> usize {
        each_line(block, |number, start, bytes| {
            if words.iter().any(|word| bytes.starts_with(word.as_bytes())) {
                found.push(Line::of_bytes(number, start, bytes));
            }
        })
    }

    #[test]
    fn the_lines_are_the_same_for_any_number_of_threads() {
        let mut random = fastrand::Rng::with_seed(3);
        let mut document = Vec::new();
        while document.len() < 5 * SHARE {
            let length = random.usize(..4_000);
            document.extend(std::iter::repeat_with(|| random.u8(b'a'..=b'z')).take(length));
            document.extend_from_slice(random.choice([&b"\n"[..], b"\r\n", b"\n\n"]).expect("one"));
        }
        document.extend_from_slice(b"q: the last line has no end");
        let sieve = Sieve::new("test", vec!["q".to_owned()], pick);
        let whole: Vec<Line> = lines(&document)
            .filter(|line| document[line.span.clone()].starts_with(b"q"))
            .collect();
        assert!(whole.len() > 50, "{} lines show nothing", whole.len());
        for threads in [1, 2, 16] {
            let threads = NonZero::new(threads).expect("not zero");
            assert_eq!(sieve.document(&document, threads), whole);
        }
        let picked = sieve.pick_from(&document);
        assert!(
            picked
                .iter()
                .all(|one| one.text() == one.line.text(&document))
        );
    }

    #[test]
    fn an_empty_document_has_no_lines() {
        let sieve = Sieve::new("test", vec![String::new()], pick);
        assert_eq!(sieve.pick_from(b""), []);
        assert_eq!(sieve.pick_from(b"\n").len(), 1);
    }
}
