//! Lines of OpenSSH's `ssh` and of PuTTY, which print what they do in fixed words.

use std::sync::LazyLock;

use super::facts::{Named, Sign};
use super::{noise, signs};
use crate::template::Template;

/// What a message says.
pub(super) struct Said {
    pub(super) sign: Sign,
    pub(super) named: Named,
    /// Whether `ssh -v` printed it.
    pub(super) debug: bool,
    /// The message without what stood around it.
    pub(super) text: String,
}

/// What a line says: by itself, else what it quotes. The second is whether `ssh -v` printed it.
pub(super) fn read(line: &[u8]) -> (Vec<Said>, bool) {
    if let Some(said) = whole(line) {
        let debug = said.debug;
        return (vec![said], debug);
    }
    if is_debug(line) {
        return (Vec::new(), true);
    }
    let quoted = noise::quoted(line);
    let debug = quoted.iter().flatten().any(|text| is_debug(text));
    (quoted.iter().filter_map(|starts| quotation(starts)).collect(), debug)
}

/// A line that is one message.
pub(super) fn whole(line: &[u8]) -> Option<Said> {
    let text = without_level(line);
    TABLE.iter().chain(BARE.iter()).find_map(|entry| said(entry, text, line))
}

/// The first message that says what it is about even where something stands before it. What a debug message quotes is
/// text of strangers.
fn quotation(starts: &[&[u8]]) -> Option<Said> {
    let debug = starts.iter().position(|text| is_debug(text)).unwrap_or(starts.len());
    starts.iter().take(debug + 1).find_map(|line| {
        let text = without_level(line);
        let bare = if text.len() < line.len() { &BARE[..] } else { &[] };
        TABLE.iter().chain(bare).find_map(|entry| said(entry, text, line))
    })
}

fn said((template, sign): &(Template, Sign), text: &[u8], line: &[u8]) -> Option<Said> {
    let fields = template.fields(text)?;
    let owned = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let named = Named {
        host: fields.host.map(owned),
        address: fields.addr.map(owned),
        port: fields.port,
        detail: fields.detail.map(owned),
    };
    Some(Said { sign: *sign, named, debug: is_debug(line), text: owned(line) })
}

/// Whether `ssh -v` printed the line.
pub(super) fn is_debug(line: &[u8]) -> bool {
    LEVELS[..3].iter().any(|level| line.starts_with(level))
}

const LEVELS: &[&[u8]] = &[b"debug1: ", b"debug2: ", b"debug3: ", b"FATAL ERROR: ", b"Network error: "];

/// PuTTY puts both words before what the network says.
fn without_level(line: &[u8]) -> &[u8] {
    let strip = |line| LEVELS.iter().find_map(|level: &&[u8]| <[u8]>::strip_prefix(line, *level));
    strip(line).map_or_else(|| putty_time(line), |rest| strip(rest).unwrap_or(rest))
}

/// PuTTY's event log puts `2026-11-20 15:52:43<TAB>` before each line.
fn putty_time(line: &[u8]) -> &[u8] {
    let stamp = line.get(..19).is_some_and(|stamp| stamp.iter().all(|b| b.is_ascii_digit() || b"-: ".contains(b)));
    line.get(20..).filter(|_| stamp && line[19] == b'\t').unwrap_or(line)
}

type Table = LazyLock<Vec<(Template, Sign)>>;

fn compiled(signs: &'static [(&'static str, Sign)]) -> Vec<(Template, Sign)> {
    signs.iter().map(|&(template, sign)| (Template::new(template), sign)).collect()
}

static TABLE: Table = LazyLock::new(|| compiled(signs::SIGNS));
static BARE: Table = LazyLock::new(|| compiled(signs::BARE));
