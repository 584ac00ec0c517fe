//! Compares a file with what was captured of it, block by block.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sshmend_lossless::{BLOCK, FileImage, Metadata, Unread};

use crate::attributes::metadata;
use crate::failure::{FileError, Why};
use crate::machine::Machine;
use crate::trust::Purpose;

/// What stands where a file was captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// Nothing.
    Missing,
    /// A regular file.
    There {
        /// Its mode, owner and the rest.
        meta: Metadata,
        /// The path after all symbolic links.
        target: PathBuf,
        /// Whether it has the captured bytes.
        same: bool,
    },
}

impl Machine {
    /// Compares what stands at `path` with what was captured of it.
    ///
    /// # Errors
    /// As [`Machine::read`].
    pub fn compare(&self, path: &Path, captured: &FileImage) -> Result<Compared, FileError> {
        let located = match self.root.locate(path, Purpose::Read) {
            Ok(located) => located,
            Err(Why::Missing) if self.root.is_link(path) => {
                return Err(FileError::new(path, Unread::Dangling.into()));
            }
            Err(Why::Missing) => return Ok(Compared::Missing),
            Err(why) => return Err(FileError::new(path, why)),
        };
        if !located.meta.is_file() {
            return Err(FileError::new(path, Why::WrongKind("a regular file")));
        }
        let compared = located.open().and_then(|file| {
            let stat = file.metadata()?;
            let same = stat.len() == captured.bytes.len() as u64 && holds(&file, &captured.bytes)?;
            Ok(Compared::There {
                meta: metadata(&file, &stat),
                target: located.target.clone(),
                same,
            })
        });
        compared.map_err(FileError::at(path))
    }
}

/// Whether these are the bytes of a file.
fn holds(mut file: &File, mut expected: &[u8]) -> io::Result<bool> {
    let mut room = vec![0; BLOCK.min(expected.len() + 1)];
    loop {
        let read = match file.read(&mut room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        match expected.strip_prefix(&room[..read]) {
            _ if read == 0 => return Ok(expected.is_empty()),
            Some(rest) => expected = rest,
            None => return Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use super::*;

    #[test]
    fn bytes_are_the_same_to_the_last() {
        let text = vec![b'x'; BLOCK + 7];
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&text).expect("room");
        let mut holds = |expected: &[u8]| {
            file.rewind().expect("a file");
            holds(&file, expected).expect("readable")
        };
        assert!(holds(&text));
        assert!(!holds(&text[1..]) && !holds(&[&text[..], b"x"].concat()));
        assert!(!holds(&[&text[1..], b"y"].concat()) && !holds(b""));
    }
}
