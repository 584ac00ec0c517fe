//! The lines that have no effect on a value.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use sshmend_lossless::Origin;

use crate::keyword::Keyword;
use crate::walk::{GLOBAL, Walk};

/// A line without effect on the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadowed {
    /// The line.
    pub origin: Origin,
    /// The value it would set.
    pub value: String,
    /// The reason why it does not.
    pub why: Why,
}

/// The reason why a line loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The keyword is decided by its first line, and another one is read earlier.
    EarlierLine,
    /// In this release the keyword is decided by its last line, and another one is read later.
    LaterLine,
    /// A Match block that applies overrides it.
    MatchBlock,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EarlierLine => "an earlier line decides",
            Self::LaterLine => "a later line decides",
            Self::MatchBlock => "a Match block overrides it",
        })
    }
}

/// The lines without effect on one value, in reading order. There may be millions of them: each is read when it is asked
/// for.
#[derive(Clone, Default)]
pub struct ShadowedLines(Option<Arc<Lines>>);

struct Lines {
    walk: Arc<Walk>,
    keyword: &'static Keyword,
    /// All directives that set the value or would, in reading order.
    seen: Vec<u32>,
    /// Those that decide.
    deciding: BTreeSet<usize>,
    /// The number of those seen that belong to the first pass, if a Match block overrides the
    /// value.
    first_pass: usize,
    /// Whether a line of a Match block decides.
    in_block: bool,
}

impl ShadowedLines {
    pub(crate) fn new(
        walk: &Arc<Walk>,
        keyword: &'static Keyword,
        seen: Vec<u32>,
        deciding: BTreeSet<usize>,
        first_pass: usize,
    ) -> Self {
        let in_block = deciding
            .iter()
            .any(|&index| walk.directives.scope(index) != GLOBAL);
        Self(Some(Arc::new(Lines {
            walk: Arc::clone(walk),
            keyword,
            seen,
            deciding,
            first_pass,
            in_block,
        })))
    }

    /// Their number.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |lines| lines.count())
    }

    /// True where every line has its effect.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The lines, in reading order.
    pub fn iter(&self) -> impl Iterator<Item = Shadowed> + use<> {
        Reader {
            lines: self.0.clone(),
            position: 0,
        }
    }
}

/// Reads lines without effect, one after the other.
struct Reader {
    lines: Option<Arc<Lines>>,
    /// The number of those seen that have been read.
    position: usize,
}

impl Iterator for Reader {
    type Item = Shadowed;

    fn next(&mut self) -> Option<Shadowed> {
        let lines = self.lines.as_ref()?;
        loop {
            let position = self.position;
            let index = *lines.seen.get(position)? as usize;
            self.position += 1;
            if !lines.deciding.contains(&index) {
                return lines.read(position, index);
            }
        }
    }
}

impl Lines {
    fn count(&self) -> usize {
        let lost = |index: &&u32| !self.deciding.contains(&(**index as usize));
        self.seen.iter().filter(lost).count()
    }

    /// The line of the directive with this index, which is at this place among those seen.
    fn read(&self, position: usize, index: usize) -> Option<Shadowed> {
        let directive = self.walk.directives.get(index)?;
        let reading = directive.reading.ok()?;
        let why = if position < self.first_pass && self.in_block {
            Why::MatchBlock
        } else if self.deciding.first().is_some_and(|&first| first < index) {
            Why::EarlierLine
        } else {
            Why::LaterLine
        };
        let words: Vec<&str> = reading.parts.iter().map(|part| part.1.as_str()).collect();
        let separator = self.keyword.kind.separator().unwrap_or(' ').to_string();
        Some(Shadowed {
            origin: directive.origin,
            value: words.join(&separator),
            why,
        })
    }
}

impl PartialEq for ShadowedLines {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for ShadowedLines {}

impl fmt::Debug for ShadowedLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
