//! Layers that others put around a line: terminals, collectors, containers, build servers, mail,
//! markup.

use std::borrow::Cow;
use std::sync::LazyLock;

use jiff::Timestamp;
use memchr::memmem::Finder;
use memchr::{memchr, memchr2, memmem};

use super::stamp::{Stamps, clock, number, since_1970, word};

/// One layer removed from the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layer<'a> {
    pub(super) time: Option<Timestamp>,
    pub(super) pid: Option<u32>,
    pub(super) rest: &'a [u8],
}

/// Removes the outermost layer; `None` if none is recognised. Each takes the same time whatever the
/// length of the text.
pub(super) fn strip<'a>(text: &'a [u8], stamps: &mut Stamps) -> Option<Layer<'a>> {
    let start = |rest: &'a [u8]| Layer {
        time: None,
        pid: None,
        rest: rest.trim_ascii_start(),
    };
    match *text.first()? {
        b'0'..=b'9' => numbered(text, stamps),
        b'[' => bracketed(text, stamps),
        b'<' => markup(text).map(start),
        b'#' => hash(text).map(start),
        b':' => annotation(text).map(start),
        b'>' | b'|' => Some(start(&text[1..])),
        b'"' => key(text).or_else(|| text.get(1..)).map(start),
        b'`' | b'\'' | b'(' | b'{' | b'}' | b',' => Some(start(&text[1..])),
        b'-' | b'*' | b'+' | b'.' | b'$' | b'!' if text.get(1) == Some(&b' ') => {
            Some(start(&text[1..]))
        }
        _ => lettered(text, stamps, start),
    }
    .filter(|layer| !layer.rest.is_empty())
}

/// Layers that begin with a digit: a stamp, a line number, the mark of GitLab's runner.
fn numbered<'a>(text: &'a [u8], stamps: &mut Stamps) -> Option<Layer<'a>> {
    let layer = |time, rest: &'a [u8]| Layer {
        time,
        pid: None,
        rest: rest.trim_ascii_start(),
    };
    let ends = |rest: &'a [u8]| {
        matches!(
            rest,
            [] | [b' ' | b'\t' | b']' | b':' | b',' | b'|' | b'"', ..]
        )
        .then_some(rest)
    };
    if let Some((time, rest)) = stamps
        .day(text)
        .and_then(|(time, rest)| Some((time, ends(rest)?)))
    {
        return Some(layer(time, rest.strip_prefix(b":").unwrap_or(rest)));
    }
    if let Some(rest) = clock(text).and_then(ends) {
        return Some(layer(None, rest));
    }
    let end = text
        .iter()
        .position(|by| !by.is_ascii_digit() && *by != b'.')
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if let Some(time) = since_1970(digits).filter(|_| digits.len() >= 10 && rest.starts_with(b" "))
    {
        return Some(layer(Some(time), rest));
    }
    match rest {
        // `01O ` of GitLab's runner: stream and kind of line.
        [b'O' | b'E', b' ' | b'+', rest @ ..] if end == 2 => Some(layer(None, rest)),
        [b' ', behind @ ..] => match stamps.iso8601(behind.trim_ascii_start()) {
            // `3832 2021-04-20 13:12:30.934 `, the log file of sshd on Windows.
            Some((time, rest)) => Some(Layer {
                pid: number(digits).map(|(pid, _)| pid),
                ..layer(time, rest)
            }),
            None => Some(layer(None, behind)),
        },
        [b'\t' | b')' | b'-' | b'|', rest @ ..] => Some(layer(None, rest)),
        // `12:` of grep -n, which no blank follows.
        [b':', rest @ ..] if rest.first().is_some_and(|by| *by != b' ') => Some(layer(None, rest)),
        _ => None,
    }
}

/// `[2026-11-20T15:52:43Z] `, `[15:52:43] `, `[pod/web-0/sshd] `, `[ERROR] `: anything short in brackets.
fn bracketed<'a>(text: &'a [u8], stamps: &mut Stamps) -> Option<Layer<'a>> {
    let end = memchr(b']', &text[..text.len().min(128)])?;
    let inner = text[1..end].trim_ascii();
    if memchr2(b'\'', b'"', inner).is_some()
        || !matches!(text[end + 1..], [b' ' | b'\t' | b':' | b'[', ..])
    {
        return None;
    }
    let time = stamps
        .day(inner)
        .and_then(|(time, _)| time)
        .or_else(|| since_1970(inner));
    Some(Layer {
        time,
        pid: None,
        rest: text[end + 1..].trim_ascii_start(),
    })
}

