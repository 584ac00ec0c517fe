//! The places of bytes in a text, found for sixty-four bytes at once, as one bit for each.
//!
//! A line is short: a search that begins anew behind the end of each takes longer to begin than to search. So the ends of many
//! lines are found first.

/// The bytes that a number has one bit for each of.
pub(crate) const WIDE: usize = 64;
/// So many numbers are computed together.
const MANY: usize = 64;

/// The places of the line feeds in a text, from the left.
pub(crate) fn ends(text: &[u8]) -> Ends<'_> {
    Ends {
        rest: text,
        all: [0; MANY],
        next: MANY,
        bits: 0,
        base: 0usize.wrapping_sub(WIDE),
    }
}

/// See [`ends`].
pub(crate) struct Ends<'a> {
    /// What was not looked at yet.
    rest: &'a [u8],
    /// The bits of the last piece that was.
    all: [u64; MANY],
    next: usize,
    /// Those before the next ones that were not given yet, and the place of their first byte.
    bits: u64,
    base: usize,
}

impl Iterator for Ends<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.bits == 0 {
            if self.next == MANY {
                if self.rest.is_empty() {
                    return None;
                }
                self.rest = look(self.rest, &mut self.all);
                self.next = 0;
            }
            self.bits = self.all[self.next];
            self.next += 1;
            self.base = self.base.wrapping_add(WIDE);
        }
        let at = self.base + self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(at)
    }
}

/// Looks at a piece, and returns the rest.
#[inline(never)]
fn look<'a>(text: &'a [u8], all: &mut [u64; MANY]) -> &'a [u8] {
    let (piece, rest) = text.split_at(text.len().min(WIDE * MANY));
    let whole = piece.len() / WIDE;
    all[whole..].fill(0);
    vectors::line_feeds(piece, all);
    if let Some(last) = all.get_mut(whole) {
        let mut chunk = [0; WIDE];
        let bytes = &piece[whole * WIDE..];
        chunk[..bytes.len()].copy_from_slice(bytes);
        [*last] = one_by_one([b'\n'], &chunk);
    }
    rest
}

/// The bits of each of these bytes.
#[inline]
pub(crate) fn bits<const N: usize>(bytes: [u8; N], chunk: &[u8; WIDE]) -> [u64; N] {
    vectors::bits(bytes, chunk)
}

/// The same with numbers that every processor has, of eight bytes.
#[inline(never)]
fn one_by_one<const N: usize>(bytes: [u8; N], chunk: &[u8; WIDE]) -> [u64; N] {
    const LOW: u64 = u64::from_le_bytes([0x7f; 8]);
    // Multiplied by it, the lowest bits of eight bytes come together in the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    bytes.map(|byte| {
        let wanted = u64::from_le_bytes([byte; 8]);
        let eights = chunk.chunks_exact(8).map(|eight| {
            let differs = eight.try_into().map_or(!wanted, u64::from_le_bytes) ^ wanted;
            let found = !(((differs & LOW) + LOW) | differs | LOW) >> 7;
            found.wrapping_mul(GATHER) >> 56
        });
        eights.rev().fold(0, |bits, eight| bits << 8 | eight)
    })
}

/// The bits of the line feeds in each whole chunk, without vectors.
fn line_feeds_one_by_one(text: &[u8], all: &mut [u64; MANY]) {
    for (slot, chunk) in all.iter_mut().zip(chunks(text)) {
        [*slot] = one_by_one([b'\n'], chunk);
    }
}

/// The whole chunks of a text.
fn chunks(text: &[u8]) -> impl Iterator<Item = &[u8; WIDE]> {
    text.chunks_exact(WIDE)
        .filter_map(|chunk| chunk.first_chunk())
}

/// With the vectors of the processor, if it has them.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod vectors {
    use pulp::x86::V3;

    use super::{MANY, WIDE, chunks, line_feeds_one_by_one, one_by_one};

    // Code that is not inlined where the vectors are known is compiled for any processor, without them.

    /// The bits of the line feeds in each whole chunk.
    pub(super) fn line_feeds(text: &[u8], all: &mut [u64; MANY]) {
        let Some(simd) = V3::try_new() else {
            return line_feeds_one_by_one(text, all);
        };
        simd.vectorize(
            #[inline(always)]
            || {
                for (slot, chunk) in all.iter_mut().zip(chunks(text)) {
                    [*slot] = at_once(simd, [b'\n'], chunk);
                }
            },
        );
    }

    pub(super) fn bits<const N: usize>(bytes: [u8; N], chunk: &[u8; WIDE]) -> [u64; N] {
        let Some(simd) = V3::try_new() else {
            return one_by_one(bytes, chunk);
        };
        simd.vectorize(
            #[inline(always)]
            || at_once(simd, bytes, chunk),
        )
    }

    #[inline(always)]
    fn at_once<const N: usize>(simd: V3, bytes: [u8; N], chunk: &[u8; WIDE]) -> [u64; N] {
        let [low, high]: [[u8; WIDE / 2]; 2] = pulp::cast(*chunk);
        let mut all = [0; N];
        // A loop, because `map` of an array is not always inlined.
        for (bits, byte) in all.iter_mut().zip(bytes) {
            *bits =
                u64::from(of_half(simd, byte, high)) << 32 | u64::from(of_half(simd, byte, low));
        }
        all
    }

    #[inline(always)]
    fn of_half(simd: V3, byte: u8, half: [u8; WIDE / 2]) -> u32 {
        let wanted = simd.avx._mm256_set1_epi8(byte as i8);
        let same = simd.avx2._mm256_cmpeq_epi8(pulp::cast(half), wanted);
        simd.avx2._mm256_movemask_epi8(same) as u32
    }
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod vectors {
    pub(super) use super::line_feeds_one_by_one as line_feeds;
    pub(super) use super::one_by_one as bits;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_lines_equal_those_of_memchr() {
        let mut random = fastrand::Rng::with_seed(7);
        for round in 0..400 {
            let length = random.usize(..(3 * WIDE * MANY) >> (round % 12));
            let text: Vec<u8> = (0..length)
                .map(|_| *random.choice(b"abcd\n\x0b\x8a\x09").unwrap())
                .collect();
            let expected: Vec<usize> = memchr::memchr_iter(b'\n', &text).collect();
            assert_eq!(ends(&text).collect::<Vec<_>>(), expected, "{length}");
        }
    }

    #[test]
    fn vectors_and_numbers_find_the_same_bytes() {
        let mut random = fastrand::Rng::with_seed(8);
        for _ in 0..2_000 {
            let chunk = std::array::from_fn(|_| random.u8(..));
            let bytes = [random.u8(..), chunk[random.usize(..WIDE)], 0];
            let expected = bytes.map(|byte| {
                let places = memchr::memchr_iter(byte, &chunk);
                places.fold(0, |bits, at| bits | 1 << at)
            });
            assert_eq!(one_by_one(bytes, &chunk), expected);
            assert_eq!(bits(bytes, &chunk), expected);
        }
    }
}
