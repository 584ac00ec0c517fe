//! A buffer that begins where a page of memory begins.

use std::ops::{Deref, DerefMut};

/// The size of a page in bytes, or a divisor of it where pages are larger.
const PAGE: usize = 4096;

/// Bytes that begin where a page of memory begins, as those of a file in the kernel's memory do.
///
/// An AMD EPYC copies five times slower to a place that is 1 to 31 bytes farther from the beginning
/// of its page than the source is, and a long vector begins 16 bytes after that of a page. So a long
/// file is read into such a buffer, from a multiple of 4096 bytes on.
#[derive(Debug, Default)]
pub struct PageBuffer {
    /// More than is used: the bytes before `start` are left out.
    bytes: Vec<u8>,
    start: usize,
}

impl PageBuffer {
    /// A buffer of zeros.
    pub fn new(size: usize) -> Self {
        let bytes = vec![0; size + PAGE];
        let start = bytes.as_ptr().align_offset(PAGE).min(PAGE);
        Self { bytes, start }
    }

    /// Makes room for at least `size` bytes, and keeps those that it holds.
    pub fn grow(&mut self, size: usize) {
        if self.len() < size {
            // Doubled, so that a line of any length is copied only twice on average.
            let mut larger = Self::new(size.max(2 * self.len()));
            larger[..self.len()].copy_from_slice(self);
            *self = larger;
        }
    }
}

impl Deref for PageBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let size = self.bytes.len().saturating_sub(PAGE);
        &self.bytes[self.start..self.start + size]
    }
}

impl DerefMut for PageBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        let size = self.bytes.len().saturating_sub(PAGE);
        &mut self.bytes[self.start..self.start + size]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_begins_with_a_page_and_keeps_its_bytes_when_it_grows() {
        let mut pages = PageBuffer::default();
        assert!(pages.is_empty());
        for (size, byte) in [(5_000, 1), (5_001, 2), (1 << 20, 3)] {
            let before = pages.to_vec();
            pages.grow(size);
            assert!(pages.len() >= size);
            assert_eq!(pages.as_ptr().align_offset(PAGE), 0);
            assert_eq!(pages[..before.len()], before);
            pages.fill(byte);
        }
    }
}
