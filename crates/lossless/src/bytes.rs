//! The content of a file, which may be long and is wanted in several places.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The content of a file: shared, never copied.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Bytes(Arc<Vec<u8>>);

impl Bytes {
    /// All of it.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::new(bytes))
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Self {
        text.as_bytes().to_vec().into()
    }
}

impl From<Bytes> for Vec<u8> {
    /// Copies no more than what somebody else holds as well.
    fn from(bytes: Bytes) -> Self {
        Arc::unwrap_or_clone(bytes.0)
    }
}
