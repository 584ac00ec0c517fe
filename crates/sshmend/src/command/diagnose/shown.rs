//! What the text of a diagnosis is made of.

use sshmend_diagnose::Diagnosis;
use sshmend_facts::Question;

use crate::session::Session;

/// A diagnosis with the other inputs of its text.
pub(crate) struct Shown<'a> {
    pub(crate) session: &'a Session,
    pub(crate) question: &'a Question,
    pub(crate) diagnosis: &'a Diagnosis,
    /// Which sshd this is about, if several listen.
    pub(crate) several: Option<&'a str>,
    /// Whether to print the details that are normally left out.
    pub(crate) verbose: bool,
}

/// Whether the first finding is the answer, so that nothing else is needed to find it.
pub(super) fn is_answered(diagnosis: &Diagnosis) -> bool {
    diagnosis
        .findings
        .first()
        .is_some_and(|finding| finding.certainty.is_certain())
}
