//! Output for people and programs: data on stdout, messages on stderr. All output passes through
//! here, and none of it can control a terminal.

pub(crate) mod ask;
pub(crate) mod census;
pub(crate) mod escape;
mod excerpt;
mod fold;
pub(crate) mod logs;
pub(crate) mod past;
mod role;
pub(crate) mod times;
mod typed;
pub(crate) mod words;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sshmend_host::{Terminal, page};

use crate::cli::{Color, Format, General};
use crate::error::Failure;
use crate::json::failure::{Error, Trouble};

pub(crate) use fold::fold;
pub(crate) use role::Role;

/// The indent of continuation lines.
const HANG: usize = 4;

/// The destination and the appearance of output.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    format: Format,
    out: Screen,
    err: Screen,
    /// Whether the one document for a program has been printed; shared by all clones.
    answered: Arc<AtomicBool>,
}

/// The rendering of text on one of the two output streams.
#[derive(Debug, Clone)]
struct Screen {
    /// Whether it is a terminal.
    is_terminal: bool,
    color: bool,
    /// Whether characters beyond ASCII are replaced.
    ascii: bool,
    /// The width at which prose is folded; `None` for no folding.
    columns: Option<usize>,
}

impl Screen {
    fn new(terminal: &Terminal, color: Color) -> Self {
        Self {
            is_terminal: terminal.is_terminal,
            color: match color {
                Color::Always => true,
                Color::Never => false,
                Color::Auto => terminal.color,
            },
            ascii: !terminal.utf8,
            columns: terminal.columns,
        }
    }

    /// Breaks prose into lines, in the characters that this output shows: in ASCII some are wider.
    fn fold(&self, text: &str, columns: Option<usize>, hang: usize) -> String {
        if self.ascii {
            fold(&escape::ascii(text), columns, hang)
        } else {
            fold(text, columns, hang)
        }
    }

    /// As much of one line as there is room for; where something is missing, an ellipsis says so.
    fn cut(&self, text: &str, room: usize) -> String {
        excerpt::cut(text, room, if self.ascii { "..." } else { "…" })
    }

    /// Text as it may be written to this output.
    fn show(&self, text: &str) -> String {
        escape::screen(text, self.color, self.ascii)
    }
}

impl Output {
    pub(crate) fn new(general: &General) -> Self {
        Self {
            format: general.format,
            out: Screen::new(&Terminal::of_stdout(), general.color),
            err: Screen::new(&Terminal::of_stderr(), general.color),
            answered: Arc::default(),
        }
    }

    /// True if the output is for a program.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Applies the style of a role to text.
    #[expect(
        clippy::unused_self,
        reason = "colour is decided where it is printed, and asked for where it is known"
    )]
    pub(crate) fn paint(&self, role: Role, text: &str) -> String {
        if text.is_empty() {
            String::new()
        } else {
            escape::mark(role, text)
        }
    }

    /// Escapes text from files, logs and the network, then applies the style.
    pub(crate) fn quote(&self, role: Role, text: &str) -> String {
        self.paint(role, &escape::line(text))
    }

    /// A command line, in one piece at any width.
    pub(crate) fn command(&self, argv: &[String]) -> String {
        self.quote(Role::Command, &words::shell(argv))
    }

    /// Renders a unified diff, escaped and coloured by the first character of each line.
    pub(crate) fn diff(&self, diff: &str) -> String {
        diff.lines().fold(String::new(), |mut out, line| {
            let role = match line.as_bytes().first() {
                Some(b'+') => Role::Good,
                Some(b'-') => Role::Bad,
                Some(b'@') => Role::Dim,
                _ => Role::Title,
            };
            let plain = line.starts_with(' ');
            let shown = if plain {
                escape::line(line)
            } else {
                self.quote(role, line)
            };
            out.push_str(&format!("{shown}\n"));
            out
        })
    }

    /// Prints data; a reader that went away is not an error.
    pub(crate) fn data(&self, text: &str) -> io::Result<()> {
        print(&self.out.show(text))
    }

    /// Prints prose, in lines of the terminal.
    pub(crate) fn prose(&self, text: &str) -> io::Result<()> {
        self.data(&self.fold(text))
    }

    /// Whether standard output shows colour.
    pub(crate) fn has_color(&self) -> bool {
        self.out.color
    }

    /// The width of the terminal on standard output; `None` if it is not a terminal.
    pub(crate) fn columns(&self) -> Option<usize> {
        self.out.columns
    }

    /// Folds prose to the width of the terminal, never within a command.
    pub(crate) fn fold(&self, text: &str) -> String {
        self.out.fold(text, self.out.columns, HANG)
    }

    /// Folds text to at most `widest` columns, also if the width of the terminal is not known.
    pub(crate) fn fold_to(&self, text: &str, widest: usize) -> String {
        let columns = self.out.columns.unwrap_or(widest).min(widest);
        self.out.fold(text, Some(columns), 0)
    }

    /// As much of one line as fits on standard error after `behind` columns.
    pub(crate) fn fits(&self, text: &str, behind: usize) -> String {
        let columns = self.err.columns.unwrap_or(usize::MAX);
        self.err
            .show(&self.err.cut(text, columns.saturating_sub(behind + 1)))
    }

    /// A line of a file, and below it the label of the `length` characters from `column` on,
    /// counted from 1.
    pub(crate) fn excerpt(&self, text: &str, column: usize, length: usize, label: &str) -> String {
        excerpt::excerpt(self, text, column, length, label)
    }

    /// Prints a long text, one screen at a time if a person is watching.
    pub(crate) fn long(&self, text: &str) -> io::Result<()> {
        let shown = self.out.show(text);
        if self.out.is_terminal && page(&shown).is_ok() {
            return Ok(());
        }
        print(&shown)
    }

    /// The same, piece by piece, for text that may be too long to hold.
    pub(crate) fn pieces(&self, pieces: impl Iterator<Item = String>) -> io::Result<()> {
        let mut waiting = String::new();
        for piece in pieces {
            waiting.push_str(&piece);
            if waiting.len() >= BLOCK {
                self.data(&std::mem::take(&mut waiting))?;
            }
        }
        self.data(&waiting)
    }

    /// Prints the one JSON document of this run.
    pub(crate) fn json<T: serde::Serialize>(&self, document: &T) -> io::Result<()> {
        self.answered.store(true, Ordering::Relaxed);
        json(document)
    }

    /// True if the output is for a program that has had no document yet.
    pub(crate) fn owes_a_document(&self) -> bool {
        self.is_json() && !self.answered.load(Ordering::Relaxed)
    }

    /// Reports a failure, in JSON too unless its document already contains it.
    pub(crate) fn complain(&self, failure: &Failure) {
        if self.owes_a_document() {
            failed(failure.trouble_json());
        }
        self.status(&failure.render(|word| self.paint(Role::Alarm, word)));
    }

    /// Prints a message on stderr; nothing depends on its arrival.
    pub(crate) fn status(&self, text: &str) {
        tell(&self.err, text);
    }
}

