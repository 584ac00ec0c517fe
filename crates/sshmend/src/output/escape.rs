//! Escaping of hostile text: control characters must be visible to a person and have no effect on a
//! terminal.
//!
//! [`line()`] escapes one piece of text within a line. The one writer of this program
//! ([`super::Output`]) passes everything through [`screen`] and [`document`], so that nothing
//! reaches a terminal unescaped.

use std::fmt::Write as _;

use super::role::Role;

/// Mark the beginning and the end of a role in text on its way to the writer. They are
/// noncharacters, which text does not contain (Unicode, section 23.7); in hostile text they could
/// at worst produce a colour.
const BEGIN: u32 = 0xfdd0;
const END: char = '\u{fdef}';

/// Replaces every control character, bidirectional override and invisible character by a visible escape; TAB stays.
pub(crate) fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    special(text, &mut out, |character, out| match character {
        '\t' => out.push('\t'),
        _ if is_hostile(character) => out.extend(character.escape_default()),
        _ => out.push(character),
    });
    out
}

/// Copies text and calls `each` for every character that is not printable ASCII: nearly all of a
/// long output is.
fn special(text: &str, out: &mut String, mut each: impl FnMut(char, &mut String)) {
    let mut rest = text;
    loop {
        let plain = rest
            .bytes()
            .position(|byte| !matches!(byte, b' '..=b'~'))
            .unwrap_or(rest.len());
        let (harmless, behind) = rest.split_at(plain);
        out.push_str(harmless);
        let mut characters = behind.chars();
        let Some(character) = characters.next() else {
            return;
        };
        each(character, out);
        rest = characters.as_str();
    }
}

/// Marks text with its role; the writer turns that into colour, or drops it.
pub(super) fn mark(role: Role, text: &str) -> String {
    let mut marked = String::with_capacity(text.len() + 2 * END.len_utf8());
    marked.push(char::from_u32(BEGIN + role as u32).unwrap_or(END));
    marked.push_str(text);
    marked.push(END);
    marked
}

/// Text as it may reach a terminal: lines, TAB and, if colour is wanted, the marked roles; only
/// ASCII if the terminal shows nothing else.
pub(super) fn screen(text: &str, color: bool, ascii: bool) -> String {
    let mut out = String::with_capacity(text.len());
    special(text, &mut out, |character, out| match character {
        '\t' | '\n' => out.push(character),
        _ if is_mark(character) => {
            if color {
                out.push_str(&style(character));
            }
        }
        _ if is_hostile(character) => out.extend(character.escape_default()),
        _ if ascii && !character.is_ascii() => match in_ascii(character) {
            Some(text) => out.push_str(text),
            None => out.extend(character.escape_default()),
        },
        _ => out.push(character),
    });
    out
}

/// Text with ASCII for the characters that this program prints of its own: some of it is wider, so that this comes before lines are
/// broken.
pub(super) fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    special(text, &mut out, |character, out| match in_ascii(character) {
        Some(text) => out.push_str(text),
        None => out.push(character),
    });
    out
}

/// The ASCII replacement for a character that this program prints itself.
fn in_ascii(character: char) -> Option<&'static str> {
    Some(match character {
        '…' => "...",
        '▁' => "_",
        '▂' => ".",
        '▃' => ":",
        '▄' => "-",
        '▅' => "=",
        '▆' => "+",
        '▇' => "*",
        '█' => "#",
        '×' => "x",
        '–' | '—' => "-",
        '’' => "'",
        _ => return None,
    })
}

/// Whether a character marks the beginning or the end of a role, and is not printed.
pub(super) fn is_mark(character: char) -> bool {
    character == END || role(character).is_some()
}

/// Whether it marks the beginning of a command.
pub(super) fn begins_command(character: char) -> bool {
    character as u32 == BEGIN + Role::Command as u32
}

/// Whether it marks the end of a role.
pub(super) fn ends(character: char) -> bool {
    character == END
}

