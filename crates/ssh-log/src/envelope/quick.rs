//! The most common head of a line, `Nov 20 15:52:43 gw sshd[812]: ` or `Nov 20 15:52:43 gw kernel: `, where only the second, the
//! program and its process differ from the lines before.
//!
//! Most lines of a machine are of other programs: nothing of theirs is read but this head. So it is compared by numbers of
//! sixteen bytes, at places that are known beforehand, without a search.

use jiff::Timestamp;

use super::head::{Envelope, Head};
use super::stamp::second;
use super::syslog::{is_name_of_program, without_marks};
use crate::program::Program;
use crate::start::{byte_in, first};

/// So many bytes of a line hold its head: the stamp, the name of the machine and that of a program, each of up to sixteen
/// bytes, and the process.
const NEAR: usize = 64;

/// The number of programs remembered, and the length up to which their names are.
const PROGRAMS: usize = if cfg!(test) { 8 } else { 256 };
const LONGEST: usize = 64;

/// The length of `Nov 20 15:52:43 `.
const STAMP: usize = 16;

/// `Nov 20 15:52:43 gw ` with a short name: what most lines begin with, of which the seconds change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening {
    /// The stamp of the last line and the blank after it, and its time.
    stamp: u128,
    pub(super) time: Option<Timestamp>,
    /// Counts the times, of this opening and those before it: no two have the same.
    pub(super) tick: u64,
    /// The name and the blank after it, with zeros behind them, and a mask of them.
    host: u128,
    mask: u128,
    /// The number of bytes of both.
    length: usize,
    /// The start of the minute, in seconds since 1970.
    start: i64,
}

impl Opening {
    const SECONDS: u128 = 0xffff << (8 * 13);

    /// That of a line at this time, with such a stamp; `host` ends with a blank.
    pub(super) fn new(line: &[u8], time: Timestamp, host: &[u8], tick: u64) -> Option<Self> {
        let (stamp, _) = line.split_first_chunk::<STAMP>()?;
        let [.., tens, ones, b' '] = stamp else {
            return None;
        };
        let mut bytes = [0; 16];
        bytes.get_mut(..host.len())?.copy_from_slice(host);
        Some(Self {
            stamp: u128::from_le_bytes(*stamp),
            time: Some(time),
            tick,
            host: u128::from_le_bytes(bytes),
            mask: first(host.len()),
            length: host.len(),
            start: time.as_second() - second(*tens, *ones)?,
        })
    }

    /// Where the name of the program begins in a line that begins like this; its time is that of the opening from now on.
    #[inline(always)]
    fn strip(&mut self, near: &[u8; NEAR]) -> Option<usize> {
        let stamp = sixteen(near, 0)?;
        let host = sixteen(near, STAMP)? & self.mask;
        if (stamp ^ self.stamp) | (host ^ self.host) != 0 {
            self.advance(stamp, host)?;
        }
        Some(STAMP + self.length)
    }

    /// Goes on to another second of the same minute.
    fn advance(&mut self, stamp: u128, host: u128) -> Option<()> {
        if (stamp ^ self.stamp) & !Self::SECONDS | (host ^ self.host) != 0 {
            return None;
        }
        let [.., tens, ones, _] = stamp.to_le_bytes();
        self.time = Timestamp::new(self.start + second(tens, ones)?, 0).ok();
        self.stamp = stamp;
        self.tick += 1;
        Some(())
    }
}

/// The sixteen bytes at this place, as a number.
#[inline(always)]
fn sixteen(near: &[u8; NEAR], at: usize) -> Option<u128> {
    Some(u128::from_le_bytes(*near.get(at..)?.first_chunk()?))
}

/// The programs of earlier lines, by their names, with the number of lines that are only counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Programs {
    /// By their places; none before the first one is learned.
    known: Vec<Option<Learned>>,
    /// Those in whose places others are remembered now, if any of their lines were counted.
    replaced: Vec<Learned>,
}

/// The name of a program, and its meaning.
#[derive(Debug, Clone)]
struct Learned {
    /// The first bytes of its name, with zeros behind a shorter one.
    start: u128,
    name: Box<[u8]>,
    /// The lines counted.
    lines: u64,
    program: Program,
}

impl Learned {
    /// Whether this is a name of such a length that begins with these bytes; they are the whole of one of up to sixteen.
    #[inline(always)]
    fn begins(&self, start: u128, length: usize) -> bool {
        self.start == start && self.name.len() == length
    }
}

/// Where a program is remembered until another one is.
pub(crate) type Place = usize;

impl Programs {
    /// The program with this name, which begins with these bytes.
    #[inline]
    pub(super) fn get(&mut self, start: u128, name: &[u8]) -> Option<(Place, Program)> {
        let place = place(start, name.len());
        let known = self.known.get(place).and_then(Option::as_ref);
        let is_short = name.len() <= 16;
        let is_named = |known: &&Learned| {
            known.begins(start, name.len()) && (is_short || *known.name == *name)
        };
        match known.filter(is_named) {
            Some(known) => Some((place, known.program)),
            None => self.learn(place, start, name),
        }
    }

