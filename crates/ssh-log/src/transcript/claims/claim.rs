//! Symptoms, the circumstances, and the causes that they then indicate.

use crate::cause::CauseName;
use crate::transcript::Certainty;
use crate::transcript::words::Symptom;

/// Causes that each of the symptoms indicates, in the order in which they are worth checking: name,
/// certainty, reason.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Claims {
    pub(in super::super) symptoms: &'static [Symptom],
    pub(in super::super) when: When,
    pub(in super::super) causes: &'static [(CauseName, Certainty, &'static str)],
}

/// The circumstances under which a symptom indicates a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum When {
    Always,
    /// Over TCP, or through a jump host that admitted the client.
    Direct,
    /// Not for a jump host.
    Own,
    /// For a jump host: the message comes from the client that should carry the connection.
    Hop,
    /// Through a proxy command, before the server's identification, in addition to other claims.
    Piped,
    /// The same, unless it is a jump host that admitted the client.
    Carried,
    /// If nothing more specific is known.
    Untold,
    /// If ssh finally refused the host key.
    Rejected,
    /// If ssh asks whether to trust the host key, and nothing else is known.
    Asked,
    /// Over TCP, before the server's identification.
    Unidentified,
    /// The same, if a text that the server may have sent is not shown.
    Unseen,
    /// The same, if it would be shown.
    Seen,
    /// After the server's identification, before the connection is encrypted.
    Exchanging,
    /// The same, in addition to other claims.
    Answered,
    /// Between the client's key and the server's reply.
    Replying,
    /// Encrypted, but not logged in.
    LoggingIn,
    /// Logged in.
    LoggedIn,
    /// Through a proxy command, before the server's identification.
    Proxied,
    /// For a client that gets no message when the two sides have no algorithm in common.
    Wordless,
    /// The address is invented by a proxy or a VPN.
    Fake,
    /// The port is that of another protocol, and the server did not say who it is.
    Misdirected,
}

/// A table of claims. Each entry names symptoms and the circumstances, and then, line by line, the
/// certainty, the cause and the reason.
macro_rules! claims {
    ($($($symptom:ident)|+, $when:ident { $($certainty:ident $cause:ident $reason:literal)+ })+) => {
        &[$($crate::transcript::claims::Claims {
            symptoms: &[$($crate::transcript::words::Symptom::$symptom),+],
            when: $crate::transcript::claims::When::$when,
            causes: &[$((
                $crate::cause::CauseName::$cause,
                $crate::transcript::Certainty::$certainty,
                $reason,
            )),+],
        }),+]
    };
}

pub(super) use claims;
