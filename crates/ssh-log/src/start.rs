//! Fast comparison of short texts.

/// A text that others may begin with. If enough bytes are available, up to sixteen are compared as
/// one number: comparing texts of any length takes a call, which costs more than everything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Start {
    text: Box<[u8]>,
    /// The first bytes, zero-padded, and a mask for them.
    bytes: u128,
    mask: u128,
}

/// A text that others may end with, compared in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ending {
    text: Box<[u8]>,
    /// The last bytes, with zeros before a shorter text, and a mask of them.
    bytes: u128,
    mask: u128,
}

impl Ending {
    pub(crate) fn new(text: &[u8]) -> Self {
        let mut bytes = [0; WIDE];
        let length = text.len().min(WIDE);
        bytes[WIDE - length..].copy_from_slice(&text[text.len() - length..]);
        Self {
            text: text.into(),
            bytes: u128::from_le_bytes(bytes),
            mask: !first(WIDE - length),
        }
    }

    /// What stands before this text in another one; `None` where that does not end with it.
    #[inline]
    pub(crate) fn strip<'a>(&self, other: &'a [u8]) -> Option<&'a [u8]> {
        if let Some(chunk) = other.last_chunk::<WIDE>() {
            if u128::from_le_bytes(*chunk) & self.mask != self.bytes {
                return None;
            }
            if self.text.len() <= WIDE {
                return other.get(..other.len() - self.text.len());
            }
        }
        other.strip_suffix(&*self.text)
    }
}

/// The number of bytes compared as one number.
const WIDE: usize = 16;
const NARROW: usize = 8;

impl Start {
    pub(crate) fn new(text: &[u8]) -> Self {
        let mut bytes = [0; WIDE];
        let length = text.len().min(WIDE);
        bytes[..length].copy_from_slice(&text[..length]);
        Self {
            text: text.into(),
            bytes: u128::from_le_bytes(bytes),
            mask: first(length),
        }
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The rest of another text after this one; `None` if it does not begin with it.
    #[inline]
    pub(crate) fn strip<'a>(&self, other: &'a [u8]) -> Option<&'a [u8]> {
        let length = self.text.len();
        if let Some(chunk) = other.first_chunk::<WIDE>() {
            if u128::from_le_bytes(*chunk) & self.mask != self.bytes {
                return None;
            }
            if length <= WIDE {
                return other.get(length..);
            }
        } else if length <= NARROW {
            if let Some(chunk) = other.first_chunk::<NARROW>() {
                let is_same = u64::from_le_bytes(*chunk) & self.mask as u64 == self.bytes as u64;
                return if is_same { other.get(length..) } else { None };
            }
        }
        other.strip_prefix(&*self.text)
    }
}

/// A text of at most sixteen bytes, compared as two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Short {
    length: usize,
    /// The first bytes and the last ones, some of which may be in both.
    first: u64,
    last: u64,
}

impl Short {
    /// `None` for a longer text.
    #[inline]
    pub(crate) fn new(text: &[u8]) -> Option<Self> {
        let (first, last) = match (text.first_chunk::<NARROW>(), text.last_chunk::<NARROW>()) {
            (Some(first), Some(last)) if text.len() <= WIDE => {
                (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
            }
            (Some(_), _) => return None,
            _ => match (text.first_chunk::<4>(), text.last_chunk::<4>(), text) {
                (Some(first), Some(last), _) => (
                    u32::from_le_bytes(*first).into(),
                    u32::from_le_bytes(*last).into(),
                ),
                (.., [first, .., last]) => {
                    (u64::from(*first) << 8 | u64::from(text[1]), (*last).into())
                }
                (.., [only]) => (0, (*only).into()),
                _ => (0, 0),
            },
        };
        Some(Self {
            length: text.len(),
            first,
            last,
        })
    }
}

/// A set of the first bytes of texts, by a hash of 16 bits: as a superset, which excludes nearly all other texts.
#[derive(Debug)]
pub(crate) struct Firsts(Box<[u64; 1024]>);

impl Firsts {
    pub(crate) fn new(firsts: impl Iterator<Item = u32>) -> Self {
        let mut set = Self(Box::new([0; 1024]));
        for first in firsts {
            let (word, bit) = Self::place(first);
            set.0[word] |= 1 << bit;
        }
        set
    }

