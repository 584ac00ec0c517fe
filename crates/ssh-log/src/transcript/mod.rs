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
mod words;

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

/// The lines of a text in the form in which they are read: decoded, without terminal control
/// sequences.
pub fn lines(text: &[u8]) -> Vec<String> {
    noise::lines(text)
        .iter()
        .map(|line| String::from_utf8_lossy(line).trim().to_owned())
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

/// Whether more than a quarter of the lines is not text: words in them would be chance.
fn is_binary(lines: &[Vec<u8>]) -> bool {
    let binary = lines.iter().filter(|line| nature::is_binary(line)).count();
    binary * 4 > lines.len()
}

/// Reads the messages; if none is recognised, plain words as well, if `words` is set.
fn understand(text: &[u8], mut attempts: Attempts, words: bool) -> Transcript {
    let all = noise::lines(text);
    for (at, line) in all.iter().enumerate() {
        attempts.line(at + 1, line);
    }
    let (understood, server_lines) = (attempts.understood, attempts.server_lines);
    let lines = all.len() - usize::from(all.last().is_some_and(Vec::is_empty));
    let mut attempts = attempts.finish();
    if words && server_lines == 0 && !is_binary(&all) {
        plain::add(&all, &mut attempts);
        plain::name(&all, &mut attempts);
    }
    let attempts = attempts.into_iter().map(conclude::conclude).collect();
    Transcript {
        attempts,
        lines,
        understood,
        server_lines,
    }
}
