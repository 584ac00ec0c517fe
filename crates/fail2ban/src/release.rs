//! The release of fail2ban, and its effect on the meaning of a configuration.

use std::fmt;
use std::ops::Range;

use crate::python::{is_space, strip};

/// A release of fail2ban.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    /// The 1 of 1.0.2.
    pub major: u16,
    /// The 0 of 1.0.2.
    pub minor: u16,
    /// The 2 of 1.0.2.
    pub patch: u16,
}

impl Release {
    /// Reads the first version number of a text: `1.0.2-2`, `1:0.11.2-6`, `Fail2Ban v1.1.1.beta0`.
    pub fn parse(text: &str) -> Option<Self> {
        text.split(|c: char| !c.is_ascii_digit() && c != '.')
            .find_map(Self::from_dotted)
    }

    fn from_dotted(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (major, minor) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let patch = parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
        Some(Self {
            major,
            minor,
            patch,
        })
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// A span of releases that read the same files alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dialect {
    /// Up to 1.0: a tab is not a separator, any mask after `/` is read as a number, and the server
    /// stops at a bad one.
    Before11,
    /// 1.1.0: every blank separates words, and anything but an address with a mask is a name.
    V11,
    /// From 1.1.1: `file:` items; a file that cannot be read stops the start.
    From111,
}

impl Dialect {
    /// The dialects that may be in force: one, or all when the release is not known.
    pub(crate) fn of(release: Option<Release>) -> &'static [Self] {
        match release.map(|release| (release.major, release.minor, release.patch)) {
            None => &[Self::Before11, Self::V11, Self::From111],
            Some(version) if version < (1, 1, 0) => &[Self::Before11],
            Some(version) if version < (1, 1, 1) => &[Self::V11],
            Some(_) => &[Self::From111],
        }
    }

    /// `helpers.splitwords`: the byte ranges of the words of a list.
    pub(crate) fn words(self, text: &str) -> Vec<Range<usize>> {
        let separates = |c| match self {
            Self::Before11 => matches!(c, ' ' | ',' | '\n'),
            Self::V11 | Self::From111 => c == ',' || is_space(c),
        };
        let mut words = Vec::new();
        let mut start = 0;
        for (at, c) in text.char_indices().chain([(text.len(), ',')]) {
            if at == text.len() || separates(c) {
                words.push(strip(text, start..at));
                start = at + c.len_utf8();
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_parsed_from_program_output() {
        let found = |text| Release::parse(text).map(|release| release.to_string());
        assert_eq!(found("1.0.2-2").as_deref(), Some("1.0.2"));
        assert_eq!(found("1:0.11.2-6").as_deref(), Some("0.11.2"));
        assert_eq!(
            found("Fail2Ban v1.1.1.beta0\n\nCopyright (c) 2004").as_deref(),
            Some("1.1.1")
        );
        assert_eq!(found("0.10").as_deref(), Some("0.10.0"));
        assert_eq!(found("no version, 7"), None);
    }

    #[test]
    fn a_tab_separates_words_only_from_1_1_0_on() {
        let text = "a,b c\td\n\te";
        let words = |dialect: Dialect| {
            dialect
                .words(text)
                .into_iter()
                .map(|word| &text[word])
                .collect::<Vec<_>>()
        };
        assert_eq!(words(Dialect::Before11), ["a", "b", "c\td", "e"]);
        assert_eq!(words(Dialect::V11), ["a", "b", "c", "d", "e"]);
    }
}
