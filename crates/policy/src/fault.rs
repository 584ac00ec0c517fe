//! Errors in a policy, with their place in the text.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The number of columns shown around a fault.
const AROUND: usize = 50;

/// The number of faults reported.
const TOLD: usize = 10;

/// One fault, by its byte range in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) at: Range<usize>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Fault {
    pub(crate) fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A place in a policy: the line, with the relevant bytes underlined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The policy.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    shown: String,
    carets: String,
}

impl Excerpt {
    pub(crate) fn of(path: &Path, text: &Text<'_>, at: &Range<usize>) -> Self {
        let start = floor(text.all, at.start);
        let end = floor(text.all, at.end.max(start));
        let (line, whole) = text.line_of(start);
        let column = text.chars_in(whole.start..start);
        let width = text.chars_in(start..end.min(whole.end).max(start));
        let length = text.chars_in(whole.clone());
        let skipped = if length > 2 * AROUND {
            column.saturating_sub(AROUND)
        } else {
            0
        };
        let from = back(&text.all[whole.start..start], column - skipped);
        // A carriage return at the end of a line is not shown.
        let visible = &text.all[(whole.start + from).min(whole.end)..whole.end];
        let mut shown: String = visible.chars().take(2 * AROUND).collect();
        let blanks: String = shown
            .chars()
            .take(column - skipped)
            .map(|character| if character == '\t' { '\t' } else { ' ' })
            .collect();
        // Only the visible part is underlined.
        let width = width.clamp(1, (2 * AROUND + skipped).saturating_sub(column).max(1));
        if length > skipped + 2 * AROUND {
            shown.push('…');
        }
        let lead = if skipped > 0 { "…" } else { "" };
        let indent = if skipped > 0 { " " } else { "" };
        Self {
            path: path.to_owned(),
            line,
            column: column + 1,
            shown: format!("{lead}{shown}"),
            carets: format!("{indent}{blanks}{}", "^".repeat(width)),
        }
    }

    /// The line, and the marked part below it.
    pub fn lines(&self) -> String {
        let number = self.line.to_string();
        let room = " ".repeat(number.len());
        format!("{number} | {}\n{room} | {}", self.shown, self.carets)
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path.display(), self.line, self.column)
    }
}

/// The offset at which the last `count` characters of a text begin.
fn back(text: &str, count: usize) -> usize {
    let Some(last) = count.checked_sub(1) else {
        return text.len();
    };
    text.char_indices().rev().nth(last).map_or(0, |(at, _)| at)
}

/// A text whose places are found without reading it again for each of them: there may be thousands, in a single line.
pub(crate) struct Text<'t> {
    all: &'t str,
    /// Where its lines begin.
    lines: Vec<usize>,
    /// The number of characters before each [`STEP`] bytes.
    chars: Vec<usize>,
}

/// The bytes between two places at which the characters before them are known.
const STEP: usize = 1024;

impl<'t> Text<'t> {
    pub(crate) fn new(all: &'t str) -> Self {
        let feeds = all.match_indices('\n').map(|(feed, _)| feed + 1);
        let lines = std::iter::once(0).chain(feeds).collect();
        let (mut before, mut counted) = (0, vec![0]);
        for chunk in all.as_bytes().chunks(STEP) {
            before += chars(chunk);
            counted.push(before);
        }
        Self {
            all,
            lines,
            chars: counted,
        }
    }

    /// The number of the line with this offset, counted from 1, and its range without its ending.
    fn line_of(&self, at: usize) -> (usize, Range<usize>) {
        let number = self.lines.partition_point(|&begin| begin <= at);
        let begin = self.lines[number - 1];
        let end = self
            .lines
            .get(number)
            .map_or(self.all.len(), |next| next - 1);
        let line = self.all[begin..end].trim_end_matches('\r');
        (number, begin..begin + line.len())
    }

    /// The number of characters in a range; none if it ends before it begins.
    fn chars_in(&self, range: Range<usize>) -> usize {
        self.chars_before(range.end)
            .saturating_sub(self.chars_before(range.start))
    }

    fn chars_before(&self, at: usize) -> usize {
        let step = at / STEP;
        self.chars[step] + chars(&self.all.as_bytes()[step * STEP..at])
    }
}

/// The number of characters that begin in these bytes of a text.
fn chars(bytes: &[u8]) -> usize {
    // 0b10…: a byte that continues a character (RFC 3629).
    bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

/// The place of a character in `text`, at `at` or next before it.
pub(crate) fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The reason why a text is not a policy: every fault with its line and a caret. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAPolicy {
    faults: Vec<(Excerpt, Fault)>,
}

impl NotAPolicy {
    pub(crate) fn new(path: &Path, text: &str, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| fault.at.start);
        let text = Text::new(text);
        let faults = faults
            .into_iter()
            .map(|fault| (Excerpt::of(path, &text, &fault.at), fault));
        Self {
            faults: faults.collect(),
        }
    }

    /// What to do about it, if there is a single fault; several have their hints beside them.
    pub fn hint(&self) -> Option<&str> {
        match &self.faults[..] {
            [(_, fault)] => fault.hint.as_deref(),
            _ => None,
        }
    }
}

impl std::error::Error for NotAPolicy {}

impl fmt::Display for NotAPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let several = self.faults.len() > 1;
        for (number, (excerpt, fault)) in self.faults.iter().take(TOLD).enumerate() {
            let gap = if number > 0 { "\n" } else { "" };
            write!(f, "{gap}{excerpt}: {}\n{}", fault.message, excerpt.lines())?;
            if let Some(hint) = fault.hint.as_ref().filter(|_| several) {
                write!(f, "\nhint: {hint}")?;
            }
        }
        match self.faults.len().checked_sub(TOLD) {
            Some(more @ 1..) => write!(f, "\nand {more} more"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters_however_long_the_text_is() {
        let mut random = fastrand::Rng::with_seed(5);
        for length in [0, 1, STEP - 1, STEP, STEP + 1, 3 * STEP] {
            let letter = || {
                *random
                    .choice(&['a', 'é', '\t', '日', '\n', '\r'])
                    .expect("some")
            };
            let all: String = std::iter::repeat_with(letter).take(length).collect();
            let text = Text::new(&all);
            let places = all.char_indices().map(|(at, _)| at).chain([all.len()]);
            for at in places {
                let before = &all[..at];
                let line = before.rsplit('\n').next().unwrap_or_default();
                let excerpt = Excerpt::of(Path::new("p"), &text, &(at..at + 1));
                let expected = (before.matches('\n').count() + 1, line.chars().count() + 1);
                assert_eq!((excerpt.line, excerpt.column), expected, "{at} of {all:?}");
            }
        }
    }

    #[test]
    fn a_place_in_a_long_line_is_shown_with_what_is_around_it() {
        let all = format!("x\n{}[{}\r\ny", "é".repeat(3 * STEP), "z".repeat(200));
        let at = all.find('[').expect("it is there");
        let excerpt = Excerpt::of(Path::new("p"), &Text::new(&all), &(at..at + 1));
        let (left, right) = ("é".repeat(AROUND), "z".repeat(AROUND - 1));
        let lines = format!("2 | …{left}[{right}…\n  |  {}^", " ".repeat(AROUND));
        assert_eq!(excerpt.lines(), lines);
    }
}
