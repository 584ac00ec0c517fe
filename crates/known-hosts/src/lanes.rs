//! HMAC-SHA1 of one name with many salts at once.
//!
//! The salt is the HMAC key, and each line has its own: four blocks of SHA-1 a line, which have
//! nothing in common between lines. A block is a chain of 80 steps. Vectors of 512 bits compute
//! each step for sixteen salts at once, in a third of the time that the processor's SHA-1
//! instructions need; without such vectors, those instructions are used.

use sha1::compress;
use sha1::digest::generic_array::GenericArray;

use crate::hashed::{HashedName, SIZE};

/// The number of salts hashed together.
pub(crate) const LANES: usize = 16;

/// The size of a block of SHA-1, in bytes.
const BLOCK: usize = 64;
/// The longest name that fills no second block with its padding and its length, in bytes.
const SHORT: usize = BLOCK - 9;
/// The state before the first block (FIPS 180-4).
const START: [u32; 5] = [
    0x6745_2301,
    0xefcd_ab89,
    0x98ba_dcfe,
    0x1032_5476,
    0xc3d2_e1f0,
];
/// The padding bytes of the inner and the outer hash (RFC 2104).
const INNER: u8 = 0x36;
const OUTER: u8 = 0x5c;

/// A name, made ready to be hashed with many salts.
pub(crate) struct SaltedName<'n> {
    pub(crate) name: &'n [u8],
    /// The block of the inner hash that follows the key: the name with its padding; `None` for a longer one.
    message: Option<[u8; BLOCK]>,
}

impl<'n> SaltedName<'n> {
    /// Prepares a name, which has to be in lower case.
    pub(crate) fn new(name: &'n str) -> Self {
        let name = name.as_bytes();
        let message = (name.len() <= SHORT).then(|| last_block(name));
        Self { name, message }
    }

    /// The first three bytes of the hash with each salt, which are the first four letters of its
    /// text; at most [`LANES`] salts, and undefined beyond the last of them.
    pub(crate) fn hashes_begin(&self, salts: &[[u8; SIZE]]) -> [[u8; 3]; LANES] {
        let Some(message) = &self.message else {
            let mut begins = [[0; 3]; LANES];
            for (begins, salt) in begins.iter_mut().zip(salts) {
                *begins = HashedName::new(*salt, self.name).begins();
            }
            return begins;
        };
        // Vectors that are not full take as long as full ones.
        let wide = match salts.try_into() {
            Ok(full) => wide(full, message),
            Err(_) => None,
        };
        let words = wide.unwrap_or_else(|| by_instruction(salts, message));
        words.map(|word| {
            let [a, b, c, _] = word.to_be_bytes();
            [a, b, c]
        })
    }
}

/// The last block of a message of one block and these bytes.
fn last_block(bytes: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[..bytes.len()].copy_from_slice(bytes);
    block[bytes.len()] = 0x80;
    block[BLOCK - 8..].copy_from_slice(&(8 * (BLOCK + bytes.len()) as u64).to_be_bytes());
    block
}

/// The first word of each hash, computed with the processor's SHA-1 instructions if it has them.
/// The salts are interleaved, so that it works on several chains at once.
fn by_instruction(salts: &[[u8; SIZE]], message: &[u8; BLOCK]) -> [u32; LANES] {
    let add = |state: &mut [u32; 5], block: [u8; BLOCK]| {
        compress(state, &[GenericArray::from(block)]);
    };
    let (mut inner, mut outer) = ([START; LANES], [START; LANES]);
    for (state, salt) in inner.iter_mut().zip(salts) {
        add(state, key_block(salt, INNER));
    }
    for state in inner.iter_mut().take(salts.len()) {
        add(state, *message);
    }
    for (state, salt) in outer.iter_mut().zip(salts) {
        add(state, key_block(salt, OUTER));
    }
    for (state, inner) in outer.iter_mut().zip(inner).take(salts.len()) {
        let mut digest = [0; SIZE];
        for (bytes, word) in digest.chunks_exact_mut(4).zip(inner) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        add(state, last_block(&digest));
    }
    outer.map(|[first, ..]| first)
}

/// The block derived from a key in HMAC (RFC 2104).
fn key_block(key: &[u8; SIZE], pad: u8) -> [u8; BLOCK] {
    let mut block = [pad; BLOCK];
    for (byte, key) in block.iter_mut().zip(key) {
        *byte ^= key;
    }
    block
}

/// The first word of each hash; `None` if the processor has no vectors of 512 bits.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn wide(salts: &[[u8; SIZE]; LANES], message: &[u8; BLOCK]) -> Option<[u32; LANES]> {
    let simd = pulp::x86::V4::try_new()?;
    Some(pulp::Simd::vectorize(
        simd,
        vectors::Hmac { salts, message },
    ))
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn wide(_: &[[u8; SIZE]; LANES], _: &[u8; BLOCK]) -> Option<[u32; LANES]> {
    None
}

