//! The lookups that have no answer yet.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::request::Request;

/// The lookups that have no answer yet. Copies of a snapshot share them: what is looked up on the
/// planned machine must be asked of the real one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Missed {
    /// Those without which the result may be wrong.
    pub(crate) lookups: Rc<RefCell<BTreeSet<Request>>>,
    /// Those that will probably follow.
    pub(crate) foreseen: Rc<RefCell<BTreeSet<Request>>>,
}

/// Requests are not part of a snapshot's value.
impl PartialEq for Missed {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Missed {}

impl Missed {
    pub(crate) fn add(&self, request: Request) {
        self.lookups.borrow_mut().insert(request);
    }
}
