//! What the head of a line has in common with those before it, which is most of it: the minute, the machine, the programs.
//!
//! All of this only remembers what [`syslog`](super::syslog) and [`stamp`](super::stamp) found out; what differs is left to them.

use jiff::Timestamp;

use super::stamp::{Stamps, fraction, word};
use super::syslog::{is_name_of_program, is_plain_host, without_marks};
use super::{Envelope, Head};
use crate::program::Program;
use crate::start::{Start, first};

/// The minute of the last stamp of one of the two forms that most logs have, as it was written.
#[derive(Debug, Clone, Default)]
pub(super) struct Recent {
    stamp: Option<Minute>,
}

#[derive(Debug, Clone)]
struct Minute {
    /// `Nov 20 15:52:` with zeros behind it, or `2026-11-20T15:52`: numbers are compared faster than texts of any length.
    text: u128,
    /// What stands behind the time of the second form: nothing, `Z`, `+00:00` or `+0000`.
    zone: Option<Box<[u8]>>,
    /// When it began, in seconds since 1970.
    start: i64,
}

/// So many bytes stand before the seconds of `Nov 20 15:52:43`, and before the colon and the seconds of `2026-11-20T15:52:43`.
const CLASSIC: usize = 13;
const ISO: usize = 16;

impl Recent {
    /// Remembers the minute of a stamp `Nov 20 15:52:43`.
    pub(super) fn keep_classic(&mut self, time: Option<Timestamp>, text: &[u8]) {
        self.keep(time, &text[..CLASSIC], &text[CLASSIC..], None);
    }

    /// Remembers the minute of a stamp `2026-11-20T15:52:43` with this zone.
    pub(super) fn keep_iso8601(&mut self, time: Option<Timestamp>, text: &[u8], zone: &[u8]) {
        // Others end in ways that depend on what follows them.
        if matches!(
            zone,
            [] | b"Z" | [b'+' | b'-', _, _, _, _] | [b'+' | b'-', _, _, b':', _, _]
        ) {
            self.keep(time, &text[..ISO], &text[ISO + 1..], Some(zone));
        }
    }

    fn keep(&mut self, time: Option<Timestamp>, minute: &[u8], second: &[u8], zone: Option<&[u8]>) {
        let (Some(time), [tens, ones, ..]) = (time, second) else {
            return;
        };
        let second = i64::from(*tens) * 10 + i64::from(*ones) - i64::from(b'0') * 11;
        let start = time.as_second() - second;
        // A leap second is of the next minute, and before 1970 a fraction counts backwards.
        if start < 0 || second > 59 {
            return;
        }
        let mut text = [0; 16];
        text[..minute.len()].copy_from_slice(minute);
        self.stamp = Some(Minute {
            text: u128::from_le_bytes(text),
            zone: zone.map(Box::from),
            start,
        });
    }

    /// Reads a stamp of that minute, and returns the rest.
    #[inline]
    pub(super) fn read<'a>(&self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        let minute = self.stamp.as_ref()?;
        if minute.zone.is_some() {
            return self.read_iso8601(text);
        }
        let (start, rest) = text.split_first_chunk::<16>()?;
        // What begins with a small letter is the name of a machine: neither a year nor a fraction stands there.
        let ([.., tens, ones, b' '], [b'a'..=b'z', ..]) = (start, rest) else {
            return None;
        };
        if u128::from_le_bytes(*start) & first(CLASSIC) != minute.text {
            return None;
        }
        Some((minute.at(*tens, *ones, 0)?, &text[15..]))
    }

    /// Reads a stamp of that minute, where it is one of the second form, and returns the rest.
    #[inline]
    pub(super) fn read_iso8601<'a>(&self, text: &'a [u8]) -> Option<(Option<Timestamp>, &'a [u8])> {
        let minute = self.stamp.as_ref()?;
        let (start, rest) = text.split_first_chunk::<16>()?;
        minute.iso8601(start, rest, minute.zone.as_deref()?)
    }
}

