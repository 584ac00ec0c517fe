//! Searches a file of any length: blocks are read, searched and discarded, several in parallel.

use std::fs::File;
use std::io::{self, Read};
use std::num::NonZero;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use sshmend_lossless::{
    Kind, Known, Line, PageBuffer, Picked, Sieve, Sifted, Unread, beside, threads,
};

use crate::attributes::kind;
use crate::failure::Why;
use crate::look::unread;
use crate::path::Root;
use crate::trust::Purpose;

/// The size of the blocks into which a file is cut, in bytes: what was read is still in the second
/// cache of a processor when it is searched.
const BLOCK: usize = 1 << 17;

/// The size of a file up to which it is not worth a second thread, in bytes.
const SHORT: u64 = 1 << 20;

/// The lines of the file at `path` that a sieve picks; `None` if the file does not exist.
pub(crate) fn sift(root: &Root, path: &Path, sieve: &Sieve) -> Known<Option<Vec<Picked>>> {
    let located = match root.locate(path, Purpose::Read) {
        Ok(located) => located,
        Err(Why::Missing) if root.is_link(path) => return Err(Unread::Dangling),
        Err(Why::Missing) => return Ok(None),
        Err(why) => return Err(unread(why)),
    };
    match kind(&located.meta) {
        Kind::File => {}
        other => return Err(Unread::NotAFile(other)),
    }
    let found = located
        .open()
        .and_then(|file| search(&file, sieve, threads()));
    found.map(Some).map_err(|error| unread(error.into()))
}

/// Searches an open file on this many threads.
fn search(file: &File, sieve: &Sieve, threads: NonZero<usize>) -> io::Result<Vec<Picked>> {
    let size = file.metadata()?.len();
    // Files of /proc report a size of 0 although they have content.
    if size <= BLOCK as u64 {
        let mut bytes = Vec::new();
        let mut file = file;
        file.read_to_end(&mut bytes)?;
        return Ok(sieve.pick_from(&bytes));
    }
    let blocks = usize::try_from(size.div_ceil(BLOCK as u64)).unwrap_or(usize::MAX);
    let next = AtomicUsize::new(0);
    let work = || -> io::Result<Vec<(usize, Found)>> {
        let (mut found, mut room) = (Vec::new(), Room::default());
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= blocks {
                return Ok(found);
            }
            found.push((number, search_block(file, sieve, number, &mut room)?));
        }
    };
    let mut found = thread::scope(|scope| {
        // The caller searches too.
        let threads = if size <= SHORT { 1 } else { threads.get() };
        let others = (1..threads).map(|_| beside(scope, work));
        let others: Vec<_> = others.collect();
        let mut all = work()?;
        for worker in others {
            all.extend(worker.join()?);
        }
        Ok::<_, io::Error>(all)
    })?;
    found.sort_by_key(|(number, _)| *number);
    let mut before = 0;
    let mut picked = Vec::new();
    for (_, block) in found {
        picked.extend(block.lines.into_iter().map(|one| Picked {
            line: one.line.moved(before, block.start),
            ..one
        }));
        before += block.feeds;
    }
    Ok(picked)
}

/// The lines picked out of one block.
struct Found {
    start: usize,
    feeds: usize,
    lines: Vec<Picked>,
}

/// The lines of the block of this number: a line belongs to the block that contains the line feed
/// before it, and the first line to the first block. So no block needs a byte of the one before, and
/// what is read begins where a page of the file does.
fn search_block(file: &File, sieve: &Sieve, number: usize, room: &mut Room) -> io::Result<Found> {
    let begin = number * BLOCK;
    room.held = 0;
    let full = room.fill(file, begin, BLOCK)?;
    let feed = || memchr::memchr(b'\n', room.bytes());
    let start = match number {
        0 => Some(0),
        _ => feed().map(|feed| feed + 1),
    };
    let Some(start) = start else {
        // It is filled by a line of an earlier block.
        return Ok(Found {
            start: begin,
            feeds: 0,
            lines: Vec::new(),
        });
    };
    if full {
        room.finish_line(file, begin)?;
    }
    let block = &room.bytes()[start..];
    let Sifted { feeds, lines } = sieve.block(block);
    let picked = |line: Line| Picked {
        bytes: block[line.span.clone()].to_vec(),
        line,
    };
    Ok(Found {
        start: begin + start,
        feeds,
        lines: lines.into_iter().map(picked).collect(),
    })
}

/// A reusable buffer for blocks. The bytes of the previous block are not cleared.
#[derive(Default)]
struct Room {
    bytes: PageBuffer,
    held: usize,
}

impl Room {
    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.held]
    }

    /// Reads up to `length` bytes at `at` into the buffer after those it holds; false if the file
    /// ends before.
    fn fill(&mut self, file: &File, at: usize, length: usize) -> io::Result<bool> {
        self.bytes.grow(self.held + length);
        let mut read = 0;
        while read < length {
            let rest = &mut self.bytes[self.held + read..self.held + length];
            match file.read_at(rest, (at + read) as u64) {
                Ok(0) => break,
                Ok(count) => read += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.held += read;
        Ok(read == length)
    }

    /// Reads on to the end of the line that contains the next byte.
    fn finish_line(&mut self, file: &File, begin: usize) -> io::Result<()> {
        let mut step = 4096;
        loop {
            let seen = self.held;
            let full = self.fill(file, begin + seen, step)?;
            if let Some(feed) = memchr::memchr(b'\n', &self.bytes()[seen..]) {
                self.held = seen + feed + 1;
                return Ok(());
            }
            if !full {
                return Ok(());
            }
            step = (2 * step).min(BLOCK);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use sshmend_lossless::each_line;

    use super::*;

    fn pick(words: &[String], block: &[u8], found: &mut Vec<Line>) -> usize {
        each_line(block, |number, start, bytes| {
            if words.iter().any(|word| bytes.starts_with(word.as_bytes())) {
                found.push(Line::of_bytes(number, start, bytes));
            }
        })
    }

    fn long_text(random: &mut fastrand::Rng) -> Vec<u8> {
        let mut text = Vec::new();
        while text.len() < 4 * SHORT as usize {
            // Some lines end with a block, and some fill more than one.
            let to_end = BLOCK - text.len() % BLOCK;
            let length = match random.u8(..100) {
                0 => to_end,
                1 => to_end - 1,
                2 => 2 * BLOCK + random.usize(..9),
                _ => random.usize(..6_000),
            };
            text.resize(text.len() + length, random.u8(b'a'..=b'j'));
            text.push(b'\n');
        }
        text.extend_from_slice(random.choice([&b""[..], b"a", b"b"]).expect("one"));
        text
    }

    #[test]
    fn a_search_in_blocks_finds_the_same_lines_as_a_search_of_the_whole_file() {
        let mut random = fastrand::Rng::with_seed(5);
        let sieve = Sieve::new("test", vec!["a".to_owned()], pick);
        let mut lines = 0;
        for _ in 0..4 {
            let text = long_text(&mut random);
            let mut file = tempfile::tempfile().expect("a file");
            file.write_all(&text).expect("room");
            let whole = sieve.pick_from(&text);
            lines += whole.len();
            for threads in [1, 2, 16] {
                let threads = NonZero::new(threads).expect("not zero");
                assert_eq!(search(&file, &sieve, threads).expect("readable"), whole);
            }
        }
        assert!(lines > 20, "{lines} lines show nothing");
    }
}
