//! Properties of the terminals at both outputs that matter for printing: width, colour, characters,
//! pager.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};

use rustix::termios::tcgetwinsize;

use crate::interrupt::Uninterrupted;

/// The width of a terminal that does not report it, as on a serial line.
const COLUMNS: usize = 80;

/// The least plausible width; smaller values are ignored.
const LEAST_COLUMNS: usize = 20;

/// The capabilities of one output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terminal {
    /// Whether it is a terminal.
    pub is_terminal: bool,
    /// The width in columns; if it is not a terminal, the value of `COLUMNS`, if set.
    pub columns: Option<usize>,
    /// Whether characters beyond ASCII can be shown (`LC_ALL`, `LC_CTYPE`, `LANG`; locale(7)).
    pub utf8: bool,
    /// Whether the environment requests or forbids colour; by default a terminal that supports
    /// colours gets them.
    pub color: bool,
}

impl Terminal {
    /// The terminal at standard output.
    pub fn of_stdout() -> Self {
        Self::of(&io::stdout())
    }

    /// The terminal at standard error.
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

/// A variable that is set and not empty.
fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name).filter(|value| !value.is_empty())?;
    Some(value.to_string_lossy().into_owned())
}

/// The first of the three variables that is set decides; without any the locale is C.
fn is_utf8(locale: Option<String>) -> bool {
    let locale = locale.unwrap_or_default().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// <https://no-color.org>, then <https://bixense.com/clicolors>, then the type of the terminal.
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

/// Whether the terminal only prints: nothing on it can be overwritten, as in an editor's shell or on
/// a printer.
pub fn only_prints() -> bool {
    variable("TERM").is_some_and(|term| term == "dumb")
}

/// Shows a long text in the caller's pager (`PAGER`, else less, which exits at once if the text
/// fits).
///
/// # Errors
/// If there is no pager, or it cannot be started; then nothing was shown.
pub fn page(text: &str) -> io::Result<()> {
    let pager = match env::var_os("PAGER") {
        Some(pager) => pager,
        None => "less".into(),
    };
    if pager.is_empty() || pager == "cat" || variable("TERM").is_none() || only_prints() {
        return Err(io::Error::other("no pager is wanted"));
    }
    // Ctrl-C is meant for the pager.
    let _held = Uninterrupted::begin();
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(&pager).stdin(Stdio::piped());
    if variable("LESS").is_none() {
        command.env("LESS", "FRX");
    }
    // A shell started from a pager under sudo would be root's.
    if variable("SUDO_USER").is_some() {
        command.env("LESSSECURE", "1");
    }
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // The reader may quit the pager early.
        let _ = stdin.write_all(text.as_bytes());
    }
    match child.wait()?.code() {
        // The shell did not find the program.
        Some(126 | 127) => Err(io::Error::other("the pager cannot be started")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_determines_the_available_characters() {
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
    fn colour_depends_on_the_environment_then_on_the_terminal() {
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
