//! A destination on the command line.

use std::net::{IpAddr, Ipv6Addr};

/// A host as the user names it, with the other parts of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The login name before `@`.
    pub user: Option<String>,
    /// The host name, address, or alias of ssh_config(5), without brackets.
    pub host: String,
    /// The port, if the text has one.
    pub port: Option<u16>,
}

/// A text that names no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// The host name is empty.
    #[error("no host name in {0:?}")]
    NoHost(String),
    /// It would be read as an option, or holds a character that no host name has.
    #[error("not a host name: {0:?}")]
    BadHost(String),
    /// A network, which is not one host.
    #[error("{0} is a network, not a host")]
    Network(String),
    /// A pattern of known_hosts or ssh_config.
    #[error("{0:?} is a pattern, not a host")]
    Pattern(String),
    /// Four numbers, one of which is too large.
    #[error("not an IPv4 address: {0}")]
    BadAddress(String),
    /// Nothing before `@`.
    #[error("no user name before @ in {0:?}")]
    NoUser(String),
    /// The port is not a number from 1 to 65535.
    #[error("not a port: {0:?}")]
    BadPort(String),
    /// The URI of another protocol.
    #[error("{0} is not SSH: ssh is not used for that connection")]
    OtherProtocol(String),
}

/// The schemes, before `://`, for which ssh carries the connection: ssh(1), scp(1), sftp(1),
/// git-push(1), svn.
const SCHEMES: [&str; 6] = ["ssh", "scp", "sftp", "git+ssh", "ssh+git", "svn+ssh"];

impl DestinationError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::OtherProtocol(_) => {
                "name the host of an SSH connection: HOST, USER@HOST:PORT, ssh://HOST, git@HOST:PATH"
            }
            Self::Network(_) => "name one address of it",
            Self::Pattern(_) => "name one host that it matches",
            Self::BadAddress(_) => "each of its four numbers is from 0 to 255",
            Self::NoUser(_) => "write USER@HOST, or HOST alone",
            _ => "write HOST, HOST:PORT, or [ADDRESS]:PORT",
        }
    }
}

