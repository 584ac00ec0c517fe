//! Whom a cause meets.

/// Whom a cause meets; the order is that of its weight in a log. Scanners leave thousands of lines a day on every server
/// of the Internet: one line that everybody is concerned by outweighs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Whoever connects.
    Everybody,
    /// A client, an account, a session.
    Some,
    /// Mostly strangers, who bring it about themselves.
    Strangers,
}

const STRANGERS: [&str; 4] = [
    "client-vanished",
    "not-an-ssh-client",
    "algorithm-mismatch",
    "max-auth-tries",
];
const SOME: [&str; 12] = [
    "hosts-access-denied",
    "hosts-deny-owned",
    "per-source-penalty",
    "fail2ban-banned",
    "banned-by-other",
    "firewall-rejects",
    "ip-options",
    "login-grace-time",
    "user-not-allowed",
    "refuse-connection",
    "max-sessions",
    "client-alive-timeout",
];

impl Reach {
    /// Whom the cause of this name meets.
    pub fn of(cause: &str) -> Self {
        match cause {
            _ if STRANGERS.contains(&cause) => Self::Strangers,
            _ if SOME.contains(&cause) => Self::Some,
            _ => Self::Everybody,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_that_of_a_cause() {
        let causes = crate::rules::causes();
        for name in STRANGERS.iter().chain(&SOME) {
            assert!(causes.contains(name), "{name}");
        }
    }
}
