//! Keys as `ssh-keyscan` prints them and as key files hold them.

use sshmend_lossless::lines;

use crate::fingerprint::Fingerprint;
use crate::key::{HostKey, KeyFault, KeyType};
use crate::line::{self, Content, Entry, Ignored};

/// The keys in a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfferedKeys {
    /// The keys, in the order of the text.
    pub keys: Vec<OfferedKey>,
    /// The lines that hold something else than a key or a comment.
    pub problems: Vec<(usize, OfferProblem)>,
}

/// A key and its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedKey {
    /// The line number, counted from 1.
    pub line: usize,
    /// The names before the key, if the line has any.
    pub hosts: Option<String>,
    /// The key.
    pub key: HostKey,
}

/// The reason why a line contains no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OfferProblem {
    /// The text is a private key, which belongs nowhere but on its host.
    #[error("a private key")]
    PrivateKey,
    /// The text is a public key in another format.
    #[error("a key in another format")]
    OtherFormat,
    /// The key is marked as revoked or as the key of a certificate authority.
    #[error("a line with a marker")]
    Marked,
    /// A certificate, which known_hosts cannot contain.
    #[error("a certificate")]
    Certificate,
    /// The key cannot be read.
    #[error(transparent)]
    Unreadable(#[from] KeyFault),
    /// The line is not a key line.
    #[error(transparent)]
    Ignored(#[from] Ignored),
}

impl OfferProblem {
    /// What to do about it.
    pub fn hint(self) -> Option<&'static str> {
        match self {
            Self::PrivateKey => Some("give the file that ends in .pub"),
            Self::OtherFormat => Some("convert it: ssh-keygen -i -f FILE"),
            Self::Certificate => {
                Some("give the plain key, or trust its authority with a @cert-authority line")
            }
            _ => None,
        }
    }
}

impl OfferedKeys {
    /// Reads the output of `ssh-keyscan`, the lines of a `.pub` file, or lines of known_hosts; never fails.
    pub fn parse(text: &[u8]) -> Self {
        let mut offer = Self::default();
        let mut inside_other = false;
        for line in lines(text) {
            let content = line.text(text);
            if let Some(problem) = other_format(content) {
                offer.problems.push((line.number, problem));
                inside_other = true;
            }
            if inside_other {
                inside_other =
                    !content.starts_with(b"-----END") && !content.starts_with(b"---- END");
                continue;
            }
            match key_of(text, &line) {
                Some(Ok((hosts, key))) => offer.keys.push(OfferedKey {
                    line: line.number,
                    hosts,
                    key,
                }),
                Some(Err(problem)) => offer.problems.push((line.number, problem)),
                None => {}
            }
        }
        offer
    }

    /// The keys with one of these fingerprints, each once.
    pub fn matching(&self, expected: &[Fingerprint]) -> Vec<HostKey> {
        let mut keys = Vec::new();
        for offered in self
            .keys
            .iter()
            .filter(|offered| expected.contains(&offered.key.fingerprint()))
        {
            if !keys.contains(&offered.key) {
                keys.push(offered.key.clone());
            }
        }
        keys
    }

    /// All keys, without their names.
    pub fn host_keys(&self) -> Vec<HostKey> {
        self.keys
            .iter()
            .map(|offered| offered.key.clone())
            .collect()
    }
}

fn other_format(content: &[u8]) -> Option<OfferProblem> {
    let private = content.starts_with(b"-----BEGIN")
        && content.windows(11).any(|word| word == b"PRIVATE KEY");
    let other = content.starts_with(b"-----BEGIN") || content.starts_with(b"---- BEGIN");
    if private {
        Some(OfferProblem::PrivateKey)
    } else {
        other.then_some(OfferProblem::OtherFormat)
    }
}

type NamedKey = (Option<String>, HostKey);

/// The key of a line; `None` for a comment.
fn key_of(text: &[u8], line: &sshmend_lossless::Line) -> Option<Result<NamedKey, OfferProblem>> {
    if let Some((key_type, blob)) = public_key(line.text(text)) {
        return Some(
            plain(key_type).and_then(|key_type| Ok((None, HostKey::decode(key_type, blob)?))),
        );
    }
    match line::read(line.text(text), line.content.start) {
        Content::Blank | Content::Comment => None,
        Content::Ignored(ignored) => Some(Err(ignored.reason.into())),
        Content::Entry(entry) => Some(of_entry(&entry)),
    }
}

fn of_entry(entry: &Entry<'_>) -> Result<NamedKey, OfferProblem> {
    if entry.marker.is_some() {
        return Err(OfferProblem::Marked);
    }
    plain(entry.key_type)?;
    Ok((
        Some(String::from_utf8_lossy(entry.hosts.text).into_owned()),
        entry.key()?,
    ))
}

fn plain(key_type: KeyType) -> Result<KeyType, OfferProblem> {
    if key_type.is_certificate() {
        Err(OfferProblem::Certificate)
    } else {
        Ok(key_type)
    }
}

/// The type and the key of a line that begins with them.
fn public_key(content: &[u8]) -> Option<(KeyType, &[u8])> {
    let mut words = content
        .split(|b| matches!(b, b' ' | b'\t'))
        .filter(|word| !word.is_empty());
    Some((KeyType::of_line(words.next()?)?, words.next()?))
}
