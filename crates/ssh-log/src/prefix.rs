//! The part of a line before the message: time, machine, program, process.

use jiff::Timestamp;
use memchr::{memchr, memmem};

use crate::program::Program;
use crate::time::{Stamps, number, word};

/// A line taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Envelope<'a> {
    pub(crate) time: Option<Timestamp>,
    pub(crate) host: &'a [u8],
    pub(crate) program: Program,
    pub(crate) pid: Option<u32>,
    pub(crate) message: &'a [u8],
}

/// Takes one text line apart. A line without any known prefix is [`Program::Bare`], the whole of it the message.
pub(crate) fn read<'a>(line: &'a [u8], stamps: &mut Stamps) -> Envelope<'a> {
    let bare = Envelope { time: None, host: b"", program: Program::Bare, pid: None, message: line };
    let found = match line.first() {
        Some(b'<') => priority(line, stamps),
        Some(b'0'..=b'9') => dated(line, stamps),
        Some(b'[') => bracketed(line, stamps),
        Some(b't' | b'n') if line.starts_with(b"type=") || line.starts_with(b"node=") => audited(line),
        Some(b't') => logfmt(line, stamps),
        Some(_) => named_day(line, stamps),
        None => None,
    };
    found.unwrap_or(bare)
}

/// `<38>` before any other form; `<38>1 ` introduces RFC 5424.
fn priority<'a>(line: &'a [u8], stamps: &mut Stamps) -> Option<Envelope<'a>> {
    let (_, rest) = number(line.strip_prefix(b"<")?)?;
    let rest = rest.strip_prefix(b">")?;
    match rest.strip_prefix(b"1 ") {
        Some(rest) => rfc5424(rest, stamps),
        None => Some(read(rest, stamps)),
    }
}

/// `TIME HOST APP PID MSGID [STRUCTURED DATA] message`, `-` for what is missing.
fn rfc5424<'a>(text: &'a [u8], stamps: &mut Stamps) -> Option<Envelope<'a>> {
    let (stamp, rest) = word(text)?;
    let (host, rest) = word(rest.get(1..)?)?;
    let (app, rest) = word(rest.get(1..)?)?;
    let (pid, rest) = word(rest.get(1..)?)?;
    let (_, rest) = word(rest.get(1..)?)?;
    Some(Envelope {
        time: stamps.iso8601(stamp).and_then(|(time, _)| time),
        host: if host == b"-" { b"" } else { host },
        program: Program::named(app),
        pid: number(pid).map(|(pid, _)| pid),
        message: structured_data(rest.get(1..)?)?.trim_ascii_start(),
    })
}

/// What follows the structured data; values are quoted, with `\"` and `\]`.
fn structured_data(text: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = text.strip_prefix(b"-") {
        return Some(rest);
    }
    let (mut quoted, mut escaped, mut depth) = (false, false, 0u32);
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b'[' if !quoted => depth += 1,
            b']' if !quoted => depth = depth.checked_sub(1)?,
            _ if !quoted && depth == 0 => return Some(&text[at..]),
            _ => {}
        }
    }
    None
}

/// A line that begins with a number: ISO 8601 or seconds since 1970.
fn dated<'a>(line: &'a [u8], stamps: &mut Stamps) -> Option<Envelope<'a>> {
    if let Some((time, rest)) = stamps.iso8601(line) {
        return match rest.trim_ascii_start() {
            [b'-', b' ', rest @ ..] => python_log(time, rest),
            rest => own_log(time, rest).or_else(|| tagged(time, rest)),
        };
    }
    let (second, rest) = word(line)?;
    tagged(Some(unix_time(second)?), rest.trim_ascii_start())
}

fn unix_time(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    let (second, fraction) = text.split_once('.')?;
    let nanosecond = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    Timestamp::new(second.parse().ok()?, nanosecond).ok()
}

/// fail2ban's own file: `2026-11-20 15:52:43,397 fail2ban.actions [812]: NOTICE  [sshd] Ban 192.0.2.7`.
fn own_log(time: Option<Timestamp>, text: &[u8]) -> Option<Envelope<'_>> {
    let (name, rest) = word(text)?;
    if Program::named(name) != Program::Fail2ban {
        return None;
    }
    let rest = rest.trim_ascii_start();
    let (pid, rest) = match rest.strip_prefix(b"[") {
        Some(inner) => number(inner).and_then(|(pid, rest)| Some((Some(pid), rest.strip_prefix(b"]")?)))?,
        None => (None, rest),
    };
    Some(Envelope {
        time,
        host: b"",
        program: Program::Fail2ban,
        pid,
        message: rest.strip_prefix(b":")?.trim_ascii_start(),
    })
}

