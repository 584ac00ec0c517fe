//! Plurals and lists.

use sshmend_lossless::{nearest, quoted};

/// `1 file`, `2 files`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// A command line that a shell reads back as these words.
pub(crate) fn shell(argv: &[String]) -> String {
    argv.iter()
        .map(|word| quoted(word))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A value, or the words for none.
pub(crate) fn or_not_set(value: &str) -> &str {
    if value.is_empty() { "(not set)" } else { value }
}

/// The hint for an unknown name: the nearest known one, else `otherwise`.
pub(crate) fn did_you_mean<'n>(
    word: &str,
    names: impl IntoIterator<Item = &'n str>,
    otherwise: &str,
) -> String {
    match nearest(word, names) {
        Some(name) => format!("did you mean {name}?"),
        None => otherwise.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_arguments_are_read_back_by_a_shell() {
        let argv = ["sshmend", "--allow", "10.0.0.0/8", "a b", "it's", ""].map(str::to_owned);
        assert_eq!(
            shell(&argv),
            "sshmend --allow 10.0.0.0/8 'a b' 'it'\\''s' ''"
        );
    }

    #[test]
    fn a_count_of_one_is_singular_and_any_other_is_plural() {
        assert_eq!(
            [count(0, "file"), count(1, "file"), count(2, "file")],
            ["0 files", "1 file", "2 files"]
        );
    }
}
