//! The private keys that ssh would use, tried without the server: a login that fails would count against the client there.

use std::path::Path;

use crate::Facts;

/// The default names of private keys (readconf.c), which ssh ignores if they do not exist.
const DEFAULTS: [&str; 7] = [
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ecdsa_sk",
    "id_ed25519",
    "id_ed25519_sk",
    "id_xmss",
];

/// The reason why a private key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFault {
    /// The configuration names it, and it does not exist.
    Missing,
    /// ssh cannot read it as a key: the message of ssh-keygen.
    Unreadable(String),
    /// The public key beside it belongs to another private key, and ssh offers that one.
    OtherPublic,
    /// The configuration names a public key, and the agent does not hold the private one.
    PublicOnly,
    /// It has a passphrase, and ssh may not ask for it (`BatchMode`).
    Locked,
}

/// Derives the public key; a key with a passphrase is not opened.
fn derive(file: &str) -> [&str; 6] {
    ["ssh-keygen", "-y", "-P", "", "-f", file]
}

fn public(file: &str) -> String {
    format!("{file}.pub")
}

/// The kind and the body of a public key.
fn body(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    Some((words.next()?, words.next()?))
}

impl Facts<'_> {
    /// The private key files that ssh tried to open.
    pub(crate) fn identities(&self) -> Vec<&str> {
        self.identity_files()
            .map(|(path, _)| path)
            .filter(|path| !path.ends_with("-cert") && !path.ends_with(".pub"))
            .collect()
    }

    /// The files of public keys that the configuration names, in order to choose among the keys of the agent.
    fn public_identities(&self) -> Vec<&str> {
        self.loaded()
            .into_iter()
            .filter(|file| file.ends_with(".pub"))
            .collect()
    }

    /// The unusable private keys, if no other key of a file or of the agent is left.
    pub fn useless_keys(&self) -> Vec<(&str, KeyFault)> {
        let files = self.identities();
        let faults: Vec<(&str, KeyFault)> = files
            .iter()
            .filter_map(|file| Some((*file, self.key_fault(file)?)))
            .collect();
        let absent = |file: &&&str| matches!(self.meta(**file), Ok(None));
        let is_useless = |file: &&&str| faults.iter().any(|(useless, _)| useless == *file);
        let left = files
            .iter()
            .filter(|file| !absent(file) && !is_useless(file))
            .count();
        let of_agent = self.offer().map_or(1, |offer| offer.of_agent);
        let named = self.public_identities();
        let all_public = |held: &dyn Fn(&str) -> bool| named.iter().all(|file| !held(file));
        if left == 0 && of_agent == 0 && all_public(&|file| self.agent_holds(file)) {
            let public = named.iter().map(|file| (*file, KeyFault::PublicOnly));
            public.chain(faults).collect()
        } else {
            Vec::new()
        }
    }

    fn key_fault(&self, file: &str) -> Option<KeyFault> {
        if self.meta(file).ok()?.is_none() {
            let name = Path::new(file).file_name()?.to_str()?;
            return (!DEFAULTS.contains(&name)).then_some(KeyFault::Missing);
        }
        let output = self.run(&derive(file)).ok()?;
        if !output.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let line = said.lines().next()?.trim();
            if line.contains("passphrase") {
                let may_ask = self.route().is_ok_and(|route| !route.batch);
                return (!may_ask).then_some(KeyFault::Locked);
            }
            // Permissions that are too open are reported separately.
            let is_open = said.contains("too open");
            return (!is_open).then(|| KeyFault::Unreadable(line.to_owned()));
        }
        let derived = output.text();
        let beside = self.text(public(file)).ok().flatten()?;
        (body(&derived)? != body(&beside)?).then_some(KeyFault::OtherPublic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_key_does_not_include_its_comment() {
        assert_eq!(
            body("ssh-ed25519 AAAA carol@laptop"),
            body("ssh-ed25519 AAAA")
        );
        assert_ne!(body("ssh-ed25519 AAAA"), body("ssh-ed25519 BBBB"));
        assert_eq!(body("ssh-ed25519"), None);
    }
}
