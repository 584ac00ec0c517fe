//! The quick look at every line: which of them can say anything of the names that are looked for.
//!
//! Nearly all lines of a long file are ruled out here, without being taken apart: a hashed name by the beginning of its
//! hash, a plain one by its letters. Whatever is not of the common form is picked, and [`crate::found`] decides.

use sha1::compress;
use sha1::digest::generic_array::GenericArray;
use sshmend_lossless::{Line, Sieve, each_line};

use crate::hashed::{HashedName, SIZE};
use crate::hosts::{HostList, ListMatch};
use crate::line::Field;
use crate::name::Name;

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

/// `|1|`, the base64 text of 20 bytes, `|`, and the same again.
const HASHED: usize = 3 + TEXT + 1 + TEXT;
/// The base64 text of 20 bytes, with its `=`.
const TEXT: usize = 28;

type Block = GenericArray<u8, sha1::digest::consts::U64>;

/// A sieve for the lines that can say anything of these names.
pub(crate) fn sieve(names: &[Name]) -> Sieve {
    let names = names.iter().map(|name| name.as_str().to_owned());
    Sieve::new("known_hosts", names.collect(), pick)
}

fn pick(names: &[String], block: &[u8], found: &mut Vec<Line>) -> usize {
    let needles: Vec<Needle<'_>> = names.iter().map(|name| Needle::new(name)).collect();
    // A NUL ends the line for ssh wherever it stands; files that hold one are rare.
    let nul = memchr::memchr(0, block).is_some();
    let mut waiting = Waiting::default();
    let feeds = each_line(block, |number, start, line| {
        if nul && line.contains(&0) {
            return found.push(Line::of_bytes(number, start, line));
        }
        match glance(&needles, line) {
            Glance::Nothing => {}
            Glance::Something => found.push(Line::of_bytes(number, start, line)),
            Glance::Hashed(salt, begins) => {
                let lane = Lane {
                    salt,
                    begins,
                    line: Line::of_bytes(number, start, line),
                };
                waiting.add(lane, &needles, found);
            }
        }
    });
    waiting.hash(&needles, found);
    // A hashed line waits for others, and may be found after one that is not.
    found.sort_unstable_by_key(|line| line.number);
    feeds
}

/// How many names are hashed in turns: one hash is a chain of steps, and the processor works on several chains at once.
const LANES: usize = 4;

/// A hashed name of the common form.
struct Lane {
    salt: [u8; SIZE],
    /// The beginning of the hash.
    begins: [u8; 3],
    line: Line,
}

/// Hashed names that are compared together.
#[derive(Default)]
struct Waiting {
    lanes: Vec<Lane>,
}

impl Waiting {
    fn add(&mut self, lane: Lane, needles: &[Needle<'_>], found: &mut Vec<Line>) {
        self.lanes.push(lane);
        if self.lanes.len() == LANES {
            self.hash(needles, found);
        }
    }

    /// Compares those that wait with all names.
    fn hash(&mut self, needles: &[Needle<'_>], found: &mut Vec<Line>) {
        let mut salts = [[0; SIZE]; LANES];
        for (salt, lane) in salts.iter_mut().zip(&self.lanes) {
            *salt = lane.salt;
        }
        let mut hits = [false; LANES];
        for needle in needles {
            let hashes = needle.hashes_begin(&salts);
            for ((hit, lane), hash) in hits.iter_mut().zip(&self.lanes).zip(hashes) {
                *hit |= hash == lane.begins;
            }
        }
        let lines = self.lanes.drain(..).zip(hits);
        found.extend(lines.filter(|(_, hit)| *hit).map(|(lane, _)| lane.line));
    }
}

/// A name, made ready to be hashed with many salts.
struct Needle<'n> {
    name: &'n [u8],
    /// The block of the inner hash that follows the key: the name with its padding; `None` for a longer one.
    inner: Option<Block>,
}

impl<'n> Needle<'n> {
    fn new(name: &'n str) -> Self {
        let name = name.as_bytes();
        let inner = (name.len() <= SHORT).then(|| last_block(name));
        Self { name, inner }
    }

