//! A destination on the command line.

use std::net::Ipv6Addr;

/// A host as the user names it, with what else the text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The login name before `@`.
    pub user: Option<String>,
    /// The host name, address, or alias of ssh_config(5), without brackets.
    pub host: String,
    /// The port, where the text has one.
    pub port: Option<u16>,
}

/// A text that names no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// Nothing is left for the host name.
    #[error("no host name in {0:?}")]
    NoHost(String),
    /// It would be read as an option, or holds a blank or a control character.
    #[error("not a host name: {0:?}")]
    BadHost(String),
    /// The port is no number from 1 to 65535.
    #[error("not a port: {0:?}")]
    BadPort(String),
}

impl DestinationError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        "write HOST, HOST:PORT, or [ADDRESS]:PORT"
    }
}

impl Destination {
    /// Reads `HOST`, `HOST:PORT`, `[HOST]:PORT`, an IPv6 address with or without brackets, each with `USER@` before it, and
    /// the same as an URI (`ssh://USER@HOST:PORT`).
    ///
    /// # Errors
    /// When the host is missing or could be taken for an option, or when the port is no port.
    pub fn parse(text: &str) -> Result<Self, DestinationError> {
        let text = text
            .strip_prefix("ssh://")
            .map_or(text, |rest| rest.trim_end_matches('/'));
        let (user, rest) = text
            .rsplit_once('@')
            .map_or((None, text), |(user, rest)| (Some(user), rest));
        let (host, port) =
            split_port(rest).ok_or_else(|| DestinationError::BadHost(text.to_owned()))?;
        let port = port
            .map(|port| parse_port(port).ok_or_else(|| DestinationError::BadPort(port.to_owned())));
        if host.is_empty() {
            return Err(DestinationError::NoHost(text.to_owned()));
        }
        if [Some(host), user].into_iter().flatten().any(is_unsafe) {
            return Err(DestinationError::BadHost(text.to_owned()));
        }
        Ok(Self {
            user: user.map(str::to_owned),
            host: host.to_owned(),
            port: port.transpose()?,
        })
    }

    /// The command whose output [`ClientConfig::parse`](crate::ClientConfig::parse) reads.
    pub fn ssh_g(&self) -> Vec<String> {
        let mut argv = vec!["ssh".to_owned(), "-G".to_owned()];
        if let Some(port) = self.port {
            argv.extend(["-p".to_owned(), port.to_string()]);
        }
        if let Some(user) = &self.user {
            argv.extend(["-l".to_owned(), user.clone()]);
        }
        argv.push(self.host.clone());
        argv
    }
}

/// The host and the text of the port; `None` for an unpaired bracket.
fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, tail) = rest.split_once(']')?;
        return if tail.is_empty() {
            Some((host, None))
        } else {
            Some((host, Some(tail.strip_prefix(':')?)))
        };
    }
    let address = text.split('%').next().unwrap_or(text);
    if address.parse::<Ipv6Addr>().is_ok() {
        return Some((text, None));
    }
    match text.split_once(':') {
        None => Some((text, None)),
        Some((host, port)) => (!port.contains(':')).then_some((host, Some(port))),
    }
}

fn parse_port(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|&port| digits && port != 0)
}

fn is_unsafe(word: &str) -> bool {
    word.starts_with('-')
        || word.contains(|c: char| c.is_whitespace() || c.is_control() || "[]".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_no_host_is_refused() {
        for text in [
            "",
            ":22",
            "user@",
            "[]:22",
            "-oProxyCommand=x",
            "a b",
            "[a",
            "a]",
            "[a]22",
            "a:b:c",
            "-x@a",
            "a\n",
        ] {
            assert!(Destination::parse(text).is_err(), "{text:?}");
        }
        for text in ["h:", "h:0", "h:65536", "h:+1", "h:ssh", "[::1]:-1"] {
            assert!(
                matches!(Destination::parse(text), Err(DestinationError::BadPort(_))),
                "{text:?}"
            );
        }
    }

    #[test]
    fn hosts_ports_and_users_are_told_apart() {
        let table = [
            ("h", None, "h", None),
            ("h:2222", None, "h", Some(2222)),
            ("[h]:2222", None, "h", Some(2222)),
            ("[h]", None, "h", None),
            ("::1", None, "::1", None),
            ("[::1]", None, "::1", None),
            ("[2001:db8::1]:22", None, "2001:db8::1", Some(22)),
            ("fe80::1%eth0", None, "fe80::1%eth0", None),
            ("bob@h:2222", Some("bob"), "h", Some(2222)),
            ("ssh://bob@h:2222/", Some("bob"), "h", Some(2222)),
            ("ssh://h", None, "h", None),
            ("bob@example.com@h", Some("bob@example.com"), "h", None),
        ];
        for (text, user, host, port) in table {
            let expected = Destination {
                user: user.map(str::to_owned),
                host: host.to_owned(),
                port,
            };
            assert_eq!(Destination::parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn the_port_and_the_user_reach_ssh() {
        let destination = Destination::parse("bob@h:2222").expect("a host");
        assert_eq!(
            destination.ssh_g(),
            ["ssh", "-G", "-p", "2222", "-l", "bob", "h"]
        );
    }
}
