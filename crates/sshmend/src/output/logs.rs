//! A tally of log events, for people.

use sshmend_ssh_log::{CauseTally, Peer, SourceTally, Span, Tally, Timeline};

use super::escape::line;
use super::words::count;
use super::{Output, Role};

/// How many sources are listed.
const SOURCES: usize = 10;
/// How wide a timeline is.
const COLUMNS: usize = 40;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Renders a tally.
pub(crate) fn text(output: &Output, tally: &Tally) -> String {
    let causes = tally.causes();
    if causes.is_empty() {
        return "nothing in the logs speaks for a cause\n".to_owned();
    }
    let mut text = format!("{}\n", output.paint(Role::Title, &headline(tally)));
    causes.iter().for_each(|(name, cause)| text.push_str(&cause_line(output, name, cause)));
    let sources = tally.sources();
    text.push_str(&format!("\n{}\n", output.paint(Role::Title, "sources")));
    sources.iter().take(SOURCES).for_each(|(peer, source)| text.push_str(&source_line(output, peer, source)));
    let more = sources.len().saturating_sub(SOURCES);
    if more > 0 || tally.forgotten_sources() > 0 {
        let more = format!("  and {}, {} forgotten", count(more, "more source"), tally.forgotten_sources());
        text.push_str(&format!("{}\n", output.paint(Role::Dim, &more)));
    }
    text.push_str(&format!("\n{}\n  {}\n", output.paint(Role::Title, "over time"), sparkline(&tally.timeline())));
    text
}

fn headline(tally: &Tally) -> String {
    let connections: u64 = tally.causes().iter().map(|(_, cause)| cause.at_least()).sum();
    let connections = usize::try_from(connections).unwrap_or(usize::MAX);
    format!("{}{}", count(connections, "connection"), span(tally.span()))
}

fn cause_line(output: &Output, name: &str, cause: &CauseTally) -> String {
    let connections = cause.at_least();
    let name = output.paint(Role::Title, &format!("{name:<28}"));
    format!("  {connections:>8} {name} {}{}\n", sparkline(&cause.timeline), span(cause.span))
}

fn source_line(output: &Output, peer: &Peer, source: &SourceTally) -> String {
    let causes: Vec<String> = source.causes.iter().map(|(cause, count)| format!("{cause} {count}")).collect();
    let peer = output.quote(Role::Title, &format!("{peer:<28}"));
    let (lines, logins) = (source.lines, source.accepted);
    let logins = if logins > 0 { format!("accepted {logins}") } else { String::new() };
    let all: Vec<String> = causes.into_iter().chain((!logins.is_empty()).then_some(logins)).collect();
    format!("  {lines:>8} {peer} {}\n", line(&all.join(", ")))
}

fn span(span: Span) -> String {
    match (span.first, span.last) {
        (Some(first), Some(last)) => format!("  {first:.0} … {last:.0}"),
        _ => String::new(),
    }
}

fn sparkline(timeline: &Timeline) -> String {
    let columns = timeline.columns(COLUMNS);
    let most = columns.iter().copied().max().unwrap_or(0).max(1);
    let bar = |&count: &u64| match count {
        0 => ' ',
        count => BARS[usize::try_from((count * 8).div_ceil(most)).unwrap_or(8).clamp(1, 8) - 1],
    };
    columns.iter().map(bar).collect()
}
