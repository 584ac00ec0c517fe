//! Compares a file with its captured content, piece by piece.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread;

use sshmend_lossless::{FileImage, Metadata, PageBuffer, Unread, beside, threads};

use crate::attributes::metadata;
use crate::failure::{FileError, Why};
use crate::machine::Machine;
use crate::trust::Purpose;

/// The result of comparing a path with the file that was captured there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// The path does not exist.
    Missing,
    /// A regular file.
    There {
        /// Its metadata.
        meta: Metadata,
        /// The path after all symbolic links.
        target: PathBuf,
        /// Whether it has the captured bytes.
        same: bool,
    },
}

/// How closely a content is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// A long file that has the captured inode, size and time counts as the same. Whoever wrote to
    /// it within one tick of the clock after it was captured is not noticed.
    Surface,
    /// Byte by byte.
    Content,
}

impl Machine {
    /// Compares the file at `path` with its captured content and attributes.
    ///
    /// # Errors
    /// As for [`Machine::read`].
    pub fn compare(
        &self,
        path: &Path,
        captured: &FileImage,
        care: Care,
    ) -> Result<Compared, FileError> {
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
            let meta = metadata(&file, &stat);
            let taken = care == Care::Surface && captured.bytes.len() > LONG;
            let same = stat.len() == captured.bytes.len() as u64
                && (taken && is_untouched(&meta, &captured.meta) || holds(&file, &captured.bytes)?);
            Ok(Compared::There {
                meta,
                target: located.target.clone(),
                same,
            })
        });
        compared.map_err(FileError::at(path))
    }
}

/// The size above which reading a file again takes longer than everything else that is compared.
const LONG: usize = 1 << 17;

/// Whether it is the same inode with the same size and time.
fn is_untouched(now: &Metadata, captured: &Metadata) -> bool {
    let version = |meta: &Metadata| (meta.identity, meta.size, meta.mtime, meta.mtime_nanos);
    version(now) == version(captured)
}

/// The smallest share of a file worth a thread, in bytes.
const SHARE: usize = 8 << 20;

/// The size of one read, in bytes.
const PIECE: usize = 1 << 17;

/// Whether the file has exactly these bytes. A long file is compared on all processors.
fn holds(file: &File, expected: &[u8]) -> io::Result<bool> {
    let share = expected.len().div_ceil(threads().get()).max(SHARE);
    let share = share.next_multiple_of(PIECE);
    let parts = (0..expected.len()).step_by(share);
    let part = |start: usize| start..(start + share).min(expected.len());
    let same = thread::scope(|scope| {
        let (mut here, mut others) = (None, Vec::new());
        for start in parts {
            let part = part(start);
            if here.is_none() {
                here = Some(part);
            } else {
                others.push(beside(scope, move || holds_part(file, expected, &part)));
            }
        }
        let mut same = holds_part(file, expected, &here.unwrap_or_default())?;
        for part in others {
            same &= part.join()?;
        }
        Ok::<_, io::Error>(same)
    })?;
    // The file must end where the expected bytes end.
    Ok(same && read_at(file, &mut [0], expected.len())? == 0)
}

/// Whether one part of the file has exactly these bytes.
fn holds_part(file: &File, expected: &[u8], part: &Range<usize>) -> io::Result<bool> {
    let mut room = PageBuffer::new(PIECE.min(part.len()));
    let mut at = part.start;
    while at < part.end {
        let wanted = room.len().min(part.end - at);
        let read = read_at(file, &mut room[..wanted], at)?;
        if read == 0 || room[..read] != expected[at..at + read] {
            return Ok(false);
        }
        at += read;
    }
    Ok(true)
}

fn read_at(file: &File, room: &mut [u8], at: usize) -> io::Result<usize> {
    loop {
        match file.read_at(room, at as u64) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn on_its_surface_only_a_long_file_counts_as_the_same_without_being_read() {
        let directory = tempfile::tempdir().expect("a directory");
        let machine = Machine::below(directory.path()).expect("a directory");
        for (length, unread) in [(LONG, false), (LONG + 1, true)] {
            let path = directory.path().join("file");
            let write = |letter: u8| std::fs::write(&path, vec![letter; length]).expect("room");
            write(b'x');
            let place = Path::new("/file");
            let captured = machine.read(place).expect("readable").expect("there");
            let same = |care| match machine.compare(place, &captured, care) {
                Ok(Compared::There { same, .. }) => same,
                other => panic!("{other:?}"),
            };
            let time = std::fs::metadata(&path).and_then(|meta| meta.modified());
            let time = time.expect("a time");
            let touch = |by: u64| {
                let file = File::options().write(true).open(&path).expect("ours");
                let time = time + std::time::Duration::from_secs(by);
                file.set_modified(time).expect("ours");
            };
            for (letter, by, expected) in [
                (b'x', 0, [true, true]),
                (b'x', 1, [true, true]),
                (b'y', 1, [false, false]),
                (b'y', 0, [unread, false]),
            ] {
                write(letter);
                touch(by);
                let found = [Care::Surface, Care::Content].map(same);
                assert_eq!(found, expected, "{length} bytes, {letter}, {by} s later");
            }
        }
    }

    #[test]
    fn files_are_compared_to_the_last_byte() {
        for length in [0, 1, PIECE, SHARE + 7, 2 * SHARE + 7] {
            let mut text = vec![b'x'; length];
            let mut file = tempfile::tempfile().expect("a file");
            file.write_all(&text).expect("room");
            let holds = |expected: &[u8]| holds(&file, expected).expect("readable");
            assert!(holds(&text), "{length}");
            assert!(!holds(&[&text[..], b"x"].concat()), "{length}");
            if length > 0 {
                assert!(!holds(&text[1..]) && !holds(b""), "{length}");
            }
            for at in [0, length / 2, length.saturating_sub(1)] {
                if let Some(byte) = text.get_mut(at) {
                    *byte = b'y';
                    assert!(!holds(&text), "byte {at} of {length}");
                    text[at] = b'x';
                }
            }
        }
    }
}
