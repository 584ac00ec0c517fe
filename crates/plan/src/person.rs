//! The person at the keyboard.

use std::net::IpAddr;

/// Who makes the change, and the connection that they make it over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// The login name: of the one who called sudo, where that is how.
    pub user: Option<String>,
    /// The address that they come from; `None` at the console.
    pub addr: Option<IpAddr>,
    /// The address and port of this machine that they came to.
    pub server: Option<(IpAddr, u16)>,
    /// Addresses that must not lose access either.
    pub keep: Vec<IpAddr>,
}

impl Person {
    /// Reads `SSH_CONNECTION`: client address and port, server address and port (ssh(1)).
    pub fn new(user: Option<String>, ssh_connection: Option<&str>) -> Self {
        let words: Vec<&str> = ssh_connection.unwrap_or_default().split(' ').collect();
        let [client, _, server, port] = words[..] else {
            return Self {
                user,
                ..Self::default()
            };
        };
        let server = server.parse().ok().zip(port.parse().ok());
        Self {
            user,
            addr: client.parse().ok(),
            server,
            keep: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_of_ssh_names_both_ends() {
        let person = Person::new(None, Some("192.0.2.1 50000 2001:db8::2 22"));
        assert_eq!(person.addr, "192.0.2.1".parse().ok());
        assert_eq!(
            person.server,
            Some(("2001:db8::2".parse().expect("an address"), 22))
        );
        assert_eq!(Person::new(None, Some("garbage")), Person::default());
        assert_eq!(Person::new(None, None), Person::default());
    }
}
