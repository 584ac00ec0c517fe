//! The intended meaning of a value.

use std::collections::BTreeMap;

use crate::keyword::Keyword;
use crate::line::Line;
use crate::logical::Logical;
use crate::refusal::Refusal;
use crate::release::Release;
use crate::value::{self, Kind, Parts};
use crate::write;

/// Refuses a value.
pub(crate) fn bad_value(keyword: &Keyword, value: &str, message: String) -> Refusal {
    Refusal::BadValue {
        key: keyword.key(),
        value: value.to_owned(),
        message,
        hint: keyword.kind.expects(),
    }
}

/// `0` and `none` are the same timeout.
pub(crate) fn unified(kind: Kind, value: &str) -> &str {
    if kind == Kind::TimeOrNone && value == "0" {
        "none"
    } else {
        value
    }
}

/// The intended meaning of a value: the result of the line if it were the only one, with a single
/// number for MaxStartups and PerSourceNetBlockSize read as the manual page describes it, even in
/// releases that read it differently.
pub(crate) fn intention(
    keyword: &Keyword,
    value: &str,
    release: Release,
) -> Result<BTreeMap<usize, String>, Refusal> {
    if value.contains(['\0', '\n', '\r']) {
        return Err(bad_value(
            keyword,
            value,
            "it holds a control character".to_owned(),
        ));
    }
    let quotable = write::argument(keyword.kind, value, release);
    let argument = quotable.ok_or_else(|| {
        bad_value(
            keyword,
            value,
            "it cannot be written in this release".to_owned(),
        )
    })?;
    let parts = read_alone(keyword, &argument, release)
        .map_err(|message| bad_value(keyword, value, message))?;
    let newest = read_alone(keyword, &argument, Release::NEWEST);
    let parts = match keyword.kind {
        Kind::MaxStartups | Kind::NetBlockSize => newest.unwrap_or(parts),
        _ => parts,
    };
    Ok(write::meant(keyword, &parts, &defaults(keyword, release)))
}

/// The result of a line of the keyword with this argument if it is the only one, or what is wrong
/// with it.
pub(crate) fn read_alone(
    keyword: &Keyword,
    argument: &str,
    release: Release,
) -> Result<Parts, String> {
    let text = format!("{} {argument}", keyword.name_for(release));
    let line = Line::parse(Logical::detached(text.as_bytes()), release).ok_or("it is empty")?;
    let read = value::read(keyword.kind, &line, release).map_err(|fault| fault.message)?;
    if read.parts.is_empty() {
        Err("it is empty".to_owned())
    } else {
        Ok(read.parts)
    }
}

fn defaults(keyword: &Keyword, release: Release) -> BTreeMap<usize, String> {
    let separated = keyword.kind.separator().zip(keyword.default_for(release));
    separated.map_or_else(BTreeMap::new, |(separator, default)| {
        default
            .split(separator)
            .map(str::to_owned)
            .enumerate()
            .collect()
    })
}
