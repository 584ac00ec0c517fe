//! Child processes with their output kept.

use std::io::{Read, Seek, SeekFrom, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::{LabError, trying};

/// The output and the exit status of a program.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    /// Exit status; 128 + n when signal n ended it.
    pub(crate) code: i32,
    /// Standard output, invalid UTF-8 replaced.
    pub(crate) stdout: String,
    /// The same for standard error.
    pub(crate) stderr: String,
    /// From start to end.
    pub(crate) took: Duration,
}

impl Output {
    /// The whole output.
    pub(crate) fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Accepts success only.
    pub(crate) fn ok(self, program: &str) -> Result<Self, LabError> {
        if self.code == 0 {
            return Ok(self);
        }
        Err(LabError::Program {
            program: program.to_owned(),
            code: self.code,
            stderr: tail(&self.said(), 12),
        })
    }
}

/// Runs a program to its end, feeding it `input`.
///
/// The output goes through files: a daemon that the program leaves behind may keep them open
/// without delaying us.
pub(crate) fn run(command: &mut Command, input: &str) -> Result<Output, LabError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let started = Instant::now();
    let files = || -> std::io::Result<_> {
        let (mut stdin, stdout, stderr) = (
            tempfile::tempfile()?,
            tempfile::tempfile()?,
            tempfile::tempfile()?,
        );
        stdin.write_all(input.as_bytes())?;
        stdin.seek(SeekFrom::Start(0))?;
        Ok((stdin, stdout, stderr))
    };
    let (stdin, mut stdout, mut stderr) = trying("a temporary file", files())?;
    let own = |file: &std::fs::File| trying("a temporary file", file.try_clone());
    command
        .stdin(Stdio::from(stdin))
        .stdout(Stdio::from(own(&stdout)?))
        .stderr(Stdio::from(own(&stderr)?));
    let status = trying(&name, command.status())?;
    let code = status.code().unwrap_or_else(|| {
        128 + std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or(0)
    });
    Ok(Output {
        code,
        stdout: text(&mut stdout)?,
        stderr: text(&mut stderr)?,
        took: started.elapsed(),
    })
}

/// Runs a shell script of the lab's own with arguments; only success will do.
pub(crate) fn script(wrapper: &[&str], source: &str, args: &[&str]) -> Result<Output, LabError> {
    let words = [wrapper, &["sh", "-s", "--"], args].concat();
    run(Command::new(words[0]).args(&words[1..]), source)?.ok(&words.join(" "))
}

/// The last lines of a text.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.trim_end().lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

fn text(file: &mut std::fs::File) -> Result<String, LabError> {
    let mut bytes = Vec::new();
    trying(
        "the output of a program",
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.read_to_end(&mut bytes)),
    )?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
