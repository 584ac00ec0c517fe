//! From facts to findings: the cause of a dying SSH connection, as concluded from the state of the
//! machine.
//!
//! This crate touches no machine: `sshmend-facts` provides the facts, and [`diagnose`] draws the
//! conclusions. Lookups of the judges that have no answer yet become requests, and the judges are
//! run again ([`Inquiry`]). `causes` judges the facts, one file for each cause. What could not be
//! checked is part of the answer ([`Diagnosis::unchecked`]), and never taken for absent.
//!
//! Begin with `inquiry.rs`, the loop, and one cause: `causes/accept/max_startups.rs`. The judges of
//! a cause get [`Facts`](sshmend_facts::Facts) and nothing else; they read no file and no log by
//! themselves.

mod at_hand;
mod causes;
mod chance;
mod diagnosis;
mod edit;
mod evidence;
mod finding;
#[cfg(test)]
mod hostile;
mod inquiry;
mod look_up;
#[cfg(test)]
mod odd;
mod page;
mod passage;
mod paste;
mod proof;
#[cfg(test)]
mod testing;
mod verdict;

pub use causes::{CAUSES, cause};
pub use diagnosis::{Diagnosis, Excluded, Read};
pub use finding::{Evidence, Finding, Mark, Remedy};
pub use inquiry::{Inquiry, diagnose};
pub use look_up::{causes_of_keyword, causes_of_message, causes_of_word, nearest_cause};
pub use passage::{AtGate, Passage};
pub use proof::Certainty;
pub use proof::Proven;
pub use verdict::{Cause, Gate};
