//! The commands that give a place on the path to an account's keys the right owner and mode.
//!
//! Places inside the home belong to the account; those above it, or elsewhere, belong to root and
//! are used by other accounts.

use std::path::Path;

use sshmend_facts::Facts;
use sshmend_lossless::{Kind, quoted};

/// For a place at which sshd stops because others may write there.
pub(crate) fn close(facts: &Facts<'_>, user: &str, place: &Path) -> String {
    let path = quoted(&place.to_string_lossy());
    if is_of_account(facts, user, place) {
        format!("make it the user's alone: `chown {user} {path}`, `chmod go-w {path}`")
    } else {
        format!("make it root's alone: `chown root {path}`, `chmod go-w {path}`")
    }
}

/// For a file or directory that the account, as which sshd reads its keys, may not read or
/// traverse.
pub(crate) fn open(facts: &Facts<'_>, user: &str, place: &Path) -> String {
    let path = quoted(&place.to_string_lossy());
    let meta = facts.meta(place).ok().flatten();
    let is_directory = meta.is_some_and(|meta| meta.kind == Kind::Directory);
    match (is_of_account(facts, user, place), is_directory) {
        (true, _) => {
            format!(
                "give it to the user, who has to read it: `chown {user} {path}`, `chmod u+rX {path}`"
            )
        }
        (false, true) => format!("let every account go through it: `chmod a+x {path}`"),
        (false, false) => format!("let the account read it: `chmod a+r {path}`"),
    }
}

/// Whether a place is the home of the account or inside it; if the account is unknown, whether a
/// component of the path is its name.
fn is_of_account(facts: &Facts<'_>, user: &str, place: &Path) -> bool {
    match facts.account(user).ok().flatten() {
        // Accounts of the system often have `/` for a home.
        Some(account) => account.home != "/" && place.starts_with(&account.home),
        None => place.iter().any(|part| part == user),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sshmend_facts::{Facts, fixture::machine};

    use crate::testing::{ACCOUNTS, alice};

    #[test]
    fn only_paths_in_the_home_directory_get_the_account_as_owner() {
        let (machine, question) = (
            machine(&format!(
                "{ACCOUNTS}//- /srv/keys dir mode:0700\n//- /srv/keys/alice mode:0600\nx\n"
            )),
            alice(),
        );
        let facts = Facts::new(&machine, &question);
        let said = |of: fn(&Facts<'_>, &str, &Path) -> String, place: &str| {
            of(&facts, "alice", Path::new(place))
        };
        for inside in ["/home/alice", "/home/alice/.ssh/authorized_keys"] {
            assert!(said(super::close, inside).contains(&format!("`chown alice {inside}`")));
            assert!(said(super::open, inside).contains(&format!("`chown alice {inside}`")));
        }
        for outside in ["/", "/home", "/home/alice2", "/srv/keys/alice"] {
            assert!(said(super::close, outside).contains(&format!("`chown root {outside}`")));
            assert!(!said(super::open, outside).contains("chown"), "{outside}");
        }
        let unknown = super::close(&facts, "zoe", Path::new("/home"));
        assert!(unknown.contains("`chown root /home`"));
        let own = super::close(&facts, "zoe", Path::new("/home/zoe"));
        assert!(own.contains("`chown zoe /home/zoe`"));
        assert!(said(super::open, "/srv/keys").contains("`chmod a+x /srv/keys`"));
        assert!(said(super::open, "/srv/keys/alice").contains("`chmod a+r /srv/keys/alice`"));
    }
}
