//! One directive of a file: keyword and arguments, with their places (process_server_config_line in servconf.c).

use std::ops::Range;

use crate::logical::Logical;
use crate::release::Release;
use crate::words::{Delim, InvalidQuotes, Word, argv_split};

/// A line that is neither blank nor a comment.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// The line itself.
    pub(crate) logical: Logical,
    /// The keyword as written.
    pub(crate) keyword: Word,
    /// The start of the arguments; `None` if there is nothing after the keyword.
    tail: Option<usize>,
    modern: bool,
}

impl Line {
    /// Parses a line; `None` for blank lines, comments, and keywords whose quote does not close: sshd skips them all.
    pub(crate) fn parse(mut logical: Logical, release: Release) -> Option<Self> {
        trim_end(&mut logical.text);
        let mut words = Delim::new(&logical.text, 0, true);
        let mut keyword = words.next()?;
        if keyword.text.is_empty() {
            keyword = words.next()?;
        }
        if keyword.text.is_empty() || keyword.text.starts_with(b"#") {
            return None;
        }
        let tail = words.rest().filter(|&tail| tail < logical.text.len());
        Some(Self {
            logical,
            keyword,
            tail,
            modern: release.since(8, 7),
        })
    }

    /// The arguments of an ordinary keyword.
    pub(crate) fn args(&self) -> Result<Args, InvalidQuotes> {
        self.split(true)
    }

    /// The arguments, for a keyword for which `=` is part of the word even in old releases
    /// (SetEnv).
    pub(crate) fn args_with_equals(&self) -> Result<Args, InvalidQuotes> {
        self.split(false)
    }

    /// The words of a Match line by the old splitter, which was kept for it up to 9.8.
    pub(crate) fn delimited(&self) -> Vec<Word> {
        self.tail.map_or_else(Vec::new, |tail| {
            Delim::new(&self.logical.text, tail, true).collect()
        })
    }

    fn split(&self, at_equals: bool) -> Result<Args, InvalidQuotes> {
        let Some(tail) = self.tail else {
            return Ok(Args {
                words: Vec::new(),
                modern: self.modern,
            });
        };
        let words = if self.modern {
            argv_split(&self.logical.text, tail)?
        } else {
            Delim::new(&self.logical.text, tail, at_equals).collect()
        };
        Ok(Args {
            words,
            modern: self.modern,
        })
    }

    /// True if nothing follows the keyword, which 8.7 and later reject for every keyword.
    pub(crate) fn lacks_arguments(&self) -> bool {
        self.tail.is_none()
    }

    /// Everything after the keyword, for keywords that take the rest of the line.
    pub(crate) fn rest(&self) -> Option<Word> {
        let tail = self.tail?;
        let blanks = self.logical.text[tail..]
            .iter()
            .take_while(|b| b" \t\r\n".contains(b))
            .count();
        let range = tail + blanks..self.logical.text.len();
        Some(Word {
            text: self.logical.text[range.clone()].to_vec(),
            range,
        })
    }

    /// The file range of an index range of the line.
    pub(crate) fn file_range(&self, range: &Range<usize>) -> Range<usize> {
        let end = if range.is_empty() {
            range.end
        } else {
            range.end - 1
        };
        self.logical.offset(range.start)..self.logical.offset(end) + usize::from(!range.is_empty())
    }

    /// The bytes between keyword and first argument: blanks, perhaps with an `=`.
    pub(crate) fn separator(&self) -> &[u8] {
        self.tail.map_or(b" ".as_slice(), |tail| {
            &self.logical.text[self.keyword.range.end..tail]
        })
    }
}

/// The arguments of a line, with the way in which its release iterates over them.
#[derive(Debug, Clone)]
pub(crate) struct Args {
    words: Vec<Word>,
    modern: bool,
}

impl Args {
    /// The argument at `index`; an empty one counts as missing.
    pub(crate) fn get(&self, index: usize) -> Option<&Word> {
        self.words.get(index).filter(|word| !word.text.is_empty())
    }

    /// The argument at `index`, even an empty one: old releases see one after a closing quote.
    pub(crate) fn raw(&self, index: usize) -> Option<&Word> {
        self.words.get(index)
    }

    /// The list of a keyword with any number of arguments: up to an empty one in old releases, all since 8.7.
    pub(crate) fn list(&self) -> &[Word] {
        let end = if self.modern {
            None
        } else {
            self.words.iter().position(|word| word.text.is_empty())
        };
        &self.words[..end.unwrap_or(self.words.len())]
    }

    /// The word after the last argument of a keyword with `used` arguments.
    pub(crate) fn extra(&self, used: usize) -> Option<&Word> {
        self.words
            .get(used)
            .filter(|word| self.modern || !word.text.is_empty())
    }

    /// The word after a list, which old releases find after an empty argument.
    pub(crate) fn extra_behind_list(&self) -> Option<&Word> {
        if self.modern {
            None
        } else {
            self.extra(self.list().len() + 1)
        }
    }
}

/// Removes trailing blanks; the first byte is always kept.
fn trim_end(text: &mut Vec<u8>) {
    while text.len() > 1 && text.last().is_some_and(|b| b" \t\r\n\x0c".contains(b)) {
        text.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, release: Release) -> Option<(String, Vec<String>)> {
        let line = Line::parse(Logical::detached(text.as_bytes()), release)?;
        let args = line.args().ok()?;
        Some((
            line.keyword.lossy(),
            args.list().iter().map(Word::lossy).collect(),
        ))
    }

    #[test]
    fn keyword_and_arguments_are_found_whatever_separates_them() {
        for text in ["Kw v", "Kw=v", "Kw = v", "Kw\tv  ", "\"Kw\" v", "=Kw v"] {
            for release in [Release::new(8, 0), Release::new(9, 2)] {
                assert_eq!(
                    parsed(text, release),
                    Some(("Kw".into(), vec!["v".into()])),
                    "{text} in {release}"
                );
            }
        }
    }

    #[test]
    fn lines_skipped_by_sshd_do_not_count() {
        for text in ["", "# Kw v", "\"Kw v", "  "] {
            assert_eq!(parsed(text, Release::new(9, 2)), None, "{text:?}");
        }
    }

    #[test]
    fn an_empty_argument_ends_the_list_in_old_releases_only() {
        let count = |release| parsed("AllowUsers a \"\" b", release).map(|(_, list)| list.len());
        assert_eq!(
            (count(Release::new(8, 6)), count(Release::new(8, 7))),
            (Some(1), Some(3))
        );
    }
}
