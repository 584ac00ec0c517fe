//! A stream of bytes as blocks of whole lines.

use std::io::{self, ErrorKind, Read};

use memchr::{memchr, memrchr};

use crate::block::LINE_CAP;

/// So much is read at once, in bytes: the blocks that are read ahead, what they say, and the connections that are remembered
/// fit together into the second cache of a processor.
pub(crate) const BLOCK: usize = 256 << 10;

/// Cuts `source` into blocks that end with a line.
pub(crate) struct Blocks<R> {
    source: R,
    /// The beginning of the line that the last block cut.
    carry: Vec<u8>,
    /// Lines of which only the beginning is in a block.
    pub(crate) overlong: u64,
    /// The number of bytes in their rests.
    pub(crate) passed_over: u64,
    ended: bool,
    error: Option<io::Error>,
}

impl<R: Read> Blocks<R> {
    pub(crate) fn new(source: R) -> Self {
        Self {
            source,
            carry: Vec::new(),
            overlong: 0,
            passed_over: 0,
            ended: false,
            error: None,
        }
    }

    /// The next block, in `buffer`; `None` at the end. The data before an error is returned before
    /// the error.
    ///
    /// # Errors
    /// The error of the source.
    pub(crate) fn next(&mut self, mut buffer: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
        self.fill(&mut buffer);
        if !self.ended {
            match memrchr(b'\n', &buffer) {
                Some(end) => {
                    self.carry.extend_from_slice(&buffer[end + 1..]);
                    buffer.truncate(end + 1);
                }
                None => self.pass_over(&mut buffer),
            }
        }
        if buffer.is_empty() {
            return self.error.take().map_or(Ok(None), Err);
        }
        Ok(Some(buffer))
    }

    /// The next bytes as they arrive; false at the end.
    ///
    /// # Errors
    /// The error of the source.
    pub(crate) fn read_on(&mut self, buffer: &mut Vec<u8>) -> io::Result<bool> {
        self.fill(buffer);
        if buffer.is_empty() {
            return self.error.take().map_or(Ok(false), Err);
        }
        Ok(true)
    }

    /// Replaces the content of the buffer by the carried-over bytes and newly read ones, up to a
    /// whole block.
    fn fill(&mut self, buffer: &mut Vec<u8>) {
        let mut filled = self.carry.len();
        // Its old content is overwritten: clearing it would fill the whole block with zeros for
        // each read.
        buffer.resize(BLOCK.max(filled), 0);
        buffer[..filled].copy_from_slice(&self.carry);
        self.carry.clear();
        while filled < buffer.len() && !self.ended {
            match self.source.read(&mut buffer[filled..]) {
                Ok(0) => self.ended = true,
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    self.error = Some(error);
                }
            }
        }
        buffer.truncate(filled);
    }

    /// Skips the rest of a line that fills a whole block.
    fn pass_over(&mut self, buffer: &mut Vec<u8>) {
        let mut rest = Vec::new();
        self.overlong += 1;
        // The line feed put after the beginning is the one that ends the rest.
        self.passed_over += (buffer.len() - LINE_CAP) as u64;
        buffer.truncate(LINE_CAP);
        buffer.push(b'\n');
        while !self.ended {
            self.fill(&mut rest);
            let end = memchr(b'\n', &rest);
            self.passed_over += end.unwrap_or(rest.len()) as u64;
            if let Some(end) = end {
                self.carry.extend_from_slice(&rest[end + 1..]);
                return;
            }
        }
        // It has no line feed: nothing ends it.
        buffer.pop();
    }
}
