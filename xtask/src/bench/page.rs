//! docs/bench.md and its pictures.

use std::fmt::Write;
use std::fs;

use super::input::text;
use super::number::{thousands, time};
use super::outcome::{Outcome, Point, slope};
use super::picture;
use crate::run::project;

/// Writes the page and the pictures.
pub(super) fn write(results: &[Outcome], runs: usize) -> Result<(), String> {
    let folder = project().join("docs/bench");
    fs::create_dir_all(&folder).map_err(text)?;
    let mut page = head(runs);
    for (result, last) in largest(results) {
        page.push_str(&beside(result, last));
    }
    page.push_str(ALONE);
    for (result, last) in largest(results) {
        page.push_str(&alone(result, last));
    }
    page.push_str(
        "\n## How time grows\n\nSeconds by size of the input, both scales logarithmic: a straight line with slope 1 is linear. \
         `cargo xtask bench` fails where ours is steeper between the two largest inputs.\n\n",
    );
    for result in results.iter().filter(|result| result.points.len() > 1) {
        let name = file_name(&result.question, &result.theirs);
        fs::write(folder.join(&name), picture::svg(result)).map_err(text)?;
        let slope = slope(&result.points).map_or_else(
            || "no more than its start".to_owned(),
            |slope| format!("slope {slope:.2}"),
        );
        writeln!(page, "![{}](bench/{name}) {slope}\n", title(result)).map_err(text)?;
    }
    let path = project().join("docs/bench.md");
    let before = fs::read_to_string(&path).unwrap_or_default();
    page.push_str(sshmend_lab::times(&before));
    fs::write(&path, page.trim_end().to_owned() + "\n")
        .map_err(|error| format!("{}: {error}", path.display()))
}

fn head(runs: usize) -> String {
    format!(
        "# Benchmarks\n\nWritten by `cargo xtask bench --write`: whole commands, for the same answer from the same input, which \
         was compared first. They took turns on one machine; each number is the median of {runs} runs, and \"times faster\" is \
         the median over the pairs of runs. The limit is what no program can do without, measured in the same run. What is to be \
         reached was set before it was measured, for the largest size.\n\n\
         ## Beside other programs\n\n\
         | question | size | other program | ours is … times faster | … times smaller | ours | MiB | the limit | to reach | |\n\
         |---|---|---|---|---|---|---|---|---|---|\n"
    )
}

/// Each row with its largest input.
fn largest(results: &[Outcome]) -> impl Iterator<Item = (&Outcome, &Point)> {
    results
        .iter()
        .filter_map(|result| Some((result, result.points.last()?)))
}

/// A row of the first table; empty if no other program was measured.
fn beside(result: &Outcome, point: &Point) -> String {
    let (Some(faster), Some(smaller)) = (point.faster, point.smaller()) else {
        return String::new();
    };
    format!(
        "| {} | {} {} | {} | {faster:.1} | {smaller:.1} | {} | {:.1} | {}: {} | {} | {} |\n",
        result.question,
        thousands(point.size),
        result.unit,
        result.theirs,
        time(point.ours.seconds()),
        point.ours.mib(),
        result.limit,
        time(point.floor),
        result.aim,
        result.aim.said(point).unwrap_or_default()
    )
}

const ALONE: &str = "\n## Alone\n\nWhat no other program does, and every command on an ordinary machine. The first rows are \
    inputs that once took more than their size.\n\n| question | size | time | MiB | the limit |\n|---|---|---|---|---|\n";

/// A row of the second table; nothing where another program was measured too.
fn alone(result: &Outcome, point: &Point) -> String {
    if point.theirs.is_some() {
        return String::new();
    }
    format!(
        "| {} | {} {} | {} | {:.1} | {}: {} |\n",
        result.question,
        thousands(point.size),
        result.unit,
        time(point.ours.seconds()),
        point.ours.mib(),
        result.limit,
        time(point.floor)
    )
}

/// The title of a picture.
fn title(result: &Outcome) -> String {
    if result.theirs.is_empty() {
        result.question.clone()
    } else {
        format!("{}, beside {}", result.question, result.theirs)
    }
}

fn file_name(question: &str, theirs: &str) -> String {
    let words = format!("{question} {theirs}").to_lowercase();
    let kept: Vec<String> = words
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    kept.join("-") + ".svg"
}