/// DenyHosts' own file: `2026-11-20 15:52:43,397 - denyhosts   : INFO     new denied hosts: …`.
fn python_log(time: Option<Timestamp>, text: &[u8]) -> Option<Envelope<'_>> {
    let at = memmem::find(text, b": ")?;
    let program = Program::named(text[..at].trim_ascii());
    let message = text[at + 2..].trim_ascii_start();
    (program == Program::DenyHosts).then_some(Envelope { time, host: b"", program, pid: None, message })
}

/// `[  12.345678] text` and `[Fri Nov 20 15:52:43 2026] text` of dmesg, `[12.345678] host tag: text` of journalctl.
fn bracketed<'a>(line: &'a [u8], stamps: &mut Stamps) -> Option<Envelope<'a>> {
    let end = memchr(b']', line)?;
    let (stamp, rest) = (line[1..end].trim_ascii(), line[end + 1..].trim_ascii_start());
    let time = match stamp.first()? {
        b'0'..=b'9' => unix_time(stamp).map(|_| None)?,
        _ => weekday(stamp).and_then(|rest| stamps.asctime(rest))?.0,
    };
    let kernel = Envelope { time, host: b"", program: Program::Kernel, pid: None, message: rest };
    Some(tagged(time, rest).filter(|envelope| envelope.pid.is_some()).unwrap_or(kernel))
}

/// CrowdSec's own file: `time="2026-11-20T15:52:43Z" level=info msg="…"`.
fn logfmt<'a>(line: &'a [u8], stamps: &mut Stamps) -> Option<Envelope<'a>> {
    let rest = line.strip_prefix(b"time=\"")?;
    let end = memchr(b'"', rest)?;
    let time = stamps.iso8601(&rest[..end]).and_then(|(time, _)| time);
    let at = memmem::find(rest, b" msg=\"")?;
    let message = &rest[at + 6..];
    let message = message.strip_suffix(b"\"").unwrap_or(message);
    Some(Envelope { time, host: b"", program: Program::CrowdSec, pid: None, message })
}

/// auditd's own file: `[node=gw1 ]type=AVC msg=audit(1795189963.250:9): avc:  denied  { name_bind } …`.
fn audited(line: &[u8]) -> Option<Envelope<'_>> {
    let (host, rest) = match line.strip_prefix(b"node=") {
        Some(rest) => word(rest).map(|(host, rest)| (host, rest.trim_ascii_start()))?,
        None => (b"".as_slice(), line),
    };
    let message = rest.strip_prefix(b"type=")?;
    let at = memmem::find(message, b" msg=audit(")?;
    let stamp = &message[at + 11..];
    let time = unix_time(&stamp[..memchr(b':', stamp)?]);
    Some(Envelope { time, host, program: Program::Audit, pid: None, message })
}

/// A line that begins with the name of a month or of a weekday.
fn named_day<'a>(line: &'a [u8], stamps: &mut Stamps) -> Option<Envelope<'a>> {
    if let Some(rest) = weekday(line) {
        if let Some((time, rest)) = stamps.iso8601(rest) {
            let (_zone, rest) = word(rest.trim_ascii_start())?;
            return tagged(time, rest.trim_ascii_start());
        }
        if let Some((time, rest)) = stamps.asctime(rest) {
            let rest = rest.trim_ascii_start();
            let rest = word(rest).filter(|(first, _)| is_facility(first)).map_or(rest, |(_, rest)| rest);
            return tagged(time, rest.trim_ascii_start());
        }
    }
    let (time, rest) = stamps.rfc3164(line)?;
    tagged(time, rest.strip_prefix(b" ")?)
}

fn weekday(text: &[u8]) -> Option<&[u8]> {
    let (day, rest) = word(text)?;
    let named = [&b"Mon"[..], b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"].contains(&day);
    named.then(|| rest.trim_ascii_start())
}

/// `authpriv.info`, as OpenWrt's logread writes it.
fn is_facility(word: &[u8]) -> bool {
    word.starts_with(b"auth") || word.starts_with(b"daemon.") || word.starts_with(b"kern.")
}

/// `[<auth.info>] [host] tag[pid]: message`, with the variations of BSD, Solaris, macOS and metalog.
fn tagged(time: Option<Timestamp>, text: &[u8]) -> Option<Envelope<'_>> {
    let text = match text.first() {
        Some(b'<') => word(text)?.1.trim_ascii_start(),
        _ => text,
    };
    let envelope = |host, tag: Tag<'_>, message| Envelope {
        time,
        host,
        program: Program::named(tag.name),
        pid: tag.pid,
        message: solaris(message),
    };
    if let Some((tag, message)) = tag(text) {
        return Some(envelope(b"".as_slice(), tag, message));
    }
    let (host, rest) = word(text)?;
    let (tag, message) = tag(rest.trim_ascii_start())?;
    Some(envelope(host, tag, message))
}

