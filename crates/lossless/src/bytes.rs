//! The content of a file, which may be long and is needed in several places.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use memchr::{memchr, memmem};

use crate::edit::EditSet;

/// The content of a file: shared, never copied. An edited one is assembled when it is needed in one
/// piece.
#[derive(Clone, Default)]
pub struct Bytes(Arc<Shared>);

#[derive(Default)]
struct Shared {
    content: Content,
    /// Searched for once, because it is needed repeatedly and the file may be long.
    holds_private_key: OnceLock<bool>,
}

enum Content {
    Whole(Vec<u8>),
    Edited {
        before: Bytes,
        edits: EditSet,
        whole: OnceLock<Vec<u8>>,
    },
}

impl Default for Content {
    fn default() -> Self {
        Self::Whole(Vec::new())
    }
}

impl From<Content> for Bytes {
    fn from(content: Content) -> Self {
        Self(Arc::new(Shared {
            content,
            holds_private_key: OnceLock::new(),
        }))
    }
}

impl Bytes {
    /// Applies edits to a content without copying it.
    pub fn edited(before: &Self, edits: EditSet) -> Self {
        Self::from(Content::Edited {
            before: before.clone(),
            edits,
            whole: OnceLock::new(),
        })
    }

    /// The original content and the edits, if this is an edited content.
    pub fn edits(&self) -> Option<(&Self, &EditSet)> {
        match &self.0.content {
            Content::Whole(_) => None,
            Content::Edited { before, edits, .. } => Some((before, edits)),
        }
    }

    /// The whole content, in one piece.
    pub fn as_slice(&self) -> &[u8] {
        match &self.0.content {
            Content::Whole(bytes) => bytes,
            Content::Edited {
                before,
                edits,
                whole,
            } => whole.get_or_init(|| edits.apply(before)),
        }
    }

    /// The whole content, piece by piece, without copying an edited content.
    pub fn pieces(&self) -> Vec<&[u8]> {
        match &self.0.content {
            Content::Whole(bytes) => vec![bytes],
            Content::Edited { before, edits, .. } => edits.pieces(before),
        }
    }

    /// The number of bytes.
    pub fn len(&self) -> usize {
        match &self.0.content {
            Content::Whole(bytes) => bytes.len(),
            Content::Edited { .. } => self.pieces().into_iter().map(<[u8]>::len).sum(),
        }
    }

    /// Whether the content is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it contains a private key, or did before it was edited.
    pub fn holds_private_key(&self) -> bool {
        let shared = &self.0;
        *shared
            .holds_private_key
            .get_or_init(|| match &shared.content {
                Content::Whole(bytes) => is_private_key(bytes),
                Content::Edited { before, edits, .. } => {
                    // A line that no edit touches is unchanged.
                    let lines = edits.surroundings(before, 0, None);
                    before.holds_private_key()
                        || is_private_key(&edits.apply_within(before, &lines))
                }
            })
    }
}

/// Whether bytes are a private key in PEM, the format of OpenSSH and OpenSSL (RFC 7468).
pub fn is_private_key(bytes: &[u8]) -> bool {
    // Examine only lines that could be one.
    memmem::find_iter(bytes, b"-----BEGIN ").any(|at| {
        if at > 0 && bytes[at - 1] != b'\n' {
            return false;
        }
        let end = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |feed| at + feed);
        bytes[at..end]
            .trim_ascii_end()
            .ends_with(b"PRIVATE KEY-----")
    })
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || self.len() == other.len() && same(self.pieces(), other.pieces())
    }
}

impl Eq for Bytes {}

/// Whether two lists of pieces with the same total length have the same bytes.
fn same(mut ours: Vec<&[u8]>, mut theirs: Vec<&[u8]>) -> bool {
    ours.reverse();
    theirs.reverse();
    while let (Some(one), Some(other)) = (ours.pop(), theirs.pop()) {
        let length = one.len().min(other.len());
        let ((one, one_left), (other, other_left)) = (one.split_at(length), other.split_at(length));
        // Nearly all of an edited file shares the same memory.
        if !std::ptr::eq(one, other) && one != other {
            return false;
        }
        ours.extend((!one_left.is_empty()).then_some(one_left));
        theirs.extend((!other_left.is_empty()).then_some(other_left));
    }
    true
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from(Content::Whole(bytes))
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Self {
        text.as_bytes().to_vec().into()
    }
}

