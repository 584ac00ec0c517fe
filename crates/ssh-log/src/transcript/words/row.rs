//! The form of a row in a library's table, and symptoms that many rows share.

use super::super::Reached;
use super::sign::Scope::{Anywhere, Named, Port};
use super::sign::{Row, Sign, Symptom};

pub(super) const fn name(words: &'static str) -> Row {
    (words, Sign::Name, Anywhere)
}

pub(super) const fn says(words: &'static str, symptoms: &'static [Symptom]) -> Row {
    (words, Sign::Library(symptoms, Reached::Nothing), Anywhere)
}

/// Words that other programs use too.
pub(super) const fn shared(words: &'static str, symptoms: &'static [Symptom]) -> Row {
    (words, Sign::Library(symptoms, Reached::Nothing), Named)
}

/// The same, with a port in the message.
pub(super) const fn port(words: &'static str, symptoms: &'static [Symptom]) -> Row {
    (words, Sign::Library(symptoms, Reached::Nothing), Port)
}

pub(super) const NAME_UNKNOWN: &[Symptom] = &[Symptom::NameUnknown];
pub(super) const REFUSED: &[Symptom] = &[Symptom::Refused];
pub(super) const NO_ROUTE: &[Symptom] = &[Symptom::NoRoute];
pub(super) const UNREACHABLE: &[Symptom] = &[Symptom::Unreachable];
pub(super) const TIMEOUT: &[Symptom] = &[Symptom::ConnectTimeout];
pub(super) const SILENT: &[Symptom] = &[Symptom::BannerTimeout];
pub(super) const SLOW: &[Symptom] = &[Symptom::ConnectTimeout, Symptom::BannerTimeout];
pub(super) const CLOSED: &[Symptom] = &[Symptom::Closed];
pub(super) const RESET: &[Symptom] = &[Symptom::Reset];
pub(super) const MISMATCH: &[Symptom] = &[Symptom::Mismatch];
pub(super) const CHANGED: &[Symptom] = &[Symptom::HostKeyChanged];
pub(super) const UNKNOWN: &[Symptom] = &[Symptom::HostKeyUnknown];
pub(super) const REJECTED: &[Symptom] = &[Symptom::HostKeyRejected];
pub(super) const DENIED: &[Symptom] = &[Symptom::Denied];
pub(super) const NOT_SSH: &[Symptom] = &[Symptom::NotSsh];
/// What answers does not speak as SSH does.
pub(super) const NOT_SSH_BYTES: &[Symptom] = &[Symptom::NotSshBytes];
/// The program waited until it could log in, and does not report why it could not.
pub(super) const NEVER: &[Symptom] = &[Symptom::ConnectTimeout, Symptom::Refused];
/// The library could not connect, and does not report why.
pub(super) const UNCONNECTED: &[Symptom] = &[Symptom::Refused, Symptom::ConnectTimeout];
/// The host certificate is not valid.
pub(super) const CERTIFICATE: &[Symptom] = &[Symptom::HostKeyCertificate, Symptom::HostKeyRejected];

pub(super) const BAD_SIGNATURE: &[Symptom] = &[Symptom::BadSignature];
pub(super) const DAMAGED: &[Symptom] = &[Symptom::Damaged];
/// A private key that the library cannot read.
pub(super) const BAD_KEY: &[Symptom] = &[Symptom::KeyUnreadable];
/// Both sides have sent their identifications, and then nobody answered.
pub(super) const STALLED: Sign = Sign::Library(&[Symptom::Unanswered], Reached::KeyExchange);

/// A stage, in words that other programs use too.
pub(super) const fn reached(words: &'static str, reached: Reached) -> Row {
    (words, Sign::Reached(reached), Named)
}
