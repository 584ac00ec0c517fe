//! A file as the lines that sshd's parser sees (load_server_config in servconf.c).

use sshmend_lossless::lines_from;

use crate::release::Release;

/// One line as the parser sees it: nearly always one physical line without its leading blanks.
///
/// A NUL byte ends the part of a physical line that sshd keeps, its line feed included, so that the
/// next line is joined to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logical {
    /// The bytes.
    pub(crate) text: Vec<u8>,
    /// The first piece: nearly all lines consist of one.
    first: Piece,
    /// The pieces that were glued to it.
    glued: Vec<Piece>,
}

/// The source of a part of a logical line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Piece {
    /// The index in the logical line.
    at: usize,
    /// The offset in the file.
    offset: usize,
    /// The number of the physical line, from 1.
    line: usize,
    /// The offset of the start of that physical line.
    line_start: usize,
}

/// The offset and the number of the physical line that a directive begins in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineStart {
    pub(crate) start: usize,
    pub(crate) line: usize,
}

impl Logical {
    /// A line that is in no file.
    pub(crate) fn detached(text: &[u8]) -> Self {
        let first = Piece {
            line: 1,
            ..Piece::default()
        };
        Self {
            text: text.to_vec(),
            first,
            glued: Vec::new(),
        }
    }

    /// The physical line that it begins in.
    pub(crate) fn line_start(&self) -> LineStart {
        LineStart {
            start: self.first.line_start,
            line: self.first.line,
        }
    }

    /// The file offset of the byte at `index`.
    pub(crate) fn offset(&self, index: usize) -> usize {
        let piece = self.piece(index);
        piece.offset + (index - piece.at)
    }

    /// The physical line that holds the byte at `index`, and its column there; both from 1.
    pub(crate) fn position(&self, index: usize) -> (usize, usize) {
        let piece = self.piece(index);
        (piece.line, self.offset(index) - piece.line_start + 1)
    }

    fn piece(&self, index: usize) -> Piece {
        let found = self.glued.iter().rev().find(|piece| piece.at <= index);
        *found.unwrap_or(&self.first)
    }
}

/// Splits a file into logical lines by the rules of a release, one after the other.
pub(crate) fn split(document: &[u8], release: Release) -> impl Iterator<Item = Logical> + use<'_> {
    split_from(document, 0, 1, release)
}

/// The same from the physical line on that begins at `start` and has this number.
pub(crate) fn split_from(
    document: &[u8],
    start: usize,
    number: usize,
    release: Release,
) -> impl Iterator<Item = Logical> + use<'_> {
    let mut physical = lines_from(document, start, number);
    std::iter::from_fn(move || {
        let mut logical: Option<Logical> = None;
        for line in physical.by_ref() {
            let (kept, glue) = kept_part(line.text(document), release);
            let skipped = kept.iter().take_while(|b| b" \t\r".contains(b)).count();
            let piece = Piece {
                at: logical.as_ref().map_or(0, |logical| logical.text.len()),
                offset: line.content.start + skipped,
                line: line.number,
                line_start: line.span.start,
            };
            let text = &kept[skipped..];
            match &mut logical {
                Some(logical) => {
                    logical.text.extend_from_slice(text);
                    logical.glued.push(piece);
                }
                None => {
                    logical = Some(Logical {
                        text: text.to_vec(),
                        first: piece,
                        glued: Vec::new(),
                    });
                }
            }
            if !glue {
                break;
            }
        }
        logical
    })
}

/// The part of a physical line that is kept, and whether the next line is joined to it.
///
/// Up to 8.6 everything from the first `#` on was cut while the file was loaded, even inside quotes.
fn kept_part(content: &[u8], release: Release) -> (&[u8], bool) {
    let nul = content.iter().position(|&b| b == 0);
    let kept = &content[..nul.unwrap_or(content.len())];
    match kept.iter().position(|&b| b == b'#') {
        Some(comment) if !release.since(8, 7) => (&kept[..comment], false),
        _ => (kept, nul.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(document: &[u8], release: Release) -> Vec<String> {
        split(document, release)
            .map(|line| String::from_utf8_lossy(&line.text).into_owned())
            .collect()
    }

    #[test]
    fn a_nul_byte_joins_the_next_line() {
        let document = b"# a\0b\nMaxStartups 9\nPort 22\n";
        assert_eq!(
            texts(document, Release::new(9, 2)),
            ["# aMaxStartups 9", "Port 22"]
        );
        assert_eq!(
            texts(document, Release::new(8, 0)),
            ["", "MaxStartups 9", "Port 22"]
        );
    }

    #[test]
    fn offsets_of_a_joined_line_map_to_the_file() {
        let document = b"Port\0 x\n\t22\r\n";
        let line = split(document, Release::new(9, 2)).next().expect("a line");
        assert_eq!(line.text, b"Port22");
        assert_eq!((line.offset(0), line.position(0)), (0, (1, 1)));
        assert_eq!((line.offset(4), line.position(4)), (9, (2, 2)));
    }

    #[test]
    fn old_releases_cut_comments_even_inside_quotes() {
        assert_eq!(
            texts(b"Banner \"/a#b\"\n", Release::new(8, 6)),
            ["Banner \"/a"]
        );
        assert_eq!(
            texts(b"Banner \"/a#b\"\n", Release::new(8, 7)),
            ["Banner \"/a#b\""]
        );
    }
}
