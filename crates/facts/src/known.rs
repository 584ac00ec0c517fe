//! A fact, or why it is not known.

/// Something that could not be examined.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unchecked {
    /// The name of the check.
    pub check: String,
    /// The reason why it was not.
    pub reason: String,
    /// Whether root could have examined it.
    pub needs_root: bool,
}

/// A fact, or why it is not known.
pub type Known<T> = Result<T, Unchecked>;

impl Unchecked {
    /// A check that was not made, and the reason.
    pub fn new(check: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            check: check.into(),
            reason: reason.into(),
            needs_root: false,
        }
    }

    /// The same for a check that root could have made.
    pub(crate) fn for_want_of_root(check: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            needs_root: true,
            ..Self::new(check, reason)
        }
    }
}