#[derive(Debug, Clone, Copy)]
struct Tag<'a> {
    name: &'a [u8],
    pid: Option<u32>,
}

/// Reads `sshd[812]: `, `kernel: `, `[sshd] `, `[sshd]: `, `sshd[812] <Notice>: ` and returns the message.
fn tag(text: &[u8]) -> Option<(Tag<'_>, &[u8])> {
    let end = memchr(b' ', text).unwrap_or(text.len());
    let (head, rest) = text.split_at(end);
    let message = rest.trim_ascii_start();
    let (head, message) = match head.strip_suffix(b":") {
        Some(head) => (head, message),
        None if head.ends_with(b"]") => (head, apple_level(message)),
        None => return None,
    };
    Some((split_pid(head)?, message))
}

fn split_pid(head: &[u8]) -> Option<Tag<'_>> {
    let Some(inner) = head.strip_suffix(b"]") else {
        return (!head.is_empty()).then_some(Tag { name: head, pid: None });
    };
    let at = memchr(b'[', inner)?;
    let (name, inner) = (&inner[..at], &inner[at + 1..]);
    match number(inner) {
        Some((pid, b"")) if !name.is_empty() => Some(Tag { name, pid: Some(pid) }),
        None if name.is_empty() => Some(Tag { name: inner, pid: None }),
        _ => None,
    }
}

/// macOS puts `<Notice>: ` or `(subsystem) <Notice>: ` behind the process.
fn apple_level(text: &[u8]) -> &[u8] {
    let rest = match text.first() {
        Some(b'(') => memmem::find(text, b") ").map_or(text, |at| &text[at + 2..]),
        _ => text,
    };
    match rest.first() {
        Some(b'<') => memmem::find(rest, b">: ").map_or(text, |at| &rest[at + 3..]),
        _ => text,
    }
}

