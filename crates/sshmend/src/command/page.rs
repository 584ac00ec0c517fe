//! The page of a cause on a terminal: headings and paragraphs instead of Markdown.

use crate::output::{Output, Role};

/// The greatest width for prose, because longer lines are hard to read.
const WIDEST: usize = 100;

/// The first words of a paragraph, and its heading.
const HEADINGS: [(&str, &str); 7] = [
    ("**Known", "How it is known"),
    ("**Certain", "How it is known"),
    ("**Likely", "How it is known"),
    ("**Suspected", "How it is known"),
    ("**Only suspected", "How it is known"),
    ("**Mended", "How it is mended"),
    ("**It is no", "What it is not"),
];

/// Renders the text of a page.
pub(super) fn render(output: &Output, markdown: &str) -> String {
    let mut text = String::new();
    let mut above = "";
    for paragraph in markdown.split("\n\n") {
        let begins = |(words, _): &&(&str, &str)| paragraph.starts_with(words);
        let heading = HEADINGS.iter().find(begins).map(|(_, heading)| *heading);
        if let Some(heading) = heading.filter(|heading| *heading != above) {
            text.push_str(&format!("{}\n", output.paint(Role::Title, heading)));
            above = heading;
        }
        text.push_str(&format!("{}\n\n", self::paragraph(output, paragraph)));
    }
    output.fold_to(text.trim_end(), WIDEST) + "\n"
}

/// One paragraph in one line, unless it is a list, a table or code, whose lines are kept.
fn paragraph(output: &Output, markdown: &str) -> String {
    let stays = |line: &str| line.starts_with(['|', ' ']) || line.starts_with("- ");
    let mut lines: Vec<String> = Vec::new();
    for line in markdown.lines() {
        match lines.last_mut() {
            Some(last) if !stays(line) || line.starts_with("  ") && last.starts_with("- ") => {
                last.push(' ');
                last.push_str(line.trim_start());
            }
            _ => lines.push(line.to_owned()),
        }
    }
    let bold: Vec<String> = lines.iter().map(|line| bold(output, line)).collect();
    bold.join("\n")
}

/// Formats the text between pairs of `**`.
fn bold(output: &Output, line: &str) -> String {
    let parts = line.split("**").enumerate();
    let dressed = parts.map(|(at, part)| {
        if at % 2 == 1 {
            output.paint(Role::Title, part)
        } else {
            code(output, part)
        }
    });
    dressed.collect()
}

/// Formats the text between backticks: in colour if colour is on, else the backticks stay.
fn code(output: &Output, text: &str) -> String {
    if !output.has_color() || text.matches('`').count() % 2 == 1 {
        return text.to_owned();
    }
    let parts = text.split('`').enumerate();
    let dressed = parts.map(|(at, part)| {
        if at % 2 == 1 {
            output.paint(Role::Command, part)
        } else {
            part.to_owned()
        }
    });
    dressed.collect()
}
