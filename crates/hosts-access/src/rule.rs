//! One rule: daemons, clients, options (hosts_access(5)).

use std::ops::Range;

use crate::answer::{Answer, Doubt, Need};
use crate::connection::Connection;
use crate::list::{ClientPattern, DaemonPattern, Entry, List, Service, is_separator};
use crate::options::{RuleOption, parse_options};
use crate::pattern::TextPattern;
use crate::steps;
use crate::text::{show, split_at};

/// The meaning of a logical line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Only blanks.
    Blank,
    /// `#` is the very first byte.
    Comment,
    /// It has no colon outside brackets: libwrap warns and continues.
    NoColon,
    /// A rule.
    Rule(Rule),
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) daemons: List<DaemonPattern>,
    pub(crate) clients: List<ClientPattern>,
    /// Empty if there is no second colon.
    pub(crate) options: Vec<RuleOption>,
}

impl Kind {
    /// Reads the text of a logical line.
    pub(crate) fn parse(text: &[u8]) -> Self {
        if text.first() == Some(&b'#') {
            return Self::Comment;
        }
        if text
            .iter()
            .all(|&byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
        {
            return Self::Blank;
        }
        let Some((daemons, rest)) = split_at(text, b':') else {
            return Self::NoColon;
        };
        let start = daemons.len() + 1;
        let (end, options) = match split_at(rest, b':') {
            Some((clients, _)) => {
                let end = start + clients.len();
                (end, parse_options(text, end + 1..text.len()))
            }
            None => (text.len(), Vec::new()),
        };
        Self::Rule(Rule {
            daemons: List::parse(text, 0..daemons.len(), DaemonPattern::parse),
            clients: List::parse(text, start..end, ClientPattern::parse),
            options,
        })
    }

    pub(crate) fn rule(&self) -> Option<&Rule> {
        if let Self::Rule(rule) = self {
            Some(rule)
        } else {
            None
        }
    }
}

impl Rule {
    /// Whether the rule matches this connection.
    pub(crate) fn matches(&self, connection: &Connection<'_>) -> Answer {
        self.matches_daemon(connection)
            .and(|| self.matches_client(connection))
    }

    /// Whether the client list matches.
    pub(crate) fn matches_client(&self, connection: &Connection<'_>) -> Answer {
        steps::add(1);
        self.clients
            .matches(|entry| client_matches(entry, connection))
    }

    /// Whether the daemon list matches.
    pub(crate) fn matches_daemon(&self, connection: &Connection<'_>) -> Answer {
        steps::add(1);
        self.daemons
            .matches(|entry| daemon_matches(entry, connection))
    }

    /// The first word of the client list that certainly matches, for messages.
    pub(crate) fn matching_word(&self, connection: &Connection<'_>) -> Option<String> {
        let sure = |entry: &&Entry<ClientPattern>| client_matches(entry, connection) == Answer::Yes;
        self.clients
            .named()
            .iter()
            .find(sure)
            .map(|entry| show(&entry.word))
    }

    /// The text between the last client (exceptions included) and the end of the line, as a range of the line's text.
    pub(crate) fn tail(&self, text: &[u8]) -> Range<usize> {
        self.clients
            .entries()
            .last()
            .map_or(text.len(), |entry| entry.at.end)..text.len()
    }

    /// The text between the daemons and the clients, when it is a colon among blanks.
    pub(crate) fn separator<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        let start = self.daemons.entries().last()?.at.end;
        let separator = text.get(start..self.clients.named().first()?.at.start)?;
        let plain = separator
            .iter()
            .all(|&byte| matches!(byte, b':' | b' ' | b'\t'));
        plain.then_some(separator)
    }
}

fn daemon_matches(entry: &Entry<DaemonPattern>, connection: &Connection<'_>) -> Answer {
    let service = match &entry.pattern.service {
        Service::Name(pattern) => pattern.matches(connection.daemon()).into(),
        Service::Port(port) => match connection.client.server_port {
            Some(actual) => (actual == *port).into(),
            None => Answer::Maybe(Doubt::new(
                Need::ServerPort,
                "the port on which the client arrives",
            )),
        },
    };
    service.and(|| match &entry.pattern.host {
        Some(host) => host
            .pattern
            .matches(&host.word, &connection.server, connection.files),
        None => Answer::Yes,
    })
}

fn client_matches(entry: &Entry<ClientPattern>, connection: &Connection<'_>) -> Answer {
    let ClientPattern { user, host } = &entry.pattern;
    let matched = host
        .pattern
        .matches(&host.word, &connection.peer, connection.files);
    matched.and(|| match (user, connection.client.user.text()) {
        (None | Some(TextPattern::All), _) => Answer::Yes,
        (Some(pattern), Some(user)) => pattern.matches(user).into(),
        (Some(_), None) => Answer::Maybe(Doubt::new(
            Need::User,
            "what the client's ident service says of the user",
        )),
    })
}

/// Strips separators from both ends.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let start = text
        .iter()
        .position(|&byte| !is_separator(byte))
        .unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|&byte| !is_separator(byte))
        .map_or(start, |last| last + 1);
    &text[start..end]
}
