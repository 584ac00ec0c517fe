//! The streams of an xz file, one after another.

use std::io::{self, ErrorKind, Read};

use xz4rust::XzDecoder;

/// The largest window: that of `xz -9`. A file that needs more is refused.
const WINDOW: usize = 64 << 20;

/// The initial window: that of `xz -6`, the default.
const FIRST_WINDOW: usize = 8 << 20;

/// Decompresses xz; the memory is that of the window.
pub(super) struct Xz<R> {
    source: R,
    decoder: Box<XzDecoder<'static>>,
    input: Vec<u8>,
    taken: usize,
    filled: usize,
    /// Between two streams, where zeros are allowed.
    between: bool,
}

impl<R: Read> Xz<R> {
    pub(super) fn new(source: R) -> Self {
        let decoder = XzDecoder::in_heap_with_alloc_dict_size(FIRST_WINDOW, WINDOW);
        Self {
            source,
            decoder,
            input: vec![0; 32 << 10],
            taken: 0,
            filled: 0,
            between: false,
        }
    }

    /// Reads more if the buffer is empty; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        if self.taken == self.filled {
            self.taken = 0;
            self.filled = self.source.read(&mut self.input)?;
        }
        Ok(self.filled > 0)
    }

    /// Skips the zeros between two streams; false at the end.
    fn next_stream(&mut self) -> io::Result<bool> {
        while self.fill()? {
            if self.input[self.taken] != 0 {
                self.between = false;
                self.decoder.reset();
                return Ok(true);
            }
            self.taken += 1;
        }
        Ok(false)
    }
}

impl<R: Read> Read for Xz<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.between && !self.next_stream()? {
                return Ok(0);
            }
            let more = self.fill()?;
            let done = self
                .decoder
                .decode(&self.input[self.taken..self.filled], buffer);
            let done = done.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            self.taken += done.input_consumed();
            self.between = done.is_end_of_stream();
            if done.output_produced() > 0 {
                return Ok(done.output_produced());
            }
            if !more && !self.between {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }
}
