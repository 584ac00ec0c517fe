//! Remembers the parts that the head of a line shares with earlier ones, which is most of it: the
//! minute, the machine, the programs.
//!
//! All of this only remembers the results of [`syslog`](super::syslog) and [`stamp`](super::stamp);
//! anything that deviates is left to them.

use jiff::Timestamp;

use super::head::{Envelope, Head};
use super::quick::{Opening, Place, Programs, Quick, number};
use super::stamp::{Stamps, word};
use super::syslog::{is_plain_host, without_marks};
use crate::start::{Start, byte_in, first};

/// The second, the machine and the programs of earlier lines.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    opening: Option<Opening>,
    /// The tick of the last opening, when it was new.
    ticks: u64,
    /// The machine, with the blank after it.
    host: Option<Start>,
    pub(super) programs: Programs,
}

/// The time of a line, what follows its stamp, and what follows the machine.
type Opened<'a> = (Option<Timestamp>, &'a [u8], &'a [u8]);

impl Names {
    /// The head of the line at the beginning of a text, if it is the most common one, in the minute of the last stamp.
    #[inline(always)]
    pub(super) fn quick(&mut self, text: &[u8]) -> Option<Quick> {
        Quick::read(text, self.opening.as_mut()?, &self.programs)
    }

    /// The time of the last line that was read quickly.
    pub(super) fn time(&self) -> Option<Timestamp> {
        self.opening.and_then(|opening| opening.time)
    }

    /// Splits off a head in a common form, `STAMP gw sshd[812]: ` or `STAMP gw kernel: `, in the minute of the last stamp.
    pub(super) fn read<'a>(
        &mut self,
        line: &'a [u8],
        stamps: &Stamps,
    ) -> Option<(Envelope<'a>, Place)> {
        let (time, text, behind) = self.open(line, stamps)?;
        let host = &text[..text.len() - behind.len() - 1];
        let (tag, start) = name(behind)?;
        let (pid, message) = process(&behind[tag.len()..])?;
        let (place, program) = self.programs.get(start, tag)?;
        let envelope = Envelope {
            time,
            host,
            program,
            tag,
            pid,
            message: without_marks(message.trim_ascii_start()),
            text,
            head: Head::Full,
        };
        Some((envelope, place))
    }

    fn open<'a>(&mut self, line: &'a [u8], stamps: &Stamps) -> Option<Opened<'a>> {
        let (time, rest) = stamps.recent(line)?;
        let text = rest.trim_ascii_start();
        let behind = self.host(text)?;
        let host = &text[..text.len() - behind.len()];
        // Stamps of the other form are longer.
        let is_classic = line.len() - text.len() == 16;
        let time_of_classic = time.filter(|_| is_classic);
        self.ticks = self.opening.map_or(self.ticks, |opening| opening.tick) + 1;
        self.opening = time_of_classic.and_then(|time| Opening::new(line, time, host, self.ticks));
        Some((time, text, behind))
    }

    /// The text after the machine and the blank that follows it.
    fn host<'a>(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        if let Some(rest) = self.host.as_ref().and_then(|host| host.strip(text)) {
            return Some(rest);
        }
        let (host, rest) = word(text).filter(|(host, _)| is_plain_host(host))?;
        self.host = Some(Start::new(&text[..=host.len()]));
        Some(&rest[1..])
    }
}

/// The name in `sshd[812]: message` and `kernel: message`, and its first sixteen bytes. It may hold a blank, which no name
/// does that is [learned](Programs::get).
fn name(text: &[u8]) -> Option<(&[u8], u128)> {
    let near = u128::from_le_bytes(*text.first_chunk()?);
    let end = match byte_in(b'[', near) {
        _ if text.starts_with(b"kernel: ") => 6,
        16 => text.iter().position(|by| matches!(by, b'[' | b' '))?,
        end => end,
    };
    Some((&text[..end], near & first(end)))
}

/// The process and the message in `[812]: message` behind a name, and in `: message` behind that of the kernel.
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
    fn line(random: &mut fastrand::Rng, stamp: &str, is_common: bool) -> String {
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
        let second = any(&["0", "1", "7", "x"]);
        let (behind, host) = if is_common {
            (String::new(), "gw".to_owned())
        } else {
            (any(&behind), any(&hosts))
        };
        let (tag, message) = (any(&tags), any(&messages));
        format!("{stamp}{second}{behind} {host} {tag} {message}")
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
        let (mut remembered, mut quick) = (0, 0);
        let mut stamp = "";
        for number in 0..60_000 {
            if number % 8 == 0 {
                stamp = STAMPS[random.usize(..STAMPS.len())];
            }
            let line = line(&mut random, stamp, number / 8 % 2 == 0);
            let line = line.trim_end().as_bytes();
            let mut fresh = Stamps::new(clock.clone());
            let anew = syslog::read(line, &mut fresh);
            let onward = [line, b"\nNov 20 15:52:43 gw sshd[8]: x; [9]: y; kernel: z"].concat();
            let head = peeler.quick(&onward);
            let read = head.map(|head| head.envelope(line, peeler.time()));
            assert!(read.is_none() || read == anew, "{read:?} {anew:?}");
            quick += usize::from(read.is_some());
            let known = peeler.usual(line).map(|(envelope, _)| envelope);
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
        assert!(remembered > 300 && quick > 300, "{remembered} {quick}");
    }
}