impl From<Bytes> for Vec<u8> {
    /// Copies only if another owner holds the bytes as well.
    fn from(bytes: Bytes) -> Self {
        match Arc::try_unwrap(bytes.0) {
            Ok(Shared {
                content: Content::Whole(bytes),
                ..
            }) => bytes,
            Ok(shared) => Bytes(Arc::new(shared)).as_slice().to_vec(),
            Err(shared) => Bytes(shared).as_slice().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::Edit;

    #[test]
    fn edited_content_equals_the_old_content_with_its_edits() {
        let mut random = fastrand::Rng::with_seed(17);
        let (mut equal, mut different) = (0, 0);
        for _ in 0..3_000 {
            let mut text = |length| -> Vec<u8> {
                let letter = || *random.choice(b"ab\n").expect("some");
                std::iter::repeat_with(letter).take(length).collect()
            };
            let (before, new) = (Bytes::from(text(8)), text(2));
            let at = random.usize(..6);
            let edits = EditSet::one(Edit::replace(at..at + random.usize(1..3), new));
            let whole = Bytes::from(edits.apply(&before));
            let edited = Bytes::edited(&before, edits.clone());
            assert_eq!(edited.pieces().concat(), whole.as_slice());
            assert_eq!(
                (edited.len(), edited.is_empty()),
                (whole.as_slice().len(), false)
            );
            assert_eq!(edited, whole);
            let is_as_before = whole.as_slice() == before.as_slice();
            assert_eq!(edited == before, is_as_before, "{before:?} {edits:?}");
            if is_as_before {
                equal += 1;
            } else {
                different += 1;
            }
            assert_eq!(edited.as_slice(), whole.as_slice());
            assert_eq!(Vec::from(edited), Vec::from(whole));
        }
        assert!(equal > 100 && different > 100, "{equal} {different}");
    }

    #[test]
    fn edits_of_edited_content_apply_in_sequence() {
        let first = Bytes::edited(&"one two".into(), EditSet::one(Edit::replace(0..3, "1")));
        let second = Bytes::edited(&first, EditSet::one(Edit::insert(1, "st")));
        assert_eq!(second.pieces().concat(), b"1st two");
        assert_eq!(second, Bytes::from("1st two"));
        let of = second.edits().map(|(before, _)| before.as_slice());
        assert_eq!(of, Some(&b"1 two"[..]));
    }

    #[test]
    fn a_private_key_is_detected_in_every_edit() {
        const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
        let begins = |text: &str, edit: Edit| {
            Bytes::edited(&text.into(), EditSet::one(edit)).holds_private_key()
        };
        let halves = KEY.split_at(20);
        assert!(begins("a\nb\n", Edit::insert(2, format!("{KEY}\n"))));
        assert!(!begins("a\nb\n", Edit::insert(1, KEY)));
        assert!(begins(
            &format!("a\n{}", halves.0),
            Edit::insert(22, halves.1)
        ));
        assert!(begins(&format!("a\nx{KEY}"), Edit::delete(2..3)));
        assert!(begins(&format!("a{KEY}"), Edit::insert(1, "\n")));
        assert!(
            begins(&format!("{KEY}\nb"), Edit::delete(0..36)),
            "it stood there"
        );
        assert!(!begins("a\nb\n", Edit::delete(0..2)));
    }

    #[test]
    fn a_private_key_is_detected_by_its_first_line() {
        let cases = [
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n", true),
            ("# mine\n-----BEGIN RSA PRIVATE KEY----- \r\nMIIE", true),
            (
                "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----",
                true,
            ),
            ("-----BEGIN CERTIFICATE-----\nPRIVATE KEY-----\n", false),
            ("see -----BEGIN PRIVATE KEY-----\n", false),
            ("-----BEGIN PRIVATE KEY----- of host a\n", false),
            ("", false),
        ];
        for (text, expected) in cases {
            assert_eq!(is_private_key(text.as_bytes()), expected, "{text:?}");
        }
    }
}
