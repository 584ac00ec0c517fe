//! The quick look at every line: which of them can concern the names in question.
//!
//! Nearly all lines of a long file are excluded here, without being parsed: a hashed name by the
//! beginning of its hash, a plain one by its letters. Any line that does not have the common form
//! is picked, and [`crate::found`] decides.

use sshmend_lossless::{Line, Sieve, each_line};

use crate::field::Field;
use crate::hashed::SIZE;
use crate::hosts::{HostList, ListMatch};
use crate::lanes::{LANES, SaltedName};
use crate::name::Name;

/// `|1|`, the base64 text of 20 bytes, `|`, and the same again.
const HASHED: usize = 3 + TEXT + 1 + TEXT;
/// The base64 text of 20 bytes, with its `=`.
const TEXT: usize = 28;

/// A sieve for the lines that can say anything of these names.
pub(crate) fn sieve(names: &[Name]) -> Sieve {
    let names = names.iter().map(|name| name.as_str().to_owned());
    Sieve::new("known_hosts", names.collect(), pick)
}

fn pick(names: &[String], block: &[u8], found: &mut Vec<Line>) -> usize {
    let needles: Vec<SaltedName<'_>> = names.iter().map(|name| SaltedName::new(name)).collect();
    let mut waiting = Waiting::default();
    let feeds = each_line(block, |number, start, bytes| {
        let line = || Line::of_bytes(number, start, bytes);
        match Form::of(bytes) {
            Form::Nothing => {}
            Form::Odd => found.push(line()),
            Form::Plain(hosts) => {
                if needles.iter().any(|needle| hosts.concern(needle.name)) {
                    found.push(line());
                }
            }
            Form::Hashed(salt, begins) => {
                let lane = Lane::new(begins, number, start, bytes);
                if waiting.add(salt, lane) {
                    waiting.hash(&needles, |_, line| found.push(line));
                }
            }
        }
    });
    waiting.hash(&needles, |_, line| found.push(line));
    // A hashed line waits for others, and may be found after a later line.
    found.sort_unstable_by_key(|line| line.number);
    found.dedup_by_key(|line| line.number);
    feeds
}

/// A line with a hashed name of the common form.
pub(crate) struct Lane<'b> {
    /// The beginning of the hash.
    begins: [u8; 3],
    number: usize,
    start: usize,
    bytes: &'b [u8],
}

impl<'b> Lane<'b> {
    pub(crate) fn new(begins: [u8; 3], number: usize, start: usize, bytes: &'b [u8]) -> Self {
        Self {
            begins,
            number,
            start,
            bytes,
        }
    }
}

/// Hashed names that are compared together.
#[derive(Default)]
pub(crate) struct Waiting<'b> {
    /// The salts of the lanes; unused ones hold old values.
    salts: [[u8; SIZE]; LANES],
    lanes: Vec<Lane<'b>>,
}

impl<'b> Waiting<'b> {
    /// True if there are now as many as are compared together.
    pub(crate) fn add(&mut self, salt: [u8; SIZE], lane: Lane<'b>) -> bool {
        self.salts[self.lanes.len()] = salt;
        self.lanes.push(lane);
        self.lanes.len() == LANES
    }