    #[cold]
    fn learn(&mut self, place: Place, start: u128, name: &[u8]) -> Option<(Place, Program)> {
        // A longer one is not worth its memory: only a forger repeats it.
        let is_name = !name.is_empty() && !name.contains(&b' ');
        if !is_name || name.len() > LONGEST || !is_name_of_program(name) {
            return None;
        }
        let program = Program::named(name);
        self.known.resize(PROGRAMS, None);
        let before = self.known[place].replace(Learned {
            start,
            name: name.into(),
            lines: 0,
            program,
        });
        self.replaced
            .extend(before.filter(|before| before.lines > 0));
        Some((place, program))
    }

    /// Counts a line of the program in this place; true for the first one.
    #[inline(always)]
    pub(super) fn count(&mut self, place: Place) -> bool {
        let Some(Some(program)) = self.known.get_mut(place) else {
            return false;
        };
        program.lines += 1;
        program.lines == 1
    }

    /// The counted lines of each program, which is counted anew from here on.
    pub(super) fn take_counts(&mut self, sink: &mut dyn FnMut(Program, &[u8], u64)) {
        for program in self.replaced.drain(..) {
            sink(program.program, &program.name, program.lines);
        }
        for program in self
            .known
            .iter_mut()
            .flatten()
            .filter(|program| program.lines > 0)
        {
            sink(program.program, &program.name, program.lines);
            program.lines = 0;
        }
    }
}

/// Where the name of a program with these first bytes is remembered.
#[inline]
fn place(start: u128, length: usize) -> Place {
    let mixed = (start as u64 ^ (start >> 61) as u64).wrapping_add(length as u64);
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize % PROGRAMS
}

/// The most common head, by the places in its line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quick {
    /// That of its time: it counts the times, from 1.
    pub(crate) tick: u64,
    pub(crate) program: Program,
    pub(crate) place: Place,
    /// Where the name of the program begins and ends, and where the message begins.
    name: usize,
    name_end: usize,
    message: usize,
}

impl Quick {
    /// The head at the beginning of a text: of a line and what may be behind it. None of the bytes compared is a line feed, so
    /// that the head ends in this line.
    #[inline(always)]
    pub(super) fn read(text: &[u8], opening: &mut Opening, programs: &Programs) -> Option<Self> {
        let near = text.first_chunk::<NEAR>()?;
        let name = opening.strip(near)?;
        let start = sixteen(near, name)?;
        let (length, message) = program_in(near, name, start)?;
        let start = start & first(length);
        let place = place(start, length);
        let known = programs.known.get(place)?.as_ref()?;
        known.begins(start, length).then_some(Self {
            tick: opening.tick,
            program: known.program,
            place,
            name,
            name_end: name + length,
            message,
        })
    }

    /// The name of the program.
    #[inline]
    pub(crate) fn tag<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        line.get(self.name..self.name_end).unwrap_or_default()
    }

    /// The message, with the marks that may be before it.
    #[inline]
    pub(crate) fn message<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        line.get(self.message..).unwrap_or_default()
    }

    /// What the head of this line says.
    #[inline(always)]
    pub(crate) fn envelope<'a>(&self, line: &'a [u8], time: Option<Timestamp>) -> Envelope<'a> {
        Envelope {
            time,
            host: line.get(STAMP..self.name - 1).unwrap_or_default(),
            program: self.program,
            tag: self.tag(line),
            pid: line
                .get(self.name_end + 1..)
                .and_then(number)
                .map(|(pid, _)| pid),
            message: without_marks(self.message(line)),
            text: line.get(STAMP..).unwrap_or_default(),
            head: Head::Full,
        }
    }
}

/// The length of the name of a program at this place, in the sixteen bytes from there on, and where its message begins: not with
/// a blank.
#[inline(always)]
fn program_in(near: &[u8; NEAR], name: usize, start: u128) -> Option<(usize, usize)> {
    const KERNEL: u64 = u64::from_le_bytes(*b"kernel: ");
    if start as u64 == KERNEL {
        let message = name + 8;
        return (*near.get(message)? > b' ').then_some((6, message));
    }
    let length = byte_in(b'[', start);
    let [b'[', number @ ..] = near.get(name + length..)?.first_chunk::<9>()? else {
        return None;
    };
    let (_, digits) = digits(*number);
    let end = name + length + 1 + digits;
    let behind = u32::from_le_bytes(*near.get(end..)?.first_chunk()?);
    let is_closed = behind << 8 == u32::from_le_bytes(*b"\0]: ") && behind >> 24 > u32::from(b' ');
    (is_closed && length * digits > 0).then_some((length, end + 3))
}

/// The values of eight bytes as digits, the first in the lowest byte, and how many of them are digits before another one.
#[inline(always)]
fn digits(bytes: [u8; 8]) -> (u64, usize) {
    const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);
    const ABOVE: u64 = u64::from_le_bytes([0x80 - 10; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let values = u64::from_le_bytes(bytes) ^ ZEROS;
    // The highest bit of each byte that is not a digit, and perhaps of some behind the first of them.
    let others = (values.wrapping_add(ABOVE) | values) & HIGH;
    (values, (others.trailing_zeros() / 8) as usize)
}

/// The number of up to eight digits at the beginning of a text, and how many these are: more are not the number of a process.
#[inline]
pub(super) fn number(text: &[u8]) -> Option<(u32, usize)> {
    let (values, digits) = digits(*text.first_chunk()?);
    if digits == 0 {
        return None;
    }
    // As if zeros stood before them: the first byte weighs most, and two, then four, then eight are added at once.
    let values = values << (64 - 8 * digits);
    let pairs = (values * 10 + (values >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some(((fours * 10_000 + (fours >> 32)) as u32, digits))
}
