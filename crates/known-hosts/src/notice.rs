//! Notices about the lines that an edit leaves in place.

use crate::found::{Found, How, Lookup, PassedOver, Reason};
use crate::key::KeyFault;
use crate::line::{Ignored, Marker};

/// A notice about one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineNotice {
    /// The line number before any edit, counted from 1.
    pub line: usize,
    /// The kind of notice.
    pub kind: LineNoticeKind,
}

/// The kinds of notice; pinning or removing a name leaves all these lines as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum LineNoticeKind {
    /// The line serves other hosts too.
    #[error("matches by a wildcard that also covers other hosts")]
    Wildcard,
    /// The same, and the server now offers another key of that type, which `ssh` prefers to types it does not know.
    #[error("matches by a wildcard, with a key that the server does not offer now")]
    WildcardContradicts,
    /// `ssh` falls back to the line, and only accepts by it.
    #[error("is for the host without its port")]
    WithoutPort,
    /// A pattern excludes the name from the line.
    #[error("excludes the name by a negated pattern")]
    Negated,
    /// The key is never accepted.
    #[error("revokes a key")]
    Revoked,
    /// The key signs certificates.
    #[error("names a certificate authority")]
    CertAuthority,
    /// `ssh` cannot read the key.
    #[error("is skipped by ssh: {0}")]
    UnreadableKey(KeyFault),
    /// `ssh` cannot read the line.
    #[error("is skipped by ssh: {0}")]
    Ignored(Ignored),
}

impl Lookup {
    /// The notices about lines that no edit for these names touches, in line order.
    pub fn notices(&self) -> Vec<LineNotice> {
        let found = self.found.iter().filter_map(of_found);
        let mut notices: Vec<LineNotice> = found
            .chain(self.passed_over.iter().map(of_passed_over))
            .collect();
        notices.sort();
        notices.dedup();
        notices
    }
}

fn of_found(found: &Found) -> Option<LineNotice> {
    let kind = match found.marker {
        Some(Marker::Revoked) => LineNoticeKind::Revoked,
        Some(Marker::CertAuthority) => LineNoticeKind::CertAuthority,
        None if found.is_owned() => return None,
        None if found
            .matches
            .iter()
            .any(|found| matches!(found.how, How::Wildcard(_))) =>
        {
            LineNoticeKind::Wildcard
        }
        None => LineNoticeKind::WithoutPort,
    };
    Some(LineNotice {
        line: found.line,
        kind,
    })
}

fn of_passed_over(passed: &PassedOver) -> LineNotice {
    let kind = match passed.reason {
        Reason::Negated(_) => LineNoticeKind::Negated,
        Reason::NotAsked => LineNoticeKind::WithoutPort,
        Reason::UnreadableKey(_, fault) => LineNoticeKind::UnreadableKey(fault),
        Reason::Ignored(ignored) => LineNoticeKind::Ignored(ignored),
    };
    LineNotice {
        line: passed.line,
        kind,
    }
}
