//! What the arguments of a line say, or what is wrong with them.

use std::ops::Range;

use crate::line::Args;
use crate::release::Release;
use crate::words::Word;

/// A word of [`Kind::Choice`](super::Kind::Choice).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Choice {
    /// The form in a file.
    pub(crate) written: &'static str,
    /// The form that sshd prints.
    pub(crate) printed: &'static str,
    /// The first release that knows it.
    pub(crate) since: Release,
}

/// The parts of a value: one, but for the keywords whose parts are decided one by one.
pub(crate) type Parts = Vec<(usize, String)>;

/// What is wrong with the arguments of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// A lower-case fragment.
    pub(crate) message: String,
    /// The part of the line that is meant, as an index range.
    pub(crate) range: Option<Range<usize>>,
    /// False where another build of the same release may accept it.
    pub(crate) certain: bool,
    /// True if that depends on known differences between builds or machines.
    pub(crate) build: bool,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            range: None,
            certain: true,
            build: false,
        }
    }

    pub(super) fn at(word: &Word, message: impl Into<String>) -> Self {
        Self {
            range: Some(word.range.clone()),
            ..Self::new(message)
        }
    }

    /// The same, where builds or machines differ.
    pub(crate) fn uncertain(self) -> Self {
        Self {
            certain: false,
            build: true,
            ..self
        }
    }
}

/// The arguments of a line, understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The value that the line sets.
    pub(crate) parts: Parts,
    /// The reason why this build may still refuse it.
    pub(crate) doubt: Option<String>,
    /// A remark although sshd accepts it.
    pub(crate) notice: Option<Notice>,
    /// Words that this release does not know, so that sshd rejects the line unless its build
    /// differs.
    pub(crate) suspect: Option<Fault>,
}

/// A remark about a line that sshd accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Notice {
    /// A lower-case fragment.
    pub(crate) message: &'static str,
    /// What to do about it.
    pub(crate) hint: &'static str,
}

impl Reading {
    pub(super) fn of_parts(parts: Parts) -> Self {
        Self {
            parts,
            ..Self::default()
        }
    }

    pub(super) fn one(value: impl Into<String>) -> Self {
        Self::of_parts(vec![(0, value.into())])
    }

    pub(super) fn each(values: impl IntoIterator<Item = String>) -> Self {
        Self::of_parts(values.into_iter().map(|value| (0, value)).collect())
    }
}

/// The extent of the arguments that a reader consumed.
pub(super) enum Used {
    /// This many words.
    Words(usize),
    /// The list to its end.
    List,
    /// All of them.
    All,
}

pub(super) type Outcome = Result<(Reading, Used), Fault>;

pub(super) fn first(args: &Args) -> Result<&Word, Fault> {
    args.get(0)
        .ok_or_else(|| Fault::new("the argument is missing"))
}
