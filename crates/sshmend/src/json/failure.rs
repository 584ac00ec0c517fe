//! `sshmend.error/1`.

use serde::Serialize;

/// `sshmend.error/1`: the reason why there is no other document. A document of another schema has
/// the same `error`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Error {
    /// Always `sshmend.error/1`.
    pub schema: &'static str,
    /// The error.
    pub error: Trouble,
}

/// An error, for programs.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Trouble {
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The exit code of this failure.
    pub exit_code: u8,
}

impl Error {
    /// The document for an error.
    pub(crate) fn new(error: Trouble) -> Self {
        Self {
            schema: "sshmend.error/1",
            error,
        }
    }
}
