//! Fingerprints of keys.

use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The SHA-256 fingerprint of a public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

/// A text that is not a SHA-256 fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FingerprintError {
    /// Sixteen pairs of hexadecimal digits: MD5, for which two keys with one fingerprint can be
    /// made.
    #[error("MD5 fingerprints do not identify a key: {0}")]
    Md5(String),
    /// Another digest.
    #[error("only SHA256 fingerprints can be compared: {0}")]
    OtherDigest(String),
    /// It is not the base64 text of 32 bytes.
    #[error("not a SHA256 fingerprint: {0}")]
    Malformed(String),
}

impl FingerprintError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Md5(_) | Self::OtherDigest(_) => {
                "on the server: ssh-keygen -l -E sha256 -f /etc/ssh/ssh_host_ed25519_key.pub"
            }
            Self::Malformed(_) => "it has the form SHA256: and 43 letters, digits, + and /",
        }
    }
}

impl Fingerprint {
    /// Reads `SHA256:…` as `ssh` and `ssh-keygen -l` print it; `=` at the end is tolerated.
    ///
    /// # Errors
    /// When it is another digest, or not 32 bytes in base64.
    pub fn parse(text: &str) -> Result<Self, FingerprintError> {
        let text = text.trim();
        if is_md5(text) {
            return Err(FingerprintError::Md5(text.to_owned()));
        }
        match text.split_once(':') {
            Some((name, digest)) if name.eq_ignore_ascii_case("SHA256") => {
                decode(digest).ok_or_else(|| FingerprintError::Malformed(text.to_owned()))
            }
            Some(_) => Err(FingerprintError::OtherDigest(text.to_owned())),
            None => Err(FingerprintError::Malformed(text.to_owned())),
        }
    }

    pub(crate) fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHA256:{}", lenient().encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

fn is_md5(text: &str) -> bool {
    let digits = text.strip_prefix("MD5:").unwrap_or(text);
    digits.split(':').count() == 16
        && digits
            .split(':')
            .all(|pair| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn decode(digest: &str) -> Option<Fingerprint> {
    lenient()
        .decode(digest)
        .ok()?
        .try_into()
        .ok()
        .map(Fingerprint)
}

fn lenient() -> GeneralPurpose {
    let config = GeneralPurposeConfig::new().with_encode_padding(false);
    GeneralPurpose::new(
        &STANDARD,
        config.with_decode_padding_mode(DecodePaddingMode::Indifferent),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDiENlnJkUqfTOLHQc";

    #[test]
    fn md5_and_other_digests_are_refused_with_a_hint() {
        let md5 = "16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48";
        for text in [md5.to_owned(), format!("MD5:{md5}")] {
            let error = Fingerprint::parse(&text).expect_err("not SHA-256");
            assert_eq!(error, FingerprintError::Md5(text));
            assert!(error.hint().contains("-E sha256"));
        }
        assert!(matches!(
            Fingerprint::parse("SHA1:abc"),
            Err(FingerprintError::OtherDigest(_))
        ));
    }

    #[test]
    fn malformed_fingerprints_are_refused() {
        for text in [
            "",
            "SHA256:",
            "SHA256:AAAA",
            &TEXT[7..],
            &TEXT[..TEXT.len() - 1],
            "SHA256:*",
            "SHA256:===",
        ] {
            assert!(
                matches!(
                    Fingerprint::parse(text),
                    Err(FingerprintError::Malformed(_))
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn padding_and_surrounding_blanks_are_ignored() {
        for text in [TEXT.to_owned(), format!("{TEXT}="), format!(" {TEXT}\n")] {
            assert_eq!(
                Fingerprint::parse(&text).map(|f| f.to_string()),
                Ok(TEXT.to_owned())
            );
        }
    }
}
