//! The two ways in which sshd splits a line into words: strdelim and argv_split (misc.c).

use std::ops::Range;

/// A word of a line: its text without quotes, and its place in the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// The text, unquoted.
    pub(crate) text: Vec<u8>,
    /// The index range in the line, quotes included.
    pub(crate) range: Range<usize>,
}

impl Word {
    /// The text, with invalid UTF-8 replaced.
    pub(crate) fn lossy(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }
}

const BLANKS: &[u8] = b" \t\r\n";

fn skip_blanks(text: &[u8], from: usize) -> usize {
    from + text[from..]
        .iter()
        .take_while(|b| BLANKS.contains(b))
        .count()
}

/// The old splitter: words end at blanks, at one `=`, or at a closing double quote.
#[derive(Debug, Clone)]
pub(crate) struct Delim<'a> {
    text: &'a [u8],
    at: Option<usize>,
    at_equals: bool,
}

impl<'a> Delim<'a> {
    /// Splits `text` from `from` on; `at_equals` if `=` ends a word.
    pub(crate) fn new(text: &'a [u8], from: usize, at_equals: bool) -> Self {
        Self {
            text,
            at: Some(from),
            at_equals,
        }
    }

    /// The start of the rest of the line; `None` after the last word.
    pub(crate) fn rest(&self) -> Option<usize> {
        self.at
    }

    fn quoted(&mut self, start: usize, quote: usize) -> Option<Word> {
        let close = self.text[quote + 1..]
            .iter()
            .position(|&b| b == b'"')
            .map(|at| quote + 1 + at);
        self.at = close.map(|close| skip_blanks(self.text, close + 1));
        let close = close?;
        let text = [&self.text[start..quote], &self.text[quote + 1..close]].concat();
        Some(Word {
            text,
            range: start..close + 1,
        })
    }

    fn plain(&mut self, start: usize, end: usize) -> Word {
        let mut next = skip_blanks(self.text, end + 1);
        if self.at_equals && self.text[end] != b'=' && self.text.get(next) == Some(&b'=') {
            next = skip_blanks(self.text, next + 1);
        }
        self.at = Some(next);
        Word {
            text: self.text[start..end].to_vec(),
            range: start..end,
        }
    }
}

impl Iterator for Delim<'_> {
    type Item = Word;

    /// The next word; `None` at the end, and if a quote is not closed.
    fn next(&mut self) -> Option<Word> {
        let start = self.at?;
        let rest = &self.text[start..];
        let stop = |&b: &u8| BLANKS.contains(&b) || b == b'"' || self.at_equals && b == b'=';
        match rest.iter().position(stop).map(|at| start + at) {
            None => {
                self.at = None;
                Some(Word {
                    text: rest.to_vec(),
                    range: start..self.text.len(),
                })
            }
            Some(end) if self.text[end] == b'"' => self.quoted(start, end),
            Some(end) => Some(self.plain(start, end)),
        }
    }
}

/// A quote that does not close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InvalidQuotes;

/// The splitter since 8.7: blanks separate words, both quotes group, a backslash escapes a quote, a
/// backslash or a blank, and `#` at the start of a word ends the line.
pub(crate) fn argv_split(text: &[u8], from: usize) -> Result<Vec<Word>, InvalidQuotes> {
    let mut words = Vec::new();
    let mut at = from;
    while at < text.len() {
        match text[at] {
            b' ' | b'\t' => at += 1,
            b'#' => break,
            _ => {
                let word = argv_word(text, at)?;
                at = word.range.end;
                words.push(word);
            }
        }
    }
    Ok(words)
}

fn argv_word(text: &[u8], start: usize) -> Result<Word, InvalidQuotes> {
    let mut word = Vec::new();
    let mut quote = None;
    let mut at = start;
    while at < text.len() {
        let byte = text[at];
        match (byte, quote) {
            (b'\\', _) => {
                let escaped = text.get(at + 1).copied();
                at += usize::from(
                    matches!(escaped, Some(b'\'' | b'"' | b'\\'))
                        || quote.is_none() && escaped == Some(b' '),
                );
                word.push(text[at]);
            }
            (b' ' | b'\t', None) => break,
            (b'"' | b'\'', None) => quote = Some(byte),
            (_, Some(open)) if open == byte => quote = None,
            _ => word.push(byte),
        }
        at += 1;
    }
    if quote.is_some() {
        Err(InvalidQuotes)
    } else {
        Ok(Word {
            text: word,
            range: start..at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delim(text: &str) -> Vec<String> {
        Delim::new(text.as_bytes(), 0, true)
            .map(|word| word.lossy())
            .collect()
    }

    fn argv(text: &str) -> Option<Vec<String>> {
        Some(
            argv_split(text.as_bytes(), 0)
                .ok()?
                .iter()
                .map(Word::lossy)
                .collect(),
        )
    }

    #[test]
    fn the_old_splitter_treats_one_equals_sign_as_a_blank() {
        assert_eq!(delim("Kw=v"), ["Kw", "v"]);
        assert_eq!(delim("Kw = v"), ["Kw", "v"]);
        assert_eq!(delim("Kw==v"), ["Kw", "", "v"]);
        assert_eq!(delim("Kw = = v"), ["Kw", "", "v"]);
        assert_eq!(delim("\"Kw\" v"), ["Kw", "v"]);
        assert_eq!(delim("a\"b c\"d"), ["ab c", "d"]);
        assert_eq!(delim("Kw \"open"), ["Kw"]);
        assert_eq!(delim("Kw v "), ["Kw", "v", ""]);
        assert_eq!(delim(""), [""]);
    }

    #[test]
    fn the_new_splitter_handles_quotes_escapes_and_comments() {
        let words = |list: &[&str]| Some(list.iter().map(|&word| word.to_owned()).collect());
        assert_eq!(argv("a 'b c' \"d # e\""), words(&["a", "b c", "d # e"]));
        assert_eq!(argv("5 # note"), words(&["5"]));
        assert_eq!(argv("5#note"), words(&["5#note"]));
        assert_eq!(argv("a\\ b \\x \"\\\"\""), words(&["a b", "\\x", "\""]));
        assert_eq!(argv("\"\""), words(&[""]));
        assert_eq!(argv("trailing\\"), words(&["trailing\\"]));
        assert_eq!(argv("'open"), None);
    }

    #[test]
    fn random_bytes_never_panic_and_ranges_stay_inside() {
        let mut random = fastrand::Rng::with_seed(11);
        for _ in 0..20_000 {
            let text: Vec<u8> = (0..random.usize(0..20))
                .map(|_| *random.choice(b"a= \t\"'\\#\r\xff").expect("some"))
                .collect();
            let words = Delim::new(&text, 0, random.bool()).collect::<Vec<_>>();
            let argv = argv_split(&text, 0).unwrap_or_default();
            for word in words.iter().chain(&argv) {
                assert!(
                    word.range.start <= word.range.end && word.range.end <= text.len(),
                    "{text:?}"
                );
            }
        }
    }
}
