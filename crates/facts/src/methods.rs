//! The authentication methods left to ssh: those that the server accepts and that ssh's own
//! configuration and keys permit.

use std::path::Path;

use sshmend_known_hosts::ClientConfig;

use crate::Facts;

/// Printed by ssh after the server has answered the "none" method (sshconnect2.c,
/// `input_userauth_failure`).
const TAKEN: &str = "debug1: Authentications that can continue: ";

/// The keyword for the algorithms with which ssh signs, by its current name and the name used up to
/// 8.4.
const ALGORITHMS: [&str; 2] = ["pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes"];

/// The reason why ssh tries no method that the server accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoMethod {
    /// A setting of the client leaves keys out: the line of `ssh -G`.
    NoKeys(String),
    /// The client's own list of algorithms contains none for its keys: the line of `ssh -G`, and
    /// the kinds of the keys.
    OtherAlgorithms(String, String),
    /// No file of a key exists, and the agent holds no key: the socket of the agent.
    NoKey(String),
}

impl Facts<'_> {
    /// The reason why ssh has no method left; `None` if it has one, or if that is unknown.
    pub fn no_method(&self) -> Option<NoMethod> {
        let taken: Vec<&str> = self
            .printed_lines()?
            .filter_map(|line| line.strip_prefix(TAKEN))
            .last()?
            .split(',')
            .map(str::trim)
            .collect();
        let config = self.client_config()?;
        let others = taken.iter().filter(|method| **method != "publickey");
        if !taken.contains(&"publickey") || others.into_iter().any(|method| tries(&config, method))
        {
            return None;
        }
        if !tries(&config, "publickey") {
            return deciding_line(&config).map(NoMethod::NoKeys);
        }
        if let Some(why) = self.unwanted_kinds(&config) {
            return Some(why);
        }
        let token = config.unless_none("pkcs11provider").is_some();
        (!token && self.has_no_key()).then(|| {
            let agent = config.value("identityagent").unwrap_or("SSH_AUTH_SOCK");
            NoMethod::NoKey(agent.to_owned())
        })
    }

    /// The command that ssh runs on the server because of its configuration, so that no other can
    /// be given.
    pub fn remote_command(&self) -> Option<String> {
        let config = self.client_config()?;
        Some(config.unless_none("remotecommand")?.to_owned())
    }

    /// The types of the keys, if the client's list of algorithms contains none of them.
    fn unwanted_kinds(&self, config: &ClientConfig) -> Option<NoMethod> {
        let (key, list) = ALGORITHMS
            .iter()
            .find_map(|key| Some((*key, config.value(key)?)))?;
        let kinds = self.kinds_of_keys()?;
        let takes = |kind: &String| {
            let Some(beginning) = beginnings(kind) else {
                return true;
            };
            list.split(',')
                .any(|name| beginning.iter().any(|begins| name.starts_with(begins)))
        };
        let unwanted = !kinds.is_empty() && !kinds.iter().any(takes);
        unwanted.then(|| NoMethod::OtherAlgorithms(format!("{key} {list}"), kinds.join(", ")))
    }

    /// Whether none of the key files that ssh looks for exists, and the agent holds no key that ssh
    /// would offer.
    fn has_no_key(&self) -> bool {
        let files = self.identities();
        let absent = |file: &&str| self.meta(Path::new(file)) == Ok(None);
        !files.is_empty()
            && files.iter().all(absent)
            && self.offer().is_ok_and(|offer| offer.keys == 0)
    }
}

/// The setting that leaves keys out.
fn deciding_line(config: &ClientConfig) -> Option<String> {
    let line = |key: &str| Some(format!("{key} {}", config.value(key)?));
    if is_off(config, "pubkeyauthentication") {
        line("pubkeyauthentication")
    } else {
        line("preferredauthentications")
    }
}

/// The prefixes of the signature algorithms for a key type as shown by `ssh-keygen -l`.
fn beginnings(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "ED25519" => &["ssh-ed25519"],
        "RSA" => &["rsa-sha2-", "ssh-rsa"],
        "ECDSA" => &["ecdsa-sha2-"],
        "DSA" => &["ssh-dss"],
        _ => return None,
    })
}

fn is_off(config: &ClientConfig, key: &str) -> bool {
    matches!(config.value(key), Some("no" | "false"))
}

/// Whether ssh tries a method; one that is unknown here is assumed to be tried.
fn tries(config: &ClientConfig, method: &str) -> bool {
    let preferred = config.value("preferredauthentications");
    if preferred.is_some_and(|list| !list.split(',').any(|name| name.trim() == method)) {
        return false;
    }
    match method {
        "publickey" => !is_off(config, "pubkeyauthentication"),
        // In batch mode no password is asked for (readconf.c, BatchMode).
        "password" => !config.is_on("batchmode") && !is_off(config, "passwordauthentication"),
        "keyboard-interactive" => {
            !config.is_on("batchmode") && !is_off(config, "kbdinteractiveauthentication")
        }
        "hostbased" => config.is_on("hostbasedauthentication"),
        "gssapi-with-mic" | "gssapi-keyex" => config.is_on("gssapiauthentication"),
        _ => true,
    }
}
