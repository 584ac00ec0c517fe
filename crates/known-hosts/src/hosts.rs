//! The host field as a list of patterns (`match_hostname` in match.c).

use std::ops::Range;

use crate::field::Field;

/// A pattern of this many bytes or more ends the comparison without a match.
const PATTERN_LIMIT: usize = 1023;

/// A comma-separated list of patterns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HostList<'a>(pub(crate) Field<'a>);

/// One pattern of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern<'a> {
    /// The byte range in the document, with the `!`.
    pub(crate) span: Range<usize>,
    /// The text after the `!`.
    pub(crate) text: &'a [u8],
    pub(crate) negated: bool,
}

/// The result of matching a list with one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListMatch {
    /// It does not match.
    No,
    /// The negated pattern with this index excludes it.
    Vetoed(usize),
    /// The pattern with this index is the name itself.
    Exact(usize),
    /// The pattern with this index matches by wildcards.
    Wildcard(usize),
}

impl<'a> HostList<'a> {
    /// The patterns in order; a comma at the end adds none.
    pub(crate) fn patterns(self) -> impl Iterator<Item = Pattern<'a>> {
        let mut at = self.0.start;
        let text = self.0.text.strip_suffix(b",").unwrap_or(self.0.text);
        let words = (!self.0.text.is_empty()).then(|| text.split(|&b| b == b','));
        words.into_iter().flatten().map(move |word| {
            let span = at..at + word.len();
            at = span.end + 1;
            let negated = word.first() == Some(&b'!');
            Pattern {
                span,
                text: &word[usize::from(negated)..],
                negated,
            }
        })
    }

    /// Compares a name in lower case; the name itself counts before a wildcard, a negated pattern before both.
    pub(crate) fn compare(self, name: &[u8]) -> ListMatch {
        self.compare_without(&[], name)
    }

    /// Compares a name with the list as it would be without the patterns of these indexes.
    pub(crate) fn compare_without(self, removed: &[usize], name: &[u8]) -> ListMatch {
        let mut outcome = ListMatch::No;
        for (index, pattern) in self
            .patterns()
            .enumerate()
            .filter(|(index, _)| !removed.contains(index))
        {
            if pattern.text.len() >= PATTERN_LIMIT {
                return ListMatch::No;
            }
            match (pattern.matches(name), pattern.negated) {
                (true, true) => return ListMatch::Vetoed(index),
                (true, false) => outcome = better(outcome, index, pattern.is(name)),
                (false, _) => {}
            }
        }
        outcome
    }
}

impl Pattern<'_> {
    /// True when the pattern is this name, letter for letter, and does not exclude it.
    pub(crate) fn is(&self, name: &[u8]) -> bool {
        !self.negated && self.text.eq_ignore_ascii_case(name)
    }

    fn matches(&self, name: &[u8]) -> bool {
        wildcard(self.text, name)
    }
}

fn better(before: ListMatch, index: usize, exact: bool) -> ListMatch {
    match before {
        ListMatch::Exact(_) => before,
        _ if exact => ListMatch::Exact(index),
        ListMatch::Wildcard(_) => before,
        _ => ListMatch::Wildcard(index),
    }
}

/// Matches `*` and `?`; backtracks only to the last `*`, so that the time is bounded by the product
/// of the lengths.
fn wildcard(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte.eq_ignore_ascii_case(&name[n]) => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                p = at + 1;
                n = from + 1;
            }
        }
    }
    pattern[p..].iter().all(|&b| b == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(hosts: &str, name: &str) -> ListMatch {
        HostList(Field {
            text: hosts.as_bytes(),
            start: 0,
        })
        .compare(name.as_bytes())
    }

    #[test]
    fn a_negated_pattern_excludes_the_name_at_any_position() {
        for hosts in [
            "!b.example,*.example",
            "*.example,!b.example",
            "b.example,!B.EXAMPLE",
            "b.example,!*",
        ] {
            assert!(
                matches!(compare(hosts, "b.example"), ListMatch::Vetoed(_)),
                "{hosts}"
            );
        }
        assert_eq!(compare("!b.example", "c.example"), ListMatch::No);
    }

    #[test]
    fn the_name_itself_counts_before_a_wildcard() {
        assert_eq!(compare("*,h?,h1,h1", "h1"), ListMatch::Exact(2));
        assert_eq!(compare("h1,*", "h1"), ListMatch::Exact(0));
        assert_eq!(compare("x,h?,*", "h1"), ListMatch::Wildcard(1));
    }

    #[test]
    fn wildcards_match_as_match_pattern_does() {
        let table = [
            ("*", "", true),
            ("?", "", false),
            ("a*b*c", "aXbXbc", true),
            ("a*b*c", "aXbXb", false),
            ("*?", "x", true),
            ("**", "x", true),
            ("[h]:22", "h", false),
            ("[ab]", "a", false),
            ("\\*", "*", false),
        ];
        for (pattern, name, expected) in table {
            assert_eq!(
                wildcard(pattern.as_bytes(), name.as_bytes()),
                expected,
                "{pattern} {name}"
            );
        }
    }

    #[test]
    fn a_pattern_of_1023_bytes_ends_the_comparison() {
        let long = "x".repeat(1023);
        assert_eq!(compare(&format!("h,{long}"), "h"), ListMatch::No);
        assert_eq!(compare(&format!("!h,{long}"), "h"), ListMatch::Vetoed(0));
        assert_eq!(
            compare(&format!("h,{}", &long[1..]), "h"),
            ListMatch::Exact(0)
        );
    }

    #[test]
    fn empty_patterns_match_no_name() {
        assert_eq!(compare("", "h"), ListMatch::No);
        assert_eq!(compare(",,h,", "h"), ListMatch::Exact(2));
        assert_eq!(compare("!", "h"), ListMatch::No);
    }

    #[test]
    fn many_stars_do_not_take_exponential_time() {
        let pattern = "a*".repeat(400) + "b";
        assert_eq!(compare(&pattern, &"a".repeat(10_000)), ListMatch::No);
    }
}
