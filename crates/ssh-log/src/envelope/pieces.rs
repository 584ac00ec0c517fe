//! The places in a text at which a message may stand, where its envelope is not known.

use memchr::{memchr, memchr2, memchr3, memmem};

use super::stamp::number;
use crate::program::Program;

/// The offsets at which a word begins, or a line in a string that writes its end as `\n`; from the left.
pub(crate) fn starts(text: &[u8]) -> impl Iterator<Item = usize> {
    let inside =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/');
    let after_escape = |at: usize| matches!(text[..at], [.., b'\\', b'n' | b'r' | b't']);
    (0..text.len()).filter(move |&at| {
        text[at].is_ascii_graphic() && (at == 0 || !inside(text[at - 1]) || after_escape(at))
    })
}

/// Whether something may close an envelope behind the message in this text.
pub(crate) fn is_closed(text: &[u8]) -> bool {
    without_close(text).is_some()
        || memchr3(b'\\', b'"', b'<', text).is_some()
        || memchr3(b'`', b'\r', b'\'', text).is_some()
}

/// A message that ends with the text, or before what an envelope puts behind it: quotes, brackets, a full stop, markup,
/// the end of a line that a string writes as `\n`. The longest first; there are never more than ten.
pub(crate) fn ends(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = text.trim_ascii_end();
    let cut = &whole[..line_end(whole)];
    let cut = (cut.len() < whole.len()).then_some(cut.trim_ascii_end());
    stripped(whole).chain(cut.into_iter().flat_map(stripped))
}

/// The text and what is left of it when up to four characters that close something are taken off.
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

/// Where a string or an element ends within a text.
fn line_end(text: &[u8]) -> usize {
    let breaks = [
        memmem::find(text, b"\\n"),
        memmem::find(text, b"\\r"),
        memmem::find(text, b"#015"),
    ];
    let quotes = [
        memchr2(b'\n', b'\r', text),
        memchr(b'`', text),
        memmem::find(text, b"</"),
        memmem::find(text, b"<br"),
    ];
    let string = [b"\",".as_slice(), b"\"}", b"', ", b"'}"].map(|end| memmem::find(text, end));
    breaks
        .into_iter()
        .chain(quotes)
        .chain(string)
        .flatten()
        .min()
        .unwrap_or(text.len())
}

/// The first place where a server of SSH names itself with its process, in a text of which no more is known:
/// `… sshd[812]: message`.
pub(crate) fn tagged(text: &[u8]) -> Option<(Program, Option<u32>, &[u8])> {
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
    fn a_message_may_begin_with_every_word() {
        let text = b"[a/b] c-d \"e\": f=g\\nh";
        let found = shown(starts(text).map(|at| &text[at..=at]));
        assert_eq!(found, ["[", "a", "c", "\"", "e", ":", "f", "g", "n", "h"]);
    }

    #[test]
    fn what_closes_an_envelope_is_taken_off() {
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
