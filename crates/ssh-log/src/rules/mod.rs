//! The known messages, one table for each family.

mod auth;
mod beginnings;
mod broken;
mod connection;
mod dropbear;
mod frequent;
mod kernel;
#[cfg(test)]
mod known;
mod libwrap;
mod listener;
mod login;
mod pam;
mod pam_modules;
mod rule;
mod servers;
mod systemd;
mod table;
mod tools;

use std::sync::LazyLock;

use memchr::memmem;

use crate::envelope::pieces;
use crate::event::{Stage, is_mask};
use crate::kind::Kind;
use crate::program::Program;
use crate::template::Fields;
use rule::Voice;
pub(crate) use rule::{Meaning, Rule};
use table::Table;

const SSHD: &[&[Rule]] = &[
    frequent::RULES,
    auth::RULES,
    connection::RULES,
    listener::RULES,
    libwrap::RULES,
    broken::RULES,
    login::RULES,
    pam::RULES,
    pam_modules::PASSED_OVER,
    pam_modules::RULES,
    pam::REST,
];
/// The tables beside that of sshd, for tests of all of them.
#[cfg(test)]
const FAMILIES: &[&[Rule]] = &[
    kernel::RULES,
    systemd::RULES,
    systemd::XINETD,
    tools::FAIL2BAN,
    tools::SSHGUARD,
    tools::OTHERS,
    tools::TAILSCALED,
    dropbear::RULES,
    servers::RULES,
    servers::TINYSSH,
    servers::PROFTPD,
];

static SSHD_TABLE: LazyLock<Table> = LazyLock::new(|| Table::new(SSHD));
static DROPBEAR: LazyLock<Table> = LazyLock::new(|| Table::new(&[dropbear::RULES]));
static SERVERS: LazyLock<Table> = LazyLock::new(|| Table::new(&[servers::RULES]));
static OTHER_SERVERS: LazyLock<Table> =
    LazyLock::new(|| Table::new(&[servers::TINYSSH, servers::PROFTPD]));
static KERNEL: LazyLock<Table> = LazyLock::new(|| Table::new(&[kernel::RULES]));
static SYSTEMD: LazyLock<Table> = LazyLock::new(|| Table::new(&[systemd::RULES]));
static XINETD: LazyLock<Table> = LazyLock::new(|| Table::new(&[systemd::XINETD]));
static FAIL2BAN: LazyLock<Table> = LazyLock::new(|| Table::new(&[tools::FAIL2BAN]));
static SSHGUARD: LazyLock<Table> = LazyLock::new(|| Table::new(&[tools::SSHGUARD]));
static TAILSCALED: LazyLock<Table> = LazyLock::new(|| Table::new(&[tools::TAILSCALED]));
static OTHERS: LazyLock<Table> = LazyLock::new(|| Table::new(&[tools::OTHERS]));

/// Recognises a message of a program; `None` if it is unknown.
///
/// The way to the table of sshd, and from there to the event, is one function for the compiler: between functions what was
/// found would be moved in memory at each step, which took a tenth of the whole time.
#[inline(always)]
pub(crate) fn classify(program: Program, message: &[u8]) -> Option<Meaning<'_>> {
    match program {
        Program::Sshd | Program::SshdSession | Program::SshdAuth => sshd(message),
        _ => of_other_program(program, message),
    }
}

#[inline(never)]
fn of_other_program(program: Program, message: &[u8]) -> Option<Meaning<'_>> {
    match program {
        Program::Bare => sshd(message)
            .filter(is_told_alone)
            .or_else(|| dropbear(message).filter(is_named))
            .or_else(|| SERVERS.verdict(message)),
        Program::Dropbear => dropbear(message),
        Program::OtherServer => OTHER_SERVERS.verdict(message),
        Program::Kernel | Program::Audit => kernel::verdict(&KERNEL, message),
        Program::Systemd => systemd::verdict(&SYSTEMD, message),
        Program::Xinetd => XINETD.verdict(message),
        Program::Fail2ban => FAIL2BAN
            .verdict(tools::without_level(message))
            .map(tools::of_jail),
        Program::Sshguard => SSHGUARD.verdict(message),
        Program::DenyHosts | Program::CrowdSec | Program::Blacklistd | Program::Lfd => {
            OTHERS.verdict(tools::without_level(message))
        }
        Program::Tailscaled => TAILSCALED.verdict(message),
        Program::Sshd | Program::SshdSession | Program::SshdAuth | Program::Other => None,
    }
}

