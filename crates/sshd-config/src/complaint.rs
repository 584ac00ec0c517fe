//! What is said of a line that sshd does not accept.

use sshmend_lossless::Origin;

use crate::keyword::Keyword;
use crate::line::Line;
use crate::look_up::is_of_a_patch;
use crate::problem::Problem;
use crate::release::Release;
use crate::value::Fault;

/// The problem of a line with this fault.
pub(crate) fn problem_at(
    line: &Line,
    origin: &Origin,
    fault: Fault,
    hint: String,
    release: Release,
) -> Problem {
    let start = fault
        .range
        .map_or(line.keyword.range.start, |range| range.start);
    let (_, column) = line.logical.position(start);
    let hint = if fault.certain {
        hint
    } else {
        format!("{hint}; ask sshd -t, because this depends on how {release} was built")
    };
    let text = String::from_utf8_lossy(&line.logical.text).into_owned();
    Problem {
        origin: origin.clone(),
        column,
        message: fault.message,
        line: text,
        fatal: true,
        certain: fault.certain,
        build: fault.build,
        hint,
    }
}

/// Written by some editors before UTF-8 text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The fault of a keyword that the release does not know, and what to do about it.
pub(crate) fn unknown(name: &str, release: Release) -> (Fault, String) {
    let fault = Fault::new(format!("bad configuration option \"{name}\""));
    match Keyword::find_in_any(name) {
        Some(keyword) if keyword.since() > release => {
            let hint = format!(
                "remove the line: {name} came with {}, and this is {release}",
                keyword.since()
            );
            (fault, hint)
        }
        Some(keyword) if keyword.names.iter().any(|name| name.debian) => (
            fault.uncertain(),
            format!("remove the line: only patched builds, such as Debian's, know {name}"),
        ),
        Some(_) => (
            fault,
            format!("remove the line: {release} does not know {name}"),
        ),
        None if is_of_a_patch(name) => (
            fault.uncertain(),
            format!("remove the line: only patched builds know {name}"),
        ),
        None if name.starts_with(BYTE_ORDER_MARK) => {
            let message = format!(
                "a byte order mark stands before {}",
                name.trim_start_matches(BYTE_ORDER_MARK)
            );
            (
                Fault { message, ..fault },
                "save the file without the byte order mark".to_owned(),
            )
        }
        None => (
            Fault {
                certain: false,
                ..fault
            },
            "correct the keyword, or remove the line".to_owned(),
        ),
    }
}
