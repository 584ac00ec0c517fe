//! One configuration file, read as Python's `configparser` reads it with fail2ban's settings: delimiters `=` and `:`,
//! comments `#` and `;`, inline comments `;`, blank lines inside values, duplicates refused.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::python::{TextLine, is_space, strip, text_lines};

/// The section whose options every other section falls back to; this spelling only.
pub(crate) const DEFAULT: &str = "DEFAULT";

/// The number of bytes that Python decodes at once; an earlier piece is parsed before a bad byte is
/// met.
const CHUNK: usize = 8192;

/// A parsed file, with its elements and the faults for which Python rejects it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Document {
    /// The decoded text; its byte offsets equal those in the file.
    pub(crate) text: String,
    lines: Vec<TextLine>,
    /// The section blocks in file order; a name can come twice only if it is `DEFAULT` or faulty.
    pub(crate) blocks: Vec<Block>,
    /// The errors that Python raises: empty if the file can be read.
    pub(crate) faults: Vec<Fault>,
    /// The line and column of the first byte that is not UTF-8: the file is then not read at all.
    pub(crate) undecodable: Option<(usize, usize)>,
    /// The blocks of each section, by its name.
    index: BTreeMap<String, Vec<usize>>,
}

/// One `[section]` header and the options below it.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) name: String,
    pub(crate) name_range: Range<usize>,
    pub(crate) header: TextLine,
    pub(crate) options: Vec<Opt>,
    /// The start of the next header's line, or the end of the file.
    pub(crate) end: usize,
}

/// One `key = value` with its continuation lines.
#[derive(Debug, Clone)]
pub(crate) struct Opt {
    /// In lower case, as Python's `optionxform` leaves it.
    pub(crate) key: String,
    /// The line of the key.
    pub(crate) line: TextLine,
    /// The start of the stripped line.
    pub(crate) key_start: usize,
    /// The position of the `=` or `:`.
    pub(crate) delimiter: usize,
    /// The value line by line: the first is that of the key; blank continuation lines are empty.
    pub(crate) pieces: Vec<Piece>,
}

impl Block {
    /// Where a new line of the section goes: behind the last line of its last option.
    pub(crate) fn end_of_options(&self) -> usize {
        self.options
            .last()
            .map_or(self.header.next, |option| option.span().end)
    }
}

impl Opt {
    /// The lines of the option, with their endings.
    pub(crate) fn span(&self) -> Range<usize> {
        let last = self
            .pieces
            .iter()
            .rev()
            .find(|piece| !piece.text.is_empty());
        self.line.content.start..last.map_or(self.line.next, |piece| piece.line.next)
    }
}

/// The part of a value from one physical line.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) line: TextLine,
    /// The text without blanks and inline comment around it.
    pub(crate) text: Range<usize>,
}

/// A line that makes Python refuse the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) line: usize,
    pub(crate) at: usize,
}

/// The reason why Python refuses a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// An option, or a byte-order mark, before any section.
    NoHeader,
    /// The second section of this name; the line of the first.
    SecondSection { name: String, first: usize },
    /// The second option of this name in a section; the line of the first.
    SecondOption { key: String, first: usize },
    /// Neither a header nor `key = value`.
    NoDelimiter,
    /// `= value`.
    NoKey,
}

impl FaultKind {
    /// Whether Python stops at this line, instead of reading on and complaining at the end.
    fn is_immediate(&self) -> bool {
        !matches!(self, Self::NoDelimiter | Self::NoKey)
    }
}

