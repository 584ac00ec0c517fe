//! `sshmend.schemas/1` and `sshmend.completions/1`.

use serde::Serialize;

/// `sshmend.schemas/1`: the names of all documents.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Schemas {
    /// Always `sshmend.schemas/1`.
    pub schema: &'static str,
    /// The value of `schema` in each.
    pub names: Vec<&'static str>,
}

/// `sshmend.completions/1`: a shell's completion script.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Completions {
    /// Always `sshmend.completions/1`.
    pub schema: &'static str,
    /// The shell.
    pub shell: String,
    /// The script.
    pub script: String,
}

impl Schemas {
    /// Converts the names to JSON.
    pub(crate) fn new(names: Vec<&'static str>) -> Self {
        Self {
            schema: "sshmend.schemas/1",
            names,
        }
    }
}

impl Completions {
    /// Converts a script to JSON.
    pub(crate) fn new(shell: String, script: String) -> Self {
        Self {
            schema: "sshmend.completions/1",
            shell,
            script,
        }
    }
}
