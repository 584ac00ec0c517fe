//! A message as it was before it was copied, typeset or put into a web page.
//!
//! A person pastes from a chat, a ticket or the text of a screenshot: quotation marks have become
//! typographic, blanks have been doubled, characters have become HTML entities, and the colours of a
//! terminal have lost the byte that makes them invisible. A line is changed only if a message is
//! known in it that was not known before.

use std::borrow::Cow;

use jiff::Timestamp;

use super::scan;
use super::words::Scope;
use crate::envelope::Clock;
use crate::reader::Reader;

/// More is not a paste.
const LARGEST: usize = 1 << 20;

/// The text with its messages restored.
pub fn restored(text: &[u8]) -> Cow<'_, [u8]> {
    let Ok(whole) = std::str::from_utf8(text) else {
        return Cow::Borrowed(text);
    };
    if text.len() > LARGEST || whole.contains('\0') {
        return Cow::Borrowed(text);
    }
    let lines: Vec<Cow<'_, str>> = whole.split('\n').map(line).collect();
    Cow::Owned(lines.join("\n").into_bytes())
}

fn line(own: &str) -> Cow<'_, str> {
    let plain = without_colours(own);
    let set = single_blanks(&ascii(&entities(&plain)));
    let gains = |known: fn(&str) -> bool| known(&set) && !known(&plain);
    if set != plain && (gains(is_of_client) || gains(is_of_log)) {
        Cow::Owned(set)
    } else {
        plain
    }
}

/// Whether a line contains a message of a client.
fn is_of_client(line: &str) -> bool {
    let scan = scan::scan(line.trim().as_bytes());
    let sure = |hit: &scan::Hit| matches!(hit.entry.scope, Scope::Anywhere | Scope::Debug);
    scan.debug || scan.hits.iter().any(sure)
}

/// Whether the rules for logs know its message.
fn is_of_log(line: &str) -> bool {
    let mut reader = Reader::new(Clock::utc(Timestamp::UNIX_EPOCH));
    reader.feed(line.as_bytes(), &mut |_| {});
    reader.finish(&mut |_| {});
    reader.census().understood > 0
}

/// Removes sequences of ECMA-48 whose escape character was lost or is written out.
fn without_colours(line: &str) -> Cow<'_, str> {
    const ESCAPES: [&str; 8] = [
        "\\x1b", "\\x1B", "\\u001b", "\\033", "\\e", "^[", "\u{241b}", "",
    ];
    if !line.contains('[') {
        return Cow::Borrowed(line);
    }
    let mut kept = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let order = ESCAPES.iter().find_map(|escape| {
            let parameters = rest.strip_prefix(escape)?.strip_prefix('[')?;
            of_colour(parameters, escape.is_empty())
        });
        match order {
            Some(behind) => rest = behind,
            None => {
                kept.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    Cow::Owned(kept)
}

/// The text behind the parameters and the letter of a sequence. Without its escape character only
/// that of a colour is one for sure.
fn of_colour(text: &str, is_bare: bool) -> Option<&str> {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
    let numbered = digits.len() < text.len();
    match digits.chars().next()? {
        'm' if numbered || !is_bare => Some(&digits[1..]),
        'A'..='H' | 'J' | 'K' if !is_bare => Some(&digits[1..]),
        _ => None,
    }
}

/// Decodes the entities of HTML that stand for characters of messages.
fn entities(line: &str) -> Cow<'_, str> {
    if !line.contains('&') {
        return Cow::Borrowed(line);
    }
    let mut kept = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('&') {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        match entity(rest) {
            Some((character, behind)) => {
                kept.push(character);
                rest = behind;
            }
            None => {
                kept.push('&');
                rest = &rest[1..];
            }
        }
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

fn entity(text: &str) -> Option<(char, &str)> {
    let (name, behind) = text.strip_prefix('&')?.split_once(';')?;
    let number = |digits: &str, radix| char::from_u32(u32::from_str_radix(digits, radix).ok()?);
    let character = match name {
        "quot" => '"',
        "apos" => '\'',
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "nbsp" => ' ',
        _ => {
            let code = name.strip_prefix('#')?;
            match code.strip_prefix(['x', 'X']) {
                Some(digits) => number(digits, 16)?,
                None => number(code, 10)?,
            }
        }
    };
    Some((character, behind))
}

/// Writes what typesetting has changed in the characters of ssh.
fn ascii(line: &str) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{2039}' | '\u{203a}' | '\u{b4}' => {
                kept.push('\'');
            }
            '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{ab}' | '\u{bb}' => kept.push('"'),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => kept.push('-'),
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
                kept.push(' ');
            }
            '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => {}
            '\u{2026}' => kept.push_str("..."),
            '\u{fb00}' => kept.push_str("ff"),
            '\u{fb01}' => kept.push_str("fi"),
            '\u{fb02}' => kept.push_str("fl"),
            // Full-width forms of ASCII.
            '\u{ff01}'..='\u{ff5e}' => {
                kept.extend(char::from_u32(u32::from(character) - 0xfee0));
            }
            // Markdown and shells escape these.
            '\\' if matches!(characters.peek(), Some('\'' | '"' | '_' | '*' | '[' | ']')) => {}
            _ => kept.push(character),
        }
    }
    kept
}

