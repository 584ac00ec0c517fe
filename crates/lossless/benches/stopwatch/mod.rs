//! What the benches of the pure crates measure with: no library, so that no test has to build one.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long one function is measured.
const TIME: Duration = Duration::from_secs(1);

/// How often it runs at least.
const RUNS: usize = 5;

/// Runs a function again and again, and prints the median time of a run and how much input that is in a second. `size`
/// is that of the input, in bytes.
///
/// `cargo bench` measures all functions whose names hold one of the words behind `--`; without `--bench` among the
/// arguments, as `cargo test --benches` has it, each runs once.
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
