//! What a piece of text means to the reader.

use anstyle::{AnsiColor, Style};

/// The meaning of a piece of text. Colour only repeats it, and never carries it alone.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Role {
    /// The answer, a heading.
    Title,
    /// A removed line, or something wrong.
    Bad,
    /// An added line, or something right.
    Good,
    /// Something that needs care.
    Warning,
    /// Text to look up rather than to read.
    Dim,
    /// A command, which is never broken into lines.
    Command,
    /// An error that is the point of the line.
    Alarm,
}

impl Role {
    pub(super) const ALL: [Self; 7] = [
        Self::Title,
        Self::Bad,
        Self::Good,
        Self::Warning,
        Self::Dim,
        Self::Command,
        Self::Alarm,
    ];

    pub(super) fn style(self) -> Style {
        match self {
            Self::Title => Style::new().bold(),
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Good | Self::Command => AnsiColor::Green.on_default(),
            Self::Alarm => AnsiColor::Red.on_default().bold(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Dim => Style::new().dimmed(),
        }
    }
}
