//! Facts to findings: why an SSH connection dies, said from what was seen of the machine.
//!
//! Nothing here looks at a machine: `sshmend-facts` holds what is known, and [`diagnose`] concludes. What the judges look for
//! and is not known yet is asked for by that, and they are run again ([`Inquiry`]). `causes` judges the facts, one file a cause.
//! What could not be looked at is part of the answer ([`Diagnosis::unchecked`]), never taken for absent.

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
mod quote;
#[cfg(test)]
mod testing;
mod verdict;

pub use causes::{CAUSES, cause};
pub use diagnosis::{Diagnosis, Excluded, Read};
pub use finding::{Evidence, Finding, Mark, Remedy};
pub use inquiry::{Inquiry, diagnose};
pub use look_up::{causes_of_keyword, causes_of_message, nearest_cause};
pub use passage::{AtGate, Passage};
pub use proof::Certainty;
pub use proof::Proven;
pub use verdict::{Cause, Gate};
