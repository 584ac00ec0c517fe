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

/// Key types by their name in a line, and the name of the plain key type that they stand for.
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
    ("sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"),
    ("webauthn-sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"),
];

const CERTIFICATE_SUFFIX: &str = "-cert-v01@openssh.com";

/// The type of a key: what the host proves that it has.
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

    /// The name of the plain key type, such as `ssh-rsa`, which also stands for `rsa-sha2-512`.
    pub fn name(self) -> &'static str {
        self.plain
    }

    /// True for a certificate, which does not belong into known_hosts: `ssh` loads it and never accepts it.
    pub fn is_certificate(self) -> bool {
        self.certificate
    }

    /// Reads the key type of a line; names are case-sensitive.
    pub(crate) fn of_line(word: &[u8]) -> Option<Self> {
        let word = std::str::from_utf8(word).ok()?;
        let find = |name: &str| NAMES.iter().find(|(known, _)| *known == name).map(|(_, plain)| *plain);
        if let Some(plain) = find(word) {
            return Some(Self { plain, certificate: false });
        }
        let base = word.strip_suffix(CERTIFICATE_SUFFIX)?;
        let plain = find(base).or_else(|| find(&format!("{base}@openssh.com")))?;
        Some(Self { plain, certificate: true })
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

/// Why a key cannot be read, so that `ssh` skips its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum KeyFault {
    /// It is no base64 text.
    #[error("the key is not base64 text")]
    NotBase64,
    /// The bytes are no key.
    #[error("the key is damaged")]
    Malformed,
    /// The key is of another type than the word before it says.
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

    /// The SHA-256 fingerprint; that of a certificate is that of the key in it.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The base64 text, as OpenSSH writes it.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.blob)
    }

    /// Decodes the key of a line (`sshkey_read`).
    pub(crate) fn decode(key_type: KeyType, text: &[u8]) -> Result<Self, KeyFault> {
        let text: Vec<u8> = text.iter().copied().filter(|b| !matches!(b, b'\r' | 0x0b | 0x0c)).collect();
        let bytes = STANDARD.decode(text).map_err(|_| KeyFault::NotBase64)?;
        let (name, fields) = string(&bytes).ok_or(KeyFault::Malformed)?;
        let of_blob = KeyType::of_line(name).ok_or(KeyFault::Malformed)?;
        if of_blob != key_type {
            return Err(KeyFault::OtherType);
        }
        let plain = match key_type {
            KeyType { certificate: true, plain } => certified(plain, fields)?,
            KeyType { plain: "ssh-rsa", .. } => rsa(fields)?,
            KeyType { plain: "ssh-dss", .. } => encode("ssh-dss", &numbers::<4>(fields).ok_or(KeyFault::Malformed)?),
            _ => bytes.clone(),
        };
        let public = PublicKey::from_bytes(&plain).map_err(|_| KeyFault::Malformed)?;
        let digest = public.fingerprint(HashAlg::Sha256).sha256().ok_or(KeyFault::Malformed)?;
        let blob = if key_type.certificate { bytes } else { plain };
        Ok(Self { key_type, blob, fingerprint: Fingerprint::new(digest) })
    }
}

/// The plain key in a certificate, whose other fields are not checked.
fn certified(plain: &str, fields: &[u8]) -> Result<Vec<u8>, KeyFault> {
    let count = match plain {
        "ssh-ed25519" => 1,
        "ssh-dss" => 4,
        "sk-ecdsa-sha2-nistp256@openssh.com" => 3,
        _ => 2,
    };
    let (_nonce, key) = string(fields).ok_or(KeyFault::Malformed)?;
    let mut rest = key;
    for _ in 0..count {
        rest = string(rest).ok_or(KeyFault::Malformed)?.1;
    }
    let mut blob = encode(plain, &[]);
    blob.extend_from_slice(&key[..key.len() - rest.len()]);
    Ok(blob)
}

fn rsa(fields: &[u8]) -> Result<Vec<u8>, KeyFault> {
    let numbers = numbers::<2>(fields).ok_or(KeyFault::Malformed)?;
    let modulus = numbers[1];
    let leading = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
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
        let sign: &[u8] = if number.first().is_some_and(|byte| byte & 0x80 != 0) { &[0] } else { &[] };
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
