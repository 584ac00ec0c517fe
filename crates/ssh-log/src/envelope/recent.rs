//! Remembers the parts that the head of a line shares with earlier ones, which is most of it: the
//! hour, the machine, the programs.
//!
//! All of this only remembers the results of [`syslog`](super::syslog) and [`stamp`](super::stamp);
//! anything that deviates is left to them.

use jiff::Timestamp;

use super::head::{Envelope, Head};
use super::quick::{Opening, Place, Programs, Quick, near, number};
use super::stamp::{Stamps, word};
use super::syslog::{is_plain_host, without_marks};
use crate::span::Span;
use crate::start::{Start, byte_in, first};

/// The hour, the machine and the programs of earlier lines.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    opening: Option<Opening>,
    /// The times that were noted of lines with other openings.
    span: Span,
    /// The machine, with the blank after it.
    host: Option<Start>,
    pub(super) programs: Programs,
}

/// The time of a line, what follows its stamp, and what follows the machine.
type Opened<'a> = (Option<Timestamp>, &'a [u8], &'a [u8]);

impl Names {
    /// The head of the line at the beginning of a text, if it is one of the most common ones, in the hour of the last stamp.
    #[inline(always)]
    pub(super) fn quick(&mut self, text: &[u8]) -> Option<Quick> {
        Quick::read(text, self.opening.as_mut()?, &self.programs)
    }

    /// The time of the last line that was read quickly.
    #[inline]
    pub(super) fn time(&mut self) -> Option<Timestamp> {
        self.opening.as_mut()?.time()
    }

    /// Notes the time of the last line that was read quickly.
    #[inline(always)]
    pub(super) fn note_time(&mut self) {
        if let Some(opening) = &mut self.opening {
            opening.note();
        }
    }

    /// The first and the last of the times that were noted, which are noted anew from here on.
    pub(super) fn take_span(&mut self) -> Span {
        let mut span = std::mem::take(&mut self.span);
        if let Some(opening) = &mut self.opening {
            span.merge(opening.take_span());
        }
        span
    }

    /// Splits off a head in a common form, `STAMP gw sshd[812]: ` or `STAMP gw kernel: `, in the hour of the last stamp.
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
        if let Some(opening) = &mut self.opening {
            // Others write longer names, and shorter lines, than are read quickly.
            if let Some(length) = opening.strip(&near(line)) {
                let text = line.get(opening.host..)?;
                return Some((opening.time(), text, line.get(length..)?));
            }
        }
        let (time, rest) = stamps.recent(line)?;
        let text = rest.trim_ascii_start();
        let behind = self.host(text)?;
        let names = (line.len() - text.len(), line.len() - behind.len());
        let place = stamps.place().filter(|_| time.is_some());
        let opening = place.and_then(|place| Opening::new(line, names, place));
        let before = std::mem::replace(&mut self.opening, opening);
        if let Some(mut before) = before {
            self.span.merge(before.take_span());
        }
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

    /// The line, and what may stand behind it in a block.
    fn onward(line: &[u8]) -> Vec<u8> {
        let next = b"\nNov 20 15:52:43 gw sshd[8]: x; [9]: y; kernel: z".as_slice();
        [line, next, next].concat()
    }

    /// A stamp, others with which lines are read quickly after it, and others with which they are not.
    #[rustfmt::skip]
    const FORMS: &[(&str, &[&str], &[&str])] = &[
        (
            "Nov 20 15:52:43",
            &["Nov 20 15:52:44", "Nov 20 15:00:00", "Nov 20 15:59:59"],
            &["Nov 20 16:52:43", "Nov 20 25:52:43", "Nov 20 15:60:43", "Nov 20 15:52:60", "Nov 20 15:5a:43", "Nov 20 15:52:4/",
              "Nov 20 15:52.43", "Nov 20 15:52:43 2025", "Nov 20 15:52:43.1", "Nov 20 15:52:43  ", "Nov 30 15:52:43", "Xov 20 15:52:43"],
        ),
        (
            "Nov  2 15:52:43.397404",
            &["Nov  2 15:52:43.000000", "Nov  2 15:01:59.999999"],
            &["Nov  2 15:52:43.39740", "Nov  2 15:52:43.3974041", "Nov  2 15:52:43,397404", "Nov  2 15:52:43.39740x", "Nov  2 15:52:43"],
        ),
        (
            "2026-11-20T15:52:43.397404+00:00",
            &["2026-11-20T15:52:43.000000+00:00", "2026-11-20T15:00:59.999999+00:00"],
            &["2026-13-20T15:52:43.397404+00:00", "2026-11-31T15:52:43.397404+00:00", "2026-11-20T24:52:43.397404+00:00",
              "2026-11-20T15:52:60.397404+00:00", "2026-11-20T15:61:43.397404+00:00", "2026-11-20T15:52:43.397404",
              "2026-11-20T15:52:43.397404Z", "2026-11-20T15:52:43.397404+01:00", "2026-11-20T15:52:43.397404+0000",
              "2026-11-20T15:52:43.39740+00:00", "2026-11-20T15:52:43.3974040+00:00", "2026-11-20T15:52:43.3974:4+00:00",
              "2026-11-20T15:52:43+00:00", "2026-11-20 15:52:43.397404+00:00", "2026-11-20T15:52:43,397404+00:00"],
        ),
        ("2026-11-20T15:52:43.3+00:00", &["2026-11-20T15:52:44.9+00:00"], &["2026-11-20T15:52:43.+00:00", "2026-11-20T15:52:43.30+00:00"]),
        ("2026-11-20T15:52:43.39-05:30", &["2026-11-20T15:52:44.01-05:30"], &["2026-11-20T15:52:43.39+05:30"]),
        ("2026-11-20T15:52:43.397+0000", &["2026-11-20T15:52:44.001+0000"], &["2026-11-20T15:52:43.397+00:00"]),
        ("2026-11-20 15:52:43,3974", &["2026-11-20 15:52:44,0001"], &["2026-11-20 15:52:43,3974Z", "2026-11-20 15:52:43,3974 +0100"]),
        ("2026-11-20T15:52:43.39740Z", &["2026-11-20T15:52:44.00001Z"], &["2026-11-20T15:52:43.39740", "2026-11-20T15:52:43.39740z"]),
        ("2026-11-20T15:52:43.3974041Z", &["2026-11-20T15:52:44.0000001Z"], &["2026-11-20T15:52:43.397404Z"]),
        ("2026-11-20T15:52:43.39740412Z", &["2026-11-20T15:52:44.00000001Z"], &["2026-11-20T15:52:43.3974041Z"]),
        ("2026-11-20T15:52:43.397404123Z", &["2026-11-20T15:52:44.000000001Z"], &["2026-11-20T15:52:43.3974041234Z"]),
        ("2026-11-20T15:52:43Z", &["2026-11-20T15:52:44Z"], &["2026-11-20T15:52:43", "2026-11-20T15:52:43+00:00"]),
        ("2026-11-20T15:52:43+0000", &["2026-11-20T15:53:04+0000"], &["2026-11-20T15:52:43+0100", "2026-11-20T15:52:43+00"]),
        ("2026-11-20T15:52:43", &["2026-11-20T15:53:04"], &["2026-11-20T15:52:43 +0100", "2026-11-20T15:52:43Z"]),
        // More digits are not read at once, a zone of another form is not remembered, and an hour before 1970 neither.
        ("2026-11-20T15:52:43.3974041234Z", &[], &["2026-11-20T15:52:43.3974041234Z"]),
        ("2026-11-20T15:52:43+00", &[], &["2026-11-20T15:52:43+00"]),
        ("1969-12-31T23:52:43.5Z", &[], &["1969-12-31T23:52:43.5Z"]),
    ];

