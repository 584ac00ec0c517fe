//! Questions on a terminal that only prints (`TERM=dumb`): each answer is a line.

use std::io::{self, Write};

use super::escape::line;

/// Asks until the answer is one.
///
/// # Errors
/// If the terminal is closed.
#[expect(
    clippy::disallowed_methods,
    reason = "asks on the terminal, with escaped text"
)]
pub(super) fn answer<T>(question: &str, understood: impl Fn(&str) -> Option<T>) -> io::Result<T> {
    loop {
        let mut stderr = io::stderr().lock();
        stderr.write_all(question.as_bytes())?;
        stderr.flush()?;
        let mut said = String::new();
        if io::stdin().read_line(&mut said)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(answer) = understood(said.trim()) {
            return Ok(answer);
        }
    }
}

/// Yes or no; an empty line selects the default.
pub(super) fn agrees(said: &str, proposed: bool) -> Option<bool> {
    match said.to_ascii_lowercase().as_str() {
        "" => Some(proposed),
        "y" | "yes" => Some(true),
        "n" | "no" => Some(false),
        _ => None,
    }
}

/// The items with their numbers, and an x where one is preselected.
pub(super) fn list(items: &[(String, bool)]) -> String {
    let row = |(place, (text, chosen)): (usize, &(String, bool))| {
        let mark = if *chosen { "x" } else { " " };
        format!("  {} [{mark}] {}\n", place + 1, line(text))
    };
    items.iter().enumerate().map(row).collect()
}

/// The places of the items whose numbers were typed, in their order; of an empty line those that are
/// preselected. `Some(None)` for 0.
pub(super) fn numbers(said: &str, items: &[(String, bool)]) -> Option<Option<Vec<usize>>> {
    if said == "0" {
        return Some(None);
    }
    if said.is_empty() {
        let chosen = items.iter().enumerate().filter(|(_, (_, chosen))| *chosen);
        return Some(Some(chosen.map(|(place, _)| place).collect()));
    }
    let words = said.split([' ', ',']).filter(|word| !word.is_empty());
    let place = |word: &str| {
        let place = word.parse::<usize>().ok()?.checked_sub(1)?;
        (place < items.len()).then_some(place)
    };
    let mut places = words.map(place).collect::<Option<Vec<usize>>>()?;
    places.sort_unstable();
    places.dedup();
    Some(Some(places))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_chosen_by_their_numbers() {
        let items = [("one".to_owned(), true), ("two\u{1b}[2J".to_owned(), false)];
        assert_eq!(list(&items), "  1 [x] one\n  2 [ ] two\\u{1b}[2J\n");
        let chosen = |said: &str| numbers(said, &items);
        assert_eq!(chosen(""), Some(Some(vec![0])));
        assert_eq!(chosen("0"), Some(None));
        assert_eq!(chosen("2, 1 2"), Some(Some(vec![0, 1])));
        for unclear in ["3", "-1", "one", "1-2", "0 1"] {
            assert_eq!(chosen(unclear), None, "{unclear}");
        }
    }

    #[test]
    fn only_a_clear_answer_agrees() {
        assert_eq!(
            (agrees("", true), agrees("", false)),
            (Some(true), Some(false))
        );
        assert_eq!(
            (agrees("YES", false), agrees("n", true)),
            (Some(true), Some(false))
        );
        assert_eq!(agrees("yess", true), None);
    }
}
