//! One line of known_hosts.
//!
//! ```text
//! line    = *WSP ( [marker 1*WSP] hosts 1*WSP keytype 1*WSP base64 [1*WSP comment] / "#" anything / nothing )
//! marker  = "@cert-authority" / "@revoked"
//! hosts   = pattern *("," pattern) / "|1|" base64(salt) "|" base64(HMAC-SHA1(salt, name))
//! pattern = ["!"] name with "*" and "?"
//! ```
//!
//! The rules are those of `hostkeys_foreach_file` and `check_markers` in hostfile.c.

use crate::field::Field;
use crate::hashed::HashedName;
use crate::hosts::HostList;
use crate::key::{HostKey, KeyFault, KeyType};

/// The longest marker that hostfile.c can hold, with its `@`.
const MARKER_LIMIT: usize = 32;

/// The content of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content<'a> {
    /// Empty, or blanks.
    Blank,
    /// `#` as the first byte that is not a blank.
    Comment,
    /// Names and a key.
    Entry(Entry<'a>),
    /// Anything else: `ssh` skips the line.
    Ignored(IgnoredLine<'a>),
}

/// Names and the key they go with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The marker before the names.
    pub marker: Option<Marker>,
    /// The names, as written.
    pub hosts: Field<'a>,
    /// The key type, as written.
    pub key_type_text: Field<'a>,
    /// Its key type.
    pub key_type: KeyType,
    /// The base64 text of the key.
    pub blob: Field<'a>,
    /// The text after the key, with a second key if there is one: `ssh` reads one key a line.
    pub comment: Field<'a>,
    pub(crate) hashed: Option<HashedName>,
}

/// A line that `ssh` skips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredLine<'a> {
    /// Why.
    pub reason: Ignored,
    /// The field in the place of the names, if there is one.
    pub hosts: Option<Field<'a>>,
}

/// The reason why `ssh` skips a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Ignored {
    /// A word that begins with `@` and is not a marker, two markers, or a marker followed by a tab
    /// in a line with spaces.
    #[error("unknown marker")]
    UnknownMarker,
    /// The line ends before the key type, or before the key.
    #[error("no key")]
    NoKey,
    /// A number in the place of the key type: a key of protocol 1.
    #[error("key of SSH protocol 1")]
    Ssh1,
    /// A key type that no release of OpenSSH up to 10.0 knows.
    #[error("unknown key type")]
    UnknownKeyType,
    /// The names begin with `|` and are not a hashed name, which therefore never matches.
    #[error("malformed hashed name")]
    MalformedHash,
}

/// The marker of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Marker {
    /// `@cert-authority`: the key signs the certificates of hosts.
    CertAuthority,
    /// `@revoked`: the key is never accepted.
    Revoked,
}

impl Marker {
    /// The marker as written in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CertAuthority => "@cert-authority",
            Self::Revoked => "@revoked",
        }
    }

    fn parse(word: &[u8]) -> Option<Self> {
        [Self::CertAuthority, Self::Revoked]
            .into_iter()
            .find(|marker| marker.as_str().as_bytes() == word)
    }
}

impl<'a> Entry<'a> {
    /// True when the one name of the entry is hashed.
    pub fn is_hashed(&self) -> bool {
        self.hashed.is_some()
    }

    /// The key.
    ///
    /// # Errors
    /// The reason why `ssh` cannot read it, and so skips the line.
    pub fn key(&self) -> Result<HostKey, KeyFault> {
        HostKey::decode(self.key_type, self.blob.text)
    }

    /// The host field as a list of patterns; of a hashed name the list of itself.
    pub(crate) fn list(&self) -> HostList<'a> {
        HostList(self.hosts)
    }
}

/// Reads one line, given without its ending, that begins at `start` in its document; never fails.
pub(crate) fn read(text: &[u8], start: usize) -> Content<'_> {
    let visible = memchr::memchr(0, text).map_or(text, |nul| &text[..nul]);
    let mut scanner = Scanner {
        text: visible,
        at: 0,
        base: start,
    };
    scanner.skip_blanks();
    match scanner.peek() {
        None => Content::Blank,
        Some(b'#') => Content::Comment,
        Some(_) => scanner
            .entry()
            .map_or_else(Content::Ignored, Content::Entry),
    }
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    base: usize,
}

impl<'a> Scanner<'a> {
    fn entry(&mut self) -> Result<Entry<'a>, IgnoredLine<'a>> {
        let unknown_marker = IgnoredLine {
            reason: Ignored::UnknownMarker,
            hosts: None,
        };
        let marker = self.marker().ok_or(unknown_marker)?;
        let hosts = self.token();
        let ignored = |reason| IgnoredLine {
            reason,
            hosts: Some(hosts),
        };
        let key_type_text = self.word().ok_or(ignored(Ignored::NoKey))?;
        let key_type = KeyType::of_line(key_type_text.text);
        let blob = self.word().ok_or(ignored(Ignored::NoKey))?;
        let key_type = key_type.ok_or(ignored(unknown_type(key_type_text.text)))?;
        self.skip_blanks();
        let comment = self.field(self.text.len());
        let hashed = match hosts.text.first() {
            Some(b'|') => {
                Some(HashedName::parse(hosts.text).ok_or(ignored(Ignored::MalformedHash))?)
            }
            _ => None,
        };
        Ok(Entry {
            marker,
            hosts,
            key_type_text,
            key_type,
            blob,
            comment,
            hashed,
        })
    }

    /// `Some(None)` without a marker, `None` with a wrong one. If the line has a space, only a
    /// space ends a marker; a tab does so only in a line without spaces.
    fn marker(&mut self) -> Option<Option<Marker>> {
        if self.peek() != Some(b'@') {
            return Some(None);
        }
        let rest = &self.text[self.at..];
        let find = |blank| rest.iter().position(|&b| b == blank);
        let end = find(b' ')
            .or_else(|| find(b'\t'))
            .filter(|&end| end < MARKER_LIMIT)?;
        let marker = Marker::parse(&rest[..end])?;
        self.at += end;
        self.skip_blanks();
        (self.peek() != Some(b'@')).then_some(Some(marker))
    }

    /// The next word; `None` at the end of the line or the beginning of a comment.
    fn word(&mut self) -> Option<Field<'a>> {
        self.skip_blanks();
        (!matches!(self.peek(), None | Some(b'#'))).then(|| self.token())
    }

    fn token(&mut self) -> Field<'a> {
        let rest = &self.text[self.at..];
        let length = memchr::memchr2(b' ', b'\t', rest).unwrap_or(rest.len());
        self.field(self.at + length)
    }

    fn field(&mut self, end: usize) -> Field<'a> {
        let start = std::mem::replace(&mut self.at, end);
        Field {
            text: &self.text[start..end],
            start: self.base + start,
        }
    }

    fn skip_blanks(&mut self) {
        self.at += self.text[self.at..]
            .iter()
            .take_while(|&&b| is_blank(b))
            .count();
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
}

fn unknown_type(word: &[u8]) -> Ignored {
    if word.len() < 8 && word.iter().all(u8::is_ascii_digit) {
        Ignored::Ssh1
    } else {
        Ignored::UnknownKeyType
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
