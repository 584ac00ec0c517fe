//! The journal of systemd, of the running machine or of a mounted disk.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process;

use sshmend_lossless::{CommandOutput, journalctl};

use crate::machine::Machine;
use crate::run::RunError;
use crate::stream::ProgramOutput;
use crate::trust::Purpose;

const FOLDER: &str = "/var/log/journal";

/// The command line that reads a journal, and its folder while that runs.
struct Reading {
    argv: Vec<String>,
    folder: Option<File>,
}

impl Machine {
    /// Runs journalctl(1) with the arguments `words` and returns its output; calls `waiting` if a person is to be told of it.
    /// The journal of a mounted disk is read by the running machine's journalctl.
    ///
    /// # Errors
    /// If journalctl or the journal is missing, or reading takes too long or returns too much.
    pub(crate) fn journal(
        &self,
        words: &[String],
        waiting: &dyn Fn(),
    ) -> Result<CommandOutput, RunError> {
        let reading = self.reading(words)?;
        self.programs.run(&reading.argv, None, waiting)
    }

    /// The same, as a stream.
    ///
    /// # Errors
    /// If journalctl or the journal is missing.
    pub fn stream_journal(&self, words: &[String]) -> Result<ProgramOutput, RunError> {
        let reading = self.reading(words)?;
        Ok(ProgramOutput::start(&reading.argv)?.holding(reading.folder))
    }

    fn reading(&self, words: &[String]) -> Result<Reading, RunError> {
        let mut argv = journalctl(words);
        if self.root.is_live() {
            return Ok(Reading { argv, folder: None });
        }
        let located = self.root.locate(Path::new(FOLDER), Purpose::Read);
        let folder = located
            .map_err(|error| RunError::NotStarted(format!("{FOLDER}: {error}")))?
            .node;
        argv.push(format!(
            "--directory=/proc/{}/fd/{}",
            process::id(),
            folder.as_raw_fd()
        ));
        Ok(Reading {
            argv,
            folder: Some(folder),
        })
    }
}
