//! Remembers the parts that the head of a line shares with earlier ones, which is most of it: the
//! minute, the machine, the programs.
//!
//! All of this only remembers the results of [`syslog`](super::syslog) and [`stamp`](super::stamp);
//! anything that deviates is left to them.

use jiff::Timestamp;

use super::head::{Envelope, Head};
use super::stamp::{Stamps, second, word};
use super::syslog::{is_name_of_program, is_plain_host, without_marks};
use crate::program::Program;
use crate::start::{Start, first};

/// The second, the machine and the programs of earlier lines.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    opening: Option<Opening>,
    /// The machine, with the blank after it.
    host: Option<Start>,
    programs: Vec<Option<Learned>>,
    /// The number of programs learned, counting repetitions.
    learned: u64,
}

/// `Nov 20 15:52:43 gw ` with a short name: what most lines begin with, of which the seconds change.
#[derive(Debug, Clone, Copy)]
struct Opening {
    /// The stamp and the blank after it, without the seconds.
    stamp: u128,
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
    fn new(line: &[u8], time: Timestamp, host: &[u8]) -> Option<Self> {
        let (stamp, _) = line.split_first_chunk::<16>()?;
        let [.., tens, ones, b' '] = stamp else {
            return None;
        };
        let mut bytes = [0; 16];
        bytes.get_mut(..host.len())?.copy_from_slice(host);
        Some(Self {
            stamp: u128::from_le_bytes(*stamp) & !Self::SECONDS,
            host: u128::from_le_bytes(bytes),
            mask: first(host.len()),
            length: host.len(),
            start: time.as_second() - second(*tens, *ones)?,
        })
    }

    /// The time of a line that begins like this, what follows the stamp, and what follows the machine.
    #[inline]
    fn strip<'a>(&self, line: &'a [u8]) -> Option<Opened<'a>> {
        let (stamp, text) = line.split_first_chunk::<16>()?;
        let host = u128::from_le_bytes(*text.first_chunk::<16>()?);
        let of_minute = u128::from_le_bytes(*stamp) & !Self::SECONDS;
        if (of_minute ^ self.stamp) | ((host & self.mask) ^ self.host) != 0 {
            return None;
        }
        let second = second(stamp[13], stamp[14])?;
        let time = Timestamp::new(self.start + second, 0).ok();
        Some((time, text, &text[self.length..]))
    }
}

/// The time of a line, what follows its stamp, and what follows the machine.
type Opened<'a> = (Option<Timestamp>, &'a [u8], &'a [u8]);

/// The name of a program, and its meaning.
#[derive(Debug, Clone)]
struct Learned {
    /// The first bytes of its name, with zeros behind a shorter one.
    start: u128,
    name: Box<[u8]>,
    program: Program,
    number: u64,
}

impl Learned {
    #[inline]
    fn is_named(&self, start: u128, name: &[u8]) -> bool {
        self.start == start
            && self.name.len() == name.len()
            && (name.len() <= 16 || *self.name == *name)
    }
}

/// The place of the first opening bracket in eight bytes; eight where there is none.
#[inline]
fn bracket_in(bytes: u64) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let differs = bytes ^ (ONES * b'[' as u64);
    // Sets the highest bit of each zero byte, and perhaps of some bytes after the first of them.
    let zeros = differs.wrapping_sub(ONES) & !differs & (ONES << 7);
    (zeros.trailing_zeros() / 8) as usize
}

/// The number of programs remembered, and the length up to which their names are.
pub(crate) const PROGRAMS: usize = if cfg!(test) { 8 } else { 256 };
const LONGEST: usize = 64;

/// The head in its most common form: `STAMP gw sshd[812]: ` or `STAMP gw kernel: `.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UsualHead<'a> {
    pub(crate) time: Option<Timestamp>,
    pub(crate) program: Program,
    pub(crate) tag: &'a [u8],
    /// The place in which the program is remembered, below [`PROGRAMS`].
    pub(crate) place: usize,
    /// Its number among those remembered there one after another, counted from 1.
    pub(crate) number: u64,
    host: &'a [u8],
    pid: Option<u32>,
    text: &'a [u8],
    message: &'a [u8],
}

impl<'a> UsualHead<'a> {
    #[inline]
    pub(crate) fn envelope(self) -> Envelope<'a> {
        Envelope {
            time: self.time,
            host: self.host,
            program: self.program,
            tag: self.tag,
            pid: self.pid,
            message: self.message(),
            text: self.text,
            head: Head::Full,
        }
    }

    /// The program's message.
    #[inline]
    pub(crate) fn message(self) -> &'a [u8] {
        without_marks(self.message.trim_ascii_start())
    }
}