impl Document {
    /// Reads a file; never fails.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let (readable, undecodable) = decodable(bytes);
        let document = Self {
            text: readable.to_owned(),
            undecodable,
            ..Self::default()
        };
        let mut parser = Parser {
            document,
            ..Parser::default()
        };
        let lines = text_lines(readable);
        for line in &lines {
            parser.line(line.clone());
        }
        let mut document = parser.document;
        document.lines = lines;
        document.close_block(document.text.len());
        for (at, block) in document.blocks.iter().enumerate() {
            document
                .index
                .entry(block.name.clone())
                .or_default()
                .push(at);
        }
        if undecodable.is_some() {
            document.faults.retain(|fault| fault.kind.is_immediate());
        }
        document
    }

    /// The line and column (both from 1, the column in characters) of an offset.
    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.line_at(offset);
        let before = self
            .text
            .get(line.content.start..offset)
            .unwrap_or_default();
        (line.number, before.chars().count() + 1)
    }

    /// The text of the line that holds an offset.
    pub(crate) fn line_text(&self, offset: usize) -> &str {
        self.text
            .get(self.line_at(offset).content)
            .unwrap_or_default()
    }

    fn line_at(&self, offset: usize) -> TextLine {
        let after = self.lines.partition_point(|line| line.next <= offset);
        let found = self.lines.get(after).or(self.lines.last()).cloned();
        found.unwrap_or(TextLine {
            number: 1,
            content: 0..0,
            next: 0,
        })
    }

    /// The lines that begin in a stretch of the text.
    pub(crate) fn lines_in(&self, range: Range<usize>) -> &[TextLine] {
        let at = |offset| {
            self.lines
                .partition_point(|line| line.content.start < offset)
        };
        self.lines
            .get(at(range.start)..at(range.end))
            .unwrap_or_default()
    }

    /// The blocks of a section.
    pub(crate) fn section<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Block> + use<'a> {
        self.index
            .get(name)
            .into_iter()
            .flatten()
            .map(|&at| &self.blocks[at])
    }

    /// The option whose key begins at an offset.
    pub(crate) fn option_at(&self, key_start: usize) -> Option<&Opt> {
        let options = self.options_before(|block| block.header.content.start <= key_start)?;
        let at = options
            .binary_search_by_key(&key_start, |option| option.key_start)
            .ok()?;
        options.get(at)
    }

    /// The option whose key is in a line, counted from 1.
    pub(crate) fn option_on(&self, line: usize) -> Option<&Opt> {
        let options = self.options_before(|block| block.header.number <= line)?;
        let at = options
            .binary_search_by_key(&line, |option| option.line.number)
            .ok()?;
        options.get(at)
    }

    /// The block that contains a line, counted from 1.
    pub(crate) fn block_on(&self, line: usize) -> Option<&Block> {
        let after = self
            .blocks
            .partition_point(|block| block.header.number <= line);
        self.blocks.get(after.checked_sub(1)?)
    }

    /// The options of the last block for which `begins` holds; it holds for the first blocks only.
    fn options_before(&self, begins: impl Fn(&Block) -> bool) -> Option<&[Opt]> {
        let after = self.blocks.partition_point(begins);
        Some(&self.blocks.get(after.checked_sub(1)?)?.options)
    }

    fn close_block(&mut self, end: usize) {
        if let Some(block) = self.blocks.last_mut() {
            block.end = end;
        }
    }
}

#[derive(Default)]
struct Parser {
    document: Document,
    /// The indentation of the last header or key.
    indent: usize,
    /// The line of the first header of each name.
    sections: BTreeMap<String, usize>,
    /// The line of the first option of each name in each section, which for `[DEFAULT]` may be several blocks.
    options: BTreeMap<(usize, String), usize>,
    /// The first line of the section that is open.
    section: usize,
}

impl Parser {
    /// One turn of the loop in `RawConfigParser._read`.
    fn line(&mut self, line: TextLine) {
        let (text, commented) = uncomment(&self.document.text, &line);
        if text.is_empty() {
            if !commented {
                self.continue_value(line, text);
            }
            return;
        }
        let indent = indentation(&self.document.text[line.content.clone()]);
        if indent > self.indent && self.open_option().is_some() {
            return self.continue_value(line, text);
        }
        self.indent = indent;
        if let Some(name) = header(&self.document.text, &text) {
            self.open_section(line, name);
        } else if self.document.blocks.is_empty() {
            self.fault(FaultKind::NoHeader, &line, text.start);
        } else {
            self.option(line, text);
        }
    }

    fn open_option(&mut self) -> Option<&mut Opt> {
        self.document
            .blocks
            .last_mut()?
            .options
            .last_mut()
            .filter(|option| !option.key.is_empty())
    }

