//! Values of one or two words.

use super::numeric;
use super::reading::{Choice, Fault, Notice, Outcome, Parts, Reading, Used, first};
use crate::line::{Args, Line};
use crate::release::Release;
use crate::words::Word;

/// The accepted words, in any case, each with the printed form.
pub(crate) type Names = &'static [(&'static str, &'static str)];

pub(crate) const LOG_LEVELS: Names = &[
    ("QUIET", "QUIET"),
    ("FATAL", "FATAL"),
    ("ERROR", "ERROR"),
    ("INFO", "INFO"),
    ("VERBOSE", "VERBOSE"),
    ("DEBUG", "DEBUG"),
    ("DEBUG1", "DEBUG"),
    ("DEBUG2", "DEBUG2"),
    ("DEBUG3", "DEBUG3"),
];

pub(crate) const FACILITIES: Names = &[
    ("DAEMON", "DAEMON"),
    ("USER", "USER"),
    ("AUTH", "AUTH"),
    ("AUTHPRIV", "AUTHPRIV"),
    ("LOCAL0", "LOCAL0"),
    ("LOCAL1", "LOCAL1"),
    ("LOCAL2", "LOCAL2"),
    ("LOCAL3", "LOCAL3"),
    ("LOCAL4", "LOCAL4"),
    ("LOCAL5", "LOCAL5"),
    ("LOCAL6", "LOCAL6"),
    ("LOCAL7", "LOCAL7"),
];

pub(crate) const DIGESTS: Names = &[
    ("MD5", "MD5"),
    ("SHA1", "SHA1"),
    ("SHA256", "SHA256"),
    ("SHA384", "SHA384"),
    ("SHA512", "SHA512"),
];

/// The traffic classes by name and number (the DSCP value shifted by two).
const CLASSES: &[(&str, i64)] = &[
    ("af11", 0x28),
    ("af12", 0x30),
    ("af13", 0x38),
    ("af21", 0x48),
    ("af22", 0x50),
    ("af23", 0x58),
    ("af31", 0x68),
    ("af32", 0x70),
    ("af33", 0x78),
    ("af41", 0x88),
    ("af42", 0x90),
    ("af43", 0x98),
    ("cs0", 0x00),
    ("cs1", 0x20),
    ("cs2", 0x40),
    ("cs3", 0x60),
    ("cs4", 0x80),
    ("cs5", 0xa0),
    ("cs6", 0xc0),
    ("cs7", 0xe0),
    ("ef", 0xb8),
    ("le", 0x04),
    ("va", 0xb0),
    ("lowdelay", 0x10),
    ("throughput", 0x08),
    ("reliability", 0x04),
];

fn unsupported(word: &Word) -> Fault {
    Fault::at(word, format!("unsupported value \"{}\"", word.lossy()))
}

fn invalid(word: &Word) -> Fault {
    Fault::at(word, format!("invalid value \"{}\"", word.lossy()))
}

/// Up to 7.4 `yes` and `no` had to be in lower case.
pub(super) fn flag(args: &Args, release: Release) -> Outcome {
    let word = first(args)?;
    let text = word.lossy();
    let found = ["yes", "no"]
        .into_iter()
        .find(|known| text.eq_ignore_ascii_case(known));
    match found.filter(|known| release.since(7, 5) || text == *known) {
        Some(known) => Ok((Reading::one(known), Used::Words(1))),
        None => Err(unsupported(word)),
    }
}

pub(super) fn choice(args: &Args, choices: &[Choice], release: Release) -> Outcome {
    let word = first(args)?;
    let text = word.lossy();
    let found = choices
        .iter()
        .find(|choice| release >= choice.since && text.eq_ignore_ascii_case(choice.written));
    let printed = match found.map(|choice| choice.printed) {
        Some("without-password") if release.since(10, 1) => "prohibit-password",
        Some(printed) => printed,
        None => return Err(unsupported(word)),
    };
    Ok((Reading::one(printed), Used::Words(1)))
}

pub(super) fn exact_choice(args: &Args, words: &[&str]) -> Outcome {
    let word = first(args)?;
    if !words.contains(&word.lossy().as_str()) {
        return Err(unsupported(word));
    }
    Ok((Reading::one(word.lossy()), Used::Words(1)))
}

pub(super) fn named(word: &Word, names: Names) -> Result<String, Fault> {
    let text = word.lossy();
    let found = names.iter().find(|name| name.0.eq_ignore_ascii_case(&text));
    found
        .map(|name| name.1.to_owned())
        .ok_or_else(|| unsupported(word))
}

