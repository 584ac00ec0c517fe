//! The places in a text at which a message may begin, if its envelope is unknown.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use memchr::{memchr, memchr3};

use super::stamp::number;
use crate::program::Program;

/// The offsets at which a word begins, or a line in a string with `
/// ` for line ends; from left to right.
pub(crate) fn starts(text: &[u8]) -> impl Iterator<Item = usize> {
    // Most texts have none, which is determined for the whole text at once.
    let has_escapes = memchr(b'\\', text).is_some();
    let after_escape = |at: usize| matches!(text[..at], [.., b'\\', b'n' | b'r' | b't']);
    let mut inside = false;
    text.iter().enumerate().filter_map(move |(at, &byte)| {
        let class = CLASSES[usize::from(byte)];
        let begins = class != BLANK && (!inside || has_escapes && after_escape(at));
        inside = class == INSIDE;
        begins.then_some(at)
    })
}

/// The class of a byte: not graphic, within a word, or anything else.
const CLASSES: [u8; 256] = {
    let mut classes = [BLANK; 256];
    let mut byte = 0;
    while byte < 0x80 {
        let char = byte as u8;
        classes[byte] = if char.is_ascii_alphanumeric() || matches!(char, b'_' | b'-' | b'.' | b'/')
        {
            INSIDE
        } else if char.is_ascii_graphic() {
            OUTSIDE
        } else {
            BLANK
        };
        byte += 1;
    }
    classes
};
const BLANK: u8 = 0;
const INSIDE: u8 = 1;
const OUTSIDE: u8 = 2;

/// Whether the end of an envelope may follow the message in this text.
pub(crate) fn is_closed(text: &[u8]) -> bool {
    without_close(text).is_some() || has_mark(text)
}

/// Whether a byte that closes something stands anywhere in the text.
fn has_mark(text: &[u8]) -> bool {
    memchr3(b'\\', b'"', b'<', text).is_some() || memchr3(b'`', b'\r', b'\'', text).is_some()
}

/// The most ends that [`ends`] returns.
pub(crate) const MOST_ENDS: usize = 10;

/// The possible messages: up to the end of the text, or up to what an envelope may put after it:
/// quotes, brackets, a full stop, markup, a line end written as `
/// `. The longest first; there are never more than [`MOST_ENDS`].
pub(crate) fn ends(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = text.trim_ascii_end();
    let cut = &whole[..line_end(whole)];
    let cut = (cut.len() < whole.len()).then_some(cut.trim_ascii_end());
    stripped(whole).chain(cut.into_iter().flat_map(stripped))
}

/// The text, and the rest of it after removing up to four closing characters.
fn stripped(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(text), |&text| without_close(text)).take(5)
}

fn without_close(text: &[u8]) -> Option<&[u8]> {
    // Quotation marks of several languages.
    const MARKS: [&str; 4] = ["\u{201d}", "\u{2019}", "\u{bb}", "\u{201c}"];
    let (last, rest) = text.split_last()?;
    if last.is_ascii() {
        return b"'\"`)].,;}>!*|"
            .contains(last)
            .then(|| rest.trim_ascii_end());
    }
    MARKS
        .iter()
        .find_map(|mark| text.strip_suffix(mark.as_bytes()))
        .map(<[u8]>::trim_ascii_end)
}

/// The end of a string or an element within a text: a line feed or its escape, a backquote, markup,
/// a quote before a comma or a brace.
fn line_end(text: &[u8]) -> usize {
    let ends = |at: &usize| {
        let rest = &text[*at..];
        match rest[0] {
            b'\n' | b'\r' | b'`' => true,
            b'\\' => matches!(rest, [_, b'n' | b'r', ..]),
            b'#' => rest.starts_with(b"#015"),
            b'<' => rest.starts_with(b"</") || rest.starts_with(b"<br"),
            b'"' => matches!(rest, [_, b',' | b'}', ..]),
            b'\'' => matches!(rest, [_, b'}', ..] | [_, b',', b' ', ..]),
            _ => false,
        }
    };
    (0..text.len()).find(ends).unwrap_or(text.len())
}

static SSHD: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("sshd"));
static DROPBEAR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("dropbear"));

/// The first place where an SSH server is named with its process, in a text about which nothing
/// else is known: `… sshd[812]: message`.
pub(crate) fn tagged(text: &[u8]) -> Option<(Program, Option<u32>, &[u8])> {
    // Most texts name neither.
    if SSHD.find(text).is_none() && DROPBEAR.find(text).is_none() {
        return None;
    }
    starts(text).find_map(|at| {
        let rest = text[at..]
            .strip_prefix(b"sshd")
            .or_else(|| text[at..].strip_prefix(b"dropbear"))?;
        let open = memchr(b'[', &rest[..rest.len().min(16)])?;
        let name = &text[at..text.len() - rest.len() + open];
        let (pid, rest) = number(&rest[open + 1..])?;
        let message = rest
            .strip_prefix(b"]")?
            .strip_prefix(b":")?
            .trim_ascii_start();
        Some((Program::named(name), Some(pid), message))
            .filter(|(program, ..)| program.is_ssh_server())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
        texts
            .map(|text| String::from_utf8_lossy(text).into_owned())
            .collect()
    }

    #[test]
    fn a_message_may_begin_at_any_word() {
        let text = b"[a/b] c-d \"e\": f=g\\nh";
        let found = shown(starts(text).map(|at| &text[at..=at]));
        assert_eq!(found, ["[", "a", "c", "\"", "e", ":", "f", "g", "n", "h"]);
    }

    #[test]
    fn marks_are_found_at_any_position() {
        let mut random = fastrand::Rng::with_seed(3);
        let marks = b"\\\"<`\r'";
        for _ in 0..5_000 {
            let mut text = vec![b'a'; random.usize(0..50)];
            if let Some(at) = random
                .bool()
                .then(|| random.choice(0..text.len()))
                .flatten()
            {
                text[at] = random.u8(..);
            }
            let expected = text.iter().any(|by| marks.contains(by));
            assert_eq!(has_mark(&text), expected, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn closing_quotes_and_brackets_are_stripped() {
        assert_eq!(
            shown(ends(b"Bye port 22'}).")),
            [
                "Bye port 22'}).",
                "Bye port 22'})",
                "Bye port 22'}",
                "Bye port 22'",
                "Bye port 22",
                "Bye port 22"
            ]
        );
        assert_eq!(shown(ends(b"Bye\\r\\nmore")), ["Bye\\r\\nmore", "Bye"]);
        assert_eq!(shown(ends(b"Bye</p>"))[2..], ["Bye"]);
        assert_eq!(
            shown(ends(b"Bye.\",\"x\":1}")).last().map(String::as_str),
            Some("Bye")
        );
    }
}