    fn continue_value(&mut self, line: TextLine, text: Range<usize>) {
        if let Some(option) = self.open_option() {
            option.pieces.push(Piece { line, text });
        }
    }

    fn open_section(&mut self, line: TextLine, name_range: Range<usize>) {
        let name = self.document.text[name_range.clone()].to_owned();
        let first = *self.sections.entry(name.clone()).or_insert(line.number);
        self.section = first;
        if first != line.number && name != DEFAULT {
            self.fault(
                FaultKind::SecondSection {
                    name: name.clone(),
                    first,
                },
                &line,
                name_range.start,
            );
        }
        self.document.close_block(line.content.start);
        self.document.blocks.push(Block {
            name,
            name_range,
            header: line,
            options: Vec::new(),
            end: 0,
        });
    }

    fn option(&mut self, line: TextLine, text: Range<usize>) {
        let body = &self.document.text[text.clone()];
        let Some(delimiter) = body.find(['=', ':']).map(|at| text.start + at) else {
            return self.fault(FaultKind::NoDelimiter, &line, text.start);
        };
        let key = strip(&self.document.text, text.start..delimiter);
        let key = self.document.text[key].to_lowercase();
        if key.is_empty() {
            self.fault(FaultKind::NoKey, &line, text.start);
        }
        let first = *self
            .options
            .entry((self.section, key.clone()))
            .or_insert(line.number);
        if first != line.number {
            self.fault(
                FaultKind::SecondOption {
                    key: key.clone(),
                    first,
                },
                &line,
                text.start,
            );
        }
        let value = strip(&self.document.text, delimiter + 1..text.end);
        let pieces = vec![Piece {
            line: line.clone(),
            text: value,
        }];
        if let Some(block) = self.document.blocks.last_mut() {
            block.options.push(Opt {
                key,
                line,
                key_start: text.start,
                delimiter,
                pieces,
            });
        }
    }

    fn fault(&mut self, kind: FaultKind, line: &TextLine, at: usize) {
        self.document.faults.push(Fault {
            kind,
            line: line.number,
            at,
        });
    }
}

/// The text that Python passes to the parser before it reaches an undecodable byte, and the place
/// of that byte.
fn decodable(bytes: &[u8]) -> (&str, Option<(usize, usize)>) {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return (text, None),
        Err(error) => error.valid_up_to(),
    };
    let whole_chunks = &bytes[..error / CHUNK * CHUNK];
    let lines = whole_chunks
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |feed| feed + 1);
    let before = std::str::from_utf8(&bytes[..error]).unwrap_or_default();
    let (line, last) = text_lines(before).last().map_or((1, 0), |line| {
        if line.next == line.content.end {
            (line.number, line.content.start)
        } else {
            (line.number + 1, line.next)
        }
    });
    (
        &before[..lines],
        Some((line, before[last..].chars().count() + 1)),
    )
}

/// The text of a line without comment and blanks around it, and whether there was a comment.
fn uncomment(text: &str, line: &TextLine) -> (Range<usize>, bool) {
    let content = &text[line.content.clone()];
    let full = content.trim_start_matches(is_space).starts_with(['#', ';']);
    let comment = if full {
        Some(0)
    } else {
        inline_comment(content)
    };
    let end = comment.map_or(line.content.end, |at| line.content.start + at);
    (strip(text, line.content.start..end), comment.is_some())
}

/// The first `;` that begins the line or follows a blank.
fn inline_comment(content: &str) -> Option<usize> {
    let starts = content.match_indices(';').map(|(at, _)| at);
    starts
        .into_iter()
        .find(|&at| content[..at].chars().next_back().is_none_or(is_space))
}

fn indentation(content: &str) -> usize {
    content.chars().take_while(|&c| is_space(c)).count()
}

/// The name between the first character, `[`, and the last `]`; the rest is ignored.
fn header(text: &str, range: &Range<usize>) -> Option<Range<usize>> {
    let inner = text[range.clone()].strip_prefix('[')?;
    let length = inner.rfind(']').filter(|&length| length > 0)?;
    Some(range.start + 1..range.start + 1 + length)
}