fn json<T: serde::Serialize>(document: &T) -> io::Result<()> {
    let mut written = Document::default();
    serde_json::to_writer_pretty(&mut written, document)?;
    written.write_all(b"\n")?;
    written.flush()
}

/// The number of bytes buffered before printing.
const BLOCK: usize = 1 << 16;

/// A JSON document written to standard output in parts, because it may be too long to hold.
#[derive(Default)]
struct Document {
    waiting: String,
}

impl Write for Document {
    /// The serializer splits its text only at ASCII characters, so that each piece is valid.
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(piece)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        self.waiting.push_str(&escape::document(text));
        if self.waiting.len() >= BLOCK {
            self.flush()?;
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        print(&std::mem::take(&mut self.waiting))
    }
}

/// Prints the error document of a command without another document.
pub(crate) fn failed(error: Trouble) {
    if json(&Error::new(error)).is_err() {
        // Standard error and the exit code report the same.
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one writer of standard output"
)]
fn print(harmless: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(harmless.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one writer of standard error"
)]
fn tell(screen: &Screen, text: &str) {
    let text = screen.fold(text.trim_end_matches('\n'), screen.columns, HANG);
    let mut stderr = io::stderr().lock();
    if writeln!(stderr, "{}", screen.show(&text)).is_err() {
        // The reader is gone, and nobody is left to report to.
    }
}

/// Prints lines on stderr.
pub(crate) fn say(text: &str) {
    tell(&Screen::new(&Terminal::of_stderr(), Color::Never), text);
}

/// Prints help or the version, which contain no foreign text.
pub(crate) fn help(text: &str) -> io::Result<()> {
    print(&Screen::new(&Terminal::of_stdout(), Color::Never).show(text))
}

#[cfg(test)]
mod tests {
    use super::{Arc, Format, Output, Screen, fold};

    /// Two outputs with this width and all capabilities.
    pub(super) fn output(columns: Option<usize>) -> Output {
        let screen = Screen {
            is_terminal: false,
            color: false,
            ascii: false,
            columns,
        };
        Output {
            format: Format::Text,
            out: screen.clone(),
            err: screen,
            answered: Arc::default(),
        }
    }
    #[test]
    fn text_shortened_for_an_ascii_screen_fits_its_width() {
        for columns in 12..40 {
            let mut output = output(Some(columns));
            output.err.ascii = true;
            let shown = output.fits("sshd-config MaxStartups=100:30:200", 6);
            assert_eq!(fold::width(&shown), (columns - 7).min(34), "{shown}");
            assert!(shown.ends_with("..."), "{shown}");
        }
    }

    #[test]
    fn lines_are_folded_by_their_displayed_width() {
        let mut output = output(Some(12));
        output.out.ascii = true;
        let folded = output.fold("nothing … so");
        assert_eq!(output.out.show(&folded), "nothing ...\n    so");
    }
}