/// Solaris puts `[ID 800047 auth.info] ` before the message.
fn solaris(message: &[u8]) -> &[u8] {
    if !message.starts_with(b"[ID ") {
        return message;
    }
    memmem::find(message, b"] ").map_or(message, |at| &message[at + 2..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Clock;

    fn shown(line: &str) -> String {
        let mut stamps = Stamps::new(Clock::utc("2026-12-01T00:00:00Z".parse().unwrap()));
        let envelope = read(line.as_bytes(), &mut stamps);
        format!(
            "{} {} {:?} {} | {}",
            envelope.time.map_or("-".into(), |time| time.to_string()),
            String::from_utf8_lossy(envelope.host),
            envelope.program,
            envelope.pid.map_or("-".into(), |pid| pid.to_string()),
            String::from_utf8_lossy(envelope.message),
        )
    }

    #[test]
    fn every_known_prefix_is_taken_apart() {
        let cases = [
            ("Nov 20 15:52:43 gw1 sshd[8]: Bye", "2026-11-20T15:52:43Z gw1 Sshd 8 | Bye"),
            ("Nov  2 15:52:43.25 gw1 sshd[8]:  Bye", "2026-11-02T15:52:43.25Z gw1 Sshd 8 | Bye"),
            ("Nov 20 15:52:43 sshd[8]: Bye", "2026-11-20T15:52:43Z  Sshd 8 | Bye"),
            ("Mar  3 00:17:22 [sshd]: Bye", "2026-03-03T00:17:22Z  Sshd - | Bye"),
            ("Jun 25 23:53:34 [sshd] User root", "2026-06-25T23:53:34Z  Sshd - | User root"),
            ("D\u{e9}c 31 11:59:59 [sshd] error: x", "-  Sshd - | error: x"),
            ("Nov 20 15:52:43 gw1 kernel: [  1.5] x", "2026-11-20T15:52:43Z gw1 Kernel - | [  1.5] x"),
            ("Nov 20 15:52:43 gw1 sshd(pam_unix)[8]: x", "2026-11-20T15:52:43Z gw1 Sshd 8 | x"),
            ("Nov 20 15:52:43 gw1 CRON[9]: x", "2026-11-20T15:52:43Z gw1 Other 9 | x"),
            ("Apr  2 17:52:55 <auth.info> bsd sshd[5]: x", "2026-04-02T17:52:55Z bsd Sshd 5 | x"),
            ("Mar 29 05:59:23 sun sshd[2]: [ID 800047 auth.info] x", "2026-03-29T05:59:23Z sun Sshd 2 | x"),
            ("Jan  5 10:00:00 mac sshd[7] <Notice>: x", "2026-01-05T10:00:00Z mac Sshd 7 | x"),
            ("2026-11-20T15:52:43.39+00:00 gw1 sshd-session[10]: x", "2026-11-20T15:52:43.39Z gw1 SshdSession 10 | x"),
            ("2026-11-20T15:52:43+0100 gw1 sshd-auth[10]: x", "2026-11-20T14:52:43Z gw1 SshdAuth 10 | x"),
            ("2026-11-20 15:52:43.1-0800  localhost sshd[3]: x", "2026-11-20T23:52:43.1Z localhost Sshd 3 | x"),
            ("Fri 2026-11-20 15:52:43 UTC gw1 ssh.service[8]: x", "2026-11-20T15:52:43Z gw1 Sshd 8 | x"),
            ("Fri Nov 20 15:52:43 2026 authpriv.info sshd[8]: x", "2026-11-20T15:52:43Z  Sshd 8 | x"),
            ("1795189963.250000 gw1 sshd[8]: x", "2026-11-20T15:52:43.25Z gw1 Sshd 8 | x"),
            ("[   12.345678] gw1 sshd[8]: x", "- gw1 Sshd 8 | x"),
            ("[   12.345678] TCP: x", "-  Kernel - | TCP: x"),
            ("[Fri Nov 20 15:52:43 2026] TCP: x", "2026-11-20T15:52:43Z  Kernel - | TCP: x"),
            ("<38>1 2026-11-20T15:52:43Z gw1 sshd 57 - - x", "2026-11-20T15:52:43Z gw1 Sshd 57 | x"),
            ("<38>1 2026-11-20T15:52:43Z gw1 sshd 57 - [a b=\"]\\\"\"][c] x", "2026-11-20T15:52:43Z gw1 Sshd 57 | x"),
            ("<38>Nov 20 15:52:43 gw1 sshd[8]: x", "2026-11-20T15:52:43Z gw1 Sshd 8 | x"),
            (
                "2026-11-20 15:52:43,397 fail2ban.actions        [812]: NOTICE  [sshd] Ban 192.0.2.7",
                "2026-11-20T15:52:43.397Z  Fail2ban 812 | NOTICE  [sshd] Ban 192.0.2.7",
            ),
            (
                "2026-11-20 15:52:43,397 - denyhosts   : INFO     new denied hosts: ['192.0.2.7']",
                "2026-11-20T15:52:43.397Z  DenyHosts - | INFO     new denied hosts: ['192.0.2.7']",
            ),
            (
                "type=AVC msg=audit(1795189963.250:9): avc:  denied",
                "2026-11-20T15:52:43.25Z  Audit - | AVC msg=audit(1795189963.250:9): avc:  denied",
            ),
            (
                "node=gw1 type=SECCOMP msg=audit(1795189963.250:9): x",
                "2026-11-20T15:52:43.25Z gw1 Audit - | SECCOMP msg=audit(1795189963.250:9): x",
            ),
            ("time=\"2026-11-20T15:52:43Z\" level=info msg=\"x\"", "2026-11-20T15:52:43Z  CrowdSec - | x"),
        ];
        for (line, expected) in cases {
            assert_eq!(shown(line), expected, "{line}");
        }
    }

    #[test]
    fn a_line_without_prefix_is_its_own_message() {
        for line in [
            "Failed password for x from 192.0.2.1 port 22 ssh2",
            "",
            "Nov",
            "[",
            "<",
            "<38>1 ",
            "1.",
            "time=\"",
            "type=AVC",
            "node=",
        ] {
            assert!(shown(line).ends_with(&format!("Bare - | {line}")), "{line}: {}", shown(line));
        }
    }

    #[test]
    fn random_lines_do_not_panic() {
        let words = [
            "Nov ",
            "20 ",
            "15:52:43",
            " ",
            "sshd",
            "[8]",
            ":",
            "<",
            ">",
            "[",
            "]",
            "2026-11-20",
            "T",
            "Fri ",
            "\"",
            "1",
            "type=",
            "node=",
            " msg=audit(",
            "1.5:",
        ];
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..50_000 {
            let line: String = (0..random.usize(0..12)).map(|_| *random.choice(&words).expect("not empty")).collect();
            shown(&line);
        }
    }
}
