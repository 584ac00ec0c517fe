//! A tally of log events, for people.

use jiff::Timestamp;
use sshmend_host::zone;
use sshmend_ssh_log::{CauseTally, Peer, ReadLog, SourceTally, Span, Tally, Timeline};

use super::escape::line;
use super::words::count;
use super::{Output, Role, census};

/// How wide a timeline is.
const COLUMNS: usize = 32;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Renders a tally, with the causes and sources that come first.
pub(crate) fn text(output: &Output, tally: &Tally, logs: &[ReadLog], top: usize) -> String {
    let mut text = census::text(output, logs);
    let causes = tally.causes();
    if causes.is_empty() {
        if logs.iter().any(|log| !log.census.nothing_understood()) {
            text.push_str("no cause found: no entry of these logs speaks for one\n");
        }
        return text;
    }
    text.push_str(&format!(
        "{}\n",
        output.paint(Role::Dim, &period(tally.span()))
    ));
    let heading = format!(
        "\n{:>11} {:<28} {:<COLUMNS$}  first and last",
        "connections", "cause", "over time"
    );
    text.push_str(&format!("{}\n", output.paint(Role::Title, &heading)));
    for (name, cause) in causes.iter().take(top) {
        text.push_str(&cause_line(output, name.as_str(), cause));
    }
    text.push_str(&more(output, causes.len(), top, "cause"));
    let sources = tally.sources();
    if !sources.is_empty() {
        let heading = format!("\n{:>11} {:<28} connections by cause", "lines", "source");
        text.push_str(&format!("{}\n", output.paint(Role::Title, &heading)));
    }
    for (peer, source) in sources.iter().take(top) {
        text.push_str(&source_line(output, peer, source));
    }
    text.push_str(&more(output, sources.len(), top, "source"));
    if tally.forgotten_sources() > 0 {
        let forgotten = format!(
            "  sources with few lines were not kept, {} times",
            tally.forgotten_sources()
        );
        text.push_str(&format!("{}\n", output.paint(Role::Dim, &forgotten)));
    }
    text
}

fn more(output: &Output, all: usize, top: usize, noun: &str) -> String {
    match all.saturating_sub(top) {
        0 => String::new(),
        more => format!(
            "  {}\n",
            output.paint(
                Role::Dim,
                &format!("and {} (--top N)", count(more, &format!("more {noun}")))
            )
        ),
    }
}

/// From when to when, and in which zone all times are.
fn period(span: Span) -> String {
    let zone = zone();
    let name = zone.iana_name().map_or_else(
        || "local time".to_owned(),
        |name| format!("times of {name}"),
    );
    match (span.first, span.last) {
        (Some(first), Some(last)) => format!("from {} to {} ({name})", local(first), local(last)),
        _ => "the lines have no time".to_owned(),
    }
}

fn cause_line(output: &Output, name: &str, cause: &CauseTally) -> String {
    let times = if cause.at_least() > 0 {
        cause.at_least().to_string()
    } else {
        format!("{} events", cause.events)
    };
    let name = output.paint(Role::Title, &format!("{name:<28}"));
    let unsure = if cause.is_vague() {
        "  possible: other programs write the same"
    } else {
        ""
    };
    format!(
        "{times:>11} {name} {:<COLUMNS$}{}{unsure}\n",
        sparkline(&cause.timeline),
        span(cause.span)
    )
}

fn source_line(output: &Output, peer: &Peer, source: &SourceTally) -> String {
    let causes = source
        .causes
        .iter()
        .map(|(cause, count)| format!("{cause} {count}"));
    let accepted = (source.accepted > 0).then(|| format!("accepted {}", source.accepted));
    let failed = (source.failed > 0).then(|| format!("failed {}", source.failed));
    let all: Vec<String> = causes.chain(accepted).chain(failed).collect();
    let peer = output.quote(Role::Title, &format!("{peer:<28}"));
    format!("{:>11} {peer} {}\n", source.lines, line(&all.join(", ")))
}

fn span(span: Span) -> String {
    match (span.first, span.last) {
        (Some(first), Some(last)) if first == last => format!("  {}", local(first)),
        (Some(first), Some(last)) => format!("  {} … {}", local(first), local(last)),
        _ => String::new(),
    }
}

/// A time as the clock of this machine shows it.
fn local(time: Timestamp) -> String {
    time.to_zoned(zone())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

fn sparkline(timeline: &Timeline) -> String {
    let columns = timeline.columns(COLUMNS);
    let most = columns.iter().copied().max().unwrap_or(0).max(1);
    let bar = |&count: &u64| match count {
        0 => ' ',
        count => {
            BARS[usize::try_from((count * 8).div_ceil(most))
                .unwrap_or(8)
                .clamp(1, 8)
                - 1]
        }
    };
    columns.iter().map(bar).collect()
}
