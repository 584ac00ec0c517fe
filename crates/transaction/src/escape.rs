//! Bytes as readable text that can be converted back: bytes other than plain text become `\xNN`.

use std::fmt::Write;

/// The text for these bytes.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            escape_char(char, &mut text);
        }
        for &byte in chunk.invalid() {
            escape_byte(byte, &mut text);
        }
    }
    text
}

fn escape_char(char: char, text: &mut String) {
    match char {
        '\\' => text.push_str("\\\\"),
        char if char.is_control() => char
            .encode_utf8(&mut [0; 4])
            .bytes()
            .for_each(|byte| escape_byte(byte, text)),
        char => text.push(char),
    }
}

fn escape_byte(byte: u8, text: &mut String) {
    let _ = write!(text, "\\x{byte:02x}");
}

/// The bytes for this text; `None` if it was not made by [`escape`].
pub(crate) fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        bytes.extend(plain.bytes());
        if let Some(after) = escaped.strip_prefix('\\') {
            bytes.push(b'\\');
            rest = after;
        } else {
            let hex = escaped.strip_prefix('x')?;
            bytes.push(u8::from_str_radix(hex.get(..2)?, 16).ok()?);
            rest = hex.get(2..)?;
        }
    }
    bytes.extend(rest.bytes());
    Some(bytes)
}

/// For `#[serde(with)]`: a path with arbitrary bytes.
pub(crate) mod path {
    use std::ffi::OsString;
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    use std::path::{Path, PathBuf};

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::escape(path.as_os_str().as_bytes()))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<PathBuf, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = super::unescape(&text)
            .ok_or_else(|| de::Error::custom("a backslash without its two digits"))?;
        Ok(PathBuf::from(OsString::from_vec(bytes)))
    }
}

/// For `#[serde(with)]`: extended attributes, whose values are any bytes.
pub(crate) mod xattrs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(
        xattrs: &BTreeMap<String, Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            xattrs
                .iter()
                .map(|(name, value)| (name, super::escape(value))),
        )
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<String, Vec<u8>>, D::Error> {
        let texts = BTreeMap::<String, String>::deserialize(deserializer)?;
        let value = |text: &str| {
            super::unescape(text)
                .ok_or_else(|| de::Error::custom("a backslash without its two digits"))
        };
        texts
            .into_iter()
            .map(|(name, text)| Ok((name, value(&text)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_text_stays_readable() {
        assert_eq!(
            escape("/etc/ssh/sshd_config.d/ü 1".as_bytes()),
            "/etc/ssh/sshd_config.d/ü 1"
        );
        assert_eq!(escape(b"a\\b\nc\xff\0"), "a\\\\b\\x0ac\\xff\\x00");
    }

    #[test]
    fn invalid_escapes_are_refused() {
        for text in ["\\", "\\x", "\\x1", "\\xzz", "\\n", "\\xé1"] {
            assert_eq!(unescape(text), None, "{text}");
        }
    }

    #[test]
    fn escaped_bytes_are_read_back() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..5_000 {
            let bytes: Vec<u8> = (0..random.usize(0..12))
                .map(|_| *random.choice(b"\\x0f\n\xc3\xa9\xff\0a").expect("one"))
                .collect();
            assert_eq!(unescape(&escape(&bytes)), Some(bytes));
        }
    }
}
