//! The keys of the tests, and files written in shorthand with them.

use crate::hashed::HashedName;
use crate::{HostKey, KeyType, OfferedKeys};

/// Keys by their shorthand.
const KEYS: [(&str, &str); 8] = [
    (
        "ED1",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINsjdeTeX5cztgr5BEXX/rb+4mwNcqB4r5UOtQn8W3RF",
    ),
    (
        "ED2",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAhW60hG/kZXI0G1ca3AiHeCIc1AiwVgNue0w2wn7Rx6",
    ),
    (
        "RSA1",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC5jVlja938811ccz03FVwLvUREh8pNSlo+LLeVW4HZ9SgCZwNEPl4+F/tC/9cveK2UQ8S3AjNe7XtjowZYpJK4lCblLcwnM+G4rBImjVsLnJp9z5m6U5GPasE/cZTAlBVWuGBtxmjzyrkVYakDaGEhOfuAfStJO+r3Q08zICJUJw==",
    ),
    (
        "RSA2",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC3Wcc1Ned6lNPejsmwCn+jmbCNVQeUkDldFbk8X4VUVxrzi28M7iAH8NwNZc5HWnDmGlM0YysLX2NB3lKA6oKV7HASTIQA8A10ejVV8cBBULJztL3F3bL/l7+4CrlGI8x/wFzLgLCEJ+DZUHOps+w0DsJVBeYPDuS9o6Boqi0NkQ==",
    ),
    (
        "ECDSA1",
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBC7zDChFfhbLOwER+f3tFnDyzf+S63yivS6IFvyIkPXktswShLrmUB/PFU5QJphkWSswT6SBvnMjy3tlWrY2L7s=",
    ),
    (
        "ECDSA2",
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGHSL9yFBb9rraTKuylaupN5iaqlBKg8+SknO1K6iYJmKm8CHoeB0Nws37Qz66FxXvw4Cg1iaEQhRvNveZjtF8s=",
    ),
    (
        "DSA1",
        "ssh-dss AAAAB3NzaC1kc3MAAACBANF3wytduF1Yxae+ettduIOzy1hmomqt2xOH1O9+Yb1jEwIBx+FzFs6d7gkAVs1oaaABtRcHofx6na+le7zb8O1CsOx8ckyd5u6HXavwEJLqOK06edxG+dWa6rUkEJTuLIiakYWTzRCW/0S33iUpnMswS8CEFUCitDWJgAlopw2jAAAAFQCPPq5mNdpHLzi5pj/njKgOXt588wAAAIAWU5dYw61BjSsM2yWnK4vBp17J7/OXMVUrUdabtFctpCVLleBWsmdeW+dOkolMjXNOtSDO0oviZyFiITr3KnOWDN1z1q5TU5O45tcLxyZ9SxPZjfwDbM41xkoVr9T5uuCJ6HtGcIZT81ak0nkqOsdULarDM2DToE7cvSSbOQsitQAAAIA1lLOwAUaylz/aj049X6knggog90Vw3r9+eZE6hakSQwjD5WqCg7YWUY7eNULt+tepFK4BFqnjtrGt6xcouA0vrIusXOYkPxWjS9ti2DH2cOFBSOdI1aUXAyo27EgUqsyKfutoOdeR2e2SG9YMCJ4vkXUFzUniRTdgTQZC5NXaHA==",
    ),
    (
        "CERT1",
        "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAIColIbMXm4GIshTikO6JHFway9Zr7IUxpmocskBpjMrPAAAAINsjdeTeX5cztgr5BEXX/rb+4mwNcqB4r5UOtQn8W3RFAAAAAAAAAAAAAAACAAAAAmlkAAAABQAAAAFoAAAAAAAAAAD//////////wAAAAAAAAAAAAAAAAAAADMAAAALc3NoLWVkMjU1MTkAAAAgjN3CTvfdlazcOm/ZIFwFe22abaZBb7AA1ovLe/3eGvEAAABTAAAAC3NzaC1lZDI1NTE5AAAAQH2f5R0UxOeykc4HLogLgFUCNcnqxkXGm+r8YVs1b9mLvpXSdK/vhJSUtKBYsWIYsTevN34h2BGN3lSNxBxVggU=",
    ),
];

/// The salt of `H(name)`.
const SALT: [u8; 20] = [7; 20];

/// Replaces `ED1` by its key with the type before it, and `H(name)` by the hashed name.
pub(super) fn expand(text: &str) -> String {
    let mut text = KEYS
        .iter()
        .fold(text.to_owned(), |text, (word, key)| text.replace(word, key));
    while let Some((before, rest)) = text.split_once("H(") {
        let (name, after) = rest.split_once(')').expect("H(name)");
        text = format!("{before}{}{after}", hashed(name));
    }
    text
}

/// The reverse of [`expand`] for keys, and for the hashes of the names that are given.
pub(super) fn shorten(bytes: &[u8], names: &[&str]) -> String {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let text = KEYS
        .iter()
        .fold(text, |text, (word, key)| text.replace(key, word));
    names.iter().fold(text, |text, name| {
        text.replace(&hashed(name), &format!("H({name})"))
    })
}

/// The key with this shorthand.
pub(super) fn key(word: &str) -> HostKey {
    OfferedKeys::parse(expand(word).as_bytes())
        .keys
        .first()
        .expect("a key")
        .key
        .clone()
}

pub(super) fn key_type(name: &str) -> KeyType {
    KeyType::parse(name).expect("a key type")
}

/// Salts that are all the same, for tests that compare hashed names.
pub(super) fn salt() -> [u8; 20] {
    SALT
}

fn hashed(name: &str) -> String {
    HashedName::new(SALT, name.as_bytes()).to_field()
}
