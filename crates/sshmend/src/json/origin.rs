//! The place of a line.

use schemars::JsonSchema;
use serde::Serialize;

/// A line of a file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Origin {
    /// The file.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
}

impl From<&sshmend_lossless::Origin> for Origin {
    fn from(origin: &sshmend_lossless::Origin) -> Self {
        Self {
            path: origin.path.display().to_string(),
            line: origin.line,
        }
    }
}