/// Removes HTML tags around pasted text; others, such as `<38>`, come from log daemons.
fn markup(text: &[u8]) -> Option<&[u8]> {
    const TAGS: [&[u8]; 16] = [
        b"p",
        b"pre",
        b"code",
        b"br",
        b"li",
        b"td",
        b"tr",
        b"span",
        b"div",
        b"samp",
        b"tt",
        b"b",
        b"Data",
        b"Message",
        b"font",
        b"blockquote",
    ];
    let end = memchr(b'>', &text[..text.len().min(256)])?;
    let inner = &text[1..end];
    let name = inner.strip_prefix(b"/").unwrap_or(inner);
    let name = name
        .split(|by| matches!(by, b' ' | b'/'))
        .next()
        .unwrap_or_default();
    TAGS.iter()
        .any(|tag| tag.eq_ignore_ascii_case(name))
        .then(|| &text[end + 1..])
}

/// `#12 3.456 ` of BuildKit, `##[error]` of Azure and GitHub, `#12 `, the prompt of root.
fn hash(text: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = text.strip_prefix(b"##[") {
        return memchr(b']', &rest[..rest.len().min(32)]).map(|at| &rest[at + 1..]);
    }
    let Some((_, rest)) = number(&text[1..]) else {
        return text[1..].starts_with(b" ").then(|| &text[1..]);
    };
    let rest = rest.strip_prefix(b" ")?;
    let elapsed = number(rest).and_then(|(_, rest)| number(rest.strip_prefix(b".")?));
    Some(
        elapsed
            .and_then(|(_, rest)| rest.strip_prefix(b" "))
            .unwrap_or(rest),
    )
}

/// `::error::`, `::warning file=x::` of GitHub.
fn annotation(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"::")?;
    let at = memmem::find(&rest[..rest.len().min(256)], b"::")?;
    rest[..at]
        .first()?
        .is_ascii_lowercase()
        .then(|| &rest[at + 2..])
}

/// Removes `"message" : "` of JSON that is written on lines of its own.
fn key(text: &[u8]) -> Option<&[u8]> {
    let end = memchr(b'"', &text[1..text.len().min(64)])? + 1;
    text[end + 1..]
        .trim_ascii_start()
        .strip_prefix(b":")
        .map(<[u8]>::trim_ascii_start)
}

/// Layers that begin with a letter.
fn lettered<'a>(
    text: &'a [u8],
    stamps: &mut Stamps,
    start: impl Fn(&'a [u8]) -> Layer<'a>,
) -> Option<Layer<'a>> {
    if let Some((time, rest)) = stamps.day(text) {
        return Some(Layer {
            time,
            ..start(rest)
        });
    }
    let near = &text[..text.len().min(256)];
    if let Some(rest) = container(text, near)
        .or_else(|| label(text))
        .or_else(|| grepped(text, near))
    {
        return Some(start(rest));
    }
    // `level=info msg="…`, `time=… msg="…` of Go's loggers.
    let at = LOGGED
        .find(near)
        .filter(|&at| at == 0 || near[at - 1] == b' ')?;
    let time = near
        .strip_prefix(b"time=")
        .and_then(|rest| stamps.iso8601(rest.strip_prefix(b"\"").unwrap_or(rest)));
    Some(Layer {
        time: time.and_then(|(time, _)| time),
        ..start(&text[at + 5..])
    })
}

static LOGGED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("msg=\""));

/// `stderr F ` of the container runtime interface; `web_1  | ` of Compose and of Docker's services.
fn container<'a>(text: &'a [u8], near: &[u8]) -> Option<&'a [u8]> {
    if let Some(rest) = text
        .strip_prefix(b"stdout ")
        .or_else(|| text.strip_prefix(b"stderr "))
    {
        return rest
            .strip_prefix(b"F ")
            .or_else(|| rest.strip_prefix(b"P "))
            .or(Some(rest));
    }
    let bar = memchr(b'|', near)?;
    let name = near[..bar].trim_ascii_end();
    let spaced = name.len() < bar && !name.contains(&b' ') && !name.is_empty();
    spaced.then(|| &text[bar + 1..])
}

/// `stderr: `, `msg=`, `remote: `, `ERROR: `: words that only say that a message follows.
fn label(text: &[u8]) -> Option<&[u8]> {
    const LABELS: [&[u8]; 20] = [
        b"stderr",
        b"stdout",
        b"output",
        b"remote",
        b"msg",
        b"message",
        b"Message",
        b"MESSAGE",
        b"line",
        b"log",
        b"text",
        b"err",
        b"INFO",
        b"WARN",
        b"WARNING",
        b"ERROR",
        b"NOTICE",
        b"FATAL",
        b"DEBUG",
        b"CRITICAL",
    ];
    let end = text.iter().position(|by| !by.is_ascii_alphabetic())?;
    if !LABELS.contains(&&text[..end]) {
        return None;
    }
    let upper = text[..2].iter().all(u8::is_ascii_uppercase);
    match text[end..].trim_ascii_start() {
        [b':' | b'=', rest @ ..] => Some(rest),
        rest if upper && matches!(text[end], b' ' | b'\t') => Some(rest),
        _ => None,
    }
}

