//! The terminals at both outputs, as far as it matters for what is printed: width, colour, characters, pager.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};

use rustix::termios::tcgetwinsize;

use crate::interrupt::Uninterrupted;

/// The width of a terminal that does not tell it, as on a serial line.
const COLUMNS: usize = 80;

/// Narrower ones say nothing that could be true.
const LEAST_COLUMNS: usize = 20;

/// How one output shows text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terminal {
    /// Whether it is a terminal.
    pub is_terminal: bool,
    /// Its width in columns; where it is not a terminal, what `COLUMNS` demands, if anything.
    pub columns: Option<usize>,
    /// Whether characters beyond ASCII can be shown (`LC_ALL`, `LC_CTYPE`, `LANG`; locale(7)).
    pub utf8: bool,
    /// Whether the environment asks for colour, or forbids it; else a terminal that knows colours has them.
    pub color: bool,
}

impl Terminal {
    /// That of standard output.
    pub fn of_stdout() -> Self {
        Self::of(&io::stdout())
    }

    /// That of standard error.
    pub fn of_stderr() -> Self {
        Self::of(&io::stderr())
    }

    fn of(stream: &(impl IsTerminal + AsFd)) -> Self {
        let is_terminal = stream.is_terminal();
        let demanded = variable("COLUMNS").and_then(|text| text.parse().ok());
        let columns = if is_terminal {
            let told = tcgetwinsize(stream).map_or(0, |size| usize::from(size.ws_col));
            Some(if told == 0 {
                demanded.unwrap_or(COLUMNS)
            } else {
                told
            })
        } else {
            demanded
        };
        Self {
            is_terminal,
            columns: columns.map(|columns| columns.max(LEAST_COLUMNS)),
            utf8: is_utf8(
                ["LC_ALL", "LC_CTYPE", "LANG"]
                    .into_iter()
                    .find_map(variable),
            ),
            color: is_coloured(is_terminal, variable),
        }
    }
}

/// A variable that is set to something.
fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name).filter(|value| !value.is_empty())?;
    Some(value.to_string_lossy().into_owned())
}

/// The first of the three variables that is set decides; without any the locale is that of C.
fn is_utf8(locale: Option<String>) -> bool {
    let locale = locale.unwrap_or_default().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// <https://no-color.org>, then <https://bixense.com/clicolors>, then what the terminal is.
fn is_coloured(is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let is = |name: &str, wanted: &str| variable(name).as_deref() == Some(wanted);
    if variable("NO_COLOR").is_some() {
        return false;
    }
    if variable("CLICOLOR_FORCE").is_some() && !is("CLICOLOR_FORCE", "0") {
        return true;
    }
    is_terminal && !is("CLICOLOR", "0") && !is("TERM", "dumb")
}

/// Shows a long text in the pager of the caller (`PAGER`, else less): one that ends at once where the text fits.
///
/// # Errors
/// When there is no pager, or it cannot be started; then nothing was shown.
pub fn page(text: &str) -> io::Result<()> {
    let pager = match env::var_os("PAGER") {
        Some(pager) => pager,
        None => "less".into(),
    };
    if pager.is_empty() || pager == "cat" || variable("TERM").is_none_or(|term| term == "dumb") {
        return Err(io::Error::other("no pager is wanted"));
    }
    // Whoever presses Ctrl-C in it means the pager.
    let _held = Uninterrupted::begin();
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(&pager).stdin(Stdio::piped());
    if variable("LESS").is_none() {
        command.env("LESS", "FRX");
    }
    // A shell out of a pager that sudo started would be one of root.
    if variable("SUDO_USER").is_some() {
        command.env("LESSSECURE", "1");
    }
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // Whoever has read enough leaves.
        let _ = stdin.write_all(text.as_bytes());
    }
    match child.wait()?.code() {
        // The shell found no such program.
        Some(126 | 127) => Err(io::Error::other("the pager cannot be started")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_says_which_characters_there_are() {
        let cases = [
            (Some("de_DE.UTF-8"), true),
            (Some("C.utf8"), true),
            (Some("C"), false),
            (Some("POSIX"), false),
            (Some("ja_JP.eucJP"), false),
            (None, false),
        ];
        for (locale, expected) in cases {
            assert_eq!(is_utf8(locale.map(str::to_owned)), expected, "{locale:?}");
        }
    }

    #[test]
    fn colour_goes_by_what_the_environment_says_then_by_the_terminal() {
        type Variables = &'static [(&'static str, &'static str)];
        let cases: [(Variables, bool, bool); 8] = [
            (&[], false, false),
            (&[], true, true),
            (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], true, false),
            (&[("CLICOLOR_FORCE", "1")], false, true),
            (&[("CLICOLOR_FORCE", "0")], false, false),
            (&[("CLICOLOR", "0")], true, false),
            (&[("TERM", "dumb")], true, false),
            (&[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")], true, true),
        ];
        for (set, is_terminal, expected) in cases {
            let variable = |name: &str| {
                let found = set.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(is_coloured(is_terminal, variable), expected, "{set:?}");
        }
    }
}
