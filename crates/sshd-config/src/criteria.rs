//! The condition of a Match line (match_cfg_line in servconf.c).

use crate::address;
use crate::connection::Connection;
use crate::line::Line;
use crate::pattern::{self, ListMatch};
use crate::release::Release;
use crate::value::Fault;
use crate::words::Word;

/// One criterion of a Match line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Criterion {
    All,
    InvalidUser,
    User(Vec<u8>),
    Group(Vec<u8>),
    Host(Vec<u8>),
    Address(Vec<u8>),
    LocalAddress(Vec<u8>),
    LocalPort(u16),
    RDomain(Vec<u8>),
    Version(Vec<u8>),
}

/// All criteria of a Match line: each must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Criteria {
    criteria: Vec<Criterion>,
    text: String,
}

impl Criteria {
    /// Reads the arguments of a Match line.
    pub(crate) fn read(line: &Line, release: Release) -> Result<Self, Fault> {
        if line.lacks_arguments() && release.since(8, 7) {
            return Err(Fault::new("no argument after keyword \"Match\""));
        }
        let split = line
            .args()
            .map_err(|_| Fault::new("a quote does not close"))?;
        let words = if release.since(9, 9) {
            split.list().to_vec()
        } else {
            line.delimited()
        };
        let end = words
            .iter()
            .position(|word| word.text.is_empty() || word.text.starts_with(b"#"))
            .unwrap_or(words.len());
        match words.get(end).filter(|word| word.text.is_empty()) {
            Some(word) if end + 1 < words.len() || release.since(9, 9) => {
                return Err(fault(word, "an argument is empty"));
            }
            _ => {}
        }
        let criteria = parse(&words[..end], release)?;
        let text = line.rest().map_or_else(String::new, |rest| rest.lossy());
        Ok(Self { criteria, text })
    }

    /// A condition that no connection satisfies: the condition of a line that sshd refuses.
    pub(crate) fn never() -> Self {
        Self::default()
    }

    /// The condition as written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// True if the block counts while sshd starts, before there is a connection: `all`, and because
    /// of how they are evaluated `version` since 10.0 and `invalid-user` in 9.9.
    pub(crate) fn holds_at_start(&self, release: Release) -> bool {
        let holds = |criterion: &Criterion| match criterion {
            Criterion::All => true,
            Criterion::Version(list) => positive(&release.banner(), list),
            Criterion::InvalidUser => !release.since(10, 0),
            _ => false,
        };
        !self.criteria.is_empty() && self.criteria.iter().all(holds)
    }

    /// Whether the connection satisfies all criteria.
    pub(crate) fn holds_for(&self, connection: &Connection, release: Release) -> bool {
        !self.criteria.is_empty()
            && self
                .criteria
                .iter()
                .all(|criterion| criterion.holds_for(connection, release))
    }

    /// True if `sshd -T` without `-C` fails at this line instead of skipping it: all versions do at
    /// LocalPort.
    pub(crate) fn asks_for_local_port(&self) -> bool {
        self.criteria
            .iter()
            .any(|criterion| matches!(criterion, Criterion::LocalPort(_)))
    }

    /// True when the line asks for anything that only a connection can answer.
    pub(crate) fn asks_for_connection(&self) -> bool {
        self.criteria
            .iter()
            .any(|criterion| !matches!(criterion, Criterion::All | Criterion::Version(_)))
    }
}

impl Criterion {
    fn holds_for(&self, connection: &Connection, release: Release) -> bool {
        let text = |value: &Option<String>, list: &[u8]| {
            value.as_deref().is_some_and(|value| positive(value, list))
        };
        let address = |value: &Option<String>, list: &[u8]| {
            value.as_deref().is_some_and(|value| {
                address::matches_list(value, list, release) == ListMatch::Positive
            })
        };
        match self {
            Self::All => true,
            Self::InvalidUser => connection.invalid_user,
            Self::User(list) => text(&connection.user, list),
            Self::Group(list) => connection.user.is_some() && any_group(&connection.groups, list),
            Self::Host(list) => text(
                &connection.host.as_ref().map(|host| host.to_lowercase()),
                &list.to_ascii_lowercase(),
            ),
            Self::Address(list) => address(&connection.addr, list),
            Self::LocalAddress(list) => address(&connection.laddr, list),
            Self::LocalPort(port) => connection.lport == Some(*port),
            Self::RDomain(list) => text(&connection.rdomain, list),
            Self::Version(list) => positive(&release.banner(), list),
        }
    }
}

