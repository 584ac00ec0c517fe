//! Prose folded to the terminal's width, with a hanging indent, and never within a command.

use unicode_width::UnicodeWidthChar;

use super::escape::{begins_command, ends, is_mark};

/// The widest label below which continuation lines are aligned with its text; other lines use the
/// caller's indent.
const LABEL: usize = 10;

/// Breaks lines longer than `columns`; continuation lines are indented by `hang`. A longer word or
/// command stays whole.
pub(crate) fn fold(text: &str, columns: Option<usize>, hang: usize) -> String {
    let Some(columns) = columns else {
        return text.to_owned();
    };
    let folded: Vec<String> = text
        .split('\n')
        .map(|line| fold_line(line, columns, hang))
        .collect();
    folded.join("\n")
}

fn fold_line(line: &str, columns: usize, hang: usize) -> String {
    if width(line) <= columns {
        return line.to_owned();
    }
    let hang = hanging(line, hang).min(columns / 2);
    let start = line.len() - line.trim_start_matches(' ').len();
    let mut out = line[..start].to_owned();
    let mut used = start;
    for (at, piece) in pieces(&line[start..]).into_iter().enumerate() {
        let word = piece.trim_end_matches(' ');
        if at > 0 && used + width(word) > columns {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            out.push_str(&" ".repeat(hang));
            used = hang;
        }
        out.push_str(piece);
        used += width(piece);
    }
    out
}

/// The indent of continuation lines, in columns: to the second column of a table, past a short
/// label, else `hang`.
fn hanging(line: &str, hang: usize) -> usize {
    let plain: String = line.chars().filter(|&c| !is_mark(c)).collect();
    let text = plain.trim_start_matches(' ');
    let indent = plain.len() - text.len();
    let label = text
        .find(": ")
        .filter(|&end| text[..end].bytes().all(|byte| byte.is_ascii_lowercase()));
    let behind = label.map(|end| {
        let rest = &text[end + 1..];
        indent + end + 1 + rest.len() - rest.trim_start_matches(' ').len()
    });
    second_column(line)
        .or(behind.filter(|&behind| behind <= LABEL))
        .unwrap_or(indent + hang)
}

/// The column at which the second field of a row begins: after a marked first field and its
/// padding.
fn second_column(line: &str) -> Option<usize> {
    let text = line.trim_start_matches(' ');
    let mut characters = text.char_indices();
    let (_, first) = characters.next()?;
    let (end, _) = characters.find(|(_, character)| is_mark(*character))?;
    let rest = text[end..].trim_start_matches(ends);
    let blanks = rest.len() - rest.trim_start_matches(' ').len();
    let is_filled = text[..end].ends_with(' ') || blanks > 1;
    let indent = line.len() - text.len();
    (is_mark(first) && is_filled).then(|| indent + width(&text[..end]) + blanks)
}

/// The unbreakable pieces of a line, each with the blanks after it: words, and commands in
/// backticks or marked as such.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut quoted, mut marked, mut blank) = (0, false, false, false);
    for (at, character) in text.char_indices() {
        if blank && character != ' ' {
            pieces.push(&text[start..at]);
            start = at;
        }
        match character {
            // A backtick without a partner quotes nothing.
            '`' => quoted = !quoted && text[at + 1..].contains('`'),
            _ if begins_command(character) => marked = true,
            _ if ends(character) => marked = false,
            _ => {}
        }
        blank = character == ' ' && !quoted && !marked;
    }
    pieces.push(&text[start..]);
    pieces
}

/// The width of a text in columns.
pub(super) fn width(text: &str) -> usize {
    text.chars()
        .filter(|&character| !is_mark(character))
        .map(|character| character.width().unwrap_or(0))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::super::Role;
    use super::super::escape::mark;
    use super::*;

    #[track_caller]
    fn check(text: &str, columns: usize, expected: &str) {
        assert_eq!(fold(text, Some(columns), 4), expected);
    }

    #[test]
    fn short_lines_and_unlimited_widths_are_not_folded() {
        check("a b\n  c", 20, "a b\n  c");
        let long = "word ".repeat(99);
        assert_eq!(fold(&long, None, 4), long);
    }

    #[test]
    fn continuation_lines_are_indented_below_their_label() {
        check(
            "  do:   see who holds all the places",
            24,
            "  do:   see who holds\n        all the places",
        );
        check(
            "possible: a rather long sentence is here",
            24,
            "possible: a rather long\n          sentence is\n          here",
        );
        check(
            "  /var/log/auth.log:1: one two three",
            24,
            "  /var/log/auth.log:1:\n      one two three",
        );
    }

    #[test]
    fn continuation_lines_are_indented_below_the_second_column() {
        let row = format!("  {} a title of some words", mark(Role::Title, "name  "));
        let title = mark(Role::Title, "name  ");
        let expected = format!("  {title} a title of\n         some words");
        assert_eq!(fold(&row, Some(20), 4), expected);
        let wide = format!("  {}  a title", mark(Role::Title, "long-name"));
        let expected = format!("  {}  a\n        title", mark(Role::Title, "long-name"));
        assert_eq!(
            fold(&wide, Some(16), 4),
            expected,
            "at most half of the width"
        );
    }

    #[test]
    fn a_command_is_never_broken() {
        check(
            "  do:   look: `ss -tn state established` and end it",
            30,
            "  do:   look:\n        `ss -tn state established`\n        and end it",
        );
        let command = mark(
            Role::Command,
            "sshmend fix sshd-config MaxStartups=100:30:200",
        );
        let line = format!("  mend: {command}");
        assert_eq!(
            fold(&line, Some(30), 4),
            format!("  mend:\n        {command}")
        );
        check(
            "it`s a lone backtick here",
            12,
            "it`s a lone\n    backtick\n    here",
        );
    }

    #[test]
    fn wide_characters_take_two_columns_and_combining_marks_take_none() {
        check("東京 東京 東京", 10, "東京 東京\n    東京");
        let title = mark(Role::Title, "aa bb cc");
        assert_eq!(fold(&title, Some(8), 4), title);
    }

    #[test]
    fn folding_keeps_every_word_in_order_at_any_width() {
        let text = "  note:   one two `three four five` six seven-eight-nine-ten eleven [twelve]";
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        for columns in 1..90 {
            let folded = fold(text, Some(columns), 4);
            assert_eq!(words(&folded), words(text), "{columns}");
            let too_long = |line: &&str| width(line) > columns && line.trim().contains(' ');
            let broken = folded.lines().find(too_long);
            assert!(
                broken.is_none_or(|line| line.contains('`') || columns < 20),
                "{columns}: {broken:?}"
            );
        }
    }
}