    /// The first three bytes of the hash with each salt: what the first four letters of its text say.
    fn hashes_begin(&self, salts: &[[u8; SIZE]; LANES]) -> [[u8; 3]; LANES] {
        let Some(message) = self.inner else {
            return salts.map(|salt| HashedName::new(salt, self.name).begins());
        };
        let mut inner = [START; LANES];
        for (state, salt) in inner.iter_mut().zip(salts) {
            compress(state, &[key_block(salt, 0x36)]);
        }
        for state in &mut inner {
            compress(state, &[message]);
        }
        let mut outer = [START; LANES];
        for (state, salt) in outer.iter_mut().zip(salts) {
            compress(state, &[key_block(salt, 0x5c)]);
        }
        for (state, inner) in outer.iter_mut().zip(inner) {
            let mut digest = [0; SIZE];
            for (bytes, word) in digest.chunks_exact_mut(4).zip(inner) {
                bytes.copy_from_slice(&word.to_be_bytes());
            }
            compress(state, &[last_block(&digest)]);
        }
        outer.map(|state| {
            let [a, b, c, _] = state[0].to_be_bytes();
            [a, b, c]
        })
    }
}

/// The block that a key becomes in HMAC (RFC 2104).
fn key_block(key: &[u8; SIZE], pad: u8) -> Block {
    let mut block = [pad; BLOCK];
    for (byte, key) in block.iter_mut().zip(key) {
        *byte ^= key;
    }
    block.into()
}

/// The last block of a message of one block and these bytes.
fn last_block(bytes: &[u8]) -> Block {
    let mut block = [0; BLOCK];
    block[..bytes.len()].copy_from_slice(bytes);
    block[bytes.len()] = 0x80;
    block[BLOCK - 8..].copy_from_slice(&(8 * (BLOCK + bytes.len()) as u64).to_be_bytes());
    block.into()
}

/// What one look at a line tells.
enum Glance {
    /// It says nothing of any name.
    Nothing,
    /// It may say something.
    Something,
    /// A hashed name with this salt, whose hash begins so.
    Hashed([u8; SIZE], [u8; 3]),
}

impl From<bool> for Glance {
    fn from(something: bool) -> Self {
        if something {
            Self::Something
        } else {
            Self::Nothing
        }
    }
}

/// Looks whether a line can say anything of a name.
fn glance(needles: &[Needle<'_>], line: &[u8]) -> Glance {
    let blanks = line
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    let line = &line[blanks..];
    match line.first() {
        None | Some(b'\n' | b'#') => Glance::Nothing,
        Some(b'@') => Glance::Something,
        Some(b'|') => hashed(line),
        Some(_) => plain(needles, line).into(),
    }
}

/// Whether a byte is a blank, or one that makes more of a word than one name.
const ENDS_NAME: [bool; 256] = {
    let mut ends = [false; 256];
    let bytes = b" \t,*?!";
    let mut at = 0;
    while at < bytes.len() {
        ends[bytes[at] as usize] = true;
        at += 1;
    }
    ends
};

fn plain(needles: &[Needle<'_>], line: &[u8]) -> bool {
    let Some(mut end) = line.iter().position(|&byte| ENDS_NAME[usize::from(byte)]) else {
        return true;
    };
    let simple = matches!(line[end], b' ' | b'\t');
    if !simple {
        let Some(blank) = memchr::memchr2(b' ', b'\t', &line[end..]) else {
            return true;
        };
        end += blank;
    }
    let hosts = &line[..end];
    needles.iter().any(|needle| {
        if simple {
            hosts.eq_ignore_ascii_case(needle.name)
        } else {
            let list = HostList(Field {
                text: hosts,
                start: 0,
            });
            list.compare(needle.name) != ListMatch::No
        }
    })
}

fn hashed(line: &[u8]) -> Glance {
    let Some((field, [b' ' | b'\t', ..])) = line.split_at_checked(HASHED) else {
        return Glance::Something;
    };
    let (salt, hash) = field[3..].split_at(TEXT);
    match (decode(salt), hash.strip_prefix(b"|").and_then(decode)) {
        (Some(salt), Some([a, b, c, ..])) => Glance::Hashed(salt, [a, b, c]),
        _ => Glance::Something,
    }
}

/// What a letter stands for in base64; 0x80 for none.
const LETTERS: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut letters = [0x80; 256];
    let mut value = 0;
    while value < alphabet.len() {
        letters[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    letters
};

/// Decodes the text of 20 bytes: a tenth of the time that a decoder for texts of any length takes.
fn decode(text: &[u8]) -> Option<[u8; SIZE]> {
    let text: &[u8; TEXT] = text.try_into().ok()?;
    let mut bytes = [0; SIZE + 1];
    let mut wrong = 0;
    let letter = |at: usize| LETTERS[usize::from(text[at])];
    for (group, bytes) in bytes.chunks_exact_mut(3).enumerate() {
        let at = 4 * group;
        let last = if at + 4 == TEXT { 0 } else { letter(at + 3) };
        let (a, b, c) = (letter(at), letter(at + 1), letter(at + 2));
        wrong |= a | b | c | last;
        bytes.copy_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | last]);
    }
    let well_formed = wrong & 0x80 == 0 && text[TEXT - 1] == b'=' && bytes[SIZE] == 0;
    let (bytes, _) = bytes.split_first_chunk()?;
    well_formed.then_some(*bytes)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn base64_is_decoded_as_the_library_does() {
        let mut random = fastrand::Rng::with_seed(11);
        let mut refused = 0;
        for _ in 0..20_000 {
            let bytes: [u8; SIZE] = std::array::from_fn(|_| random.u8(..));
            let mut text = STANDARD.encode(bytes).into_bytes();
            if random.bool() {
                let at = random.usize(..text.len());
                text[at] = random.u8(..);
            }
            let theirs = STANDARD.decode(&text).ok().and_then(|b| b.try_into().ok());
            refused += usize::from(theirs.is_none());
            assert_eq!(decode(&text), theirs, "{text:?}");
        }
        assert!(refused > 1_000, "{refused}");
        assert_eq!(decode(b"AAAA"), None);
    }

    #[test]
    fn names_of_every_length_are_hashed_as_the_library_does() {
        let mut random = fastrand::Rng::with_seed(12);
        for length in 0..200 {
            let name = "n".repeat(length);
            let salt = std::array::from_fn(|_| random.u8(..));
            let field = HashedName::new(salt, name.as_bytes()).to_field();
            let line = format!("{field} ssh-rsa A\n");
            let found = |name: &str| {
                let mut found = Vec::new();
                pick(&[name.to_owned()], line.as_bytes(), &mut found);
                !found.is_empty()
            };
            assert!(found(&name), "{length}");
            assert!(!found(&format!("{name}x")), "{length}");
        }
    }
}