impl Minute {
    fn iso8601<'a>(
        &self,
        start: &[u8; 16],
        rest: &'a [u8],
        zone: &[u8],
    ) -> Option<(Option<Timestamp>, &'a [u8])> {
        let [b':', tens, ones, rest @ ..] = rest else {
            return None;
        };
        if u128::from_le_bytes(*start) != self.text {
            return None;
        }
        let (nanosecond, rest) = fraction(rest);
        let time = self.at(*tens, *ones, nanosecond)?;
        let rest = rest.strip_prefix(zone)?;
        let signed = rest.strip_prefix(b" ").unwrap_or(rest);
        let has_zone = matches!(rest, [b'Z', ..]) || matches!(signed, [b'+' | b'-', ..]);
        (!zone.is_empty() || !has_zone).then_some((time, rest))
    }

    /// The time in this minute; `None` where these are not digits of one of its sixty seconds.
    fn at(&self, tens: u8, ones: u8, nanosecond: i32) -> Option<Option<Timestamp>> {
        if !(b'0'..=b'5').contains(&tens) || !ones.is_ascii_digit() {
            return None;
        }
        let second = i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
        Some(Timestamp::new(self.start + second, nanosecond).ok())
    }
}

/// The second, the machine and the programs that wrote the lines before.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    second: Option<Second>,
    /// The machine, and the blank behind it.
    host: Option<Start>,
    programs: Vec<Option<Learned>>,
    /// How many programs were learned, some of them again.
    learned: u64,
}

/// `Nov 20 15:52:43 ` as a number, and the time.
#[derive(Debug, Clone, Copy)]
struct Second {
    text: u128,
    time: Option<Timestamp>,
}

/// The name of a program, and what it is.
#[derive(Debug, Clone)]
struct Learned {
    name: Start,
    program: Program,
    number: u64,
}

/// The place of the first of two bytes in sixteen; sixteen where neither is there.
#[inline]
fn place_of(one: u8, other: u8, bytes: u128) -> usize {
    const ONES: u128 = u128::from_le_bytes([1; 16]);
    // The highest bit of each byte that is zero, and perhaps of some behind the first of them.
    let zeros = |bytes: u128| bytes.wrapping_sub(ONES) & !bytes & (ONES << 7);
    let found = zeros(bytes ^ (ONES * u128::from(one))) | zeros(bytes ^ (ONES * u128::from(other)));
    (found.trailing_zeros() / 8) as usize
}

/// So many programs are remembered, and their names where they are no longer than this.
pub(crate) const PROGRAMS: usize = 256;
const LONGEST: usize = 64;

/// The head of the kind that most lines have: `STAMP gw sshd[812]: ` or `STAMP gw kernel: `.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UsualHead<'a> {
    pub(crate) time: Option<Timestamp>,
    pub(crate) program: Program,
    pub(crate) tag: &'a [u8],
    /// Where the program is remembered, below [`PROGRAMS`].
    pub(crate) place: usize,
    /// Which of those that are remembered there one after another, counted from 1.
    pub(crate) number: u64,
    host: &'a [u8],
    pid: Option<u32>,
    text: &'a [u8],
    message: &'a [u8],
}

impl<'a> UsualHead<'a> {
    pub(crate) fn envelope(&self) -> Envelope<'a> {
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

    /// What the program said.
    pub(crate) fn message(&self) -> &'a [u8] {
        without_marks(self.message.trim_ascii_start())
    }
}