/// Whether a message of a program, folded or not, with the marks of a log daemon before it or without, may be known: false for
/// most of those that machines write most. `onward` is a text that begins with the message.
#[inline(always)]
pub(crate) fn may_know(program: Program, message: &[u8], onward: &[u8]) -> bool {
    match program {
        Program::Other => false,
        Program::Kernel | Program::Audit => kernel::may_know(message),
        Program::Systemd => systemd::may_know(message, onward),
        _ => true,
    }
}

/// Recognises a message of sshd within a text about which nothing else is known: the first that
/// begins with a word and ends with the text, or with the end of its envelope.
pub(crate) fn find(text: &[u8]) -> Option<Meaning<'_>> {
    search(text).0
}

static CONFIG: LazyLock<memmem::Finder<'static>> =
    LazyLock::new(|| memmem::Finder::new("/etc/ssh/sshd_config"));

/// The most places to try: a text with that many beginnings of messages imitates them.
const TRIES: usize = 16;

/// Like [`find`], with the number of steps: one for each possible beginning, one for each byte of
/// the texts that were tried.
fn search(text: &[u8]) -> (Option<Meaning<'_>>, usize) {
    let (mut tries, mut steps) = (0, 0);
    // `Starting OpenBSD Secure Shell server: sshd/etc/ssh/sshd_config line 7: …`: the path may
    // begin in the middle of a word.
    if let Some(at) = CONFIG.find(text).filter(|&at| at > 0) {
        steps += text.len();
        if let Some(verdict) = classify(Program::Bare, &text[at..]) {
            return (Some(verdict), steps);
        }
    }
    for at in pieces::starts(text) {
        let rest = &text[at..];
        steps += 1;
        // A path begins a message of sshd about its own configuration only at the beginning of a
        // text.
        if !(SSHD_TABLE.is_begun_by(rest)
            || DROPBEAR.is_begun_by(rest)
            || SERVERS.is_begun_by(rest)
            || (at == 0 && rest.starts_with(b"/")))
        {
            continue;
        }
        steps += rest.len();
        let verdict = classify(Program::Bare, rest);
        if verdict.is_some() || tries == TRIES {
            return (verdict, steps);
        }
        tries += 1;
    }
    (None, steps)
}

/// Whether a message is accepted without the name of a program before it.
fn is_told_alone(verdict: &Meaning<'_>) -> bool {
    match verdict.voice {
        Voice::Own | Voice::Unsure => true,
        // Any program may print `Connection closed by peer`; with the peer's address and port it
        // comes from SSH and few others.
        Voice::Shared => verdict.fields.addr.is_none_or(is_address),
        // A file of sshd identifies itself.
        Voice::Anybody => verdict
            .fields
            .config
            .is_some_and(|path| memmem::find(path, b"sshd").is_some()),
    }
}

/// dropbear with `-E` writes no name before its messages; those that name the peer are its own.
fn is_named(verdict: &Meaning<'_>) -> bool {
    verdict.fields.addr.is_some_and(is_address)
}

fn dropbear(message: &[u8]) -> Option<Meaning<'_>> {
    let message = dropbear::without_stamp(message);
    let verdict = DROPBEAR.verdict(message)?;
    let stage = match verdict.kind {
        Kind::SessionClosed => Stage::AfterLogin,
        _ if message.starts_with(b"Exit before auth") => Stage::BeforeLogin,
        _ => Stage::Unknown,
    };
    Some(Meaning { stage, ..verdict })
}

/// Whether it looks like an address, or like a mask of one: `***`, `x.x.x.x`, `<redacted>`.
fn is_address(text: &[u8]) -> bool {
    let digits = text.iter().any(u8::is_ascii_digit);
    (digits && text.iter().any(|by| matches!(by, b'.' | b':'))) || is_mask(text)
}

/// sshd puts its level before a message, and `[preauth]` after one of its unprivileged process
/// (log.c, monitor.c).
#[inline(always)]
fn sshd(message: &[u8]) -> Option<Meaning<'_>> {
    let message = message.trim_ascii();
    let known = known(message);
    if known.is_some() {
        return known;
    }
    ended(message)
}

