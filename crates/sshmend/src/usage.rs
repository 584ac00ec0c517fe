//! Command lines that are not understood: the error, for people and for programs.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, FromArgMatches};
use sshmend_host::Terminal;

use crate::cli::Cli;
use crate::command::instead_of;
use crate::error::{Failure, Severity};
use crate::manual::definition_for;
use crate::output;
use crate::output::escape::line;

/// The version, with the commit and its date if this is a release build that knows them
/// (`build.rs`).
const VERSION: &str = env!("SSHMEND_VERSION");

/// Parses the command line. The examples of all commands are put into their help only where help or an error is printed.
pub(crate) fn parse(words: &[OsString]) -> Result<Cli, clap::Error> {
    match parse_with(Cli::command(), words) {
        Err(error) if error.kind() != ErrorKind::DisplayVersion => {
            parse_with(definition_for(width()), words)
        }
        parsed => parsed,
    }
}

fn parse_with(command: Command, words: &[OsString]) -> Result<Cli, clap::Error> {
    let mut command = command.version(VERSION);
    let matches = command.try_get_matches_from_mut(words)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Prints help or a usage error. The arguments are escaped, because they may be hostile.
pub(crate) fn misused(mut error: clap::Error, words: &[OsString]) -> ExitCode {
    if !error.use_stderr() {
        return output::help(&error.render().to_string())
            .map_or(ExitCode::from(2), |()| ExitCode::SUCCESS);
    }
    let negative = negative_value(&error);
    if negative.is_some() {
        // clap would have the value passed as a positional argument.
        error.remove(ContextKind::Suggested);
    }
    let context: Vec<_> = error
        .context()
        .map(|(kind, value)| (kind, harmless(value)))
        .collect();
    for (kind, value) in context {
        error.insert(kind, value);
    }
    let text = error.render().to_string();
    if asks_for_json(words) {
        let failure = failure(error.kind(), &text);
        let failure = match &negative {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        };
        output::failed(failure.trouble_json());
    }
    output::say(&text);
    if let Some(hint) = &negative {
        output::say(&format!("hint: {hint}"));
    }
    if let Some(hint) = instead_of(&error) {
        output::say(&hint);
    }
    ExitCode::from(Severity::Trouble as u8)
}

/// The hint for a value that begins with a minus, which looks like an option: `--since -5m`.
fn negative_value(error: &clap::Error) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let number = word.strip_prefix('-')?;
    number.starts_with(|c: char| c.is_ascii_digit()).then(|| {
        "times, ages and numbers are written without a minus: --since 5m is five minutes ago"
            .to_owned()
    })
}

/// How wide help is printed: as all other text, also on a serial line that does not tell its size.
fn width() -> usize {
    Terminal::of_stdout().columns.unwrap_or(100)
}

/// Escapes an argument with a line break, which could pass for lines of ours.
fn harmless(value: &ContextValue) -> ContextValue {
    match value {
        ContextValue::String(word) => ContextValue::String(line(word)),
        ContextValue::Strings(words) => {
            ContextValue::Strings(words.iter().map(|word| line(word)).collect())
        }
        other => other.clone(),
    }
}

/// Whether the rejected arguments contain `--format json` before any `--`.
fn asks_for_json(words: &[OsString]) -> bool {
    let options: Vec<&OsString> = words.iter().take_while(|word| *word != "--").collect();
    let joined = options.iter().any(|word| *word == "--format=json");
    joined
        || options
            .windows(2)
            .any(|pair| pair[0] == "--format" && pair[1] == "json")
}

/// Takes clap's message apart: the first paragraph is the message, tips and usage are the hint.
fn failure(kind: ErrorKind, text: &str) -> Failure {
    if kind == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // Its text would be the whole help.
        return Failure::trouble("a command is missing").with_hint("see `sshmend --help`");
    }
    let (message, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let paragraphs = rest.split("\n\n").map(one_line);
    let hint: Vec<String> = paragraphs
        .filter(|text| !text.starts_with("For more information"))
        .chain(["see `--help`".to_owned()])
        .collect();
    let message = one_line(message);
    let failure = Failure::trouble(message.strip_prefix("error: ").unwrap_or(&message));
    failure.with_hint(hint.join("; "))
}

fn one_line(paragraph: &str) -> String {
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn json_is_requested_anywhere_before_two_dashes() {
        let asks = |line: &str| asks_for_json(&words(line));
        assert!(asks("sshmend --format json fix"));
        assert!(asks("sshmend fix --unknown --format=json"));
        assert!(asks("sshmend --format text show --format json"));
        assert!(!asks("sshmend fix --format text json"));
        assert!(!asks("sshmend diagnose --bad -- --format json"));
        assert!(!asks("sshmend fix --format"));
    }

    #[test]
    fn usage_errors_of_clap_are_split_into_error_and_hint() {
        let said = |line: &str| {
            let error = parse(&words(line)).unwrap_err();
            failure(error.kind(), &error.render().to_string()).trouble_json()
        };
        let unknown = said("sshmend fix --dry");
        assert_eq!(unknown.message, "unexpected argument '--dry' found");
        let hint = unknown.hint.unwrap();
        assert!(hint.starts_with("tip: "), "{hint}");
        assert!(hint.contains("Usage: sshmend fix"), "{hint}");
        let missing = said("sshmend show hosts-access");
        let required = "the following required arguments were not provided: <CLIENT>";
        assert_eq!(missing.message, required);
        assert_eq!(said("sshmend").message, "a command is missing");
    }

    #[test]
    fn a_value_with_a_minus_is_not_advised_as_a_positional_argument() {
        for line in [
            "sshmend logs --since -5m",
            "sshmend diagnose --since -2h",
            "sshmend history --prune -90d",
            "sshmend fix log-level --for -5m",
        ] {
            let hint = negative_value(&parse(&words(line)).unwrap_err());
            assert!(
                hint.is_some_and(|hint| hint.contains("without a minus")),
                "{line}"
            );
        }
        let other = parse(&words("sshmend logs --sinc 5m")).unwrap_err();
        assert_eq!(negative_value(&other), None);
    }
}