fn positive(text: &str, list: &[u8]) -> bool {
    pattern::matches_list(text.as_bytes(), list) == ListMatch::Positive
}

/// A single negated group in the list vetoes it, whatever the other groups are.
fn any_group(groups: &[String], list: &[u8]) -> bool {
    let found: Vec<ListMatch> = groups
        .iter()
        .map(|group| pattern::matches_list(group.as_bytes(), list))
        .collect();
    found.contains(&ListMatch::Positive) && !found.contains(&ListMatch::Negated)
}

fn parse(words: &[Word], release: Release) -> Result<Vec<Criterion>, Fault> {
    let mut criteria = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let name = word.lossy().to_ascii_lowercase();
        if name == "all" {
            if !criteria.is_empty() || words.next().is_some() {
                return Err(fault(
                    word,
                    "\"all\" cannot be combined with other criteria",
                ));
            }
            return Ok(vec![Criterion::All]);
        }
        if name == "invalid-user" && release.since(9, 9) {
            criteria.push(Criterion::InvalidUser);
            continue;
        }
        let (name, value) = match name.split_once('=').filter(|_| release.since(10, 0)) {
            Some((key, _)) if is_criterion(key, release) => {
                (key.to_owned(), Some(word.text[key.len() + 1..].to_vec()))
            }
            _ => (name, words.next().map(|word| word.text.clone())),
        };
        let value = value.filter(|value| !value.is_empty() && !value.starts_with(b"#"));
        let value = value.ok_or_else(|| fault(word, "the argument of the criterion is missing"))?;
        criteria.push(criterion(&name, value, word, release)?);
    }
    if criteria.is_empty() {
        Err(Fault::new("a criterion is missing"))
    } else {
        Ok(criteria)
    }
}

fn fault(word: &Word, message: impl Into<String>) -> Fault {
    Fault {
        range: Some(word.range.clone()),
        ..Fault::new(message)
    }
}

fn is_criterion(name: &str, release: Release) -> bool {
    match name {
        "user" | "group" | "host" | "address" | "localaddress" | "localport" => true,
        "rdomain" => release.since(7, 7),
        "version" => release.since(10, 0),
        _ => false,
    }
}

fn criterion(
    name: &str,
    value: Vec<u8>,
    word: &Word,
    release: Release,
) -> Result<Criterion, Fault> {
    if !is_criterion(name, release) {
        return Err(fault(word, format!("unsupported criterion \"{name}\"")));
    }
    Ok(match name {
        "user" => Criterion::User(value),
        "group" => Criterion::Group(value),
        "host" => Criterion::Host(value),
        "address" => Criterion::Address(checked(value, word, release)?),
        "localaddress" => Criterion::LocalAddress(checked(value, word, release)?),
        "localport" => Criterion::LocalPort(port(&value, word)?),
        "rdomain" => Criterion::RDomain(value),
        _ => Criterion::Version(value),
    })
}

/// Up to 8.3 a bad list was noticed only when a connection came.
fn checked(list: Vec<u8>, word: &Word, release: Release) -> Result<Vec<u8>, Fault> {
    match address::check_list(&list, release) {
        Ok(()) => Ok(list),
        Err(bad) => {
            let fault = fault(word, format!("invalid address \"{}\" in the list", bad.0));
            Err(if release.since(8, 4) {
                fault
            } else {
                fault.uncertain()
            })
        }
    }
}