/// `auth.log:`, `/var/log/secure-20261101:12:` and `auth.log-` of grep, which no blank follows.
fn grepped<'a>(text: &'a [u8], near: &[u8]) -> Option<&'a [u8]> {
    const NAMES: [&[u8]; 5] = [b"syslog", b"messages", b"secure", b"daemon", b"auth"];
    let end = memchr2(b':', b' ', near)?;
    let is_file = |name: &[u8]| {
        let last = name.rsplit(|&by| by == b'/').next().unwrap_or(name);
        name.contains(&b'/')
            || memmem::find(last, b".").is_some()
            || NAMES.iter().any(|known| last.starts_with(known))
    };
    let follows = |rest: &[u8]| rest.first().is_some_and(|by| !by.is_ascii_whitespace());
    if near[end] == b':' && is_file(&near[..end]) && follows(&text[end + 1..]) {
        let rest = &text[end + 1..];
        let numbered = number(rest).and_then(|(_, rest)| rest.strip_prefix(b":"));
        return Some(numbered.unwrap_or(rest));
    }
    let at = memmem::find(&near[..end], b".log-")? + 5;
    let rest = &text[at..];
    let numbered = number(rest).and_then(|(_, rest)| rest.strip_prefix(b"-"));
    Some(numbered.unwrap_or(rest))
}

/// The columns of `log show` on macOS after the time: thread, type, activity, process, time to
/// live.
pub(super) fn apple_columns(text: &[u8]) -> Option<(u32, &[u8])> {
    let column = |text: &'_ [u8]| word(text).map(|(word, rest)| (word.len(), rest.len()));
    let mut rest = text.strip_prefix(b"0x").map(|_| text)?;
    for _ in 0..3 {
        let (_, length) = column(rest)?;
        rest = rest[rest.len() - length..].trim_ascii_start();
    }
    let (pid, rest) = number(rest)?;
    let (_, rest) = number(rest.strip_prefix(b" ")?.trim_ascii_start())?;
    Some((pid, rest.strip_prefix(b" ")?.trim_ascii_start()))
}

/// A line as a reader sees it: without terminal control sequences (ECMA-48), carriage returns, and
/// the NULs that a crashed machine leaves.
pub(crate) fn visible(line: &[u8]) -> Cow<'_, [u8]> {
    let start = line.iter().position(|&by| by != 0).unwrap_or(line.len());
    let line = line[start..].trim_ascii_end();
    if memchr2(0x1b, b'\r', line).is_none() && !line.starts_with(b"_bk;t=") {
        return Cow::Borrowed(line);
    }
    let mut seen = Vec::with_capacity(line.len());
    let mut rest = line;
    while let [first, tail @ ..] = rest {
        rest = match (first, tail) {
            (0x1b, [b'[', order @ ..]) => after(order, |by| (0x40..=0x7e).contains(&by)),
            (0x1b, [b']' | b'_' | b'P', order @ ..]) => {
                after(order, |by| by == 0x07 || by == b'\\')
            }
            (0x1b, [_, tail @ ..]) => tail,
            // The following text replaces the text before it: a word begins with it.
            (b'\r', _) => {
                seen.push(b' ');
                tail
            }
            (0x1b, _) => tail,
            // Buildkite's mark, with its escape lost.
            (b'_', [b'b', b'k', b';', b't', b'=', order @ ..]) if seen.is_empty() => {
                after(order, |by| !by.is_ascii_digit())
            }
            _ => {
                seen.push(*first);
                tail
            }
        };
    }
    Cow::Owned(seen)
}

/// The text after a terminal control sequence; one that does not end soon is not a sequence.
fn after(order: &[u8], ends: fn(u8) -> bool) -> &[u8] {
    let near = &order[..order.len().min(512)];
    near.iter()
        .position(|&by| ends(by))
        .map_or(order, |at| &order[at + 1..])
}

/// The text represented by a string or markup: escaped quotes and HTML entities are replaced.
pub(crate) fn unquoted(line: &[u8]) -> Cow<'_, [u8]> {
    if memchr2(b'&', b'\\', line).is_none() {
        return Cow::Borrowed(line);
    }
    let mut text = Vec::with_capacity(line.len());
    let mut rest = line;
    while let [first, tail @ ..] = rest {
        let (byte, tail) = match (first, tail) {
            (b'\\', [quote @ (b'"' | b'\'' | b'/'), tail @ ..]) => (*quote, tail),
            (b'&', tail) => entity(tail),
            _ => (*first, tail),
        };
        text.push(byte);
        rest = tail;
    }
    Cow::Owned(text)
}

fn entity(text: &[u8]) -> (u8, &[u8]) {
    const ENTITIES: [(&[u8], u8); 9] = [
        (b"quot;", b'"'),
        (b"#34;", b'"'),
        (b"#39;", b'\''),
        (b"#x27;", b'\''),
        (b"apos;", b'\''),
        (b"lt;", b'<'),
        (b"gt;", b'>'),
        (b"amp;", b'&'),
        (b"nbsp;", b' '),
    ];
    let known = ENTITIES
        .iter()
        .find_map(|(name, char)| Some((*char, text.strip_prefix(*name)?)));
    known.unwrap_or((b'&', text))
}
