//! The most common heads of a line, `Nov 20 15:52:43 gw sshd[812]: ` and `2026-11-20T15:52:43.123456+00:00 gw kernel: `, where
//! only the time within the hour, the program and its process differ from the lines before.
//!
//! Most lines of a machine are of other programs: nothing of theirs is read but this head. So it is compared by numbers of
//! sixteen bytes, at places that are known beforehand, without a search.

use jiff::Timestamp;

use super::head::{Envelope, Head};
use super::stamp::{self, sixtieth};
use super::syslog::{is_name_of_program, without_marks};
use crate::program::Program;
use crate::span::Span;
use crate::start::{byte_in, first};

/// So many bytes of a line hold its head: what it begins with, the name of a program of up to sixteen bytes, and the process.
pub(super) const NEAR: usize = 96;

/// The number of programs remembered, and the length up to which their names are.
const PROGRAMS: usize = if cfg!(test) { 8 } else { 256 };
const LONGEST: usize = 64;

/// What follows the hour is compared in so many pieces of sixteen bytes.
const PIECES: usize = 3;
const WIDE: usize = 16;

/// `Nov 20 15:52:43 gw ` or `2026-11-20T15:52:43.123456+00:00 gw `: what most lines begin with, of which the minute, the second
/// and its fraction change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening {
    /// `Nov 20 15:` or `2026-11-20T15:`.
    hour: Piece,
    /// What follows it, but for the digits that change.
    pieces: [Piece; PIECES],
    clock: Clock,
    /// The number of bytes in all of it.
    length: usize,
    /// Where the name of the machine begins.
    pub(super) host: usize,
}

/// Some of sixteen bytes.
#[derive(Debug, Clone, Copy)]
struct Piece {
    place: usize,
    /// The bytes, with zeros for the others, and a mask of them.
    bytes: u128,
    mask: u128,
}

impl Piece {
    /// Those at this place that the mask names.
    fn new(near: &[u8; NEAR], place: usize, mask: u128) -> Option<Self> {
        Some(Self {
            place,
            bytes: sixteen(near, place)? & mask,
            mask,
        })
    }

    /// Zero if these are the same.
    #[inline(always)]
    fn differs(&self, bytes: u128) -> u128 {
        (bytes & self.mask) ^ self.bytes
    }
}

impl Opening {
    /// That of a line whose stamp has such a place, and whose machine and program begin at these ones.
    pub(super) fn new(
        line: &[u8],
        (host, length): (usize, usize),
        place: stamp::Place,
    ) -> Option<Self> {
        let near = near(line);
        let clock = Clock::new(line.get(..host)?, place, &near)?;
        let piece = |at: usize, changing: u128| {
            let begin = place.minute + WIDE * at;
            let mask = first(length.saturating_sub(begin));
            Piece::new(&near, begin, mask & !changing)
        };
        let pieces = [piece(0, clock.digits)?, piece(1, 0)?, piece(2, 0)?];
        (length <= place.minute + WIDE * PIECES).then_some(Self {
            hour: Piece::new(&near, 0, first(place.minute))?,
            pieces,
            clock,
            length,
            host,
        })
    }

    /// Where the name of the program begins in a line that begins like this, whose time is that of the opening from now on.
    #[inline(always)]
    pub(super) fn strip(&mut self, near: &[u8; NEAR]) -> Option<usize> {
        let [piece, more @ ..] = &self.pieces;
        let bytes = sixteen(near, piece.place)?;
        let mut differs = self.hour.differs(sixteen(near, 0)?) | piece.differs(bytes);
        for piece in more {
            // Those behind the end hold nothing.
            if piece.mask == 0 {
                break;
            }
            differs |= piece.differs(sixteen(near, piece.place)?);
        }
        if differs != 0 {
            return None;
        }
        self.clock.set(bytes)?;
        Some(self.length)
    }

    /// The time of the last line.
    #[inline]
    pub(super) fn time(&mut self) -> Option<Timestamp> {
        self.clock.time()
    }

    /// Notes the time of the last line.
    #[inline(always)]
    pub(super) fn note(&mut self) {
        self.clock.note();
    }

    /// The first and the last of the times that were noted, which are noted anew from here on.
    pub(super) fn take_span(&mut self) -> Span {
        self.clock.take_span()
    }
}

/// The time within an hour, as digits that change from line to line: `52:43.123456`, with zeros for what is not one of them.
/// Later ones are greater, if the first byte weighs most.
#[derive(Debug, Clone, Copy)]
struct Clock {
    /// Those of the last line.
    now: u128,
    /// A mask of the digits.
    digits: u128,
    /// For each digit what makes 128 of the first number that is too great for it.
    limits: u128,
    /// The number of digits in the fraction of the second, up to nine.
    fraction: usize,
    /// The start of the hour, in seconds since 1970.
    start: i64,
    /// The last one whose time was asked for, and this time.
    asked: u128,
    time: Option<Timestamp>,
    /// The last one that was noted, and the first and the last of these, with the first byte weighing most.
    noted: u128,
    earliest: u128,
    latest: u128,
}

