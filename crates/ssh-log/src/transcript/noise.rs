//! The layers that terminals, encodings and JSON put around a client's messages.

use std::borrow::Cow;

use crate::envelope::decoded;

/// More than any transcript, decompressed.
const LIMIT: u64 = 64 << 20;

/// A text without its encoding and compression.
pub(super) fn plain(text: &[u8]) -> Cow<'_, [u8]> {
    decoded(text, LIMIT)
}

/// The lines of a plain text, without the bytes that only a terminal needs. A text may have
/// millions of lines: those that need no change are not copied.
pub(super) fn lines(plain: &[u8]) -> impl Iterator<Item = Cow<'_, [u8]>> {
    plain.split(|&byte| byte == b'\n').map(visible)
}

/// The line without terminal control sequences (ECMA-48: `ESC [ … letter`, `ESC ] … BEL`), carriage
/// returns and blanks at its end.
fn visible(line: &[u8]) -> Cow<'_, [u8]> {
    let line = line.trim_ascii_end();
    if memchr::memchr2(0x1b, b'\r', line).is_none() {
        return Cow::Borrowed(line);
    }
    let mut seen = Vec::with_capacity(line.len());
    let mut rest = line;
    while let [first, tail @ ..] = rest {
        rest = match (first, tail) {
            (0x1b, [b'[', order @ ..]) => after(order, |byte| (0x40..=0x7e).contains(&byte)),
            (0x1b, [b']', order @ ..]) => after(order, |byte| byte == 0x07),
            (0x1b | b'\r', _) => tail,
            _ => {
                seen.push(*first);
                tail
            }
        };
    }
    seen.truncate(seen.trim_ascii_end().len());
    Cow::Owned(seen)
}

fn after(order: &[u8], ends: fn(u8) -> bool) -> &[u8] {
    order
        .iter()
        .position(|&byte| ends(byte))
        .map_or(&[], |at| &order[at + 1..])
}

/// The lines within a line: split at line ends that JSON and Python's representations write as `\r
/// `, and cut at the quotation mark that ends a JSON value.
pub(super) fn pieces(line: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < line.len() {
        let ends = match &line[at..] {
            [b'\\', b'n', ..] => Some(2),
            [b'"', b',' | b'}' | b']', ..] => Some(1),
            _ => None,
        };
        if let Some(width) = ends {
            pieces.push(without_escapes(&line[start..at]));
            start = at + width;
        }
        at += ends.unwrap_or(1);
    }
    pieces.push(&line[start..]);
    pieces
}

fn without_escapes(piece: &[u8]) -> &[u8] {
    let end = piece
        .iter()
        .rposition(|&byte| byte != b'\\')
        .map_or(0, |at| at + 1);
    let piece = &piece[..end];
    match piece.strip_suffix(b"\\r") {
        Some(rest) => without_escapes(rest),
        None => piece,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_sequences_and_encodings_are_removed() {
        let shown = |text: &[u8]| -> Vec<String> {
            lines(&plain(text))
                .map(|line| String::from_utf8_lossy(&line).into_owned())
                .collect()
        };
        let text = b"\xef\xbb\xbf\x1b[1;31mssh:\x1b[0m x\r\n\x1b]0;title\x07y \x1b[0m\r\n";
        assert_eq!(shown(text), ["ssh: x", "y", ""]);
        assert_eq!(shown(b"\xff\xfeh\0i\0\r\0\n\0"), ["hi", ""]);
        assert_eq!(
            shown(b"x\x1b[ \r\n a\x1b \r \nb\x1b]\t\n\rc"),
            ["x", " a", "b", "c"]
        );
    }

    #[test]
    fn escaped_line_ends_end_a_line() {
        let shown = |line: &'static str| -> Vec<String> {
            pieces(line.as_bytes())
                .iter()
                .map(|piece| String::from_utf8_lossy(piece).into_owned())
                .collect()
        };
        assert_eq!(shown("a: b\\r\\nc\\\\r\\\\nd"), ["a: b", "c", "d"]);
        assert_eq!(
            shown("{\"msg\": \"x\", \"y\": 1}"),
            ["{\"msg\": \"x", ", \"y\": 1}"]
        );
    }
}
