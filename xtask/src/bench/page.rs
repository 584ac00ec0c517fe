//! docs/bench.md and the pictures beside it.

use std::fmt::Write;
use std::fs;

use super::input::text;
use super::{Outcome, Point, picture, slope};
use crate::run::project;

/// Writes the page and the pictures.
pub(super) fn write(results: &[Outcome], runs: usize) -> Result<(), String> {
    let folder = project().join("docs/bench");
    fs::create_dir_all(&folder).map_err(text)?;
    let mut page = head(runs);
    for result in results {
        let Some(last) = result.points.last() else {
            continue;
        };
        page.push_str(&row(result, last));
    }
    page.push_str(
        "\n## How time grows\n\nSeconds by lines of input, both scales logarithmic: a straight line with slope 1 is linear. \
         `cargo xtask bench` fails where ours is steeper between the two largest inputs.\n\n",
    );
    for result in results.iter().filter(|result| result.points.len() > 1) {
        let name = file_name(&result.question, &result.theirs);
        fs::write(folder.join(&name), picture::svg(result)).map_err(text)?;
        let slope = slope(&result.points).map_or_else(
            || "no more than its start".to_owned(),
            |slope| format!("slope {slope:.2}"),
        );
        writeln!(
            page,
            "![{}, beside {}](bench/{name}) {slope}\n",
            result.question, result.theirs
        )
        .map_err(text)?;
    }
    let path = project().join("docs/bench.md");
    fs::write(&path, page.trim_end().to_owned() + "\n")
        .map_err(|error| format!("{}: {error}", path.display()))
}

fn head(runs: usize) -> String {
    format!(
        "# Benchmarks\n\nWritten by `cargo xtask bench --write`: whole commands, for the same answer from the same input, which \
         was compared first. They took turns on one machine; each number is the median of {runs} runs. The limit is what no \
         program can do without, measured in the same run.\n\n\
         | question | lines | other program | ours is … times faster | … times smaller | ours | MiB | the limit |\n\
         |---|---|---|---|---|---|---|---|\n"
    )
}

fn row(result: &Outcome, point: &Point) -> String {
    format!(
        "| {} | {} | {} | {:.1} | {:.1} | {} | {:.1} | {}: {} |\n",
        result.question,
        thousands(point.lines),
        result.theirs,
        point.faster(),
        point.smaller(),
        time(point.ours.seconds()),
        point.ours.mib(),
        result.limit,
        time(point.floor)
    )
}

/// A number with commas.
pub(super) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// Seconds in words.
pub(super) fn time(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.1} ms", seconds * 1e3)
    } else {
        format!("{seconds:.1} s")
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
