//! Splits a line that is too long for libwrap into lines with the same meaning.

use sshmend_lossless::{Edit, dominant_ending};

use crate::logical::LINE_LIMIT;
use crate::rule::{Kind, Rule};
use crate::spot::{Spot, end_of_word};

/// The most bytes of a new line without its newline, which leaves some room for the next edit by
/// hand.
const ROOM: usize = LINE_LIMIT - 200;

/// The edits that split the line; `None` if its parts cannot be made short enough without changing
/// its meaning, or if a NUL in it makes libwrap read parts of it elsewhere.
pub(crate) fn edits(spot: Spot<'_>) -> Option<Vec<Edit>> {
    if spot.table.bytes[spot.line.line.span.clone()].contains(&0) {
        return None;
    }
    match &spot.line.kind {
        Kind::Rule(rule) => split_rule(spot, rule),
        Kind::Blank => Some(vec![Edit::delete(
            spot.line.line.source(0..spot.line.line.text.len()),
        )]),
        Kind::Comment => split_comment(spot, b""),
        Kind::NoColon => split_comment(spot, b"# "),
    }
}

/// Repeats daemons, exceptions and options for each group of clients that fits on a line.
///
/// A client matches one of the new rules exactly when it matched the old one: its exceptions hold in each of them.
fn split_rule(spot: Spot<'_>, rule: &Rule) -> Option<Vec<Edit>> {
    let line = &spot.line.line;
    let clients = rule.clients.named();
    let (first, last) = (clients.first()?, clients.last()?);
    let end = line.text.len() - usize::from(line.text.ends_with(b"\r"));
    let (head, tail) = (
        &line.text[..first.at.start],
        &line.text[last.at.end..end.max(last.at.end)],
    );
    let ending = dominant_ending(&spot.table.bytes).as_bytes();
    let mut edits = Vec::new();
    let mut start = first.at.start;
    for pair in clients.windows(2) {
        let length = head.len() + (pair[1].at.end - start) + tail.len();
        if length > ROOM {
            let end = if tail.is_empty() {
                end_of_word(&line.text, pair[0].at.end)
            } else {
                pair[0].at.end
            };
            edits.push(Edit::replace(
                line.source(end..pair[1].at.start),
                [tail, ending, head].concat(),
            ));
            start = pair[1].at.start;
        }
    }
    let fits = clients
        .iter()
        .all(|client| head.len() + client.at.len() + tail.len() <= ROOM);
    (fits && !edits.is_empty()).then_some(edits)
}

/// Cuts the text into comment lines; a cut never leaves a backslash at an end, which would join the lines again.
fn split_comment(spot: Spot<'_>, first: &[u8]) -> Option<Vec<Edit>> {
    let line = &spot.line.line;
    let ending = dominant_ending(&spot.table.bytes).as_bytes();
    let insert = |at: usize, text: &[u8]| Edit::insert(line.source(at..at).start, text);
    let mut edits = vec![insert(0, first)];
    let mut start = 0;
    while line.text.len() - start > ROOM {
        start = (start + 1..=start + ROOM)
            .rev()
            .find(|&at| line.text[at - 1] != b'\\')?;
        edits.push(insert(start, &[ending, b"# "].concat()));
    }
    edits.retain(|edit| !edit.text.is_empty());
    Some(edits)
}