/// Debian calls QUIET by its old name SILENT, which others do not know any more.
pub(super) fn log_level(word: &Word, release: Release) -> Result<String, Fault> {
    let quiet = ["quiet", "silent"]
        .iter()
        .any(|name| word.text.eq_ignore_ascii_case(name.as_bytes()));
    if quiet && release.debian {
        Ok("SILENT".to_owned())
    } else {
        named(word, LOG_LEVELS)
    }
}

pub(super) fn integer(word: &Word, release: Release) -> Result<String, Fault> {
    let value = numeric::integer(&word.text, release);
    value
        .map(|value| value.to_string())
        .map_err(|why| Fault::at(word, format!("the number \"{}\" is {why}", word.lossy())))
}

pub(super) fn integer_or_none(word: &Word, release: Release) -> Result<String, Fault> {
    if word.text == b"none" {
        Ok("none".to_owned())
    } else {
        integer(word, release)
    }
}

pub(super) fn time(word: &Word, release: Release) -> Result<String, Fault> {
    numeric::seconds(&word.text, release)
        .map(|seconds| seconds.to_string())
        .ok_or_else(|| Fault::at(word, format!("invalid time \"{}\"", word.lossy())))
}

pub(super) fn time_or_none(word: &Word, release: Release) -> Result<String, Fault> {
    if is_none(word) {
        Ok("none".to_owned())
    } else {
        time(word, release)
    }
}

pub(super) fn octal(word: &Word) -> Result<String, Fault> {
    numeric::octal(&word.text)
        .map(|mode| format!("0{mode:o}"))
        .ok_or_else(|| invalid(word))
}

/// `start:rate:full`. One number sets start and full; up to 10.0 it left the rate as the line before had set it, and in
/// 10.1 and 10.2 it set full only.
pub(super) fn max_startups(word: &Word, release: Release) -> Outcome {
    let numbers = numeric::colon_list(&word.text, 3);
    let (parts, valid) = match *numbers {
        [start, rate, full] => (
            vec![(0, start), (1, rate), (2, full)],
            start <= full && (1..=100).contains(&rate),
        ),
        [only] if release.since(10, 3) => (vec![(0, only), (1, 30), (2, only)], true),
        [only] if release.since(10, 1) => (vec![(0, 10), (1, 30), (2, only)], true),
        [only] => (vec![(0, only), (2, only)], true),
        _ => (Vec::new(), false),
    };
    let positive = !release.since(9, 2) || parts.iter().all(|part| part.1 > 0);
    if !valid || !positive {
        return Err(invalid(word));
    }
    let parts: Parts = parts
        .into_iter()
        .map(|(part, number)| (part, number.to_string()))
        .collect();
    Ok((Reading::of_parts(parts), Used::Words(1)))
}

/// Bits of IPv4 and IPv6. Up to 10.2 one number leaves those of IPv6 uninitialised: 0 in builds of 8.9 and later whose
/// compiler clears such variables, and anything else in others.
pub(super) fn net_block_size(word: &Word, release: Release) -> Outcome {
    let numbers = numeric::colon_list(&word.text, 2);
    let by_chance = numbers.len() == 1 && !release.since(10, 3);
    let (v4, v6) = match *numbers {
        [v4, v6] => (v4, v6),
        [v4] => (v4, if by_chance { 0 } else { 128 }),
        _ => return Err(invalid(word)),
    };
    if !(0..=32).contains(&v4) || !(0..=128).contains(&v6) {
        return Err(invalid(word));
    }
    let notice = by_chance.then_some(LEFT_TO_CHANCE);
    Ok((
        Reading {
            notice,
            ..Reading::of_parts(vec![(0, v4.to_string()), (1, v6.to_string())])
        },
        Used::Words(1),
    ))
}

const LEFT_TO_CHANCE: Notice = Notice {
    message: "with one number the bits of IPv6 are undefined: often all of IPv6 becomes one block",
    hint: "give both numbers, such as 32:128",
};

/// A size and perhaps an interval, which are decided apart.
pub(super) fn rekey_limit(args: &Args, release: Release) -> Outcome {
    let word = first(args)?;
    let size = if word.text == b"default" {
        Some(0)
    } else {
        numeric::scaled(&word.text)
    };
    let size = size
        .filter(|&size| size == 0 || size >= 16)
        .ok_or_else(|| invalid(word))?;
    let mut parts = vec![(0, size.to_string())];
    let Some(interval) = args.raw(1) else {
        return Ok((Reading::of_parts(parts), Used::Words(1)));
    };
    if interval.text != b"none" {
        parts.push((1, time(interval, release)?));
    }
    Ok((Reading::of_parts(parts), Used::Words(2)))
}

