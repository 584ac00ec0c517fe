//! A log or a transcript as stored in a file: compressed, in UTF-16, or as plain text.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Chain, Cursor, ErrorKind, Read};

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;

use super::utf16::{Order, Utf16};
use super::xz::Xz;
use super::zstd::Zstd;

/// The bytes at the beginning that determine the encoding.
const SNIFFED: u64 = 4096;

/// The compression of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// `.gz`
    Gzip,
    /// `.xz`
    Xz,
    /// `.zst`
    Zstd,
    /// `.bz2`
    Bzip2,
}

impl Packing {
    /// The compression of a file with this beginning; its name does not matter.
    pub fn of(start: &[u8]) -> Option<Self> {
        const MAGIC: [(&[u8], Packing); 5] = [
            (b"\x1f\x8b", Packing::Gzip),
            (b"\xfd7zXZ\0", Packing::Xz),
            (b"\x28\xb5\x2f\xfd", Packing::Zstd),
            (b"\x50\x2a\x4d\x18", Packing::Zstd),
            (b"BZh", Packing::Bzip2),
        ];
        MAGIC
            .iter()
            .find(|(magic, _)| start.starts_with(magic))
            .map(|&(_, packing)| packing)
    }
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
        })
    }
}

/// The text of a file, converted from UTF-16 to UTF-8 and decompressed if necessary.
///
/// It reads in pieces: memory is limited to the compression's window (at most 128 MiB, mostly far
/// less), whatever the size of the text. A damaged file gives the text before the damage, then an
/// error of the kind `InvalidData`.
pub struct Decoded<'a> {
    text: Box<dyn Read + 'a>,
    packing: Option<Packing>,
}

impl fmt::Debug for Decoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoded")
            .field("packing", &self.packing)
            .finish_non_exhaustive()
    }
}

impl<'a> Decoded<'a> {
    /// Examines the beginning of `source` and decides how to read it.
    ///
    /// # Errors
    /// The error of `source`. Damage to a compressed file is reported when it is read.
    pub fn new(source: impl Read + 'a) -> io::Result<Self> {
        let (start, source) = sniff(source)?;
        let packing = Packing::of(&start);
        let unpacked: Box<dyn Read + 'a> = match packing {
            None => {
                return Ok(Self {
                    text: text(&start, source),
                    packing,
                });
            }
            Some(Packing::Gzip) => Box::new(MultiGzDecoder::new(source)),
            Some(Packing::Bzip2) => Box::new(MultiBzDecoder::new(source)),
            Some(Packing::Xz) => Box::new(Xz::new(source)),
            Some(Packing::Zstd) => Box::new(Zstd::new(source)),
        };
        let text = match sniff(Damage(unpacked)) {
            Ok((start, unpacked)) => text(&start, unpacked),
            Err(error) if error.kind() == ErrorKind::InvalidData => Box::new(Damage(Unreadable)),
            Err(error) => return Err(error),
        };
        Ok(Self { text, packing })
    }

    /// The compression of the file.
    pub fn packing(&self) -> Option<Packing> {
        self.packing
    }
}

impl Read for Decoded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.text.read(buffer)
    }
}

/// The text of a file in memory: at most `limit` bytes of it, and for a damaged one the part before
/// the damage.
pub(crate) fn decoded(bytes: &[u8], limit: u64) -> Cow<'_, [u8]> {
    if Packing::of(bytes).is_none() && Order::of(bytes).is_none() {
        return Cow::Borrowed(bytes.strip_prefix(BOM).unwrap_or(bytes));
    }
    let mut text = Vec::new();
    if let Ok(decoded) = Decoded::new(bytes) {
        // `text` holds what was read before an error.
        let _ = decoded.take(limit).read_to_end(&mut text);
    }
    Cow::Owned(text)
}

const BOM: &[u8] = b"\xef\xbb\xbf";

/// The first bytes, and a reader for all bytes including these.
type Sniffed<R> = (Vec<u8>, Chain<Cursor<Vec<u8>>, R>);

fn sniff<R: Read>(mut source: R) -> io::Result<Sniffed<R>> {
    let mut start = Vec::new();
    let read = source.by_ref().take(SNIFFED).read_to_end(&mut start);
    // The text before the damage is worth reading; the error is returned again after it.
    read.or_else(|error| if start.is_empty() { Err(error) } else { Ok(0) })?;
    Ok((start.clone(), Cursor::new(start).chain(source)))
}

