//! A fact, or why it is not known.

/// Something that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unchecked {
    /// What was to be looked at.
    pub check: String,
    /// Why it was not.
    pub reason: String,
}

/// A fact, or why it is not known.
pub type Known<T> = Result<T, Unchecked>;

impl Unchecked {
    /// That `check` was not looked at, and why.
    pub fn new(check: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            check: check.into(),
            reason: reason.into(),
        }
    }
}
