//! Hashed names: `|1|base64(salt)|base64(HMAC-SHA1(salt, name))` (`host_hash` in hostfile.c).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;

/// The size of a salt and of a hash, in bytes.
pub(crate) const SIZE: usize = 20;

/// A hashed name. It is alone in its field and has no wildcards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HashedName {
    salt: [u8; SIZE],
    hash: [u8; SIZE],
}

impl HashedName {
    /// Hashes a name in lower case.
    pub(crate) fn new(salt: [u8; SIZE], name: &[u8]) -> Self {
        Self {
            salt,
            hash: digest(&salt, name),
        }
    }

    /// Parses the field; `None` unless it is exactly the text that OpenSSH writes for this salt and
    /// hash, because any other never matches.
    pub(crate) fn parse(field: &[u8]) -> Option<Self> {
        let mut parts = field.strip_prefix(b"|1|")?.split(|&b| b == b'|');
        let (salt, hash) = (decode(parts.next()?)?, decode(parts.next()?)?);
        parts.next().is_none().then_some(Self { salt, hash })
    }

    /// Whether it is the hash of this name, which must be in lower case.
    pub(crate) fn is(&self, name: &[u8]) -> bool {
        digest(&self.salt, name) == self.hash
    }

    /// The first bytes of the hash.
    pub(crate) fn begins(&self) -> [u8; 3] {
        let [a, b, c, ..] = self.hash;
        [a, b, c]
    }

    /// The field as OpenSSH writes it.
    pub(crate) fn to_field(self) -> String {
        format!(
            "|1|{}|{}",
            STANDARD.encode(self.salt),
            STANDARD.encode(self.hash)
        )
    }
}

fn digest(salt: &[u8; SIZE], name: &[u8]) -> [u8; SIZE] {
    let mut mac = Hmac::<Sha1>::new_from_slice(salt).expect("HMAC takes keys of any length");
    mac.update(name);
    mac.finalize().into_bytes().into()
}

fn decode(text: &[u8]) -> Option<[u8; SIZE]> {
    // The decoder requires space for the length of the text before it examines the padding.
    let mut bytes = [0; SIZE + 1];
    let length = STANDARD.decode_slice(text, &mut bytes).ok()?;
    bytes[..length].try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_hashed_by_ssh_keygen_is_recognised() {
        let field = "|1|BMY/Gko8lHO4zYuz4OO/pwlFIj4=|wtRbDfM0gdAUyhSPoPHGs4aFa7k=";
        let hashed = HashedName::parse(field.as_bytes()).expect("well formed");
        assert_eq!(hashed.to_field(), field);
        assert!(!hashed.is(b"other.example"));
    }

    #[test]
    fn fields_not_written_by_openssh_never_match() {
        let salt = STANDARD.encode([7; SIZE]);
        let fields = [
            "|1|".to_owned(),
            format!("|1|{salt}"),
            format!("|1|{salt}|"),
            format!("|2|{salt}|{salt}"),
            format!("|1|{salt}|{salt}|"),
            format!("|1|{salt}|{salt},other"),
            format!("|1|{}|{salt}", STANDARD.encode([7; SIZE - 1])),
            format!("|1|{}|{salt}", salt.trim_end_matches('=')),
        ];
        for field in fields {
            assert_eq!(HashedName::parse(field.as_bytes()), None, "{field}");
        }
    }
}
