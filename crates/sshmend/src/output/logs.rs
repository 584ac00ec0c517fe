//! A tally of log events, as text.

use jiff::Timestamp;
use sshmend_host::zone;
use sshmend_ssh_log::{CauseTally, Peer, ReadLog, SourceTally, Span, Tally, Timeline};

use super::escape::line;
use super::words::count;
use super::{Output, Role, census};

/// The width of a cause's picture, in columns.
const COLUMNS: usize = 24;
/// Few to many, in characters that every terminal has.
const LEVELS: [char; 6] = ['.', ':', '-', '=', '*', '#'];
/// The highest number of intervals to count.
const STRETCHES: usize = 24;
/// The width of the longest bar, in columns.
const BAR: usize = 40;
/// The width before a bar: the number of connections and the start of the interval.
const BEFORE_BAR: usize = 29;

/// The width before a cause's picture: the number of connections and the name.
const BEFORE: usize = 41;
/// The width of the period after the picture.
const TIMES: usize = 44;

/// The layout of a cause's row for the terminal.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// The width of the picture.
    picture: usize,
    /// Whether the times go on a line of their own.
    below: bool,
}

impl Row {
    fn of(columns: Option<usize>) -> Self {
        let columns = columns.unwrap_or(usize::MAX);
        Self {
            picture: columns.saturating_sub(BEFORE).min(COLUMNS),
            below: columns < BEFORE + COLUMNS + TIMES,
        }
    }

    /// The separator before the times.
    fn gap(self) -> &'static str {
        if self.below { "\n            " } else { "  " }
    }

    /// A name in the second column, padded if another column follows.
    fn name(self, name: &str) -> String {
        if self.picture == 0 {
            name.to_owned()
        } else {
            format!("{name:<28}")
        }
    }

    /// The separator between the second and the third column; a line break if the third does not
    /// fit.
    fn behind(self) -> &'static str {
        if self.picture == 0 {
            "\n            "
        } else {
            " "
        }
    }
}

