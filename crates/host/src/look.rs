//! Reads one path: its content, its names, or only its metadata.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{Dir, FileType};
use sshmend_lossless::{Entry, FileImage, Kind, Listed, Unread};

use crate::attributes::{kind, metadata};
use crate::failure::{MAX_MIB, Why};
use crate::path::{Located, Root};
use crate::trust::Purpose;

/// The least memory that is reserved before a file is read: without it a file of /proc is read in pieces of 32 bytes.
const LEAST: u64 = 4096;

/// The most memory that is reserved before a file is read.
const RESERVED: u64 = 64 << 20;

/// How much of an entry to read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The bytes of a file, the names of a directory.
    Content,
    /// The names of a directory; for a file only the metadata.
    Names,
    /// Only the metadata.
    Surface,
}

impl Depth {
    fn purpose(self) -> Purpose {
        match self {
            Self::Content | Self::Names => Purpose::Read,
            Self::Surface => Purpose::Look,
        }
    }
}

/// Reads the entry at `path`.
pub(crate) fn look(root: &Root, path: &Path, depth: Depth) -> Entry {
    match see(root, path, depth, depth.purpose()) {
        Ok(entry) => entry,
        Err(Why::Missing) if root.is_link(path) => Entry::Dangling,
        Err(Why::Missing) => Entry::Missing,
        Err(why) => Entry::Unreadable(unread(why)),
    }
}

/// The reason why something could not be read.
pub(crate) fn unread(why: Why) -> Unread {
    match why {
        Why::Denied => Unread::Denied,
        Why::Loop => Unread::Loop,
        Why::TooLong(mib) => Unread::TooLong { mib },
        why @ Why::Untrusted { .. } => Unread::Untrusted(why.to_string()),
        why => Unread::Failed(why.to_string()),
    }
}

/// Reads the entry at `path` if root may go there for this purpose.
pub(crate) fn see(root: &Root, path: &Path, depth: Depth, purpose: Purpose) -> Result<Entry, Why> {
    let located = root.locate(path, purpose)?;
    match (kind(&located.meta), depth) {
        (Kind::File, Depth::Content) => read(&located),
        (Kind::Directory, Depth::Content | Depth::Names) => Ok(list(root, path, &located)?),
        _ => Ok(Entry::Seen(metadata(&located.node, &located.meta))),
    }
}

fn read(located: &Located) -> Result<Entry, Why> {
    let file = located.open()?;
    let bytes = read_to_end(&file, located.meta.len())?;
    let meta = metadata(&file, &file.metadata()?);
    Ok(Entry::File(FileImage {
        bytes: bytes.into(),
        meta,
        target: located.target.clone(),
    }))
}

/// Reads a file of this size. Files of /proc report a size of 0 although they have content: read until the end.
pub(crate) fn read_to_end(file: &File, size: u64) -> io::Result<Vec<u8>> {
    let limit = MAX_MIB << 20;
    // The reported size is trusted only as far as a reservation of that size is cheap.
    let room = size.clamp(LEAST, RESERVED);
    let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or_default());
    file.take(limit + 1).read_to_end(&mut bytes)?;
    bytes.shrink_to_fit();
    if bytes.len() as u64 > limit {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

fn list(root: &Root, path: &Path, located: &Located) -> io::Result<Entry> {
    let opened = located.open()?;
    let mut names = names(&opened)?
        .into_iter()
        .map(|(name, file_type)| {
            let directory = match file_type {
                FileType::Directory => true,
                FileType::Symlink | FileType::Unknown => root
                    .locate(&path.join(&name), Purpose::Look)
                    .is_ok_and(|found| found.meta.is_dir()),
                _ => false,
            };
            Listed { name, directory }
        })
        .collect::<Vec<_>>();
    names.sort();
    Ok(Entry::Directory(names, metadata(&opened, &located.meta)))
}

fn names(directory: &File) -> io::Result<Vec<(std::ffi::OsString, FileType)>> {
    use std::os::unix::ffi::OsStringExt;
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push((
                std::ffi::OsString::from_vec(name.to_vec()),
                entry.file_type(),
            ));
        }
    }
    Ok(names)
}
