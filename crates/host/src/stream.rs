//! A program whose output is read as a stream, for logs too long to keep.

use std::fs::File;
use std::io::{self, Read};
use std::process::{Child, ChildStdout, Stdio};

use crate::run::{RunError, spawn};

/// The standard output of a running program, which is ended on drop.
#[derive(Debug)]
pub struct ProgramOutput {
    child: Child,
    stdout: ChildStdout,
    /// Kept open for the program, which accesses it through our process and its number.
    _held: Option<File>,
}

impl ProgramOutput {
    /// Starts `argv` with a clean environment, empty standard input and no standard error.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(argv: &[String]) -> Result<Self, RunError> {
        let mut child = spawn(argv, |command| {
            command.stdin(Stdio::null()).stderr(Stdio::null());
            Ok(())
        })?;
        let stdout = child
            .stdout
            .take()
            .ok_or_else(|| RunError::NotStarted("no standard output".to_owned()))?;
        Ok(Self {
            child,
            stdout,
            _held: None,
        })
    }

    /// Keeps a file open as long as the program runs.
    pub(crate) fn holding(mut self, file: Option<File>) -> Self {
        self._held = file;
        self
    }
}

impl Read for ProgramOutput {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        self.stdout.read(piece)
    }
}

impl Drop for ProgramOutput {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn output_is_read_to_its_end() {
        let mut text = String::new();
        let mut output =
            ProgramOutput::start(&argv(&["printf", "a\\nb\\n"])).expect("printf exists");
        output.read_to_string(&mut text).expect("readable");
        assert_eq!(text, "a\nb\n");
    }

    #[test]
    fn a_program_that_does_not_exist_is_an_error() {
        assert!(matches!(
            ProgramOutput::start(&argv(&["/nonexistent"])),
            Err(RunError::Missing)
        ));
        assert!(ProgramOutput::start(&[]).is_err());
    }
}