impl Names {
    /// Splits off the usual head, in the minute of the last stamp.
    #[inline(always)]
    pub(super) fn read<'a>(&mut self, line: &'a [u8], stamps: &Stamps) -> Option<UsualHead<'a>> {
        let opened = self
            .opening
            .as_ref()
            .and_then(|opening| opening.strip(line));
        let (time, text, behind) = match opened {
            Some(opened) => opened,
            None => self.open(line, stamps)?,
        };
        let host = &text[..text.len() - behind.len() - 1];
        let (tag, start) = name(behind)?;
        let (pid, message) = process(&behind[tag.len()..])?;
        let place = place(start, tag);
        let known = self.programs.get(place).and_then(Option::as_ref);
        let (program, number) = match known.filter(|known| known.is_named(start, tag)) {
            Some(known) => (known.program, known.number),
            None => self.learn(place, start, tag)?,
        };
        Some(UsualHead {
            time,
            program,
            tag,
            place,
            number,
            host,
            pid,
            text,
            message,
        })
    }

    fn open<'a>(&mut self, line: &'a [u8], stamps: &Stamps) -> Option<Opened<'a>> {
        let (time, rest) = stamps.recent(line)?;
        let text = rest.trim_ascii_start();
        let behind = self.host(text)?;
        let host = &text[..text.len() - behind.len()];
        // Stamps of the other form are longer.
        let is_classic = line.len() - text.len() == 16;
        let time_of_classic = time.filter(|_| is_classic);
        self.opening = time_of_classic.and_then(|time| Opening::new(line, time, host));
        Some((time, text, behind))
    }

    /// The text after the machine and the blank that follows it.
    #[inline]
    fn host<'a>(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        if let Some(rest) = self.host.as_ref().and_then(|host| host.strip(text)) {
            return Some(rest);
        }
        let (host, rest) = word(text).filter(|(host, _)| is_plain_host(host))?;
        self.host = Some(Start::new(&text[..=host.len()]));
        Some(&rest[1..])
    }

    #[cold]
    fn learn(&mut self, place: usize, start: u128, name: &[u8]) -> Option<(Program, u64)> {
        // A longer one is not worth its memory: only a forger repeats it.
        let is_name = !name.is_empty() && !name.contains(&b' ');
        if !is_name || name.len() > LONGEST || !is_name_of_program(name) {
            return None;
        }
        let program = Program::named(name);
        self.learned += 1;
        self.programs.resize(PROGRAMS, None);
        self.programs[place] = Some(Learned {
            start,
            name: name.into(),
            program,
            number: self.learned,
        });
        Some((program, self.learned))
    }
}

/// Where the name of a program with these first bytes is remembered.
#[inline]
fn place(start: u128, name: &[u8]) -> usize {
    let mixed = (start as u64 ^ (start >> 61) as u64).wrapping_add(name.len() as u64);
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize % PROGRAMS
}

/// The name in `sshd[812]: message` and `kernel: message`, and its first sixteen bytes. It may hold a blank, which no name
/// does that is [learned](Names::learn).
#[inline]
fn name(text: &[u8]) -> Option<(&[u8], u128)> {
    const KERNEL: u64 = u64::from_le_bytes(*b"kernel: ");
    let near = u128::from_le_bytes(*text.first_chunk()?);
    let end = match bracket_in(near as u64) {
        8 if near as u64 == KERNEL => 6,
        8 => match bracket_in((near >> 64) as u64) {
            8 => text.iter().position(|by| matches!(by, b'[' | b' '))?,
            end => 8 + end,
        },
        end => end,
    };
    Some((&text[..end], near & first(end)))
}

/// The process and the message in `[812]: message` behind a name, and in `: message` behind that of the kernel.
#[inline]
fn process(text: &[u8]) -> Option<(Option<u32>, &[u8])> {
    let [b'[', rest @ ..] = text else {
        return text.strip_prefix(b":").map(|message| (None, message));
    };
    let (pid, digits) = number(rest)?;
    match &rest[digits..] {
        [b']', b':', message @ ..] if message.first() == Some(&b' ') => Some((Some(pid), message)),
        _ => None,
    }
}

