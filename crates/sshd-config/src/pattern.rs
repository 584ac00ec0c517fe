//! Wildcard patterns as match.c reads them: `*`, `?`, comma lists and negation.

/// Whether `text` matches one pattern; in linear space and at most quadratic time.
pub(crate) fn matches(text: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while seen < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(&wanted) if wanted == b'?' || wanted == text[seen] => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((star_at, taken)) = star else {
                    return false;
                };
                star = Some((star_at, taken + 1));
                at = star_at + 1;
                seen = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|&b| b == b'*')
}

/// The result of matching a comma-separated list with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListMatch {
    /// No element matches.
    None,
    /// An element matches and no negated one does.
    Positive,
    /// A negated element matches.
    Negated,
}

/// Matches a text against a comma list; elements of 1023 bytes and more match nothing (match.c).
pub(crate) fn matches_list(text: &[u8], list: &[u8]) -> ListMatch {
    let mut found = ListMatch::None;
    for element in list.split(|&b| b == b',') {
        let (negated, pattern) = element
            .strip_prefix(b"!")
            .map_or((false, element), |rest| (true, rest));
        if pattern.len() >= 1023 {
            return ListMatch::None;
        }
        if !matches(text, pattern) {
            continue;
        }
        if negated {
            return ListMatch::Negated;
        }
        found = ListMatch::Positive;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_must_match_the_whole_text() {
        let cases = [
            ("", "", true),
            ("a", "", false),
            ("", "*", true),
            ("abc", "a*c", true),
            ("abc", "a?c", true),
            ("abc", "a*", true),
            ("abc", "*b", false),
            ("aXbXc", "*X*X*", true),
            ("abc", "**c", true),
            ("ab", "a?c", false),
            ("ABC", "abc", false),
        ];
        for (text, pattern, expected) in cases {
            assert_eq!(
                matches(text.as_bytes(), pattern.as_bytes()),
                expected,
                "{text} ~ {pattern}"
            );
        }
    }

    #[test]
    fn many_stars_take_polynomial_time() {
        assert!(!matches(
            &[b'a'; 4000],
            &b"*a"
                .repeat(400)
                .iter()
                .copied()
                .chain(*b"b")
                .collect::<Vec<_>>()
        ));
    }

    #[test]
    fn a_negated_element_excludes_the_whole_list() {
        let cases = [
            ("bob", "alice,bob", ListMatch::Positive),
            ("bob", "*,!bob", ListMatch::Negated),
            ("bob", "!bob,*", ListMatch::Negated),
            ("bob", "!alice", ListMatch::None),
            ("bob", "", ListMatch::None),
        ];
        for (text, list, expected) in cases {
            assert_eq!(
                matches_list(text.as_bytes(), list.as_bytes()),
                expected,
                "{text} in {list}"
            );
        }
    }
}
