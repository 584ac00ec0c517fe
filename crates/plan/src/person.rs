//! The person at the keyboard.

use std::net::IpAddr;

/// The person who makes the change, and the connection over which they make it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// The login name; of the user who called sudo, if so.
    pub user: Option<String>,
    /// The address that they connect from; `None` at the console, and if SSH does not report it.
    pub addr: Option<IpAddr>,
    /// Whether they connect by SSH from an address that is not known: it is a link-local one
    /// (`fe80::1%eth0`), or sshd was handed the connection and reports `UNKNOWN`.
    pub from_unknown: bool,
    /// The address and port of this machine that they came to.
    pub server: Option<(IpAddr, u16)>,
    /// Addresses that must not lose access either.
    pub keep: Vec<IpAddr>,
}

impl Person {
    /// Reads `SSH_CONNECTION`: client address and port, server address and port (ssh(1)). If it is
    /// set, the person is remote, even if it cannot be parsed.
    pub fn new(user: Option<String>, ssh_connection: Option<&str>) -> Self {
        let words: Vec<&str> = ssh_connection.unwrap_or_default().split(' ').collect();
        let word = |number: usize| words.get(number).copied().unwrap_or_default();
        let addr = word(0).parse().ok();
        let server = word(2).split('%').next().unwrap_or_default();
        Self {
            user,
            addr,
            from_unknown: ssh_connection.is_some() && addr.is_none(),
            server: server.parse().ok().zip(word(3).parse().ok()),
            keep: Vec::new(),
        }
    }

    /// Whether they come over SSH.
    pub fn is_remote(&self) -> bool {
        self.addr.is_some() || self.from_unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssh_connection_names_both_ends() {
        let person = Person::new(None, Some("192.0.2.1 50000 2001:db8::2 22"));
        assert_eq!(person.addr, "192.0.2.1".parse().ok());
        assert_eq!(
            person.server,
            Some(("2001:db8::2".parse().expect("an address"), 22))
        );
        assert_eq!(Person::new(None, None), Person::default());
        assert!(!Person::default().is_remote());
    }

    #[test]
    fn a_person_with_an_unknown_ssh_address_is_not_at_the_console() {
        for connection in [
            "UNKNOWN 65535 UNKNOWN 65535",
            "garbage",
            "192.0.2.300 1 192.0.2.1 22",
        ] {
            let person = Person::new(None, Some(connection));
            assert!(person.is_remote() && person.addr.is_none(), "{connection}");
        }
        let link = Person::new(None, Some("fe80::1%eth0 50000 fe80::2%eth0 22"));
        let server = "fe80::2".parse().expect("an address");
        assert!(link.is_remote());
        assert_eq!(link.server, Some((server, 22)));
    }
}
