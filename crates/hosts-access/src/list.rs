//! Lists of patterns with `EXCEPT` (list_match in hosts_access.c).

use std::ops::Range;

use crate::answer::Answer;
use crate::pattern::{HostPattern, TextPattern};
use crate::text::{Number, same, split_at};

/// A word of a list, parsed as a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry<P> {
    pub(crate) word: Vec<u8>,
    /// The range of the word in the text of its logical line.
    pub(crate) at: Range<usize>,
    pub(crate) pattern: P,
}

/// `A EXCEPT B EXCEPT C`: the groups A, B and C; it means A EXCEPT (B EXCEPT C).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct List<P> {
    pub(crate) groups: Vec<Vec<Entry<P>>>,
}

impl<P> List<P> {
    /// Splits the text between `range` into words at blanks and commas.
    pub(crate) fn parse(text: &[u8], range: Range<usize>, pattern: impl Fn(&[u8]) -> P) -> Self {
        let mut groups = vec![Vec::new()];
        for at in words(text, range) {
            let word = &text[at.clone()];
            if same(word, b"EXCEPT") {
                groups.push(Vec::new());
            } else if let Some(group) = groups.last_mut() {
                group.push(Entry {
                    word: word.to_vec(),
                    at,
                    pattern: pattern(word),
                });
            }
        }
        // A file may have a million rules of one word, and a vector starts with room for four.
        for group in &mut groups {
            group.shrink_to_fit();
        }
        Self { groups }
    }

    /// Whether the list matches, given the answer of `entry` for one word.
    pub(crate) fn matches(&self, entry: impl Fn(&Entry<P>) -> Answer) -> Answer {
        self.groups
            .iter()
            .rev()
            .fold(Answer::No, |exceptions, group| {
                any(group, &entry).and(|| exceptions.not())
            })
    }

    /// The words before the first `EXCEPT`.
    pub(crate) fn named(&self) -> &[Entry<P>] {
        self.groups.first().map_or(&[], Vec::as_slice)
    }

    /// All words, exceptions included.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry<P>> {
        self.groups.iter().flatten()
    }

    /// The only word of the list, if it has just one.
    pub(crate) fn single(&self) -> Option<&Entry<P>> {
        match self.groups.as_slice() {
            [group] if group.len() == 1 => group.first(),
            _ => None,
        }
    }
}

fn any<P>(group: &[Entry<P>], entry: impl Fn(&Entry<P>) -> Answer) -> Answer {
    let mut doubt = Answer::No;
    for word in group {
        match (entry(word), &doubt) {
            (Answer::Yes, _) => return Answer::Yes,
            (maybe @ Answer::Maybe(_), Answer::No) => doubt = maybe,
            _ => {}
        }
    }
    doubt
}

fn words(text: &[u8], range: Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = None;
    for at in range.clone() {
        match (is_separator(text[at]), start) {
            (false, None) => start = Some(at),
            (true, Some(from)) => {
                found.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    found.extend(start.map(|from| from..range.end));
    found
}

pub(crate) fn is_separator(byte: u8) -> bool {
    matches!(byte, b',' | b' ' | b'\t' | b'\r' | b'\n')
}

/// A word of the daemon list: `daemon`, `daemon@host`, or a port number in place of the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DaemonPattern {
    pub(crate) service: Service,
    pub(crate) host: Option<HostWord>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Service {
    Name(TextPattern),
    Port(u16),
}

/// A word of the client list: `host` or `user@host`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientPattern {
    pub(crate) user: Option<TextPattern>,
    pub(crate) host: HostWord,
}

/// A host pattern with its spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostWord {
    pub(crate) word: Vec<u8>,
    pub(crate) pattern: HostPattern,
}

impl DaemonPattern {
    pub(crate) fn parse(word: &[u8]) -> Self {
        let (service, host) = split_user(word);
        Self {
            service: Service::parse(service),
            host: host.map(HostWord::parse),
        }
    }
}

impl Service {
    /// A whole number up to 65,535 is a port (sscanf(3) with `%u`, so that signs and overflow
    /// count).
    fn parse(word: &[u8]) -> Self {
        let port = Number::read(word, 10).and_then(|number| u16::try_from(number.unsigned()).ok());
        port.map_or_else(|| Self::Name(TextPattern::parse(word)), Self::Port)
    }
}

impl ClientPattern {
    pub(crate) fn parse(word: &[u8]) -> Self {
        match split_user(word) {
            (host, None) => Self {
                user: None,
                host: HostWord::parse(host),
            },
            (user, Some(host)) => Self {
                user: Some(TextPattern::parse(user)),
                host: HostWord::parse(host),
            },
        }
    }
}

impl HostWord {
    pub(crate) fn parse(word: &[u8]) -> Self {
        Self {
            word: word.to_vec(),
            pattern: HostPattern::parse(word),
        }
    }
}

/// Splits at the first `@` outside brackets. The first byte of the word does not count, so that
/// `@netgroup` stays whole.
fn split_user(word: &[u8]) -> (&[u8], Option<&[u8]>) {
    let rest = word.get(1..).unwrap_or_default();
    match split_at(rest, b'@') {
        Some((before, after)) => (&word[..=before.len()], Some(after)),
        None => (word, None),
    }
}
