//! Text in UTF-16, as written by redirection in PowerShell and by editors on Windows.

use std::io::{self, ErrorKind, Read};

/// The order of the two bytes of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    /// The byte order of the text that begins with `start`; `None` if it is not UTF-16.
    ///
    /// Without a byte order mark it is UTF-16 if one byte of most pairs is zero, always on the same
    /// side.
    pub(super) fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0xff, 0xfe, ..] => return Some(Self::Little),
            [0xfe, 0xff, ..] => return Some(Self::Big),
            _ => {}
        }
        let pairs = start.len() / 2;
        let ascii =
            |order: fn(&[u8]) -> bool| start.chunks_exact(2).filter(|pair| order(pair)).count();
        let most = |count: usize| pairs >= 4 && count * 10 > pairs * 8;
        if most(ascii(|pair| pair[0] != 0 && pair[1] == 0)) {
            return Some(Self::Little);
        }
        most(ascii(|pair| pair[0] == 0 && pair[1] != 0)).then_some(Self::Big)
    }

    fn unit(self, pair: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(pair),
            Self::Big => u16::from_be_bytes(pair),
        }
    }
}

/// Reads UTF-16 as UTF-8, without the byte order mark. Invalid code units become U+FFFD; an odd
/// last byte is dropped.
pub(super) struct Utf16<R> {
    source: R,
    order: Order,
    /// The first byte of a pair that a piece cut in two.
    half: Option<u8>,
    /// The first unit of a surrogate pair.
    high: Option<u16>,
    begun: bool,
    text: Vec<u8>,
    taken: usize,
}

impl<R: Read> Utf16<R> {
    pub(super) fn new(source: R, order: Order) -> Self {
        Self {
            source,
            order,
            half: None,
            high: None,
            begun: false,
            text: Vec::new(),
            taken: 0,
        }
    }

    /// Decodes the next piece; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        let mut piece = [0; 8192];
        let length = self.source.read(&mut piece)?;
        self.text.clear();
        self.taken = 0;
        for &byte in &piece[..length] {
            match self.half.take() {
                Some(first) => self.unit(self.order.unit([first, byte])),
                None => self.half = Some(byte),
            }
        }
        if length == 0 && self.high.take().is_some() {
            self.push(char::REPLACEMENT_CHARACTER);
        }
        Ok(length > 0)
    }

    fn unit(&mut self, unit: u16) {
        let begun = std::mem::replace(&mut self.begun, true);
        if !begun && unit == 0xfeff {
            return;
        }
        if self.high.is_none() && (0xd800..0xdc00).contains(&unit) {
            self.high = Some(unit);
            return;
        }
        let units = self.high.take().into_iter().chain([unit]);
        for char in char::decode_utf16(units) {
            self.push(char.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
    }

    fn push(&mut self, char: char) {
        self.text
            .extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.text.len() {
            match self.fill() {
                Ok(true) => {}
                Ok(false) if self.taken == self.text.len() => return Ok(0),
                Ok(false) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let length = buffer.len().min(self.text.len() - self.taken);
        buffer[..length].copy_from_slice(&self.text[self.taken..self.taken + length]);
        self.taken += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogate_pairs_split_between_reads_are_joined() {
        struct Drops<'a>(&'a [u8]);
        impl Read for Drops<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0.read(&mut buffer[..1])
            }
        }
        let bytes: Vec<u8> = "a\u{e4}\u{1f600}b"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let mut text = String::new();
        Utf16::new(Drops(&bytes), Order::Little)
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "a\u{e4}\u{1f600}b");
    }

    #[test]
    fn half_of_a_surrogate_pair_is_replaced() {
        let mut text = String::new();
        Utf16::new(&b"\xd8\x3d\0b\xd8\x3d"[..], Order::Big)
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "\u{fffd}b\u{fffd}");
    }

    #[test]
    fn text_that_is_not_utf16_is_unchanged() {
        for start in [
            &b""[..],
            b"Nov 20",
            b"\0\0\0\0\0\0\0\0\0\0",
            b"a\0b",
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0",
        ] {
            assert_eq!(Order::of(start), None, "{start:?}");
        }
    }
}
