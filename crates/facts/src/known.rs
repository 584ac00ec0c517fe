//! A fact, or why it is not known.

/// Something that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unchecked {
    /// What was to be looked at.
    pub check: String,
    /// Why it was not.
    pub reason: String,
    /// Whether root could have looked at it.
    pub needs_root: bool,
}

/// A fact, or why it is not known.
pub type Known<T> = Result<T, Unchecked>;

impl Unchecked {
    /// That `check` was not looked at, and why.
    pub fn new(check: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            check: check.into(),
            reason: reason.into(),
            needs_root: false,
        }
    }

    /// The same of what root could have looked at.
    pub(crate) fn for_want_of_root(check: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            needs_root: true,
            ..Self::new(check, reason)
        }
    }
}
