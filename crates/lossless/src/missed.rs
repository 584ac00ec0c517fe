//! The lookups that have no answer yet.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::request::Request;

/// What was looked for and is not answered yet. The copies of a snapshot share it: what is looked for in the machine as it
/// would be has to be asked of the machine as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Missed(pub(crate) Rc<RefCell<BTreeSet<Request>>>);

/// What was asked of a snapshot is not part of what it says.
impl PartialEq for Missed {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Missed {}

impl Missed {
    pub(crate) fn add(&self, request: Request) {
        self.0.borrow_mut().insert(request);
    }
}
