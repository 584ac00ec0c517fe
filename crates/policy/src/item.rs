//! One thing that a policy wants.

use sshmend_plan::Wish;

use crate::fault::Excerpt;

/// One thing that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What.
    pub wish: Wish,
    /// Whose files are meant, of keys of hosts: the login name. `None` for the files of the person who applies it, or
    /// those that the wish names.
    pub account: Option<String>,
    /// Where it stands.
    pub place: Excerpt,
}