    #[inline]
    pub(crate) fn may_hold(&self, first: u32) -> bool {
        let (word, bit) = Self::place(first);
        self.0[word] >> bit & 1 == 1
    }

    #[inline]
    fn place(first: u32) -> (usize, u32) {
        let hash = first.wrapping_mul(0x9e37_79b1) >> 16;
        ((hash >> 6) as usize, hash & 63)
    }
}

/// A mask of the first bytes of sixteen.
#[inline]
pub(crate) fn first(bytes: usize) -> u128 {
    const MASKS: [u128; WIDE + 1] = {
        let (mut masks, mut bytes) = ([u128::MAX; WIDE + 1], 0);
        while bytes < WIDE {
            masks[bytes] = (1 << (8 * bytes)) - 1;
            bytes += 1;
        }
        masks
    };
    MASKS[bytes.min(WIDE)]
}

/// The place of the first such byte, a letter or a sign of ASCII, in sixteen; sixteen where there is none.
#[inline(always)]
pub(crate) fn byte_in(byte: u8, bytes: u128) -> usize {
    const ONES: u128 = u128::from_le_bytes([1; 16]);
    let differs = bytes ^ (ONES * u128::from(byte));
    // Sets the highest bit of each zero byte, and perhaps of some bytes after the first of them.
    let zeros = differs.wrapping_sub(ONES) & !differs & (ONES << 7);
    (zeros.trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_are_the_same_only_where_all_bytes_are() {
        let mut random = fastrand::Rng::with_seed(24);
        let (mut same, mut longer) = (0, 0);
        for _ in 0..100_000 {
            let length = random.usize(0..20);
            let text: Vec<u8> = (0..length).map(|_| random.u8(b'a'..=b'c')).collect();
            let mut other = text.clone();
            match random.u8(0..4) {
                0 => other.push(b'a'),
                1 if length > 0 => other[random.usize(..length)] = b'b',
                2 if length > 1 => other.swap(0, length / 2),
                _ => {}
            }
            assert_eq!(Short::new(&text).is_some(), text.len() <= WIDE);
            let (Some(one), Some(two)) = (Short::new(&text), Short::new(&other)) else {
                longer += 1;
                continue;
            };
            assert_eq!(one == two, text == other, "{text:?} {other:?}");
            same += usize::from(text == other);
        }
        assert!(same > 10_000 && longer > 10_000, "{same} {longer}");
    }

    #[test]
    fn an_ending_is_stripped_as_strip_suffix_does() {
        let mut random = fastrand::Rng::with_seed(21);
        let mut text = |most: usize| -> Vec<u8> {
            let length = random.usize(0..=most);
            (0..length).map(|_| random.u8(b'a'..=b'b')).collect()
        };
        let mut stripped = 0;
        for _ in 0..20_000 {
            let (start, mut other) = (text(20), text(24));
            // Most unrelated texts begin with none of them.
            if start.len() % 2 == 0 {
                other.splice(0..0, start.iter().copied());
            }
            let before = [&other[..], &start].concat();
            assert_eq!(Ending::new(&start).strip(&before), Some(&other[..]));
            assert_eq!(
                Ending::new(&start).strip(&other),
                other.strip_suffix(&*start)
            );
            let rest = Start::new(&start).strip(&other);
            assert_eq!(rest, other.strip_prefix(&*start), "{start:?} {other:?}");
            stripped += usize::from(rest.is_some());
        }
        assert!(stripped > 10_000 && stripped < 19_000, "{stripped}");
    }
}