pub(super) fn ip_qos(args: &Args, release: Release) -> Outcome {
    let interactive = traffic_class(first(args)?, release)?;
    let Some(word) = args.raw(1) else {
        return Ok((
            Reading::one(format!("{interactive} {interactive}")),
            Used::Words(1),
        ));
    };
    let bulk = traffic_class(word, release)?;
    Ok((
        Reading::one(format!("{interactive} {bulk}")),
        Used::Words(2),
    ))
}

fn traffic_class(word: &Word, release: Release) -> Result<String, Fault> {
    let text = word.lossy().to_ascii_lowercase();
    let known = |name: &str| match name {
        "le" => release.since(8, 2),
        "va" => release.since(10, 3),
        _ => true,
    };
    if text == "none" && release.since(7, 6) {
        return Ok(text);
    }
    let named = CLASSES
        .iter()
        .find(|(name, _)| *name == text && known(name))
        .map(|class| class.1);
    if release.since(10, 1) && ["lowdelay", "throughput", "reliability"].contains(&text.as_str()) {
        return Ok("none".to_owned());
    }
    let number = named
        .or_else(|| class_number(&word.text, release))
        .ok_or_else(|| invalid(word))?;
    let printed = CLASSES.iter().find(|(name, value)| {
        *value == number
            && known(name)
            && (!release.since(10, 1) || number != 0x10 && number != 0x08)
    });
    Ok(printed.map_or_else(|| format!("0x{number:02x}"), |(name, _)| (*name).to_owned()))
}

fn class_number(text: &[u8], release: Release) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    if release.since(9, 8) {
        return numeric::strtonum(text.as_bytes(), 0, 255).ok();
    }
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (&text[1..], 8),
        None => (text, 10),
    };
    i64::from_str_radix(digits, radix)
        .ok()
        .filter(|value| (0..=255).contains(value))
}

fn is_none(word: &Word) -> bool {
    word.text.eq_ignore_ascii_case(b"none")
}

/// A file: `~` becomes root's home, and a relative path is below `/`, where service managers start
/// sshd.
pub(super) fn path(word: &Word) -> String {
    if is_none(word) {
        return "none".to_owned();
    }
    let path = expand_home(&word.lossy());
    if path.starts_with('/') {
        path
    } else {
        format!("//{path}")
    }
}

pub(super) fn path_or(word: &Word, exempt: &str) -> String {
    let text = word.lossy();
    if text == exempt { text } else { path(word) }
}

pub(super) fn home_path(word: &Word) -> String {
    if is_none(word) {
        "none".to_owned()
    } else {
        expand_home(&word.lossy())
    }
}

pub(super) fn expand_home(path: &str) -> String {
    match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            format!("/root/{}", rest.trim_start_matches('/'))
        }
        _ => path.to_owned(),
    }
}

pub(super) fn user_environment(word: &Word, release: Release) -> Result<String, Fault> {
    match word.text.as_slice() {
        b"yes" | b"no" => Ok(word.lossy()),
        _ if release.since(7, 8) => Ok(word.lossy()),
        _ => Err(unsupported(word)),
    }
}

pub(super) fn rest(line: &Line) -> Outcome {
    let word = line
        .rest()
        .ok_or_else(|| Fault::new("the argument is missing"))?;
    let value = if is_none(&word) {
        "none".to_owned()
    } else {
        word.lossy()
    };
    Ok((Reading::one(value), Used::All))
}

pub(super) fn addendum(line: &Line) -> Outcome {
    let word = line
        .rest()
        .ok_or_else(|| Fault::new("the argument is missing"))?;
    if word.text.contains(&b'\r') {
        return Err(invalid(&word));
    }
    rest(line)
}

/// Up to 8.6 the path was checked only if the line took effect.
pub(super) fn command(line: &Line, release: Release) -> Outcome {
    let word = line
        .rest()
        .ok_or_else(|| Fault::new("the argument is missing"))?;
    if word.text.starts_with(b"/") || is_none(&word) {
        return Ok((Reading::one(word.lossy()), Used::All));
    }
    let fault = Fault::at(&word, "the command must be an absolute path");
    Err(if release.since(8, 7) {
        fault
    } else {
        fault.uncertain()
    })
}
