//! Host keys and their types, as sshkey.c reads them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ssh_key::{HashAlg, PublicKey};

use crate::fingerprint::Fingerprint;

/// The smallest RSA key that OpenSSH reads, in bits.
const RSA_MINIMUM: usize = 1024;
/// The largest number that sshbuf.c reads, in bytes.
const NUMBER_LIMIT: usize = 16384 / 8;

/// The size of an Ed25519 key, in bytes.
const ED25519_SIZE: usize = 32;

/// The names of key types in a line, and for each the name of its plain key type.
const NAMES: [(&str, &str); 11] = [
    ("ssh-ed25519", "ssh-ed25519"),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"),
    ("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"),
    ("ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"),
    ("ssh-rsa", "ssh-rsa"),
    ("rsa-sha2-256", "ssh-rsa"),
    ("rsa-sha2-512", "ssh-rsa"),
    ("ssh-dss", "ssh-dss"),
    ("sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519@openssh.com"),
    (
        "sk-ecdsa-sha2-nistp256@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    ),
    (
        "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    ),
];

const CERTIFICATE_SUFFIX: &str = "-cert-v01@openssh.com";

/// The type of a key, for which the host proves possession.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyType {
    plain: &'static str,
    certificate: bool,
}

impl KeyType {
    /// Reads a key type: `ssh-ed25519`, or short `ed25519`, `rsa`, `dsa`, `ecdsa` (256 bits).
    pub fn parse(text: &str) -> Option<Self> {
        let name = match text {
            "ed25519" => "ssh-ed25519",
            "rsa" => "ssh-rsa",
            "dsa" => "ssh-dss",
            "ecdsa" => "ecdsa-sha2-nistp256",
            name => name,
        };
        Self::of_line(name.as_bytes())
    }

    /// The name of the plain key type, such as `ssh-rsa`, which also covers `rsa-sha2-512`.
    pub fn name(self) -> &'static str {
        self.plain
    }

    /// True for a certificate, which does not belong into known_hosts: `ssh` loads it and never accepts it.
    pub(crate) fn is_certificate(self) -> bool {
        self.certificate
    }

    /// Reads the key type of a line; names are case-sensitive.
    pub(crate) fn of_line(word: &[u8]) -> Option<Self> {
        let word = std::str::from_utf8(word).ok()?;
        let find = |name: &str| {
            NAMES
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, plain)| *plain)
        };
        if let Some(plain) = find(word) {
            return Some(Self {
                plain,
                certificate: false,
            });
        }
        let base = word.strip_suffix(CERTIFICATE_SUFFIX)?;
        let plain = find(base).or_else(|| find(&format!("{base}@openssh.com")))?;
        Some(Self {
            plain,
            certificate: true,
        })
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.certificate, self.plain.strip_suffix("@openssh.com")) {
            (false, _) => f.write_str(self.plain),
            (true, base) => write!(f, "{}{CERTIFICATE_SUFFIX}", base.unwrap_or(self.plain)),
        }
    }
}

/// A public key of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostKey {
    key_type: KeyType,
    blob: Vec<u8>,
    fingerprint: Fingerprint,
}

/// The reason why a key cannot be read, so that `ssh` skips its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum KeyFault {
    /// It is not base64 text.
    #[error("the key is not base64 text")]
    NotBase64,
    /// The bytes are not a key.
    #[error("the key is damaged")]
    Malformed,
    /// The key is of another type than the word before it.
    #[error("the key is of another type than the line says")]
    OtherType,
    /// An RSA key of less than 1024 bits.
    #[error("the RSA key is shorter than 1024 bits")]
    TooShort,
}

impl HostKey {
    /// The key type.
    pub fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// The SHA-256 fingerprint; for a certificate, the fingerprint of the key in it.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The base64 text, as OpenSSH writes it.
    pub(crate) fn to_base64(&self) -> String {
        STANDARD.encode(&self.blob)
    }

