//! Repairs of options that libwrap rejects, if the intention is certain.

use std::ops::Range;

use crate::options::{Accounts, OptionError, RuleOption, Step};
use crate::rule::Rule;
use crate::text::{chop, same};

/// Replacements in the text of the line, and a description of the result.
type Repair = (Vec<(Range<usize>, Vec<u8>)>, String);

/// The repair of the option that libwrap rejects with `error`; `None` if there is more than one
/// possible repair.
pub(crate) fn repair(
    text: &[u8],
    rule: &Rule,
    option: &RuleOption,
    error: &OptionError,
) -> Option<Repair> {
    // A backslash before the colon belongs to a word: with the colon gone it would join the next
    // line.
    let colon = option
        .at
        .start
        .checked_sub(1)
        .filter(|&colon| !text[..colon].ends_with(b"\\"))?;
    match error {
        OptionError::Empty => {
            let end = if option.last {
                end_of_text(text, option)
            } else {
                option.at.end
            };
            Some((
                vec![(colon..end, Vec::new())],
                "without the final colon, the rule counts".to_owned(),
            ))
        }
        OptionError::MustBeLast(name) => move_to_end(text, rule, option, colon, name),
        OptionError::Unknown(_) if option.last => rename(text, option),
        _ => None,
    }
}

/// The end of the last option, its line ending left out.
fn end_of_text(text: &[u8], option: &RuleOption) -> usize {
    let end = option.at.end - usize::from(text.ends_with(b"\r"));
    end.max(option.at.start)
}

/// `allow : severity info` becomes `severity info : allow`, unless another option after it decides.
fn move_to_end(
    text: &[u8],
    rule: &Rule,
    option: &RuleOption,
    colon: usize,
    name: &str,
) -> Option<Repair> {
    let accounts = Accounts::default();
    let behind = rule
        .options
        .iter()
        .filter(|other| other.at.start > option.at.start);
    let decides = |other: &RuleOption| {
        !matches!(
            other.step(&accounts),
            Step::Next | Step::Ask(_) | Step::Doubtful(_)
        )
    };
    let last = rule.options.last()?;
    if behind.clone().any(decides) {
        return None;
    }
    let end = last.at.start + text[last.at.clone()].trim_ascii_end().len();
    let moved = [b" : ", chop(&text[option.at.clone()])].concat();
    let edits = vec![(colon..option.at.end, Vec::new()), (end..end, moved)];
    Some((
        edits,
        format!("with `{name}` as the last option, the rule counts"),
    ))
}

/// A misspelt `allow` or `deny`, or the command of a shell as the manual page without options has it.
fn rename(text: &[u8], option: &RuleOption) -> Option<Repair> {
    let start = option.at.start
        + text[option.at.clone()]
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
    if matches!(option.name.first(), Some(b'/' | b'(')) {
        return Some((
            vec![(start..start, b"spawn ".to_vec())],
            "as `spawn COMMAND` the rule counts".to_owned(),
        ));
    }
    let meant = ["allow", "deny"]
        .into_iter()
        .find(|word| is_misspelt(&option.name, word.as_bytes()))?;
    let sure = option.value.is_none() && text[start..].starts_with(&option.name);
    let edit = (start..start + option.name.len(), meant.as_bytes().to_vec());
    sure.then(|| (vec![edit], format!("as `{meant}` the option counts")))
}

/// Whether one letter is missing, too much or wrong, or two neighbours are swapped.
fn is_misspelt(word: &[u8], meant: &[u8]) -> bool {
    let lacks_one = |long: &[u8], short: &[u8]| {
        long.len() == short.len() + 1
            && (0..long.len()).any(|at| same(&[&long[..at], &long[at + 1..]].concat(), short))
    };
    let differs: Vec<usize> = word
        .iter()
        .zip(meant)
        .enumerate()
        .filter(|(_, (a, b))| !a.eq_ignore_ascii_case(b))
        .map(|(at, _)| at)
        .collect();
    let swapped = |one: usize, other: usize| {
        other == one + 1
            && same(&word[one..=one], &meant[other..=other])
            && same(&word[other..=other], &meant[one..=one])
    };
    let same_length = word.len() == meant.len()
        && match differs[..] {
            [_] => true,
            [one, other] => swapped(one, other),
            _ => false,
        };
    same_length || lacks_one(word, meant) || lacks_one(meant, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_typing_error_is_a_misspelling_and_two_are_not() {
        for word in ["alow", "alllow", "alloe", "Alolw", "allw"] {
            assert!(is_misspelt(word.as_bytes(), b"allow"), "{word}");
        }
        for word in ["low", "all", "aloww", "deny", "swallow"] {
            assert!(!is_misspelt(word.as_bytes(), b"allow"), "{word}");
        }
        assert!(is_misspelt(b"dney", b"deny") && is_misspelt(b"denny", b"deny"));
    }
}
