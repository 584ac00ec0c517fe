//! The keys that ssh would offer: from files that it could load, and from the agent.

use std::collections::BTreeSet;

use sshmend_lossless::CommandOutput;

use crate::Facts;
use crate::known::{Known, Unchecked};
use crate::route::Route;

/// A key as `-l` of ssh-add and ssh-keygen shows it; a certificate has the fingerprint of its key,
/// and is offered in addition to it.
type Key = (String, bool);

/// The keys that would be offered in one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The number of distinct keys.
    pub keys: usize,
    /// The number of them that only the agent holds.
    pub of_agent: usize,
}

/// `IdentityAgent` (ssh_config(5)) names a socket, the environment, or no agent.
fn agent(named: &str) -> Option<Vec<String>> {
    let list = || ["ssh-add", "-l"].into_iter().map(str::to_owned);
    match named {
        "none" => None,
        "" | "SSH_AUTH_SOCK" => Some(list().collect()),
        socket => Some(
            ["env".to_owned(), format!("SSH_AUTH_SOCK={socket}")]
                .into_iter()
                .chain(list())
                .collect(),
        ),
    }
}

fn fingerprint(file: &str) -> [&str; 3] {
    ["ssh-keygen", "-lf", file]
}

/// `256 SHA256:… comment (ED25519)`, `… (ED25519-CERT)`.
fn key(line: &str) -> Option<Key> {
    let fingerprint = line
        .split_whitespace()
        .nth(1)
        .filter(|word| word.contains(':'))?;
    Some((fingerprint.to_owned(), line.trim_end().ends_with("-CERT)")))
}

impl Facts<'_> {
    /// The files of keys and certificates that ssh tried to open, each with its type.
    pub(crate) fn identity_files(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.printed_lines().into_iter().flatten();
        lines.filter_map(|line| {
            line.strip_prefix("debug1: identity file ")?
                .rsplit_once(" type ")
        })
    }

    /// Those of them that ssh found: of others it says `type -1`.
    pub(crate) fn loaded(&self) -> Vec<&str> {
        self.identity_files()
            .filter(|(_, kind)| *kind != "-1")
            .map(|(path, _)| path)
            .collect()
    }

    /// The private keys that ssh ignores because others may read them (authfile.c,
    /// `sshkey_perm_ok`, which checks only keys that belong to the user).
    pub fn ignored_keys(&self) -> Vec<(&str, u32)> {
        let open =
            |file: &&str| Some((self.meta(file).ok()??.uid == 0) == self.question.privileged);
        let mode = |file: &str| {
            self.meta(file)
                .ok()
                .flatten()
                .map_or(0, |meta| meta.mode & 0o777)
        };
        let keys = self
            .loaded()
            .into_iter()
            .filter(|file| open(file) == Some(true) && !file.ends_with(".pub"));
        keys.map(|file| (file, mode(file)))
            .filter(|(_, mode)| mode & 0o077 != 0)
            .collect()
    }

    /// The agent's list of keys, a line each; empty if it has none.
    fn listed_by_agent(&self, route: &Route) -> String {
        let listed = agent(&route.agent)
            .and_then(|argv| self.run(&argv).ok())
            .filter(|output| output.success());
        listed.map(CommandOutput::text).unwrap_or_default()
    }

    /// The keys of the agent.
    fn held(&self, route: &Route) -> BTreeSet<Key> {
        let listed = self.listed_by_agent(route);
        listed.lines().filter_map(key).collect()
    }

    /// The types of the keys that ssh would offer, as `-l` shows them: `ED25519`; `None` if one of
    /// them is unknown.
    pub(crate) fn kinds_of_keys(&self) -> Option<Vec<String>> {
        let route = self.route().ok()?;
        let mut listed = String::new();
        for file in self.loaded() {
            listed += &self.run(&fingerprint(file)).ok()?.text();
        }
        if !route.identities_only {
            listed += &self.listed_by_agent(&route);
        }
        let kind = |line: &str| {
            Some(
                line.trim_end()
                    .strip_suffix(')')?
                    .rsplit_once('(')?
                    .1
                    .to_owned(),
            )
        };
        let mut kinds = listed.lines().map(kind).collect::<Option<Vec<_>>>()?;
        kinds.sort();
        kinds.dedup();
        Some(kinds)
    }

    /// Whether the agent holds the private key of a file; true if that is unknown.
    pub(crate) fn agent_holds(&self, file: &str) -> bool {
        let (Ok(route), Ok(output)) = (self.route(), self.run(&fingerprint(file))) else {
            return true;
        };
        let held = self.held(&route);
        output
            .text()
            .lines()
            .next()
            .and_then(key)
            .is_none_or(|key| held.contains(&key))
    }

    /// The keys that ssh would offer; unchecked if it did not get that far.
    pub fn offer(&self) -> Known<Offer> {
        let route = self.route()?;
        if self.printed_lines().is_none() {
            return Err(Unchecked::new("keys to offer", "ssh was not tried"));
        }
        let mut files = BTreeSet::new();
        for file in self.loaded() {
            files.extend(
                self.run(&fingerprint(file))?
                    .text()
                    .lines()
                    .next()
                    .and_then(key),
            );
        }
        let held = self.held(&route);
        let of_agent = if route.identities_only {
            0
        } else {
            held.difference(&files).count()
        };
        Ok(Offer {
            keys: files.len() + of_agent,
            of_agent,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_distinguished_from_its_key() {
        assert_eq!(
            key("256 SHA256:AA me@here (ED25519)"),
            Some(("SHA256:AA".to_owned(), false))
        );
        assert_eq!(
            key("256 SHA256:AA me@here (ED25519-CERT)"),
            Some(("SHA256:AA".to_owned(), true))
        );
        assert_eq!(key("The agent has no identities."), None);
    }

    #[test]
    fn the_configured_agent_is_asked() {
        let shown = |named| agent(named).map(|argv| argv.join(" "));
        assert_eq!(shown("SSH_AUTH_SOCK").as_deref(), Some("ssh-add -l"));
        assert_eq!(
            shown("/run/agent").as_deref(),
            Some("env SSH_AUTH_SOCK=/run/agent ssh-add -l")
        );
        assert_eq!(shown("none"), None);
    }
}
