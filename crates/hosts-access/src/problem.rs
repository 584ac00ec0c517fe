//! Problems of the files, with their place and their repair.

use sshmend_lossless::{EditSet, Origin};

/// The kinds of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// The file ends without a line feed: libwrap ignores its last line, and in hosts.deny denies everybody there.
    MissingNewline,
    /// A logical line has more than 2,047 bytes: the same, for it and all lines after it.
    TooLong,
    /// A byte order mark at the start of a line is part of its first word.
    ByteOrderMark,
    /// A NUL byte hides the rest of its line and glues the next line to it.
    NulByte,
    /// A line has no colon and is skipped.
    NoColon,
    /// A comment that ends in a backslash swallows the next line, a rule.
    SwallowedRule,
    /// `#` is not the first byte of the line, so that the text after it counts.
    LiveComment,
    /// A pattern that never matches.
    DeadPattern,
    /// An IPv6 address without brackets, which the colon cuts: what follows is read as options.
    BareIpv6,
    /// An option that libwrap does not take: it denies every client that the rule matches.
    BadOption,
    /// A daemon's name under which OpenSSH never asks.
    DaemonName,
    /// Not a file: libwrap finds no rule there.
    NotAFile,
}

impl ProblemKind {
    /// Whether it makes libwrap read something other than what the line is meant to say.
    pub fn is_damage(self) -> bool {
        matches!(
            self,
            Self::MissingNewline
                | Self::TooLong
                | Self::ByteOrderMark
                | Self::LiveComment
                | Self::SwallowedRule
                | Self::NulByte
        )
    }
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The kind.
    pub kind: ProblemKind,
    /// The physical line.
    pub origin: Origin,
    /// The column in bytes, counted from 1.
    pub column: usize,
    /// What is wrong, as a sentence fragment.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// The edit that repairs it, if one is certain enough to be offered.
    pub repair: Option<Repair>,
}

/// An edit that repairs a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// The effect on the line, as a sentence fragment.
    pub effect: String,
    /// The edit, in the file of the problem.
    pub edits: EditSet,
}
