//! The JSON documents, by their schema names; compatible within a version.

pub mod census;
pub mod change;
pub mod diagnosis;
pub mod effective;
pub mod history;
pub mod logs;

use serde::Serialize;

/// A line of a file.
#[derive(Debug, Serialize, schemars::JsonSchema)]
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