/// Writes runs of blanks and tabs as one blank; those at the beginning indent the line.
fn single_blanks(line: &str) -> String {
    let text = line.trim_start_matches([' ', '\t']);
    let mut kept = line[..line.len() - text.len()].to_owned();
    for character in text.chars() {
        match character {
            ' ' | '\t' if kept.ends_with(' ') => {}
            '\t' => kept.push(' '),
            _ => kept.push(character),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(text: &str) -> String {
        String::from_utf8_lossy(&restored(text.as_bytes())).into_owned()
    }

    #[test]
    fn messages_that_were_altered_on_the_way_are_restored() {
        const OPEN: &str = "Permissions 0644 for '/home/u/.ssh/id' are too open.";
        const FAILED: &str = "Host key verification failed.";
        const DROPPED: &str = "Nov 29 03:14:07 gate sshd[812]: drop connection #10 from [203.0.113.5]:40122 on [192.0.2.10]:22 past MaxStartups";
        for (altered, message) in [
            (
                "Permissions 0644 for \u{2018}/home/u/.ssh/id\u{2019} are too open.",
                OPEN,
            ),
            (
                "Permissions 0644 for &#39;/home/u/.ssh/id&#x27; are too open.",
                OPEN,
            ),
            (
                "Permissions 0644 for \\'/home/u/.ssh/id\\' are too open.",
                OPEN,
            ),
            (
                "Permissions\t0644  for '/home/u/.ssh/id' are  too open.",
                OPEN,
            ),
            ("Host\u{a0}key&nbsp;veri\u{fb01}cation failed.", FAILED),
            ("\u{200b}Host key verification failed.", FAILED),
            ("[31mHost key verification failed.[0m", FAILED),
            ("^[[1;31mHost key verification failed.^[[0m^[[K", FAILED),
            ("\\x1b[31mHost key \\u001b[0mverification failed.", FAILED),
            (
                "Ｈｏｓｔ ｋｅｙ ｖｅｒｉｆｉｃａｔｉｏｎ ｆａｉｌｅｄ．",
                FAILED,
            ),
            (&DROPPED.replace(' ', "  "), DROPPED),
            (&DROPPED.replace(' ', "\u{a0}"), DROPPED),
        ] {
            assert_eq!(text_of(altered), message, "{altered}");
        }
    }

    #[test]
    fn known_and_unknown_lines_stay_as_they_are() {
        for text in [
            "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n",
            "Nov  9 03:14:07 gate sshd[812]: Invalid user \u{ab}x\u{bb} from 192.0.2.7 port 1",
            "he said \u{201c}no\u{201d} &amp;  left [1;2] [main] [0] [12]:22",
            "ssh: connect to host h port 22: Connection refused\r\n\r\n  x\n",
        ] {
            assert_eq!(text_of(text), text);
        }
        assert_eq!(restored(b"\xff \0"), &b"\xff \0"[..]);
    }
}