    /// Teaches a peeler these lines, each of which must be read like anew.
    fn learned(lines: &[&str]) -> Peeler {
        let mut peeler = Peeler::new(clock());
        for line in lines {
            let anew = syslog::read(line.as_bytes(), &mut Stamps::new(clock()));
            assert_eq!(peeler.quickly(line.as_bytes()), anew, "{line}");
        }
        peeler
    }

    fn clock() -> Clock {
        Clock::utc("2026-12-01T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn heads_with_usual_stamps_are_read_quickly_and_all_as_anew() {
        let hosts = [
            "gw",
            "LabSZ",
            "10-0-0-1",
            "ip-172-31-22-153",
            "gw.example.net",
        ];
        for ((stamp, quick, slow), host) in
            FORMS.iter().flat_map(|form| hosts.map(|host| (form, host)))
        {
            let of = |stamp: &str| {
                format!("{stamp} {host} sshd[812]: Invalid user x from 192.0.2.7 port 4711")
            };
            let first = of(stamp);
            let all = quick.iter().map(|stamp| (stamp, true));
            for (stamp, is_quick) in all.chain(slow.iter().map(|stamp| (stamp, false))) {
                let mut peeler = learned(&[&first, &first, &first]);
                let line = of(stamp);
                let anew = syslog::read(line.as_bytes(), &mut Stamps::new(clock()));
                let head = peeler.quick(&onward(line.as_bytes()));
                assert_eq!(head.is_some(), is_quick, "{first}\n{line}");
                if let Some(head) = head {
                    let time = peeler.time();
                    assert_eq!(Some(head.envelope(line.as_bytes(), time)), anew, "{line}");
                }
                assert_eq!(peeler.quickly(line.as_bytes()), anew, "{line}");
            }
        }
    }

    #[test]
    fn the_noted_span_is_that_of_the_noted_lines() {
        let mut random = fastrand::Rng::with_seed(11);
        let mut peeler = Peeler::new(clock());
        let mut notes = 0;
        for _ in 0..300 {
            let mut expected = Span::default();
            for _ in 0..random.usize(..40) {
                let (day, hour) = (random.u8(1..3), random.u8(7..9));
                let time = format!("{hour:02}:{:02}:{:02}", random.u8(..60), random.u8(..60));
                let stamp = match random.u8(..3) {
                    0 => format!("Nov {day:2} {time}"),
                    _ => format!("2026-11-{day:02}T{time}.{:03}Z", random.u16(..1000)),
                };
                let line = format!("{stamp} gw sshd[8]: Invalid user x from 192.0.2.7");
                // The first line of an opening is not quick, and the second one is.
                for _ in 0..3 {
                    if peeler.quick(&onward(line.as_bytes())).is_some() {
                        peeler.note_time();
                        let anew = Stamps::new(clock()).day(line.as_bytes());
                        expected.add(anew.and_then(|(time, _)| time));
                        notes += 1;
                    } else {
                        peeler.quickly(line.as_bytes());
                    }
                }
            }
            assert_eq!(peeler.take_span(), expected);
        }
        assert!(notes > 1_000, "{notes}");
    }

    #[test]
    fn cached_heads_equal_newly_parsed_heads() {
        let clock = clock();
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
            let onward = onward(line);
            let head = peeler.quick(&onward);
            let time = peeler.time();
            let read = head.map(|head| head.envelope(line, time));
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
