//! Inputs, the same in every run: names and keys are counted, not drawn.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use sshmend_lossless::PageBuffer;

use super::cost::Line;
use crate::run;

/// One step of a row; fails with the reason.
pub(super) type Step<T> = Box<dyn Fn() -> Result<T, String>>;

/// One input with the commands that answer for it.
pub(super) struct Input {
    pub(super) ours: Line,
    /// `None` if no other program does the same.
    pub(super) theirs: Option<Line>,
    /// Compares the two answers.
    pub(super) check: Step<()>,
    /// Restores the input before a run.
    pub(super) renew: Step<()>,
    /// Measures the time that no program can avoid, in seconds.
    pub(super) floor: Step<f64>,
}

pub(super) fn text<E: std::fmt::Display>(error: E) -> String {
    error.to_string()
}

/// Writes a file line by line.
pub(super) fn write(
    path: &Path,
    lines: usize,
    line: impl Fn(usize) -> String,
) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(text)?;
    }
    let mut file = BufWriter::new(File::create(path).map_err(text)?);
    for number in 0..lines {
        file.write_all(line(number).as_bytes()).map_err(text)?;
    }
    file.flush().map_err(text)
}

/// The letters of base64.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A line of known_hosts: the key differs from line to line.
pub(super) fn known_host(number: usize) -> String {
    // 43 letters encode the 32 bytes of an Ed25519 key and the last 2 bits before it.
    let mut state = number as u64;
    let mut letters = String::from("I");
    for _ in 0..42 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        letters.push(char::from(LETTERS[(state >> 58) as usize]));
    }
    format!(
        "{} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{letters}A\n",
        host(number)
    )
}

/// The name in that line.
pub(super) fn host(number: usize) -> String {
    format!("host{number}.example.net")
}

/// A known_hosts file with this number of lines.
pub(super) fn known_hosts(path: &Path, lines: usize, hashed: bool) -> Result<(), String> {
    write(path, lines, known_host)?;
    if !hashed {
        return Ok(());
    }
    let mut hash = Command::new("ssh-keygen");
    hash.arg("-H").arg("-f").arg(path);
    run::run(hash.stdout(Stdio::null()).stderr(Stdio::null()))?;
    fs::remove_file(path.with_extension("old")).map_err(text)
}

/// The time to read a file, in seconds.
pub(super) fn reading(path: &Path) -> Result<f64, String> {
    let mut file = File::open(path).map_err(text)?;
    let mut room = PageBuffer::new(1 << 20);
    let start = Instant::now();
    while file.read(&mut room).map_err(text)? > 0 {}
    Ok(start.elapsed().as_secs_f64())
}

/// The time to copy a file and to sync the copy, in seconds.
pub(super) fn copying(path: &Path) -> Result<f64, String> {
    let copy = path.with_extension("copy");
    let start = Instant::now();
    fs::copy(path, &copy).map_err(text)?;
    File::open(&copy)
        .and_then(|file| file.sync_all())
        .map_err(text)?;
    let time = start.elapsed().as_secs_f64();
    fs::remove_file(&copy).map_err(text)?;
    Ok(time)
}

/// The time to start a program that does nothing, in seconds.
pub(super) fn starting() -> Result<f64, String> {
    let start = Instant::now();
    Command::new("true").status().map_err(text)?;
    Ok(start.elapsed().as_secs_f64())
}

/// Two answers that have to be the same.
pub(super) fn same<T: PartialEq + std::fmt::Debug>(ours: &T, theirs: &T) -> Result<(), String> {
    if ours == theirs {
        Ok(())
    } else {
        Err(format!("the answers differ: {ours:?} and {theirs:?}"))
    }
}
