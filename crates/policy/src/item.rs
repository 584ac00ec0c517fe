//! One thing that a policy wants.

use sshmend_plan::Wish;

use crate::fault::Excerpt;

/// One thing that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The wish.
    pub wish: Wish,
    /// The login name of the owner of the files, for host keys. `None` for the files of the person
    /// who applies the policy, or those that the wish names.
    pub account: Option<String>,
    /// Its place in the policy.
    pub place: Excerpt,
}
