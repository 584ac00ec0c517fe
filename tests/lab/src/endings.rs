//! How connections end, by the names that cases use.

use crate::suite::Suite;

/// Endings that many causes share, by name: suite era, then the words. A case says `sees = "@name"`.
///
/// Closed before the banner: two lines up to OpenSSH 9.4, one from 9.5 on unless the peer reset the
/// connection. If the reset comes before ssh has sent its own banner, every version prints only the
/// last line.
fn shared(name: &str, suite: Suite) -> Option<&'static str> {
    Some(match (name, suite) {
        ("closed", Suite::Trixie) => {
            r"^(kex_exchange_identification: read: Connection reset by peer\r?\n)?Connection (closed|reset) by \S+ port \d+"
        }
        ("closed", Suite::Bullseye | Suite::Bookworm) => {
            r"^(kex_exchange_identification: (Connection closed by remote host|read: Connection reset by peer)\r?\nConnection (closed|reset)|Connection reset) by \S+ port \d+"
        }
        ("refused", _) => r"^ssh: connect to host \S+ port \d+: Connection refused",
        ("unreachable", _) => r"^ssh: connect to host \S+ port \d+: No route to host",
        ("dropped", _) => r"^ssh: connect to host \S+ port \d+: Connection timed out",
        ("silent", _) => {
            r"^Connection timed out during banner exchange\r?\nConnection to \S+ port \d+ timed out"
        }
        ("denied", _) => r"^alice@\S+: Permission denied \(publickey",
        _ => return None,
    })
}

/// The regular expression that a case asks for on a suite; none: an unknown name.
pub(crate) fn pattern(sees: &str, suite: Suite) -> Option<&str> {
    match sees.strip_prefix('@') {
        Some(name) => shared(name, suite),
        None => Some(sees),
    }
}
