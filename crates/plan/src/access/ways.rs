//! The ways to log in to an account: single methods, or several required together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sshmend_lossless::Unread;

use super::view::View;

/// Flags that switch a method on, with the name of the method as AuthenticationMethods knows it.
const FLAGS: [(&str, &str); 6] = [
    ("pubkeyauthentication", "publickey"),
    ("passwordauthentication", "password"),
    ("kbdinteractiveauthentication", "keyboard-interactive"),
    ("gssapiauthentication", "gssapi-with-mic"),
    ("hostbasedauthentication", "hostbased"),
    ("kerberosauthentication", "password"),
];

/// The beginning of a binary file of revoked keys (PROTOCOL.krl).
const KRL: &[u8] = b"SSHKRL\n\0";

/// The ways to log in to an account.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ways {
    /// Each way is the list of its methods, in alphabetical order: a method that is named twice
    /// requires two keys.
    pub(super) ways: BTreeSet<Vec<String>>,
    /// The reason why an enabled method does not open the account.
    pub(super) closed: BTreeMap<&'static str, String>,
}

impl Ways {
    /// Whether someone who came by any of the other ways certainly has one left here.
    pub(super) fn keep_all(&self, before: &Self) -> bool {
        let kept = |way: &Vec<String>| self.ways.iter().any(|left| takes_no_more(left, way));
        before.ways.iter().all(kept)
    }

    /// Whether a method is part of any way.
    pub(super) fn take(&self, method: &str) -> bool {
        self.ways
            .iter()
            .any(|way| way.iter().any(|one| one == method))
    }

    /// The ways in words.
    pub(super) fn words(&self) -> String {
        let ways = self.ways.iter();
        let words: Vec<String> = ways.map(|way| way.join(" with ")).collect();
        words.join(" or ")
    }

    /// The ways that a configuration leaves open to an account.
    pub(super) fn of(view: &View<'_>) -> Self {
        let mut closed = BTreeMap::new();
        let mut open: BTreeSet<&'static str> = BTreeSet::new();
        for (flag, method) in FLAGS {
            if !view.is(flag, "yes") {
                continue;
            }
            match why_closed(view, method) {
                Some(why) => _ = closed.insert(method, why),
                None => _ = open.insert(method),
            }
        }
        let single = |method: &&str| vec![(*method).to_owned()];
        let lists = view.value("authenticationmethods");
        let ways = if matches!(lists, "" | "any") {
            open.iter().map(single).collect()
        } else {
            let name = |method: &str| method.split(':').next().unwrap_or_default().to_owned();
            let lists = lists.split(' ').map(|list| {
                let mut way: Vec<String> = list.split(',').map(name).collect();
                way.sort();
                way
            });
            let possible =
                |way: &Vec<String>| way.iter().all(|method| open.contains(method.as_str()));
            lists.filter(possible).collect()
        };
        Self { ways, closed }
    }
}

/// Whether a way requires no method more often than the other.
fn takes_no_more(way: &[String], other: &[String]) -> bool {
    let times = |way: &[String], method: &String| way.iter().filter(|one| *one == method).count();
    way.iter()
        .all(|method| times(way, method) <= times(other, method))
}

/// The reason why an enabled method does not open this account.
fn why_closed(view: &View<'_>, method: &str) -> Option<String> {
    let root_by_keys_only = view.is_root()
        && [
            "prohibit-password",
            "without-password",
            "forced-commands-only",
        ]
        .contains(&view.value("permitrootlogin"));
    match method {
        "publickey" => no_key_opens(view),
        "password" | "keyboard-interactive" if root_by_keys_only => {
            let value = view.value("permitrootlogin");
            Some(format!(
                "PermitRootLogin {value} allows root only with keys"
            ))
        }
        "keyboard-interactive" if !view.is("usepam", "yes") => {
            Some("keyboard-interactive needs PAM, which UsePAM disables".to_owned())
        }
        "password" | "keyboard-interactive" if has_no_password(view) => {
            Some("the account has no password".to_owned())
        }
        _ => None,
    }
}

/// A local account with a stored password that no password becomes (shadow(5)).
fn has_no_password(view: &View<'_>) -> bool {
    view.stored_password()
        .is_some_and(|stored| stored.starts_with(['!', '*']))
}

fn no_key_opens(view: &View<'_>) -> Option<String> {
    let revoked = view.revoked_files();
    if let Some(why) = revoked.iter().find_map(|path| refuses_all(view, path)) {
        return Some(why);
    }
    let files = view.key_files()?;
    let missing = |path: &&std::path::PathBuf| view.meta(path) == Ok(None);
    let none = files.iter().filter(missing).count() == files.len();
    let names: Vec<String> = files
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    if !none {
        return None;
    }
    Some(if names.is_empty() {
        "AuthorizedKeysFile names no file".to_owned()
    } else {
        format!("there is no {}", names.join(" and no "))
    })
}

/// A file of revoked keys that cannot be read has sshd refuse every key (auth.c, `auth_key_is_revoked`).
fn refuses_all(view: &View<'_>, path: &Path) -> Option<String> {
    let why = match view.bytes(path) {
        Err(Unread::NotAsked) => return None,
        Err(why) => format!("cannot be read ({why})"),
        Ok(None) => "does not exist".to_owned(),
        Ok(Some(bytes)) if bytes.starts_with(KRL) => return None,
        Ok(Some(bytes)) => {
            let text = String::from_utf8_lossy(bytes);
            let line = text.lines().position(|line| !is_key_or_blank(line))?;
            format!("is not a list of keys (line {})", line + 1)
        }
    };
    let path = path.display();
    Some(format!(
        "RevokedKeys {path} {why}, so sshd refuses every key"
    ))
}

/// Whether a line of a list of keys is blank, a comment, or begins with the type and the data of a key.
fn is_key_or_blank(line: &str) -> bool {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return true;
    }
    let mut words = line.split_whitespace();
    let kind = words.next().unwrap_or_default();
    let data = words.next().unwrap_or_default();
    let of_keys = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"];
    of_keys.iter().any(|start| kind.starts_with(start)) && data.starts_with("AAAA")
}