fn text<'a>(start: &[u8], mut source: impl Read + 'a) -> Box<dyn Read + 'a> {
    if let Some(order) = Order::of(start) {
        return Box::new(Utf16::new(source, order));
    }
    if start.starts_with(BOM) {
        // The mark is in memory: reading it cannot fail.
        let _ = source.read_exact(&mut [0; BOM.len()]);
    }
    Box::new(source)
}

/// A file that is damaged from its beginning.
struct Unreadable;

impl Read for Unreadable {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::InvalidData.into())
    }
}

/// Turns every error of a decompressor into one about damaged data, except interruptions.
struct Damage<R>(R);

impl<R: Read> Read for Damage<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            ErrorKind::Interrupted | ErrorKind::PermissionDenied => error,
            _ => io::Error::new(ErrorKind::InvalidData, error),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const TEXT: &str = "Nov 20 15:52:43 gw sshd[8]: Bye\r\nä\n";

    fn read(bytes: &[u8]) -> (String, bool) {
        let mut text = Vec::new();
        let ended = Decoded::new(bytes)
            .and_then(|mut decoded| decoded.read_to_end(&mut text))
            .is_ok();
        (String::from_utf8_lossy(&text).into_owned(), ended)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder
            .write_all(text)
            .and_then(|()| encoder.finish())
            .unwrap()
    }

    fn bzip2(text: &[u8]) -> Vec<u8> {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
        encoder
            .write_all(text)
            .and_then(|()| encoder.finish())
            .unwrap()
    }

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    /// `printf hello | xz`, `printf hello | zstd`.
    const XZ: &[u8] =
        b"\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3\
        \x01\x00\x04\x68\x65\x6c\x6c\x6f\x00\x00\x00\x00\xb1\x37\xb9\xdb\xe5\xda\x1e\x9b\x00\x01\x1d\x05\
        \xb8\x2d\x80\xaf\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a";
    const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd\x04\x58\x29\x00\x00\x68\x65\x6c\x6c\x6f\xa3\x6d\x9f\x88";

    #[test]
    fn every_encoding_decodes_to_the_same_text() {
        let marked = |mark: &str| format!("{mark}{TEXT}");
        let cases = [
            TEXT.as_bytes().to_vec(),
            marked("\u{feff}").into_bytes(),
            utf16(TEXT, u16::to_le_bytes),
            utf16(TEXT, u16::to_be_bytes),
            utf16(&marked("\u{feff}"), u16::to_le_bytes),
            utf16(&marked("\u{feff}"), u16::to_be_bytes),
            gzip(TEXT.as_bytes()),
            [gzip(&TEXT.as_bytes()[..9]), gzip(&TEXT.as_bytes()[9..])].concat(),
            bzip2(TEXT.as_bytes()),
            gzip(&utf16(TEXT, u16::to_le_bytes)),
        ];
        for bytes in cases {
            assert_eq!(read(&bytes), (TEXT.to_owned(), true), "{:?}", &bytes[..8]);
            assert_eq!(decoded(&bytes, 1 << 20), TEXT.as_bytes());
        }
        // `xz` and `zstd` put several streams, padding and frames of other data into one file.
        let other: &[u8] = b"\x50\x2a\x4d\x18\x02\0\0\0??";
        for bytes in [
            [ZSTD, ZSTD].concat(),
            [other, ZSTD, other, ZSTD].concat(),
            [XZ, &[0; 8], XZ].concat(),
        ] {
            assert_eq!(
                read(&bytes),
                ("hellohello".to_owned(), true),
                "{:?}",
                &bytes[..8]
            );
        }
    }

    #[test]
    fn a_damaged_file_yields_the_text_before_the_damage_and_an_error() {
        for whole in [
            gzip(TEXT.as_bytes()),
            bzip2(TEXT.as_bytes()),
            ZSTD.to_vec(),
            XZ.to_vec(),
        ] {
            assert!(!read(&whole[..whole.len() - 3]).1, "{:?}", &whole[..4]);
        }
        let mut long = gzip(&TEXT.repeat(100_000).into_bytes());
        long.truncate(long.len() / 2);
        let (text, ended) = read(&long);
        assert!(text.starts_with(TEXT) && !ended);
    }
}