/// A connection that sshd itself ends, with a message that no rule covers: it uses this level only
/// for that (log.c, `sshfatal`).
fn ended(message: &[u8]) -> Option<Meaning<'_>> {
    let reason = message.strip_prefix(b"fatal: ")?;
    let (stage, reason) = told(reason);
    let fields = Fields {
        detail: Some(reason),
        ..Fields::default()
    };
    Some(Meaning {
        kind: Kind::Ended,
        cause: None,
        stage,
        voice: Voice::Anybody,
        fields,
    })
}

#[inline(always)]
fn known(message: &[u8]) -> Option<Meaning<'_>> {
    let whole = told(message);
    // Messages of other programs do not begin like any of sshd: their end does not matter.
    let begun = SSHD_TABLE.begun_by(whole.1);
    let (&first, others) = begun.split_first()?;
    // What the first of them takes as it is written needs no other end.
    let mut found = SSHD_TABLE.verdict_by(first, whole.1);
    if let Some(meaning) = &mut found {
        meaning.settle(whole.0);
        return found;
    }
    if message.ends_with(b"auth]") || !pieces::is_closed(message) {
        return sshd_message(others, &[whole]);
    }
    let (mut ends, mut count) = ([(Stage::Unknown, b"".as_slice()); pieces::MOST_ENDS], 0);
    for (end, slot) in pieces::ends(message).zip(&mut ends) {
        *slot = told(end);
        count += 1;
    }
    sshd_message(begun, &ends[..count])
}

/// The message without level and tag, and the stage that the tag shows.
#[inline(always)]
fn told(message: &[u8]) -> (Stage, &[u8]) {
    let (message, stage) = if !message.ends_with(b"auth]") {
        (message, Stage::Unknown)
    } else if let Some(message) = message.strip_suffix(b" [preauth]") {
        (message, Stage::BeforeLogin)
    } else if let Some(message) = message.strip_suffix(b" [postauth]") {
        (message, Stage::AfterLogin)
    } else {
        (message, Stage::Unknown)
    };
    let leveled = matches!(message.first(), Some(b'd' | b'e' | b'f'));
    let message = LEVELS
        .iter()
        .filter(|_| leveled)
        .find_map(|level| message.strip_prefix(*level))
        .unwrap_or(message);
    (stage, message.trim_ascii_end())
}

/// Recognises a message that these rules may match and that may end at several places, the longest
/// first.
fn sshd_message<'a>(begun: &[u16], ends: &[(Stage, &'a [u8])]) -> Option<Meaning<'a>> {
    let (at, mut meaning) = SSHD_TABLE.verdict_of(begun, ends)?;
    meaning.settle(ends[at].0);
    Some(meaning)
}

const LEVELS: &[&[u8]] = &[
    b"error: ",
    b"fatal: ",
    b"debug1: ",
    b"debug2: ",
    b"debug3: ",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_found_at_any_position() {
        let message =
            "drop connection #10 from [192.0.2.7]:50001 on [192.0.2.1]:22 past MaxStartups";
        for (before, after) in [
            ("", ""),
            ("FOO|7|", ""),
            ("a b c: ", "\","),
            ("x=", "'}"),
            ("<li>", "</li><br>"),
            ("\u{201c}", ")"),
            ("it says ", " when I push"),
        ] {
            let text = format!("{before}{message}{after}");
            let verdict = find(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                (verdict.kind, verdict.fields.addr),
                (Kind::Dropped, Some(&b"192.0.2.7"[..])),
                "{text}"
            );
        }
        for text in [
            "",
            "x: y",
            "/usr/bin/a.sh: line 7: b: not found",
            "Connection closed by peer",
        ] {
            assert_eq!(find(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_search_takes_linear_time() {
        for piece in [
            "x: ",
            "Connection closed by ",
            "drop connection #1 from [",
            "\"' ",
            "Invalid user a from ",
        ] {
            let steps = |count: usize| search(piece.repeat(count).as_bytes()).1;
            let (short, long) = (steps(1_000), steps(10_000));
            assert!(long <= 11 * short, "{piece:?}: {short} steps, then {long}");
            assert!(long <= 32 * piece.len() * 10_000, "{piece:?}: {long} steps");
        }
    }
}
