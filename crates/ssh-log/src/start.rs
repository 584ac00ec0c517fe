//! Short texts compared at once.

/// A text that others may begin with. Where there are bytes enough to read, up to sixteen are compared as one number: a
/// comparison of texts of any length takes a call, which costs more than all the rest of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Start {
    text: Box<[u8]>,
    /// The first bytes, with zeros behind a shorter text, and a mask of them.
    bytes: u128,
    mask: u128,
}

/// So many bytes are compared as one number.
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

    /// What follows this text in another one; `None` where that does not begin with it.
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

/// A mask of the first bytes of sixteen.
pub(crate) const fn first(bytes: usize) -> u128 {
    match bytes {
        0..WIDE => (1 << (8 * bytes)) - 1,
        _ => u128::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_stripped_like_any_other_prefix() {
        let mut random = fastrand::Rng::with_seed(21);
        let mut text = |most: usize| -> Vec<u8> {
            let length = random.usize(0..=most);
            (0..length).map(|_| random.u8(b'a'..=b'b')).collect()
        };
        let mut stripped = 0;
        for _ in 0..20_000 {
            let (start, mut other) = (text(20), text(24));
            // Most texts that are not made for it begin with none.
            if start.len() % 2 == 0 {
                other.splice(0..0, start.iter().copied());
            }
            let rest = Start::new(&start).strip(&other);
            assert_eq!(rest, other.strip_prefix(&*start), "{start:?} {other:?}");
            stripped += usize::from(rest.is_some());
        }
        assert!(stripped > 10_000 && stripped < 19_000, "{stripped}");
    }
}
