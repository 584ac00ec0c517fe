//! A line of a file with the relevant place marked.

use super::Output;
use super::escape::line;
use super::fold::width;
use super::role::Role;

const INDENT: usize = 6;

/// The number of columns of a line to show if the width of the output is not known.
const ROOM: usize = 94;

/// The number of columns kept before the place when the beginning is cut.
const BEFORE: usize = 12;

/// The line, and below it the label of the `length` characters from `column` on (counted from 1).
pub(super) fn excerpt(
    output: &Output,
    text: &str,
    column: usize,
    length: usize,
    label: &str,
) -> String {
    let room = output
        .out
        .columns
        .map_or(ROOM, |columns| columns - INDENT.min(columns));
    let characters: Vec<char> = text
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .collect();
    let start = column.saturating_sub(1).min(characters.len());
    let end = (start + length.max(1)).min(characters.len());
    let part = |from: usize, to: usize| line(&characters[from..to].iter().collect::<String>());
    let (whole, before) = (part(0, characters.len()), part(0, start));
    let (shown, before) = if width(&whole) <= room || width(&part(0, end)) <= room {
        (whole, before)
    } else {
        let from = start.saturating_sub(BEFORE);
        (
            format!("…{}", part(from, characters.len())),
            format!("…{}", part(from, start)),
        )
    };
    let shown = output.out.cut(&shown, room);
    let indent = " ".repeat(INDENT);
    let carets = "^".repeat(width(&part(start, end)).clamp(1, room));
    let space = " ".repeat(width(&before));
    let label = output.quote(Role::Bad, &format!("{carets} {label}"));
    format!("{indent}{shown}\n{indent}{space}{label}")
}

/// As much of a text as there is room for, with the ellipsis.
pub(super) fn cut(text: &str, room: usize, ellipsis: &str) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut cut = String::new();
    for character in text.chars() {
        cut.push(character);
        if width(&cut) + width(ellipsis) > room {
            cut.pop();
            break;
        }
    }
    cut + ellipsis
}

#[cfg(test)]
mod tests {
    use super::super::tests::output;
    use super::*;

    #[test]
    fn the_carets_are_below_the_place() {
        let cases = [
            (80, "Prot 22", 1, 4, "      Prot 22\n      ^^^^ meant?"),
            (
                80,
                "\tPort 99999",
                7,
                5,
                "       Port 99999\n            ^^^^^ meant?",
            ),
            (80, "", 1, 4, "      \n      ^ meant?"),
            (80, "東京 x", 4, 1, "      東京 x\n           ^ meant?"),
            (80, "\x1b x", 3, 1, "      \\u{1b} x\n             ^ meant?"),
            (80, "short", 99, 9, "      short\n           ^ meant?"),
        ];
        for (columns, text, column, length, expected) in cases {
            let shown = excerpt(&output(Some(columns)), text, column, length, "meant?");
            let plain = super::super::escape::screen(&shown, false, false);
            assert_eq!(plain, expected, "{text:?}");
        }
    }

    #[test]
    fn long_lines_are_cut_to_the_place_of_the_fault() {
        let text = format!("{} bad {}", "a".repeat(60), "b".repeat(60));
        let shown = excerpt(&output(Some(40)), &text, 62, 3, "here");
        let plain = super::super::escape::screen(&shown, false, false);
        let lines: Vec<&str> = plain.lines().collect();
        let at = lines[1].find("^^^").expect("carets");
        let under: String = lines[0].chars().skip(at).take(3).collect();
        assert_eq!(under, "bad");
        assert!(lines.iter().all(|line| width(line) <= 40), "{plain}");
    }
}