/// SHA-1 as FIPS 180-4 has it, on words of all lanes: the compiler makes one vector of each.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod vectors {
    use super::{BLOCK, INNER, LANES, OUTER, SIZE, START};

    // The loops count lanes and index each word by lane: the compiler turns each line of this form
    // into one instruction. With closures over arrays it does not, and a hash takes twenty times as
    // long.

    /// The same word of all lanes.
    type Word = [u32; LANES];

    pub(super) struct Hmac<'a> {
        pub(super) salts: &'a [[u8; SIZE]; LANES],
        pub(super) message: &'a [u8; BLOCK],
    }

    impl pulp::WithSimd for Hmac<'_> {
        type Output = Word;

        // Code that is not inlined here is compiled for any processor, without vectors.
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> Word {
            let mut inner = START.map(same);
            add_block(&mut inner, key_block(self.salts, INNER));
            add_block(&mut inner, words(self.message).map(same));
            let mut outer = START.map(same);
            add_block(&mut outer, key_block(self.salts, OUTER));
            let mut last = [same(0); 16];
            last[..5].copy_from_slice(&inner);
            last[5] = same(0x8000_0000);
            last[15] = same(8 * (BLOCK + SIZE) as u32);
            add_block(&mut outer, last);
            outer[0]
        }
    }

    #[inline(always)]
    fn same(word: u32) -> Word {
        [word; LANES]
    }

    #[inline(always)]
    fn words(block: &[u8; BLOCK]) -> [u32; 16] {
        std::array::from_fn(|word| {
            u32::from_be_bytes(std::array::from_fn(|byte| block[4 * word + byte]))
        })
    }

    #[inline(always)]
    fn key_block(salts: &[[u8; SIZE]; LANES], pad: u8) -> [Word; 16] {
        let mut block = [same(u32::from_be_bytes([pad; 4])); 16];
        for (lane, salt) in salts.iter().enumerate() {
            for (at, word) in block.iter_mut().take(SIZE / 4).enumerate() {
                let bytes = std::array::from_fn(|byte| salt[4 * at + byte]);
                word[lane] ^= u32::from_be_bytes(bytes);
            }
        }
        block
    }

    #[inline(always)]
    fn add_block(state: &mut [Word; 5], mut block: [Word; 16]) {
        let mut now = *state;
        for step in 0..80 {
            if step >= 16 {
                block[step % 16] = later_word(&block, step);
            }
            let word = &block[step % 16];
            now = match step / 20 {
                0 => round(&now, word, 0x5a82_7999, |b, c, d| b & c | !b & d),
                1 => round(&now, word, 0x6ed9_eba1, |b, c, d| b ^ c ^ d),
                2 => round(&now, word, 0x8f1b_bcdc, |b, c, d| b & c | b & d | c & d),
                _ => round(&now, word, 0xca62_c1d6, |b, c, d| b ^ c ^ d),
            };
        }
        for (word, add) in state.iter_mut().zip(&now) {
            for lane in 0..LANES {
                word[lane] = word[lane].wrapping_add(add[lane]);
            }
        }
    }

    #[inline(always)]
    fn later_word(block: &[Word; 16], step: usize) -> Word {
        let mut word = same(0);
        for lane in 0..LANES {
            word[lane] = (block[(step + 13) % 16][lane]
                ^ block[(step + 8) % 16][lane]
                ^ block[(step + 2) % 16][lane]
                ^ block[step % 16][lane])
                .rotate_left(1);
        }
        word
    }

    #[inline(always)]
    fn round(
        now: &[Word; 5],
        word: &Word,
        constant: u32,
        mix: impl Fn(u32, u32, u32) -> u32,
    ) -> [Word; 5] {
        let [a, b, c, d, e] = *now;
        let (mut next, mut turned) = (same(0), same(0));
        for lane in 0..LANES {
            next[lane] = a[lane]
                .rotate_left(5)
                .wrapping_add(mix(b[lane], c[lane], d[lane]))
                .wrapping_add(e[lane])
                .wrapping_add(constant)
                .wrapping_add(word[lane]);
            turned[lane] = b[lane].rotate_left(30);
        }
        [next, a, turned, c, d]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares an implementation with the library's, for names of every length that fits one
    /// block.
    fn check(hash: fn(&[[u8; SIZE]; LANES], &[u8; BLOCK]) -> [u32; LANES]) {
        let mut random = fastrand::Rng::with_seed(13);
        for length in 0..=SHORT {
            let name: String = std::iter::repeat_with(|| random.alphanumeric())
                .take(length)
                .collect();
            let salts = std::array::from_fn(|_| std::array::from_fn(|_| random.u8(..)));
            let ours = hash(&salts, &last_block(name.as_bytes())).map(u32::to_be_bytes);
            for (salt, ours) in salts.iter().zip(ours) {
                let theirs = HashedName::new(*salt, name.as_bytes()).begins();
                assert_eq!(ours[..3], theirs, "{name} {salt:?}");
            }
        }
    }

    #[test]
    fn hashes_by_cpu_instructions_equal_those_of_the_library() {
        check(|salts, message| by_instruction(salts, message));
    }

    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    #[test]
    fn vector_hashes_equal_those_of_the_library() {
        // The same code for any processor: it is the arithmetic that is compared.
        check(|salts, message| {
            let hmac = vectors::Hmac { salts, message };
            pulp::WithSimd::with_simd(hmac, pulp::Scalar)
        });
        if wide(&[[0; SIZE]; LANES], &[0; BLOCK]).is_some() {
            check(|salts, message| wide(salts, message).expect("the processor has not changed"));
        }
    }

    #[test]
    fn a_name_longer_than_one_block_is_hashed_by_the_library() {
        let name = "n".repeat(SHORT + 1);
        let salts = std::array::from_fn(|lane| [lane as u8; SIZE]);
        let theirs = salts.map(|salt| HashedName::new(salt, name.as_bytes()).begins());
        assert_eq!(SaltedName::new(&name).hashes_begin(&salts), theirs);
    }

    #[test]
    fn fewer_salts_than_lanes_are_hashed_correctly() {
        for name in ["short.example", &"long".repeat(20)] {
            let name = SaltedName::new(name);
            let salts: [[u8; SIZE]; LANES] = std::array::from_fn(|lane| [7 * lane as u8; SIZE]);
            let all = name.hashes_begin(&salts);
            for count in 0..LANES {
                assert_eq!(name.hashes_begin(&salts[..count])[..count], all[..count]);
            }
        }
    }
}
