//! Notes about an edit.

use sshmend_lossless::Origin;

/// Something to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The kind of note.
    pub kind: NoteKind,
    /// The line that it is about, in the file as it was.
    pub origin: Option<Origin>,
    /// A sentence fragment.
    pub text: String,
}

/// The kinds of [`Note`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoteKind {
    /// A pattern or a daemon's name was written in the form that libwrap requires.
    Corrected,
    /// The pattern is already allowed, so that nothing is added for it.
    GrantedAlready,
    /// A rule is added.
    RuleAdded,
    /// A rule, or a word of it, is removed.
    DenyRemoved,
    /// A rule that denies the client is kept.
    DenyKept,
    /// A line is repaired.
    Mended,
    /// A line that was named is not broken, as when it was already repaired.
    NothingToMend,
    /// A file could not be read, and was not needed.
    Unread,
}

impl NoteKind {
    /// Its name, which scripts may rely on.
    pub fn name(self) -> &'static str {
        match self {
            Self::Corrected => "corrected",
            Self::GrantedAlready => "granted-already",
            Self::RuleAdded => "rule-added",
            Self::DenyRemoved => "deny-removed",
            Self::DenyKept => "deny-kept",
            Self::Mended => "mended",
            Self::NothingToMend => "nothing-to-mend",
            Self::Unread => "file-not-read",
        }
    }
}
