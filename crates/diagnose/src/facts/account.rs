//! The account that logs in: whether it exists, and what shuts accounts out.

use super::Facts;
use crate::ask::Ask;
use crate::verdict::Known;

/// While one of these exists only root logs in (sshd(8), pam_nologin(8)).
const NOLOGIN: [&str; 2] = ["/etc/nologin", "/run/nologin"];

const SHELLS_THAT_REFUSE: [&str; 4] = ["/usr/sbin/nologin", "/sbin/nologin", "/bin/false", "/usr/bin/false"];

/// An entry of the account database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) shell: String,
    /// The line, for evidence.
    pub(crate) line: String,
}

pub(super) fn ask(ask: &mut Ask<'_>) {
    NOLOGIN.iter().for_each(|path| ask.read(*path));
    ask.read("/etc/passwd");
    if let Some(user) = ask.facts.user() {
        ask.read("/etc/group");
        ask.run(&entry(user));
    }
}

fn entry(user: &str) -> [&str; 4] {
    ["getent", "passwd", "--", user]
}

impl Facts<'_> {
    /// The account asked about.
    pub(crate) fn user(&self) -> Option<&str> {
        self.question.asked_server()?.user.as_deref()
    }

    /// The account in the database, that of the network included; `None` when there is no such account.
    pub(crate) fn account(&self, user: &str) -> Known<Option<Account>> {
        let text = match self.run(&entry(user)) {
            Ok(output) => output.text(),
            Err(unchecked) => self.text("/etc/passwd").ok().flatten().ok_or(unchecked)?,
        };
        let line = text.lines().find(|line| line.split(':').next() == Some(user));
        Ok(line.map(|line| Account {
            shell: line.split(':').nth(6).unwrap_or_default().trim().to_owned(),
            line: line.to_owned(),
        }))
    }

    /// The file that lets only root in, with what it says.
    pub(crate) fn nologin(&self) -> Option<(&'static str, String)> {
        NOLOGIN.into_iter().find_map(|path| Some((path, self.text(path).ok()??)))
    }
}

impl Account {
    /// Whether its shell only says that the account may not be used.
    pub(crate) fn has_no_shell(&self) -> bool {
        SHELLS_THAT_REFUSE.contains(&self.shell.as_str())
    }
}

/// Whether a user name matches a pattern of AllowUsers and its like (sshd_config(5), PATTERNS); `None` where the pattern also
/// names a host, and the user part matches.
pub(crate) fn user_matches(pattern: &str, user: &str) -> Option<bool> {
    match pattern.rsplit_once('@') {
        Some((name, _)) => {
            if wildcard(name.as_bytes(), user.as_bytes()) {
                None
            } else {
                Some(false)
            }
        }
        None => Some(wildcard(pattern.as_bytes(), user.as_bytes())),
    }
}

/// `*` and `?`, without backtracking over more than the last star.
fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star = None;
    while let Some(&byte) = text.get(read) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(&wanted) if wanted == b'?' || wanted == byte => (at, read) = (at + 1, read + 1),
            _ => {
                let Some((from, matched)) = star else { return false };
                star = Some((from, matched + 1));
                (at, read) = (from + 1, matched + 1);
            }
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|&byte| byte == b'*'))
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
            ("alice@192.0.2.*", "alice", None),
            ("bob@192.0.2.*", "alice", Some(false)),
        ];
        for (pattern, user, expected) in cases {
            assert_eq!(user_matches(pattern, user), expected, "{pattern} {user}");
        }
    }
}
