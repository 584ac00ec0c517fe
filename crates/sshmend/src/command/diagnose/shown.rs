//! What the text of a diagnosis is made of.

use sshmend_diagnose::Diagnosis;
use sshmend_facts::Question;

use crate::session::Session;

/// A diagnosis and what else its text needs.
pub(crate) struct Shown<'a> {
    pub(crate) session: &'a Session,
    pub(crate) question: &'a Question,
    pub(crate) diagnosis: &'a Diagnosis,
    /// Where several sshd listen, which one it is about.
    pub(crate) several: Option<&'a str>,
    /// Whether what is left out else is said as well.
    pub(crate) verbose: bool,
}

/// Whether the first finding is the answer, so that nothing else is needed to find it.
pub(super) fn is_answered(diagnosis: &Diagnosis) -> bool {
    diagnosis
        .findings
        .first()
        .is_some_and(|finding| finding.certainty.is_certain())
}
