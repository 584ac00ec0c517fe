//! A row of the benchmark, and what all rows share.

use std::path::{Path, PathBuf};

use super::super::input::Input;
use super::super::outcome::Aim;

/// One question, measured with inputs of several sizes.
pub(in super::super) struct Row {
    pub(in super::super) question: String,
    /// Empty if no other program does the same.
    pub(in super::super) theirs_name: String,
    /// The time that no program can avoid.
    pub(in super::super) limit: &'static str,
    pub(in super::super) aim: Aim,
    /// The programs that it needs.
    pub(super) needs: &'static [&'static str],
    /// The unit in which inputs are counted.
    pub(in super::super) unit: &'static str,
    /// The sizes of the inputs, in that unit.
    pub(in super::super) sizes: Vec<usize>,
    pub(in super::super) prepare: Box<dyn Fn(usize) -> Result<Input, String>>,
}

impl Row {
    /// The first missing program that it needs.
    pub(in super::super) fn missing(&self) -> Option<&'static str> {
        let folders = [
            "/usr/local/bin",
            "/usr/local/sbin",
            "/usr/bin",
            "/usr/sbin",
            "/bin",
            "/sbin",
        ];
        let there = |name: &&&str| {
            !folders
                .iter()
                .any(|folder| Path::new(folder).join(name).exists())
        };
        self.needs.iter().find(there).copied()
    }
}

pub(super) const READING: &str = "reading the file alone";

pub(super) const STARTING: &str = "starting a program alone";

/// The place of the program that is measured, and a folder for the inputs.
pub(super) struct Bench {
    pub(super) program: String,
    pub(super) folder: PathBuf,
}

pub(super) fn nothing() -> Box<dyn Fn() -> Result<(), String>> {
    Box::new(|| Ok(()))
}
