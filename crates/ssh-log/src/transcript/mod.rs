//! The output of a client, pasted by a person who cannot log in.
//!
//! The output of `ssh -vvv` in all wordings (up to 7.9, 8.0 to 9.4, from 9.5 on), the event log of
//! PuTTY, and the error messages of libraries in a dozen languages. A text is a list of attempts,
//! because Ansible, CI and people try more than once and connect to more than one host: for each
//! the stage it reached, what that proves and excludes, and what to run next.

mod advice;
mod attempt;
mod attempts;
mod claims;
mod command;
mod conclude;
mod destination;
mod facts;
mod identification;
mod label;
mod meaning;
mod noise;
mod plain;
mod restored;
mod scan;
mod trigger;
mod words;

use std::cell::LazyCell;

use crate::nature;

pub use attempt::{
    Advice, Attempt, Certainty, Client, Conclusion, Ending, Exclusion, Reached, Software,
    Transcript,
};
use attempts::Attempts;
pub use restored::restored;

/// Interprets the output of clients. Any text is accepted; nothing is concluded from one that is
/// not a transcript.
pub fn read(text: &[u8]) -> Transcript {
    understand(text, Attempts::default(), true)
}

/// The lines of a text that belong to some attempt, or all of them, with their numbers and in the
/// form in which they are read: decoded, without terminal control sequences.
pub fn lines(text: &[u8], attempts: Option<&[Attempt]>) -> Vec<(usize, String)> {
    let mut spans: Vec<(usize, usize)> = match attempts {
        Some(attempts) => attempts.iter().map(|attempt| attempt.lines).collect(),
        None => vec![(1, usize::MAX)],
    };
    spans.sort_unstable();
    let mut spans = spans.into_iter().peekable();
    let mut last = 0;
    let plain = noise::plain(text);
    let numbered = noise::lines(&plain).zip(1..);
    numbered
        .filter(|(_, number)| {
            while let Some((_, end)) = spans.next_if(|(start, _)| start <= number) {
                last = last.max(end);
            }
            *number <= last
        })
        .map(|(line, number)| (number, String::from_utf8_lossy(&line).trim().to_owned()))
        .collect()
}

/// Whether a host belongs to a provider, so that its users do not administer it.
pub fn is_of_provider(host: &str) -> bool {
    destination::of_name(host).is_some()
}

/// Interprets the output of a single run of a client.
pub fn read_one(text: &[u8]) -> Option<Attempt> {
    understand(text, Attempts::single(), false)
        .attempts
        .into_iter()
        .next()
}

/// Reads the messages; if none is recognised, plain words as well, if `words` is set.
fn understand(text: &[u8], mut attempts: Attempts, words: bool) -> Transcript {
    let plain = noise::plain(text);
    let (mut lines, mut binary, mut ends_line) = (0, 0, false);
    for line in noise::lines(&plain) {
        lines += 1;
        attempts.line(lines, &line);
        binary += usize::from(nature::is_binary(&line));
        ends_line = line.is_empty();
    }
    let (understood, server_lines) = (attempts.understood, attempts.server_lines);
    let mut attempts = attempts.finish();
    // In a text of which more than a quarter is binary, words would be chance.
    if words && server_lines == 0 && binary * 4 <= lines {
        let all = LazyCell::new(|| noise::lines(&plain).collect());
        plain::add(&all, &mut attempts);
        plain::name(&all, &mut attempts);
    }
    let attempts = attempts.into_iter().map(conclude::conclude).collect();
    Transcript {
        attempts,
        lines: lines - usize::from(ends_line),
        understood,
        server_lines,
    }
}