fn port(text: &[u8], word: &Word) -> Result<u16, Fault> {
    let text = String::from_utf8_lossy(text);
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let message = format!("\"{text}\" is not a port");
    let bad = fault(word, message);
    text.parse()
        .map_err(|_| if digits { bad } else { bad.uncertain() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logical::Logical;

    fn read(text: &str, release: Release) -> Result<Criteria, String> {
        let line = Line::parse(Logical::detached(text.as_bytes()), release).expect("a directive");
        Criteria::read(&line, release).map_err(|fault| fault.message)
    }

    fn holds(text: &str, connection: &str, release: Release) -> bool {
        let connection = Connection::parse(connection).expect("well formed");
        read(text, release)
            .expect("valid")
            .holds_for(&connection, release)
    }

    #[test]
    fn all_criteria_must_hold_and_unknown_facts_do_not() {
        let cases = [
            ("Match all", "", true),
            ("Match User bob", "user=bob", true),
            ("Match User bob", "user=Bob", false),
            ("Match User bob", "addr=192.0.2.1", false),
            ("Match User !bob", "user=alice", false),
            ("Match User *,!bob", "user=alice", true),
            (
                "Match user bob address 192.0.2.0/24",
                "user=bob,addr=192.0.2.9",
                true,
            ),
            (
                "Match user bob address 192.0.2.0/24",
                "user=bob,addr=198.51.100.9",
                false,
            ),
            ("Match Host *.Example.org", "host=A.example.ORG", true),
            ("Match LocalPort 2222", "lport=2222", true),
            ("Match Address *,!192.0.2.9", "addr=192.0.2.9", false),
            ("Match User bob # the builder", "user=bob", true),
        ];
        for (text, connection, expected) in cases {
            assert_eq!(
                holds(text, connection, Release::new(9, 2)),
                expected,
                "{text} for {connection}"
            );
        }
    }

    #[test]
    fn a_negated_group_excludes_the_user_from_any_group_match() {
        let connection = |groups: &[&str]| Connection {
            user: Some("bob".into()),
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
            ..Connection::default()
        };
        let release = Release::new(9, 2);
        let criteria = read("Match Group staff,!guests", release).expect("valid");
        assert!(criteria.holds_for(&connection(&["staff"]), release));
        assert!(!criteria.holds_for(&connection(&["staff", "guests"]), release));
        assert!(!criteria.holds_for(&connection(&[]), release));
    }

    #[test]
    fn equals_signs_in_criteria_are_valid_only_in_some_releases() {
        let user = |release| read("Match User=bob", release);
        assert!(user(Release::new(8, 0)).is_ok());
        assert!(user(Release::new(9, 2)).is_ok());
        assert!(user(Release::new(9, 9)).is_err());
        assert!(user(Release::new(10, 0)).is_ok());
    }

    #[test]
    fn criteria_that_sshd_refuses_are_refused() {
        let new = Release::new(10, 5);
        for text in [
            "Match",
            "Match User",
            "Match all User bob",
            "Match User bob all",
            "Match Addr 1.2.3.4",
            "Match LocalPort x",
        ] {
            assert!(read(text, new).is_err(), "{text}");
        }
        assert!(read("Match Address 1.2.3.4/24", new).is_err());
        assert!(read("Match version OpenSSH_10*", Release::new(9, 9)).is_err());
        assert!(read("Match invalid-user", Release::new(9, 8)).is_err());
    }

    #[test]
    fn only_criteria_without_a_connection_hold_at_the_start() {
        let at_start =
            |text: &str, release| read(text, release).expect("valid").holds_at_start(release);
        assert!(at_start("Match all", Release::new(9, 2)));
        assert!(!at_start("Match User *", Release::new(9, 2)));
        assert!(at_start("Match version OpenSSH_10.*", Release::new(10, 5)));
        assert!(at_start("Match invalid-user", Release::new(9, 9)));
        assert!(!at_start("Match invalid-user", Release::new(10, 0)));
    }
}
