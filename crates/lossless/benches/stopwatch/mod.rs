//! A stopwatch for the benches of the pure crates, without a library that every test build would
//! have to compile.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// The measuring time for one function.
const TIME: Duration = Duration::from_secs(1);

/// The least number of runs.
const RUNS: usize = 5;

/// Runs a function repeatedly, and prints the median time of a run and the input processed per
/// second. `size` is the size of the input, in bytes.
///
/// `cargo bench` measures all functions whose names contain one of the words after `--`; without
/// `--bench` among the arguments, as with `cargo test --benches`, each runs once.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench is about the clock, and prints what it says"
)]
pub(crate) fn measure<T>(name: &str, size: usize, mut function: impl FnMut() -> T) {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (flags, words): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|word| word.starts_with("--"));
    if !words.is_empty() && !words.iter().any(|word| name.contains(word.as_str())) {
        return;
    }
    let begun = Instant::now();
    let mut times = Vec::new();
    let measures = flags.iter().any(|flag| *flag == "--bench");
    let mut go_on = true;
    while go_on {
        let start = Instant::now();
        black_box(function());
        times.push(start.elapsed());
        go_on = measures && (times.len() < RUNS || begun.elapsed() < TIME);
    }
    times.sort_unstable();
    let median = times[times.len() / 2];
    let rate = size as f64 / median.as_secs_f64() / 1e6;
    println!(
        "{name:<50} {:>12.1} us {rate:>10.1} MB/s  ({} runs)",
        median.as_secs_f64() * 1e6,
        times.len()
    );
}