/// Renders a tally, with the top causes and sources.
pub(crate) fn text(output: &Output, tally: &Tally, logs: &[ReadLog], top: usize) -> String {
    let row = Row::of(output.columns());
    let mut text = census::text(output, logs);
    let causes = tally.causes();
    if causes.is_empty() {
        if logs.iter().any(|log| !log.census.nothing_understood()) {
            text.push_str("no cause found: no entry of these logs points to one\n");
        }
        return output.fold(&text);
    }
    text.push_str(&format!(
        "{}\n",
        output.paint(Role::Dim, &period(tally.span()))
    ));
    let times = if row.below { "" } else { "  first and last" };
    let picture = if row.picture == 0 { "" } else { "over time" };
    let heading = format!(
        "\n{:>11} {:<28} {picture:<width$}{times}",
        "connections",
        "cause",
        width = row.picture
    );
    let heading = heading.trim_end();
    text.push_str(&format!("{}\n", output.paint(Role::Title, heading)));
    let all = tally.timeline();
    for (name, cause) in causes.iter().take(top) {
        text.push_str(&cause_line(output, name.as_str(), cause, all.bounds(), row));
    }
    text.push_str(&more(output, causes.len(), top, "cause"));
    text.push_str(&axis(output, &all));
    let sources = tally.sources();
    if !sources.is_empty() {
        let source = row.name("source");
        let behind = row.behind();
        let heading = format!("\n{:>11} {source}{behind}connections by cause", "lines");
        for line in heading.split_inclusive('\n') {
            let line = line.trim_end_matches('\n');
            text.push_str(&format!("{}\n", output.paint(Role::Title, line)));
        }
    }
    for (peer, source) in sources.iter().take(top) {
        text.push_str(&source_line(output, peer, source, row));
    }
    text.push_str(&more(output, sources.len(), top, "source"));
    if tally.forgotten_sources() > 0 {
        let forgotten = format!(
            "  sources with few lines were not kept, {} times",
            tally.forgotten_sources()
        );
        text.push_str(&format!("{}\n", output.paint(Role::Dim, &forgotten)));
    }
    output.fold(&text)
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

/// The first and the last time, and the time zone of all times.
fn period(span: Span) -> String {
    let zone = zone();
    let name = zone.iana_name().filter(|name| *name != "local");
    let name = name.map_or_else(
        || "local time".to_owned(),
        |name| format!("times of {name}"),
    );
    match (span.first, span.last) {
        (Some(first), Some(last)) => format!("from {} to {} ({name})", local(first), local(last)),
        _ => "the lines have no timestamps".to_owned(),
    }
}

/// The number of connections that met a cause in each hour, day or similar interval.
fn axis(output: &Output, timeline: &Timeline) -> String {
    let offset = timeline.bounds().map_or(0, |(from, _)| {
        let first = Timestamp::from_second(from).unwrap_or_default();
        i64::from(zone().to_offset(first).seconds())
    });
    let (width, stretches) = timeline.stretches(STRETCHES, offset);
    let most = stretches.iter().map(|(_, count)| *count).max().unwrap_or(0);
    if stretches.len() < 2 {
        return String::new();
    }
    let room = output
        .columns()
        .unwrap_or(usize::MAX)
        .saturating_sub(BEFORE_BAR);
    let bar = u64::try_from(room.clamp(8, BAR)).unwrap_or(8);
    let heading = format!("\n{:>11} in the {} from", "connections", stretch(width));
    let mut text = format!("{}\n", output.paint(Role::Title, &heading));
    for (begin, count) in stretches {
        let length = usize::try_from((count * bar).div_ceil(most.max(1))).unwrap_or(0);
        let begin = begin.to_zoned_datetime(zone());
        let begin = begin.strftime(if width < 86_400 {
            "%Y-%m-%d %H:%M"
        } else {
            "%Y-%m-%d"
        });
        let line = format!("{count:>11} {begin} {}", "#".repeat(length));
        text.push_str(&format!("{}\n", line.trim_end()));
    }
    text
}

/// `hour`, `6 hours`, `day`.
fn stretch(seconds: i64) -> String {
    const UNITS: [(i64, &str); 4] = [
        (604_800, "week"),
        (86_400, "day"),
        (3_600, "hour"),
        (60, "minute"),
    ];
    let unit = UNITS.iter().find(|(unit, _)| seconds % unit == 0);
    match unit.map_or((seconds, "second"), |(unit, name)| (seconds / unit, *name)) {
        (1, name) => name.to_owned(),
        (number, name) => format!("{number} {name}s"),
    }
}

fn cause_line(
    output: &Output,
    name: &str,
    cause: &CauseTally,
    bounds: Option<(i64, i64)>,
    row: Row,
) -> String {
    let times = if cause.at_least() > 0 {
        cause.at_least().to_string()
    } else {
        count(usize::try_from(cause.events).unwrap_or(usize::MAX), "event")
    };
    let name = output.paint(Role::Title, &row.name(name));
    let unsure = if cause.is_vague() {
        "  possible: other programs write the same"
    } else {
        ""
    };
    let picture = bounds
        .filter(|_| row.picture > 0)
        .map_or_else(String::new, |bounds| {
            picture(&cause.timeline, bounds, row.picture)
        });
    let span = span(cause.span);
    let gap = if span.is_empty() { "" } else { row.gap() };
    let width = if row.below { 0 } else { row.picture };
    let blank = if row.picture == 0 { "" } else { " " };
    format!("{times:>11} {name}{blank}{picture:<width$}{gap}{span}{unsure}\n")
}

fn source_line(output: &Output, peer: &Peer, source: &SourceTally, row: Row) -> String {
    let causes = source
        .causes
        .iter()
        .map(|(cause, count)| format!("{cause} {count}"));
    let accepted = (source.accepted > 0).then(|| format!("accepted {}", source.accepted));
    let failed = (source.failed > 0).then(|| format!("failed {}", source.failed));
    let all: Vec<String> = causes.chain(accepted).chain(failed).collect();
    let peer = output.quote(Role::Title, &row.name(&peer.to_string()));
    let causes = line(&all.join(", "));
    format!("{:>11} {peer}{}{causes}\n", source.lines, row.behind())
}

fn span(span: Span) -> String {
    match (span.first, span.last) {
        (Some(first), Some(last)) if first == last => local(first),
        (Some(first), Some(last)) => format!("{} to {}", local(first), local(last)),
        _ => String::new(),
    }
}

/// A time as the clock of this machine shows it.
fn local(time: Timestamp) -> String {
    time.to_zoned_datetime(zone())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// The counts of one cause over the whole period, one character for each interval.
fn picture(timeline: &Timeline, bounds: (i64, i64), width: usize) -> String {
    let columns = timeline.columns(width, bounds);
    let most = columns.iter().copied().max().unwrap_or(0).max(1);
    let levels = LEVELS.len() as u64;
    let level = |&count: &u64| match count {
        0 => ' ',
        count => {
            let at = usize::try_from((count * levels).div_ceil(most)).unwrap_or(LEVELS.len());
            LEVELS[at.clamp(1, LEVELS.len()) - 1]
        }
    };
    columns.iter().map(level).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_interval_is_named_in_common_units() {
        let cases = [
            (60, "minute"),
            (900, "15 minutes"),
            (3_600, "hour"),
            (21_600, "6 hours"),
            (86_400, "day"),
            (604_800, "week"),
        ];
        for (seconds, name) in cases {
            assert_eq!(stretch(seconds), name);
        }
    }

    #[test]
    fn times_are_on_their_own_line_on_a_narrow_terminal() {
        let shape = |columns| {
            let row = Row::of(columns);
            (row.picture, row.below)
        };
        assert_eq!(shape(None), (COLUMNS, false));
        assert_eq!(shape(Some(120)), (COLUMNS, false));
        assert_eq!(shape(Some(80)), (COLUMNS, true));
        assert_eq!(shape(Some(40)), (0, true));
    }

    #[test]
    fn a_timeline_is_plain_text_over_the_common_time_span() {
        let mut timeline = Timeline::default();
        let base: i64 = 1_795_213_800;
        for (second, count) in [(0, 1), (23, 12)] {
            let time = Timestamp::from_second(base + second).unwrap();
            timeline.add(time, count);
        }
        let shown = picture(&timeline, (base, base + 24), COLUMNS);
        assert_eq!(shown, format!(".{}#", " ".repeat(22)));
    }
}
