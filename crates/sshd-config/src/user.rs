//! The patterns of AllowUsers and DenyUsers (match_user in match.c).

use crate::address;
use crate::pattern::{self, ListMatch};
use crate::release::Release;

/// Whether a pattern such as `alice`, `al*` or `alice@192.0.2.0/24` matches this user of a client
/// at this address; `None` if the pattern depends on the client and its address is unknown, or may
/// depend on its name.
pub fn user_matches(
    pattern: &str,
    user: &str,
    address: Option<&str>,
    release: Option<Release>,
) -> Option<bool> {
    let Some((name, hosts)) = pattern.rsplit_once('@') else {
        return Some(pattern::matches(user.as_bytes(), pattern.as_bytes()));
    };
    if !pattern::matches(user.as_bytes(), name.as_bytes()) {
        return Some(false);
    }
    let release = release.unwrap_or(Release::NEWEST);
    match address::matches_list(address?, hosts.as_bytes(), release) {
        ListMatch::Positive => Some(true),
        ListMatch::Negated => Some(false),
        ListMatch::None
            if hosts.bytes().any(|byte| byte.is_ascii_alphabetic()) && !hosts.contains(':') =>
        {
            None
        }
        ListMatch::None => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_users_match_as_in_sshd() {
        let cases = [
            ("alice", "alice", Some(true)),
            ("a*e", "alice", Some(true)),
            ("a?ice", "alice", Some(true)),
            ("*", "", Some(true)),
            ("ali", "alice", Some(false)),
            ("a*b*e", "alice", Some(false)),
            ("alice@192.0.2.*", "alice", Some(true)),
            ("alice@192.0.2.0/24", "alice", Some(true)),
            ("alice@203.0.113.*", "alice", Some(false)),
            ("alice@*,!192.0.2.7", "alice", Some(false)),
            ("alice@*.example.net", "alice", None),
            ("bob@192.0.2.*", "alice", Some(false)),
        ];
        for (pattern, user, expected) in cases {
            assert_eq!(
                user_matches(pattern, user, Some("192.0.2.7"), None),
                expected,
                "{pattern} {user}"
            );
        }
        assert_eq!(user_matches("alice@192.0.2.*", "alice", None, None), None);
    }
}