impl Destination {
    /// Reads `HOST`, `HOST:PORT`, `[HOST]:PORT`, an IPv6 address with or without brackets, each with `USER@` before it, and
    /// the same as a URI (`ssh://USER@HOST:PORT/PATH`), and what scp, rsync and git take: `USER@HOST:PATH`. The path is left
    /// out.
    ///
    /// # Errors
    /// If the host is missing or could be taken for an option, if the port is not a port, or for a
    /// URI of another protocol.
    pub fn parse(text: &str) -> Result<Self, DestinationError> {
        let (text, is_uri) = match text.split_once("://") {
            Some((scheme, _)) if !SCHEMES.contains(&scheme) => {
                return Err(DestinationError::OtherProtocol(scheme.to_owned()));
            }
            Some((_, rest)) => (rest.split('/').next().unwrap_or(rest), true),
            None => (text, false),
        };
        let (user, rest) = split_user(text);
        let rest = if is_uri {
            rest
        } else {
            without_path(rest, user.is_some())
        };
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
        if user == Some("") {
            return Err(DestinationError::NoUser(text.to_owned()));
        }
        check_host(host)?;
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

/// Splits off the user, before the last `@` that precedes any path.
fn split_user(text: &str) -> (Option<&str>, &str) {
    let end = text.find('/').unwrap_or(text.len());
    match text[..end].rfind('@') {
        Some(at) => (Some(&text[..at]), &text[at + 1..]),
        None => (None, text),
    }
}

/// `HOST:PATH` without the path. A text with a slash is a path; so is a single word after a user,
/// unless it is a number.
fn without_path(text: &str, has_user: bool) -> &str {
    let host_ends = if text.starts_with('[') {
        text.find("]:").map(|at| at + 1)
    } else {
        text.find(':')
    };
    let Some(colon) = host_ends else { return text };
    let tail = &text[colon + 1..];
    let is_number = tail.bytes().all(|byte| byte.is_ascii_digit());
    let is_address = text
        .split('%')
        .next()
        .is_some_and(|text| text.parse::<Ipv6Addr>().is_ok());
    let is_word = has_user && !tail.contains(':') && !tail.starts_with(['-', '+']);
    if !is_address && !is_number && (tail.contains('/') || is_word) {
        &text[..colon]
    } else {
        text
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

/// Refuses what would be looked up as a name and is certainly not one.
fn check_host(host: &str) -> Result<(), DestinationError> {
    if let Some((address, length)) = host.split_once('/') {
        let is_length = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
        if is_length && address.parse::<IpAddr>().is_ok() {
            return Err(DestinationError::Network(host.to_owned()));
        }
    }
    if host.contains(['*', '?', '!']) {
        return Err(DestinationError::Pattern(host.to_owned()));
    }
    // ssh refuses these in a host name (ssh.c, valid_hostname).
    if host.contains(|c: char| "'`\"$\\;&<>|(){},".contains(c)) {
        return Err(DestinationError::BadHost(host.to_owned()));
    }
    let numbers: Vec<&str> = host.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if numbers.len() == 4 && numbers.iter().all(is_number) && numbers.iter().any(too_large) {
        return Err(DestinationError::BadAddress(host.to_owned()));
    }
    Ok(())
}

/// Whether a number is none of an IPv4 address; with a leading zero it is octal for the resolver.
fn too_large(number: &&str) -> bool {
    let octal = number.len() > 1 && number.starts_with('0');
    u8::from_str_radix(number, if octal { 8 } else { 10 }).is_err()
}

fn is_unsafe(word: &str) -> bool {
    word.starts_with('-')
        || word.contains(|c: char| c.is_whitespace() || c.is_control() || "[]".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_without_a_host_are_refused() {
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
        for text in ["https://h/x", "git://h/x", "rsync://h/x"] {
            assert!(
                matches!(
                    Destination::parse(text),
                    Err(DestinationError::OtherProtocol(_))
                ),
                "{text:?}"
            );
        }
        for text in [
            "h:",
            "h:0",
            "h:65536",
            "h:+1",
            "h:ssh",
            "[::1]:-1",
            "ssh://h:x/y",
        ] {
            assert!(
                matches!(Destination::parse(text), Err(DestinationError::BadPort(_))),
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_is_certainly_not_a_host_is_named() {
        let table = [
            ("10.0.0.0/24", "name one address of it"),
            (
                "[2001:db8::]/32",
                "write HOST, HOST:PORT, or [ADDRESS]:PORT",
            ),
            ("*.example.org", "name one host that it matches"),
            ("1.2.3.400", "each of its four numbers is from 0 to 255"),
            ("@h", "write USER@HOST, or HOST alone"),
            ("h;rm", "write HOST, HOST:PORT, or [ADDRESS]:PORT"),
            ("a,b", "write HOST, HOST:PORT, or [ADDRESS]:PORT"),
            ("|1|abc", "write HOST, HOST:PORT, or [ADDRESS]:PORT"),
        ];
        for (text, hint) in table {
            let refused = Destination::parse(text).map_err(|error| error.hint());
            assert_eq!(refused, Err(hint), "{text}");
        }
        for text in ["h.", "prod/web1", "127.1", "1.2.3.4", "010.0.0.1", "hôst"] {
            assert!(Destination::parse(text).is_ok(), "{text}");
        }
    }

    #[expect(clippy::too_many_lines, reason = "one table of cases")]
    #[test]
    fn hosts_ports_and_users_are_distinguished() {
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
            (
                "git@forge.example:team/tool.git",
                Some("git"),
                "forge.example",
                None,
            ),
            (
                "git@forge.example:tool.git",
                Some("git"),
                "forge.example",
                None,
            ),
            (
                "git@forge.example:2222",
                Some("git"),
                "forge.example",
                Some(2222),
            ),
            ("forge.example:~carol/tool", None, "forge.example", None),
            (
                "dan@backup.example:/srv/a@b:c",
                Some("dan"),
                "backup.example",
                None,
            ),
            (
                "git@[2001:db8::7]:team/tool.git",
                Some("git"),
                "2001:db8::7",
                None,
            ),
            (
                "ssh://git@forge.example/team/tool.git",
                Some("git"),
                "forge.example",
                None,
            ),
            (
                "ssh://git@[2001:db8::7]:2222/t@x",
                Some("git"),
                "2001:db8::7",
                Some(2222),
            ),
            (
                "git+ssh://git@forge.example:2222/team/tool",
                Some("git"),
                "forge.example",
                Some(2222),
            ),
            (
                "sftp://dan@files.example",
                Some("dan"),
                "files.example",
                None,
            ),
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
