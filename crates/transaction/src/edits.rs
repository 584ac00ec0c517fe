//! The stored form of the edits of one file: for each edit a line with its range and the length of
//! its text, then the text.

use std::ops::Range;
use std::path::{Path, PathBuf};

use sshmend_lossless::{Edit, EditSet};

/// Where the edits that lead to the file at `path` are kept, in its place.
pub(crate) fn path_of(path: &Path) -> PathBuf {
    path.with_extension("edits")
}

/// Writes the edits.
pub(crate) fn write(edits: &EditSet) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Edit { range, text } in edits.iter() {
        let head = format!("{} {} {}\n", range.start, range.end, text.len());
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(text);
        bytes.push(b'\n');
    }
    bytes
}

/// Parses the edits of a file of this length; `None` if they are invalid.
pub(crate) fn read(mut bytes: &[u8], length: usize) -> Option<EditSet> {
    let mut edits = Vec::new();
    while !bytes.is_empty() {
        let feed = bytes.iter().position(|&byte| byte == b'\n')?;
        let (range, size) = head(std::str::from_utf8(&bytes[..feed]).ok()?)?;
        let (text, rest) = bytes[feed + 1..].split_at_checked(size)?;
        if range.end > length || range.start > range.end {
            return None;
        }
        edits.push(Edit::replace(range, text));
        bytes = rest.strip_prefix(b"\n")?;
    }
    EditSet::new(edits).ok()
}

fn head(text: &str) -> Option<(Range<usize>, usize)> {
    let mut numbers = text.split(' ').map(str::parse::<usize>);
    let mut number = || numbers.next()?.ok();
    let found = (number()?..number()?, number()?);
    numbers.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_edits_are_read_back_as_written() {
        let edits = [
            Edit::replace(3..9, "a\nb\0"),
            Edit::delete(10..20),
            Edit::insert(30, "x"),
        ];
        let edits = EditSet::new(edits).expect("apart");
        assert_eq!(read(&write(&edits), 30), Some(edits));
        assert_eq!(read(b"", 0), Some(EditSet::default()));
    }

    #[test]
    fn damaged_edits_are_refused() {
        for text in [
            "1",
            "1 2\n",
            "1 2 3\nab\n",
            "2 1 0\n\n",
            "0 9 0\n\n",
            "0 1 0\n",
            "0 1 0 0\n\n",
            "x 1 0\n\n",
        ] {
            assert_eq!(read(text.as_bytes(), 8), None, "{text:?}");
        }
    }
}
