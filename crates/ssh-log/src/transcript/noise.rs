//! The layers that terminals, encodings and JSON put around a client's messages.

use crate::envelope::decoded;

/// More than any transcript, decompressed.
const LIMIT: u64 = 64 << 20;

/// The lines of a text, without the bytes that only a terminal or an encoding needs.
pub(super) fn lines(text: &[u8]) -> Vec<Vec<u8>> {
    decoded(text, LIMIT)
        .split(|&byte| byte == b'\n')
        .map(|line| visible(line).trim_ascii_end().to_vec())
        .collect()
}

/// The line without terminal control sequences (ECMA-48: `ESC [ … letter`, `ESC ] … BEL`) and
/// carriage returns.
fn visible(line: &[u8]) -> Vec<u8> {
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
    seen
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
        let text = b"\xef\xbb\xbf\x1b[1;31mssh:\x1b[0m x\r\n\x1b]0;title\x07y\r\n";
        assert_eq!(lines(text), [b"ssh: x".to_vec(), b"y".to_vec(), Vec::new()]);
        assert_eq!(
            lines(b"\xff\xfeh\0i\0\r\0\n\0"),
            [b"hi".to_vec(), Vec::new()]
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
