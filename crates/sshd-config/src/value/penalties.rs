//! PerSourcePenalties: sub-keys that are decided one by one.

use std::collections::BTreeMap;

use super::numeric;
use super::reading::{Fault, Outcome, Parts, Reading, Used};
use crate::line::Args;
use crate::release::Release;
use crate::words::Word;

/// A sub-key, in the order in which sshd prints them; its part is its index plus one, and part 0 is
/// on or off.
struct SubKey {
    name: &'static str,
    since: Release,
    default: &'static str,
    form: Form,
}

#[derive(PartialEq, Eq)]
enum Form {
    Time,
    Count,
    Overflow,
}

const fn sub_key(name: &'static str, since: Release, default: &'static str, form: Form) -> SubKey {
    SubKey {
        name,
        since,
        default,
        form,
    }
}

const FIRST: Release = Release::new(9, 8);

const SUB_KEYS: [SubKey; 12] = [
    sub_key("crash", FIRST, "90", Form::Time),
    sub_key("authfail", FIRST, "5", Form::Time),
    sub_key("noauth", FIRST, "1", Form::Time),
    sub_key("invaliduser", Release::new(10, 3), "5", Form::Time),
    sub_key("grace-exceeded", FIRST, "10", Form::Time),
    sub_key("refuseconnection", Release::new(9, 9), "10", Form::Time),
    sub_key("max", FIRST, "600", Form::Time),
    sub_key("min", FIRST, "15", Form::Time),
    sub_key("max-sources4", FIRST, "65536", Form::Count),
    sub_key("max-sources6", FIRST, "65536", Form::Count),
    sub_key("overflow", FIRST, "permissive", Form::Overflow),
    sub_key("overflow6", FIRST, "permissive", Form::Overflow),
];

/// The part that says whether penalties are on.
const ENABLED: usize = 0;
const OVERFLOW: usize = 11;
const OVERFLOW6: usize = 12;

/// The parts of PerSourcePenalties put together.
pub(crate) struct Penalties;

impl Penalties {
    /// The line that `sshd -T` prints for these parts.
    pub(crate) fn show(parts: &BTreeMap<usize, String>, release: Release) -> String {
        if parts.get(&ENABLED).is_some_and(|enabled| enabled == "no") {
            return "no".to_owned();
        }
        let known = SUB_KEYS
            .iter()
            .enumerate()
            .filter(|(_, key)| release >= key.since);
        known
            .map(|(index, key)| format!("{}:{}", key.name, value(parts, index, key, release)))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The part that a word such as `crash:90s` sets; `None` for `yes` and `no`.
    pub(crate) fn name_of(word: &[u8]) -> Option<usize> {
        let name = word.split(|&b| b == b':').next()?;
        SUB_KEYS
            .iter()
            .position(|key| key.name.as_bytes() == name)
            .map(|index| index + 1)
    }
}

fn value(parts: &BTreeMap<usize, String>, index: usize, key: &SubKey, release: Release) -> String {
    let set = parts
        .get(&(index + 1))
        .or_else(|| parts.get(&OVERFLOW).filter(|_| index + 1 == OVERFLOW6));
    match set {
        Some(value) => value.clone(),
        None if key.name == "grace-exceeded" && !release.since(9, 9) => "20".to_owned(),
        None if key.form == Form::Time => printed_time(key.default.to_owned(), release),
        None => key.default.to_owned(),
    }
}

fn printed_time(seconds: String, release: Release) -> String {
    if release.since(10, 3) && !seconds.contains('.') {
        format!("{seconds}.000000")
    } else {
        seconds
    }
}

/// Any sub-key that takes effect switches the penalties on, even after a `no`.
pub(super) fn read(args: &Args, release: Release) -> Outcome {
    let list = args.list();
    if list.is_empty() {
        return Err(Fault::new("the argument is missing"));
    }
    let mut parts = Parts::new();
    for word in list {
        parts.push(match word.lossy().to_ascii_lowercase().as_str() {
            alone @ ("yes" | "no") if list.last() == Some(word) => (ENABLED, alone.to_owned()),
            "yes" | "no" => {
                return Err(Fault::at(
                    word,
                    format!("\"{}\" must stand alone", word.lossy()),
                ));
            }
            _ => sub_value(word, release)?,
        });
    }
    Ok((Reading::of_parts(parts), Used::List))
}

fn sub_value(word: &Word, release: Release) -> Result<(usize, String), Fault> {
    let bad = |what: &str| Fault::at(word, format!("{what} \"{}\"", word.lossy()));
    let part = Penalties::name_of(&word.text).filter(|&part| release >= SUB_KEYS[part - 1].since);
    let (part, colon) = part
        .zip(word.text.iter().position(|&b| b == b':'))
        .ok_or_else(|| bad("unsupported penalty"))?;
    let text = &word.text[colon + 1..];
    let value = match SUB_KEYS[part - 1].form {
        Form::Time if release.since(10, 3) => {
            numeric::decimal_seconds(text).map(|seconds| format!("{seconds:.6}"))
        }
        Form::Time => numeric::seconds(text, release).map(|seconds| seconds.to_string()),
        Form::Count => numeric::strtonum(text, 0, i64::from(i32::MAX))
            .ok()
            .map(|count| count.to_string()),
        Form::Overflow => ["permissive", "deny-all"]
            .into_iter()
            .find(|mode| mode.as_bytes() == text)
            .map(str::to_owned),
    };
    value
        .map(|value| (part, value))
        .ok_or_else(|| bad("invalid penalty"))
}