    /// Compares those that wait with all names; calls `hit` with the index of a name and a line
    /// that may hold its hash.
    pub(crate) fn hash(&mut self, needles: &[SaltedName<'_>], mut hit: impl FnMut(usize, Line)) {
        if self.lanes.is_empty() {
            return;
        }
        for (index, needle) in needles.iter().enumerate() {
            let hashes = needle.hashes_begin(&self.salts[..self.lanes.len()]);
            for (lane, hash) in self.lanes.iter().zip(hashes) {
                if hash == lane.begins {
                    hit(index, Line::of_bytes(lane.number, lane.start, lane.bytes));
                }
            }
        }
        self.lanes.clear();
    }
}

/// What a line looks like, without being parsed.
pub(crate) enum Form<'b> {
    /// It is empty or a comment.
    Nothing,
    /// Anything that does not have the common form.
    Odd,
    /// Names in plain text.
    Plain(Hosts<'b>),
    /// A hashed name with this salt, whose hash begins so.
    Hashed([u8; SIZE], [u8; 3]),
}

/// A host field in plain text.
#[derive(Clone, Copy)]
pub(crate) enum Hosts<'b> {
    /// One name.
    One(&'b [u8]),
    /// Several names, or patterns.
    List(HostList<'b>),
}

impl Hosts<'_> {
    /// Whether the field can say anything of a name, given in lower case.
    fn concern(self, name: &[u8]) -> bool {
        match self {
            Self::One(host) => host.eq_ignore_ascii_case(name),
            Self::List(list) => list.compare(name) != ListMatch::No,
        }
    }
}

impl<'b> Form<'b> {
    pub(crate) fn of(line: &'b [u8]) -> Self {
        let blanks = line
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t'))
            .count();
        let line = &line[blanks..];
        match line.first() {
            None | Some(b'\n' | b'#') => Self::Nothing,
            Some(b'@') => Self::Odd,
            Some(b'|') => hashed(line),
            Some(_) => plain(line),
        }
    }
}

/// Whether a byte is a blank, or turns a word into several names, or is NUL, which ends the line
/// for ssh.
const ENDS_NAME: [bool; 256] = {
    let mut ends = [false; 256];
    let bytes = b" \t,*?!\0";
    let mut at = 0;
    while at < bytes.len() {
        ends[bytes[at] as usize] = true;
        at += 1;
    }
    ends
};

/// The place of the first byte that ends a name, by eight bytes at once: this is asked of every
/// line.
fn end_of_name(line: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(eight) = line.get(at..).and_then(<[u8]>::first_chunk) {
        let before = before_low_byte(*eight);
        at += before;
        if before < eight.len() {
            if ENDS_NAME[usize::from(line[at])] {
                return Some(at);
            }
            at += 1;
        }
    }
    let rest = line.get(at..)?.iter();
    let end = rest.copied().position(|byte| ENDS_NAME[usize::from(byte)]);
    end.map(|end| at + end)
}

/// The number of bytes before the first one up to the comma, or question mark. No other byte ends a
/// name, and few of these do not.
fn before_low_byte(eight: [u8; 8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    // A subtraction borrows from later bytes only, so that the first bit is never wrong.
    let below = |bytes: u64, limit: u8| bytes.wrapping_sub(ONES * u64::from(limit)) & !bytes & HIGH;
    let bytes = u64::from_le_bytes(eight);
    let marks = below(bytes, b',' + 1) | below(bytes ^ (ONES * u64::from(b'?')), 1);
    marks.trailing_zeros() as usize / 8
}

fn plain(line: &[u8]) -> Form<'_> {
    let Some(mut end) = end_of_name(line) else {
        return Form::Odd;
    };
    if matches!(line[end], b' ' | b'\t') {
        return Form::Plain(Hosts::One(&line[..end]));
    }
    let Some(blank) = memchr::memchr2(b' ', b'\t', &line[end..]) else {
        return Form::Odd;
    };
    end += blank;
    let text = &line[..end];
    if text.contains(&0) {
        return Form::Odd;
    }
    Form::Plain(Hosts::List(HostList(Field { text, start: 0 })))
}

fn hashed(line: &[u8]) -> Form<'_> {
    let Some((field, [b' ' | b'\t', ..])) = line.split_at_checked(HASHED) else {
        return Form::Odd;
    };
    let (salt, hash) = field[3..].split_at(TEXT);
    match (decode(salt), hash.strip_prefix(b"|").and_then(decode)) {
        (Some(salt), Some([a, b, c, ..])) => Form::Hashed(salt, [a, b, c]),
        _ => Form::Odd,
    }
}

/// The base64 value of a letter; 0x80 if it has none.
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

/// Decodes the text of 20 bytes in a tenth of the time that a decoder for texts of any length
/// takes.
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
    use crate::hashed::HashedName;

    #[test]
    fn decoded_base64_equals_that_of_the_library() {
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
    fn the_end_of_a_name_is_that_found_byte_by_byte() {
        let mut random = fastrand::Rng::with_seed(13);
        let mut found = 0;
        for _ in 0..50_000 {
            let length = random.usize(..40);
            let mut line: Vec<u8> = std::iter::repeat_with(|| random.u8(b'-'..))
                .take(length)
                .collect();
            for byte in &mut line {
                match random.u8(..40) {
                    0 => *byte = *random.choice(b" \t,*?!\0").expect("one"),
                    1 => *byte = random.u8(..),
                    _ => {}
                }
            }
            let slowly = line.iter().position(|&byte| ENDS_NAME[usize::from(byte)]);
            assert_eq!(end_of_name(&line), slowly, "{line:?}");
            found += usize::from(slowly.is_some_and(|at| at > 8));
        }
        assert!(found > 5_000, "{found}");
    }

    #[test]
    fn hashes_of_every_name_length_equal_those_of_the_library() {
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
