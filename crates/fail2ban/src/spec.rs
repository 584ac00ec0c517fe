//! `name[option=value, …]`, as jails name their filter and their actions.

use crate::python::{is_space, is_word};

/// A longer list of action options is parsed word by word.
const LONGEST: usize = 8192;

/// The name of a filter or action and the names of the options given to it; `None` when fail2ban refuses the text.
///
/// `helpers.extractOptions`.
pub(crate) fn extract(text: &str) -> Option<(&str, Vec<&str>)> {
    let Some(open) = text.find('[') else {
        return (!text.is_empty()).then_some((text, Vec::new()));
    };
    let inner = text[open..]
        .trim_end_matches(is_space)
        .strip_prefix('[')?
        .strip_suffix(']')?;
    if open == 0 {
        None
    } else {
        Some((&text[..open], option_names(inner)?))
    }
}

/// The names in `a=1, b="2, 3"][c='4'`.
fn option_names(mut rest: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    while let Some((name, value)) = assignment(rest) {
        names.push(name);
        rest = match separator(&value[value_length(value)..]) {
            Some(next) => next,
            None if value.len() == value_length(value) => return Some(names),
            None => return None,
        };
    }
    let rest = rest.strip_prefix(',').unwrap_or(rest);
    rest.chars().all(is_space).then_some(names)
}

/// A name and what follows its `=`.
fn assignment(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(is_space);
    let end = text
        .find(|c: char| !is_word(c) && !matches!(c, '-' | '.'))
        .filter(|&end| end > 0)?;
    Some((&text[..end], text[end..].strip_prefix('=')?))
}

/// The length of a quoted value, or of one that extends to the next comma or bracket.
fn value_length(text: &str) -> usize {
    let quoted = |quote: char| {
        text.strip_prefix(quote)
            .and_then(|rest| rest.find(quote))
            .map(|end| end + 2)
    };
    quoted('"')
        .or_else(|| quoted('\''))
        .unwrap_or_else(|| text.find([',', ']']).unwrap_or(text.len()))
}

/// The rest after `,` or `][`.
fn separator(text: &str) -> Option<&str> {
    text.strip_prefix(',').or_else(|| {
        text.strip_prefix(']')?
            .trim_start_matches(is_space)
            .strip_prefix('[')
    })
}

/// The actions of a list, each with its options; options may contain blanks and line ends.
///
/// `helpers.splitWithOptions`.
pub(crate) fn split(mut text: &str) -> Vec<&str> {
    let mut specs = Vec::new();
    loop {
        text = text.trim_start_matches(is_space);
        if text.is_empty() {
            return specs;
        }
        let word = text.find(is_space).unwrap_or(text.len());
        let end = with_options(text).unwrap_or(word);
        specs.push(&text[..end]);
        text = &text[end..];
    }
}

/// The length of `name [ … ]` at the start of a text, when a blank or the end follows it.
fn with_options(text: &str) -> Option<usize> {
    let end = text
        .char_indices()
        .map(|(at, _)| at)
        .nth(LONGEST)
        .unwrap_or(text.len());
    let text = &text[..end];
    let name = text
        .find(|c: char| c == '[' || is_space(c))
        .filter(|&end| end > 0)?;
    let mut rest = text[name..]
        .trim_start_matches(is_space)
        .strip_prefix('[')?
        .trim_start_matches(is_space);
    while let Some((_, value)) = assignment(rest) {
        let after = value[value_length(value)..].trim_start_matches(is_space);
        rest = separator(after)
            .unwrap_or(after)
            .trim_start_matches(is_space);
    }
    let after = rest.strip_prefix(']')?;
    after
        .chars()
        .next()
        .is_none_or(is_space)
        .then_some(text.len() - after.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let shown: Vec<String> = split(text)
            .iter()
            .map(|spec| format!("{:?}", extract(spec)))
            .collect();
        assert_eq!(shown.join(" "), expected, "{text:?}");
    }

    #[test]
    fn options_may_hold_blanks_line_ends_and_brackets() {
        check("iptables", r#"Some(("iptables", []))"#);
        check(
            "a[x=1, y=\"2, ]3\"]\nb [z='q\nr']",
            r#"Some(("a", ["x", "y"])) Some(("b ", ["z"]))"#,
        );
        check("a[x=1][y=2]", r#"Some(("a", ["x", "y"]))"#);
        check("a[]", r#"Some(("a", []))"#);
        check("", "");
    }

    #[test]
    fn unparsable_values_are_refused() {
        check("a[x=1", "None");
        check("[x=1]", "None");
        check("a[x=1]b", "None");
        check("a[!x=1]", "None");
        check("a[x=1]y=2]", "None");
    }
}