impl Clock {
    /// That of a line with this stamp, which has such a place, and with what follows it before the name of the machine.
    fn new(stamp: &[u8], place: stamp::Place, near: &[u8; NEAR]) -> Option<Self> {
        let fraction = match stamp.get(place.minute + 5..)? {
            [b'.' | b',', tail @ ..] => tail.iter().take_while(|by| by.is_ascii_digit()).count(),
            _ => 0,
        };
        if fraction > 9 {
            return None;
        }
        let mut limits = [0; 16];
        limits[6..][..fraction].fill(0x80 - 10);
        limits[..5].copy_from_slice(&[0x80 - 6, 0x80 - 10, 0, 0x80 - 6, 0x80 - 10]);
        let mut clock = Self {
            now: 0,
            digits: u128::from_le_bytes(limits.map(|limit| if limit == 0 { 0 } else { 0xff })),
            limits: u128::from_le_bytes(limits),
            fraction,
            start: place.start,
            asked: 0,
            time: None,
            noted: 0,
            earliest: u128::MAX,
            latest: 0,
        };
        clock.set(sixteen(near, place.minute)?)?;
        Some(clock)
    }

    /// Goes on to the time in these bytes; `None` if there is none.
    #[inline(always)]
    fn set(&mut self, bytes: u128) -> Option<()> {
        const ZEROS: u128 = u128::from_le_bytes([b'0'; 16]);
        const HIGH: u128 = u128::from_le_bytes([0x80; 16]);
        let now = bytes & self.digits;
        if now == self.now {
            return Some(());
        }
        let values = now ^ (ZEROS & self.digits);
        // Sets the highest bit of each byte that is too great, and perhaps of some behind the first of them.
        if (values.wrapping_add(self.limits) | values) & HIGH != 0 {
            return None;
        }
        self.now = now;
        Some(())
    }

    fn time(&mut self) -> Option<Timestamp> {
        if self.asked != self.now {
            self.asked = self.now;
            self.time = self.time_of(self.now);
        }
        self.time
    }

    /// The time that these digits tell.
    fn time_of(&self, digits: u128) -> Option<Timestamp> {
        let [m1, m2, _, s1, s2, _, fraction @ ..] = digits.to_le_bytes();
        let second = self.start + sixtieth(m1, m2)? * 60 + sixtieth(s1, s2)?;
        Timestamp::new(second, nanosecond(fraction, self.fraction)?).ok()
    }

    #[inline(always)]
    fn note(&mut self) {
        if self.noted != self.now {
            self.noted = self.now;
            let now = self.now.swap_bytes();
            self.earliest = self.earliest.min(now);
            self.latest = self.latest.max(now);
        }
    }

    fn take_span(&mut self) -> Span {
        let mut span = Span::default();
        if self.noted != 0 {
            span.add(self.time_of(self.earliest.swap_bytes()));
            span.add(self.time_of(self.latest.swap_bytes()));
            (self.noted, self.earliest, self.latest) = (0, u128::MAX, 0);
        }
        span
    }
}

/// The beginning of a line, with zeros behind a shorter one.
pub(super) fn near(line: &[u8]) -> [u8; NEAR] {
    let mut near = [0; NEAR];
    let length = line.len().min(NEAR);
    near[..length].copy_from_slice(&line[..length]);
    near
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
    pub(crate) program: Program,
    pub(crate) place: Place,
    /// Where the name of the machine begins, where that of the program begins and ends, and where the message begins.
    host: usize,
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
            program: known.program,
            place,
            host: opening.host,
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
            host: line.get(self.host..self.name - 1).unwrap_or_default(),
            program: self.program,
            tag: self.tag(line),
            pid: line
                .get(self.name_end + 1..)
                .and_then(number)
                .map(|(pid, _)| pid),
            message: without_marks(self.message(line)),
            text: line.get(self.host..).unwrap_or_default(),
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
    Some((value(values, digits), digits))
}

/// The number that the first of these values of digits stand for, of which there is at least one.
#[inline(always)]
fn value(values: u64, digits: usize) -> u32 {
    // As if zeros stood before them: the first byte weighs most, and two, then four, then eight are added at once.
    let values = values << (64 - 8 * digits);
    let pairs = (values * 10 + (values >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    (fours * 10_000 + (fours >> 32)) as u32
}

/// The nanoseconds in a fraction of so many digits, up to nine, which the text begins with.
#[inline]
fn nanosecond(text: [u8; 10], count: usize) -> Option<i32> {
    /// What one of the last of up to eight digits stands for.
    const SCALE: [u32; 9] = [
        0,
        100_000_000,
        10_000_000,
        1_000_000,
        100_000,
        10_000,
        1_000,
        100,
        10,
    ];
    let [eight @ .., ninth, _] = text;
    let most = count.min(8);
    if most == 0 {
        return Some(0);
    }
    let last = if count > 8 {
        u32::from(ninth - b'0')
    } else {
        0
    };
    i32::try_from(value(digits(eight).0, most) * SCALE[most] + last).ok()
}
