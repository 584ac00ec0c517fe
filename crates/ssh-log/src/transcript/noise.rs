//! What terminals, log collectors and mail put around the messages of a client.

use crate::envelope::decoded;

/// More than any transcript, unpacked.
const LIMIT: u64 = 64 << 20;

/// A line this long is no message with something around it.
const LONG: usize = 65_536;

/// What stands before a message that another program passes on.
const BEFORE: [&[u8]; 8] = [b": ", b"] ", b"| ", b"> ", b"$ ", b"# ", b"- ", b"\t"];

/// The lines of a text, without the bytes that only a terminal or an encoding needs.
pub(super) fn lines(text: &[u8]) -> Vec<Vec<u8>> {
    decoded(text, LIMIT).split(|&byte| byte == b'\n').map(|line| visible(line).trim_ascii().to_vec()).collect()
}

/// Without the orders to a terminal (ECMA-48: `ESC [ … letter`, `ESC ] … BEL`) and carriage returns.
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
    order.iter().position(|&byte| ends(byte)).map_or(&[], |at| &order[at + 1..])
}

/// The texts within a line that may be messages of their own, as a log collector or a program's JSON quotes them; of one
/// quotation the longest first.
pub(super) fn quoted(line: &[u8]) -> Vec<Vec<&[u8]>> {
    if line.len() > LONG {
        return Vec::new();
    }
    let pieces = unescaped(line).into_iter().flat_map(|piece| piece.split(|&byte| byte == b'"'));
    pieces.map(starts).filter(|starts| !starts.is_empty()).collect()
}

/// Between the line ends that JSON and the representations of Python write as `\r\n`.
fn unescaped(line: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for at in memchr::memmem::find_iter(line, b"\\n") {
        pieces.push(line[start..at].strip_suffix(b"\\r").unwrap_or(&line[start..at]));
        start = at + 2;
    }
    pieces.push(&line[start..]);
    pieces
}

fn starts(piece: &[u8]) -> Vec<&[u8]> {
    let behind = |at: usize| BEFORE.iter().any(|before| piece[..at].ends_with(before));
    let begins = (0..piece.len()).filter(|&at| (at == 0 || behind(at)) && piece[at] != b' ');
    begins.map(|at| piece[at..].trim_ascii_end()).filter(|text| !text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_not_read() {
        let text = b"\xef\xbb\xbf\x1b[1;31mssh:\x1b[0m x\r\n\x1b]0;title\x07y\r\n";
        assert_eq!(lines(text), [b"ssh: x".to_vec(), b"y".to_vec(), Vec::new()]);
        assert_eq!(lines(b"\xff\xfeh\0i\0\r\0\n\0"), [b"hi".to_vec(), Vec::new()]);
    }

    #[test]
    fn quotations_are_found_from_the_longest_on() {
        let shown = |line: &str| -> Vec<String> {
            let all = quoted(line.as_bytes());
            all.iter()
                .map(|starts| starts.iter().map(|s| String::from_utf8_lossy(s)).collect::<Vec<_>>().join("|"))
                .collect()
        };
        assert_eq!(shown("a: b\\r\\nc"), ["a: b|b", "c"]);
        assert_eq!(shown("{\"msg\": \"x\"}"), ["{", "msg", ":", "x", "}"]);
    }
}