/// The number of up to eight digits at the beginning of a text, and how many these are: more are not the number of a process.
#[inline]
fn number(text: &[u8]) -> Option<(u32, usize)> {
    const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);
    const ABOVE: u64 = u64::from_le_bytes([0x80 - 10; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let values = u64::from_le_bytes(*text.first_chunk::<8>()?) ^ ZEROS;
    // The highest bit of each byte that is not a digit, and perhaps of some behind the first of them.
    let others = ((values.wrapping_add(ABOVE)) | values) & HIGH;
    let digits = (others.trailing_zeros() / 8) as usize;
    if digits == 0 {
        return None;
    }
    // As if zeros stood before them: the first byte weighs most, and two, then four, then eight are added at once.
    let values = values << (64 - 8 * digits);
    let pairs = (values * 10 + (values >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some(((fours * 10_000 + (fours >> 32)) as u32, digits))
}

#[cfg(test)]
mod tests {
    use super::super::{Clock, Peeler, syslog};
    use super::*;

    const STAMPS: [&str; 11] = [
        "Nov 20 15:52:4",
        "Nov 20 15:52:0",
        "Nov  2 15:52:5",
        "Nov 20 15:53:4",
        "Nov 20 15:52:6",
        "Nov 31 15:52:1",
        "2026-11-20T15:52:4",
        "2026-11-20T15:52:6",
        "2026-11-20 15:52:1",
        "2026/11/20 15:53:0",
        "1969-12-31T23:59:5",
    ];

    /// A line with a remembered stamp, or with something else that resembles one.
    fn line(random: &mut fastrand::Rng, stamp: &str) -> String {
        let behind = [
            "",
            "",
            "",
            ".25",
            ",397",
            ".397404+00:00",
            "+00:00",
            "Z",
            ".5Z",
            "-0800",
            " +0100",
            "+03",
            " -",
            " 2026",
        ];
        let hosts = [
            "gw",
            "gw",
            "gw2",
            "GW",
            "gw.example.net",
            "a-machine-of-23-letters",
            "exactly-fifteen",
            "fail2ban.x",
            "-",
            "auth.info",
            "",
        ];
        let tags = [
            "sshd[8]:",
            "sshd\0[8]:",
            "systemd-timesyncd[7]:",
            "sixteen-letters1[9]:",
            "sshd[81234567]:",
            "sshd[812345678]:",
            "sshd[123456789]:",
            "CRON[12]:",
            "postfix/smtpd[7]:",
            "kernel:",
            "error[3]:",
            "a1b2c3d4e5f6[7]:",
            "app:",
            "a[1][2]:",
            "sshd(pam_unix)[3]:",
            "sshd[8]",
            "[8]:",
            "sshd[]:",
            "x[1]:y",
        ];
        let messages = [
            "Invalid user x from 192.0.2.7 port 4711",
            "[ID 800047 auth.info] Bye",
            "(libxpc.dylib) [com.openssh.sshd:net] Bye",
            "[   12.345678] [UFW BLOCK] IN=eth0",
            "  indented",
            "",
            "a[1]: b",
        ];
        let mut any = |texts: &[&str]| {
            random
                .choice(texts)
                .map_or(String::new(), |text| (*text).to_owned())
        };
        let (second, behind) = (any(&["0", "1", "7", "x"]), any(&behind));
        format!(
            "{stamp}{second}{behind} {} {} {}",
            any(&hosts),
            any(&tags),
            any(&messages)
        )
    }

    #[test]
    fn numbers_of_up_to_eight_digits_are_read() {
        let mut random = fastrand::Rng::with_seed(8);
        for _ in 0..20_000 {
            let text: Vec<u8> = (0..random.usize(0..14))
                .map(|_| {
                    *random
                        .choice(b"0123456789012345678901234567890123456789/:] \xff")
                        .unwrap()
                })
                .collect();
            let digits = text
                .iter()
                .take_while(|by| by.is_ascii_digit())
                .count()
                .min(8);
            let value = std::str::from_utf8(&text[..digits]).unwrap().parse().ok();
            let expected = value
                .filter(|_| text.len() >= 8)
                .map(|value| (value, digits));
            assert_eq!(number(&text), expected, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn cached_heads_equal_newly_parsed_heads() {
        let clock = Clock::utc("2026-12-01T00:00:00Z".parse().unwrap());
        let mut random = fastrand::Rng::with_seed(4);
        let mut peeler = Peeler::new(clock.clone());
        let mut remembered = 0;
        let mut stamp = "";
        for number in 0..60_000 {
            if number % 8 == 0 {
                stamp = STAMPS[random.usize(..STAMPS.len())];
            }
            let line = line(&mut random, stamp);
            let line = line.trim_end().as_bytes();
            let mut fresh = Stamps::new(clock.clone());
            let anew = syslog::read(line, &mut fresh);
            let known = peeler.usual(line).map(UsualHead::envelope);
            assert!(known.is_none() || known == anew, "{known:?} {anew:?}");
            remembered += usize::from(known.is_some());
            assert_eq!(peeler.quickly(line), anew, "{}", line.escape_ascii());
            assert_eq!(
                peeler.stamps.day(line),
                Stamps::new(clock.clone()).day(line),
                "{}",
                line.escape_ascii()
            );
        }
        assert!(remembered > 300, "{remembered}");
    }
}