    /// Decodes the key of a line (`sshkey_read`).
    pub(crate) fn decode(key_type: KeyType, text: &[u8]) -> Result<Self, KeyFault> {
        let text: Vec<u8> = text
            .iter()
            .copied()
            .filter(|b| !matches!(b, b'\r' | 0x0b | 0x0c))
            .collect();
        let bytes = STANDARD.decode(text).map_err(|_| KeyFault::NotBase64)?;
        let (name, fields) = string(&bytes).ok_or(KeyFault::Malformed)?;
        let of_blob = KeyType::of_line(name).ok_or(KeyFault::Malformed)?;
        if of_blob != key_type {
            return Err(KeyFault::OtherType);
        }
        let plain = match key_type {
            KeyType {
                certificate: true,
                plain,
            } => certified(plain, fields).ok_or(KeyFault::Malformed)?,
            KeyType {
                plain: "ssh-rsa", ..
            } => rsa(fields)?,
            KeyType {
                plain: "ssh-dss", ..
            } => encode("ssh-dss", &numbers::<4>(fields).ok_or(KeyFault::Malformed)?),
            _ => bytes.clone(),
        };
        let digest = digest(key_type, &plain).ok_or(KeyFault::Malformed)?;
        let blob = if key_type.certificate { bytes } else { plain };
        Ok(Self {
            key_type,
            blob,
            fingerprint: Fingerprint::new(digest),
        })
    }
}

/// The digest of a plain key. The library reads beyond the field of an Ed25519 key when its length says more than it
/// has, so the fields are measured here first.
fn digest(key_type: KeyType, plain: &[u8]) -> Option<[u8; 32]> {
    let (_name, fields) = string(plain)?;
    let (first, _) = string(fields)?;
    let ed25519 = ["ssh-ed25519", "sk-ssh-ed25519@openssh.com"].contains(&key_type.plain);
    if !key_fields(key_type.plain, fields)?.1.is_empty() || ed25519 && first.len() != ED25519_SIZE {
        return None;
    }
    PublicKey::from_bytes(plain)
        .ok()?
        .fingerprint(HashAlg::Sha256)
        .sha256()
}

/// The plain key in a certificate, whose other fields are not checked.
fn certified(plain: &str, fields: &[u8]) -> Option<Vec<u8>> {
    let (_nonce, rest) = string(fields)?;
    let mut blob = encode(plain, &[]);
    blob.extend_from_slice(key_fields(plain, rest)?.0);
    Some(blob)
}

/// The fields of a key of this type, and what follows them.
fn key_fields<'b>(plain: &str, fields: &'b [u8]) -> Option<(&'b [u8], &'b [u8])> {
    let count = match plain {
        "ssh-ed25519" => 1,
        "ssh-dss" => 4,
        "sk-ecdsa-sha2-nistp256@openssh.com" => 3,
        _ => 2,
    };
    let rest = (0..count).try_fold(fields, |rest, _| Some(string(rest)?.1))?;
    fields.split_at_checked(fields.len() - rest.len())
}

fn rsa(fields: &[u8]) -> Result<Vec<u8>, KeyFault> {
    let numbers = numbers::<2>(fields).ok_or(KeyFault::Malformed)?;
    let modulus = numbers[1];
    let leading = modulus
        .first()
        .map_or(0, |byte| byte.leading_zeros() as usize);
    if modulus.len() * 8 - leading < RSA_MINIMUM {
        return Err(KeyFault::TooShort);
    }
    Ok(encode("ssh-rsa", &numbers))
}

/// Reads exactly `N` positive numbers, without their leading zeros (`sshbuf_get_bignum2`).
fn numbers<const N: usize>(mut bytes: &[u8]) -> Option<[&[u8]; N]> {
    let mut numbers = [&bytes[..0]; N];
    for number in &mut numbers {
        let (digits, rest) = string(bytes)?;
        let zeros = digits.iter().take_while(|&&b| b == 0).count();
        let negative = digits.first().is_some_and(|byte| byte & 0x80 != 0);
        let too_large = digits.len() > NUMBER_LIMIT + usize::from(zeros > 0);
        (*number, bytes) = (&digits[zeros..], rest);
        if negative || too_large {
            return None;
        }
    }
    bytes.is_empty().then_some(numbers)
}

/// Writes a key of numbers as OpenSSH does: a zero byte before a number whose first bit is set.
fn encode(name: &str, numbers: &[&[u8]]) -> Vec<u8> {
    let mut blob = Vec::new();
    put(&mut blob, &[], name.as_bytes());
    for number in numbers {
        let sign: &[u8] = if number.first().is_some_and(|byte| byte & 0x80 != 0) {
            &[0]
        } else {
            &[]
        };
        put(&mut blob, sign, number);
    }
    blob
}

