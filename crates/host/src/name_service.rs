//! What the name service of the machine knows beyond the C library of this program.
//!
//! musl reads /etc/passwd and /etc/hosts, and asks DNS. What else nsswitch.conf(5) names (LDAP, sssd, mDNS, the machine's own
//! name), ssh and sshd know of and a static program does not: getent(1) is asked for it.

use std::net::IpAddr;
use std::time::Duration;

use crate::run::Runner;

/// How long getent may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The lines that the name service has for a key, where the C library of this program has none and another one could; nothing where it
/// has none either, and where there is no getent.
pub(crate) fn more(database: &str, key: &str) -> Vec<String> {
    if cfg!(target_env = "musl") {
        getent(database, key)
    } else {
        Vec::new()
    }
}

fn getent(database: &str, key: &str) -> Vec<String> {
    let runner = Runner {
        deadline: PATIENCE,
        ..Runner::default()
    };
    let argv = ["getent", database, "--", key].map(str::to_owned);
    match runner.run(&argv) {
        Ok(said) if said.code == Some(0) => String::from_utf8_lossy(&said.stdout)
            .lines()
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

/// The addresses in lines of `getent ahosts`.
pub(crate) fn addresses(lines: &[String]) -> Vec<IpAddr> {
    lines
        .iter()
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Account;

    #[test]
    fn getent_finds_the_same_accounts_as_the_c_library() {
        for (key, name) in [("root", "root"), ("0", "root"), ("nobody", "nobody")] {
            let lines = getent("passwd", key);
            let found = lines
                .first()
                .and_then(|line| Account::in_passwd(name, line));
            assert!(found.is_some(), "{key}");
            assert_eq!(found, Account::named(name), "{key}");
        }
        assert!(getent("passwd", "no such account here").is_empty());
        assert!(getent("no such database", "root").is_empty());
    }

    #[test]
    fn getent_returns_the_addresses_of_a_name() {
        let found = addresses(&getent("ahosts", "localhost"));
        assert!(!found.is_empty());
        assert!(found.iter().all(IpAddr::is_loopback), "{found:?}");
    }
}
