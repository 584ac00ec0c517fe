//! The names under which a host is known.

use std::net::IpAddr;

/// One name that `ssh` looks up, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    text: String,
    role: Role,
}

/// The purpose of looking up a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The name that decides: `HostKeyAlias`, or the host name with its port.
    Host,
    /// An address of the host, looked up besides when `CheckHostIP` is on.
    Address,
    /// The host name without its port: `ssh` tries it when the name with the port is unknown, and only accepts by it.
    WithoutPort,
}

impl Name {
    /// A name as written in the file: `host`, `[host]:2222`, an address or an alias.
    pub fn host(text: &str) -> Self {
        Self::new(text, Role::Host)
    }

    /// A host and its port, in the form of `put_host_port`: brackets only with a port other than 22.
    pub fn with_port(host: &str, port: u16, role: Role) -> Self {
        if port == 22 {
            Self::new(host, role)
        } else {
            Self::new(&format!("[{host}]:{port}"), role)
        }
    }

    /// An address and its port.
    pub fn address(address: IpAddr, port: u16) -> Self {
        Self::with_port(&address.to_string(), port, Role::Address)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The purpose for which it is looked up.
    pub fn role(&self) -> Role {
        self.role
    }

    /// True if edits apply to it; the name without the port belongs to another server on the host.
    pub fn is_owned(&self) -> bool {
        self.role != Role::WithoutPort
    }

    /// True if the name can be written in a line without being read as something else. `ssh`
    /// records no name with one of `@?*#[]|'"\` (sshconnect.c); blanks, commas, control bytes and
    /// `!` would end or invert the pattern.
    pub(crate) fn is_recordable(&self) -> bool {
        let host = self
            .text
            .strip_prefix('[')
            .and_then(|rest| rest.rsplit_once("]:"))
            .map_or(&*self.text, |(h, _)| h);
        !host.is_empty()
            && !host.contains(|c: char| {
                "@?*#[]|'\"\\,!".contains(c) || c.is_whitespace() || c.is_control()
            })
    }

    pub(crate) fn new(text: &str, role: Role) -> Self {
        Self {
            text: text.to_ascii_lowercase(),
            role,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ambiguous_names_are_not_recordable() {
        for text in [
            "",
            "a,b",
            "a b",
            "*.example",
            "!a",
            "|1|a",
            "#a",
            "@a",
            "[a]:22x]:1",
            "a\n",
            "[]:22",
            "a\u{a0}b",
        ] {
            assert!(!Name::host(text).is_recordable(), "{text:?}");
        }
        for text in [
            "a",
            "[a]:2222",
            "2001:db8::1",
            "[2001:db8::1]:2222",
            "fe80::1%eth0",
            "büro",
        ] {
            assert!(Name::host(text).is_recordable(), "{text:?}");
        }
    }

    #[test]
    fn only_a_port_other_than_22_is_written() {
        assert_eq!(Name::with_port("H", 22, Role::Host).as_str(), "h");
        assert_eq!(
            Name::with_port("::1", 2222, Role::Host).as_str(),
            "[::1]:2222"
        );
    }
}