impl Names {
    /// Takes off the usual head, in the minute of the last stamp.
    #[inline]
    pub(super) fn read<'a>(&mut self, line: &'a [u8], stamps: &Stamps) -> Option<UsualHead<'a>> {
        let (time, rest) = self.stamp(line, stamps)?;
        let text = rest.trim_ascii_start();
        let (host, behind) = self.host(text)?;
        let (tag, pid, message) = tag(behind)?;
        let place = place(tag)?;
        let known = self.programs.get(place).and_then(Option::as_ref);
        let known = known.filter(|known| {
            known.name.text().len() == tag.len() && known.name.strip(behind).is_some()
        });
        let (program, number) = match known {
            Some(known) => (known.program, known.number),
            None => self.learn(place, tag)?,
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

    /// Takes off the stamp: that of the second before, or of the minute.
    #[inline]
    fn stamp<'a>(
        &mut self,
        line: &'a [u8],
        stamps: &Stamps,
    ) -> Option<(Option<Timestamp>, &'a [u8])> {
        let (text, behind) = line.split_first_chunk::<16>()?;
        let text = u128::from_le_bytes(*text);
        // What begins with a small letter is the name of a machine, as in `Recent::read`.
        let is_named = matches!(behind, [b'a'..=b'z', ..]);
        match &self.second {
            Some(second) if second.text == text && is_named => return Some((second.time, behind)),
            _ => {}
        }
        let (time, rest) = stamps.recent(line)?;
        // In the other form a digit of the minute is the last of sixteen.
        if line[15] == b' ' {
            self.second = Some(Second { text, time });
        }
        Some((time, rest))
    }

    /// The machine, and what follows the blank behind it.
    #[inline]
    fn host<'a>(&mut self, text: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        if let Some(rest) = self.host.as_ref().and_then(|host| host.strip(text)) {
            return Some((&text[..text.len() - rest.len() - 1], rest));
        }
        let (host, rest) = word(text).filter(|(host, _)| is_plain_host(host))?;
        self.host = Some(Start::new(&text[..=host.len()]));
        Some((host, &rest[1..]))
    }

    #[cold]
    fn learn(&mut self, place: usize, name: &[u8]) -> Option<(Program, u64)> {
        // A longer one is not worth its memory: nobody but a forger repeats it.
        if name.len() > LONGEST || !is_name_of_program(name) {
            return None;
        }
        let program = Program::named(name);
        self.learned += 1;
        self.programs.resize(PROGRAMS, None);
        self.programs[place] = Some(Learned {
            name: Start::new(name),
            program,
            number: self.learned,
        });
        Some((program, self.learned))
    }
}

/// Where the name of a program is remembered.
#[inline]
fn place(name: &[u8]) -> Option<usize> {
    let (first, last) = (name.first()?, name.last()?);
    let length = u32::try_from(name.len()).ok()?;
    let hash = length << 16 | u32::from(*first) << 8 | u32::from(*last);
    Some((hash.wrapping_mul(0x9e37_79b1) >> 16) as usize % PROGRAMS)
}

/// The name, the process and the message of `sshd[812]: message` and `kernel: message`.
#[inline]
fn tag(text: &[u8]) -> Option<(&[u8], Option<u32>, &[u8])> {
    let is_end = |by: &u8| matches!(by, b'[' | b' ');
    let near = text.first_chunk::<16>();
    let end = match near.map(|near| place_of(b'[', b' ', u128::from_le_bytes(*near))) {
        Some(end) if end < 16 => end,
        _ => text.iter().position(is_end)?,
    };
    let (name, rest) = text.split_at(end);
    if rest[0] == b' ' {
        return (name == b"kernel:").then(|| (&name[..6], None, rest));
    }
    let (mut pid, mut at) = (0, 1);
    // More than eight digits are not the number of a process.
    while let Some(digit @ b'0'..=b'9') = rest.get(at) {
        if at > 8 {
            return None;
        }
        (pid, at) = (pid * 10 + u32::from(digit - b'0'), at + 1);
    }
    match &rest[at..] {
        [b']', b':', message @ ..] if at > 1 && message.first() == Some(&b' ') => {
            Some((name, Some(pid), message))
        }
        _ => None,
    }
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

    /// A line with a stamp that is remembered, or with something else that looks like one.
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
    fn remembered_heads_equal_heads_read_anew() {
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
            let known = peeler.usual(line).map(|head| head.envelope());
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