/// The role that a mark begins.
fn role(character: char) -> Option<Role> {
    let number = (character as u32).checked_sub(BEGIN)?;
    Role::ALL.into_iter().find(|role| *role as u32 == number)
}

/// The style for a mark.
fn style(mark: char) -> String {
    match role(mark) {
        Some(role) => role.style().to_string(),
        None => format!("{:#}", Role::Title.style()),
    }
}

/// JSON whose strings contain nothing that could deceive a terminal or a reader; its meaning does
/// not change (RFC 8259, section 7).
pub(super) fn document(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    special(json, &mut out, |character, out| {
        if character == '\n' || !is_hostile(character) {
            out.push(character);
            return;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    });
    out
}

fn is_hostile(character: char) -> bool {
    character.is_control() || is_deceptive(character)
}

/// Characters that reorder or hide the text around them: bidirectional controls, those that fonts
/// do not display (Unicode's `Default_Ignorable_Code_Point`), line and paragraph separators,
/// noncharacters.
fn is_deceptive(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        || character as u32 & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each kind: C0, DEL, C1, bidirectional controls, invisible characters, separators,
    /// tags, noncharacters.
    const HOSTILE: &str = "\x00\x07\x08\r\x1b\x7f\u{80}\u{9b}\u{9f}\u{61c}\u{200e}\u{202e}\u{2066}\u{2069}\u{ad}\u{180e}\
        \u{200b}\u{200d}\u{2060}\u{feff}\u{3164}\u{2028}\u{2029}\u{e0001}\u{e007f}\u{fe0f}\u{fdd0}\u{fdef}\u{ffff}\u{10fffe}";

    #[test]
    fn control_sequences_never_reach_the_terminal() {
        let cases = [
            ("plain\ttext", "plain\ttext"),
            ("\x1b[2Jgone", "\\u{1b}[2Jgone"),
            ("a\rb\n", "a\\rb\\n"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("user\u{202e}toor", "user\\u{202e}toor"),
            ("Zürich", "Zürich"),
        ];
        for (hostile, harmless) in cases {
            assert_eq!(line(hostile), harmless);
        }
        for escaped in [line(HOSTILE), screen(HOSTILE, false, false)] {
            assert!(
                escaped.is_ascii() && escaped.chars().all(|c| !c.is_control()),
                "{escaped:?}"
            );
        }
        let colored = screen(
            &format!("{}{HOSTILE}", mark(Role::Bad, "x\x1b[2J")),
            true,
            false,
        );
        let plain = colored
            .replace("\x1b[31m", "")
            .replace("\x1b[0m", "")
            .replace("\x1b[1m", "");
        assert!(plain.is_ascii() && !plain.contains('\x1b'), "{plain:?}");
    }

    #[test]
    fn roles_become_colour_only_if_colour_is_wanted() {
        let text = format!("a\n\t{}\n", mark(Role::Good, "b"));
        assert_eq!(screen(&text, false, false), "a\n\tb\n");
        assert_eq!(screen(&text, true, false), "a\n\t\x1b[32mb\x1b[0m\n");
    }

    #[test]
    fn ascii_locales_get_ascii_only() {
        let text = "a … b ▁▂▃▄▅▆▇█ Zürich 東\n";
        let shown = screen(text, false, true);
        assert_eq!(shown, "a ... b _.:-=+*# Z\\u{fc}rich \\u{6771}\n");
        assert_eq!(screen(text, false, false), text);
    }

    #[test]
    fn an_escaped_document_has_the_same_meaning() {
        let value = serde_json::json!({ "hostile": HOSTILE, "plain": ["Zürich", 7] });
        let text = document(&serde_json::to_string_pretty(&value).expect("JSON"));
        assert!(
            text.chars().all(|c| c == '\n' || !is_hostile(c)),
            "{text:?}"
        );
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).expect("JSON"),
            value
        );
    }
}