fn put(blob: &mut Vec<u8>, sign: &[u8], bytes: &[u8]) {
    let length = u32::try_from(sign.len() + bytes.len()).expect("numbers and names are short");
    blob.extend_from_slice(&length.to_be_bytes());
    blob.extend_from_slice(sign);
    blob.extend_from_slice(bytes);
}

/// The first length-prefixed string, and what follows it.
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519: &str = "AAAAC3NzaC1lZDI1NTE5AAAAINsjdeTeX5cztgr5BEXX/rb+4mwNcqB4r5UOtQn8W3RF";

    fn decode(name: &str, text: &str) -> Result<HostKey, KeyFault> {
        HostKey::decode(
            KeyType::of_line(name.as_bytes()).expect("a key type"),
            text.as_bytes(),
        )
    }

    fn encoded(parts: &[&[u8]]) -> String {
        let mut blob = Vec::new();
        for part in parts {
            put(&mut blob, &[], part);
        }
        STANDARD.encode(blob)
    }

    #[test]
    fn a_key_of_the_wrong_length_is_damaged() {
        let wrong_length = ED25519.replace("AAAAIN", "AAAAxN");
        for text in [
            &*wrong_length,
            &ED25519[..64],
            "",
            "AAAA",
            "AAAAC3NzaC1lZDI1NTE5",
        ] {
            assert_eq!(
                decode("ssh-ed25519", text),
                Err(KeyFault::Malformed),
                "{text}"
            );
        }
        for size in [31, 33] {
            let text = encoded(&[b"ssh-ed25519", &vec![7; size]]);
            assert_eq!(
                decode("ssh-ed25519", &text),
                Err(KeyFault::Malformed),
                "{size}"
            );
        }
        let text = encoded(&[b"ssh-ed25519", &[7; 32], b""]);
        assert_eq!(decode("ssh-ed25519", &text), Err(KeyFault::Malformed));
    }

    #[test]
    fn incomplete_base64_is_refused() {
        for text in [&ED25519[..67], "A===", "AAAA=AAA", "!!!!", "AAAAB"] {
            assert_eq!(
                decode("ssh-ed25519", text),
                Err(KeyFault::NotBase64),
                "{text}"
            );
        }
        assert!(decode("ssh-ed25519", &format!("{ED25519}\r")).is_ok());
    }

    #[test]
    fn an_rsa_key_of_less_than_1024_bits_is_too_short() {
        let rsa = |modulus: &[u8]| {
            decode("ssh-rsa", &encoded(&[b"ssh-rsa", &[1, 0, 1], modulus])).map(|_| ())
        };
        assert_eq!(rsa(&[0x7f; 128]), Err(KeyFault::TooShort));
        assert_eq!(rsa(&[]), Err(KeyFault::TooShort));
        assert_eq!(rsa(&[0x80; 128]), Err(KeyFault::Malformed));
        assert_eq!(rsa(&[[0].as_slice(), &[0x80; 128]].concat()), Ok(()));
        assert_eq!(rsa(&[0x7f; 2049]), Err(KeyFault::Malformed));
    }

    #[test]
    fn leading_zeros_of_a_number_do_not_make_another_key() {
        let modulus = [[0].as_slice(), &[0x80; 128]].concat();
        let key = |exponent: &[u8]| {
            decode("ssh-rsa", &encoded(&[b"ssh-rsa", exponent, &modulus])).expect("a key")
        };
        assert_eq!(key(&[0, 0, 1, 0, 1]), key(&[1, 0, 1]));
    }

    #[test]
    fn key_types_are_known_by_their_names() {
        assert_eq!(KeyType::parse("rsa").map(KeyType::name), Some("ssh-rsa"));
        assert_eq!(KeyType::parse("rsa-sha2-512"), KeyType::parse("ssh-rsa"));
        assert_eq!(KeyType::parse("SSH-RSA"), None);
        let certificate =
            KeyType::parse("sk-ssh-ed25519-cert-v01@openssh.com").expect("a certificate");
        assert_eq!(
            (certificate.name(), certificate.is_certificate()),
            ("sk-ssh-ed25519@openssh.com", true)
        );
        assert_eq!(
            certificate.to_string(),
            "sk-ssh-ed25519-cert-v01@openssh.com"
        );
    }
}
