//! Talking to people and programs: stdout is data, stderr is talk.

pub(crate) mod census;
pub(crate) mod escape;
pub(crate) mod logs;
pub(crate) mod times;
pub(crate) mod words;

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::cli::{Color, Format, General};

/// Where output goes and how it looks.
#[derive(Debug)]
pub(crate) struct Output {
    format: Format,
    color: bool,
}

/// What a piece of text is; colour repeats it, never carries it alone.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Role {
    /// The answer, a heading.
    Title,
    /// A removed line, something that is wrong.
    Bad,
    /// An added line, something that holds.
    Good,
    /// Something to be careful with.
    Warning,
    /// What is there to look up, not to read.
    Dim,
}

impl Role {
    fn style(self) -> Style {
        match self {
            Self::Title => Style::new().bold(),
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Dim => Style::new().dimmed(),
        }
    }
}

impl Output {
    /// Decides about colour: the flag first, then NO_COLOR, then whether stdout is a terminal.
    pub(crate) fn new(general: &General, no_color: bool, terminal: bool) -> Self {
        let color = match general.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !no_color,
        };
        Self { format: general.format, color }
    }

    /// True when a program reads along.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Dresses trusted text for its role.
    pub(crate) fn paint(&self, role: Role, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_owned();
        }
        let style = role.style();
        format!("{style}{text}{style:#}")
    }

    /// Escapes text from files, logs and the network, then dresses it.
    pub(crate) fn quote(&self, role: Role, text: &str) -> String {
        self.paint(role, &escape::line(text))
    }

    /// Renders a unified diff: escaped, and coloured by its own first character.
    pub(crate) fn diff(&self, diff: &str) -> String {
        diff.lines().fold(String::new(), |mut out, line| {
            let role = match line.as_bytes().first() {
                Some(b'+') => Role::Good,
                Some(b'-') => Role::Bad,
                Some(b'@') => Role::Dim,
                _ => Role::Title,
            };
            let plain = line.starts_with(' ');
            let shown = if plain { escape::line(line) } else { self.quote(role, line) };
            out.push_str(&format!("{shown}\n"));
            out
        })
    }

    /// Prints data; a reader that went away is no error.
    pub(crate) fn data(&self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            outcome => outcome,
        }
    }

    /// Prints one JSON document.
    pub(crate) fn json<T: serde::Serialize>(&self, document: &T) -> io::Result<()> {
        let text = serde_json::to_string_pretty(document)?;
        self.data(&(text + "\n"))
    }

    /// Says something on stderr; nothing depends on its arriving.
    pub(crate) fn talk(&self, text: &str) {
        let mut stderr = io::stderr().lock();
        if writeln!(stderr, "{text}").is_err() {
            // Nobody listens, and there is no one left to tell.
        }
    }
}
