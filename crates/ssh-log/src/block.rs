//! A block of whole lines, and the result of each by itself.
//!
//! The [`Reader`](crate::Reader) evaluates in order what lines mean together; everything that a
//! line means by itself is determined here, for several blocks at the same time. If a line may
//! belong to a record of several lines, the whole block is left to the reader.

use std::borrow::Cow;

use memchr::{memchr_iter, memmem};

use crate::bits::{Ends, ends};
use crate::census::Census;
use crate::envelope::{Clock, Envelope, Flat, Head, Peeler, Place, Quick, unquoted, visible};
use crate::program::Program;
use crate::repeated::Repeated;
use crate::rules::may_know;
use crate::understand::{Known, Texts, Told, understand};

/// The longest line that is read completely.
pub(crate) const LINE_CAP: usize = 64 * 1024;

/// The lines of a block.
pub(crate) fn lines(block: &[u8]) -> Lines<'_> {
    Lines {
        block,
        start: 0,
        ends: ends(block),
    }
}

/// See [`lines`].
pub(crate) struct Lines<'a> {
    block: &'a [u8],
    /// Where the next one begins.
    start: usize,
    ends: Ends<'a>,
}

/// A line in a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// Its text, without the line feed.
    pub(crate) text: &'a [u8],
    /// Whether its end is cut off.
    pub(crate) is_cut: bool,
    /// The block from the beginning of the line on.
    onward: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let onward = self
            .block
            .get(self.start..)
            .filter(|rest| !rest.is_empty())?;
        let end = self.ends.next().unwrap_or(self.block.len());
        let length = end - self.start;
        self.start = end + 1;
        Some(Line {
            text: onward.get(..length.min(LINE_CAP)).unwrap_or(onward),
            is_cut: length > LINE_CAP,
            onward,
        })
    }
}

/// A text within a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    start: u32,
    length: u32,
}

impl Range {
    /// The range of the text in the block; `None` if it is not part of it.
    fn within(block: &[u8], text: &[u8]) -> Option<Self> {
        // A text before the block wraps to a place far behind it, and a block is far smaller than the largest number.
        let start = (text.as_ptr() as usize).wrapping_sub(block.as_ptr() as usize);
        let is_within = start <= block.len() && text.len() <= block.len() - start;
        if !is_within && !text.is_empty() {
            return None;
        }
        let start = if is_within { start } else { 0 };
        Some(Self {
            start: start as u32,
            length: text.len() as u32,
        })
    }

    pub(crate) fn of(self, block: &[u8]) -> &[u8] {
        &block[self.start as usize..][..self.length as usize]
    }
}

/// The parsed lines of a block.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) block: Vec<u8>,
    /// Everything that depends on earlier lines, in order.
    pub(crate) items: Vec<Item>,
    /// Lines that are only counted; its examples count lines from the beginning of the block.
    pub(crate) census: Census,
    /// The number of lines, including blank ones.
    pub(crate) lines: u64,
    /// It may contain records of several lines, and was not parsed.
    pub(crate) is_sequential: bool,
}

#[derive(Debug)]
pub(crate) enum Item {
    /// A more certain head than those before.
    Head(Head),
    /// A known message.
    Known(Stored),
    /// A line that must be read again.
    Raw { line: Range, number: u32 },
}

/// A [`Known`] without its text.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) told: Told,
    pub(crate) line: Range,
    /// The line in the block, counted from 1.
    pub(crate) number: u32,
    host: Range,
    user: Option<Range>,
    detail: Range,
}

impl Stored {
    pub(crate) fn texts<'a>(&self, block: &'a [u8]) -> Texts<'a> {
        Texts {
            host: self.host.of(block),
            user: self.user.map(|user| user.of(block)),
            detail: self.detail.of(block),
        }
    }
}

/// Parses blocks; no result depends on the ones before.
#[derive(Debug)]
pub(crate) struct Parser {
    peeler: Peeler,
    repeated: Repeated,
}

impl Parser {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            peeler: Peeler::new(clock),
            repeated: Repeated::default(),
        }
    }

    /// Parses the block, reusing the memory of `parsed`.
    pub(crate) fn parse(&mut self, block: Vec<u8>, mut parsed: Parsed) -> Parsed {
        parsed.items.clear();
        parsed.census = Census::default();
        (parsed.lines, parsed.is_sequential) = (0, false);
        let mut parsing = Parsing {
            peeler: &mut self.peeler,
            repeated: &mut self.repeated,
            block: &block,
            surest: Head::None,
            parsed: &mut parsed,
        };
        for line in lines(&block) {
            parsing.parsed.lines += 1;
            parsing.parsed.census.overlong += u64::from(line.is_cut);
            if !parsing.line(line) {
                parsing.parsed.is_sequential = true;
                break;
            }
        }
        parsing.count_others();
        parsed.block = block;
        parsed
    }
}

struct Parsing<'a> {
    peeler: &'a mut Peeler,
    repeated: &'a mut Repeated,
    block: &'a [u8],
    surest: Head,
    parsed: &'a mut Parsed,
}

impl<'a> Parsing<'a> {
    /// Parses a line; false if it may belong to a record of several lines.
    #[inline]
    fn line(&mut self, line: Line<'a>) -> bool {
        let Some(quick) = self.peeler.quick(line.onward) else {
            let line = line.text.trim_ascii_end();
            return line.is_empty() || self.any_line(line);
        };
        let (program, onward) = (quick.program, quick.message(line.onward));
        if program.is_server() || may_know(program, quick.message(line.text), onward) {
            self.quick_line(quick, line.text.trim_ascii_end());
            return true;
        }
        // Most lines of a machine.
        self.peeler.note_time();
        self.count(quick.place, program, quick.tag(line.onward));
        true
    }

    /// Parses a line with a head that is read, and perhaps a message of interest.
    #[inline(never)]
    fn quick_line(&mut self, quick: Quick, line: &'a [u8]) {
        let time = self.peeler.time();
        let envelope = quick.envelope(line, time);
        self.headed(understand(&envelope), &envelope, quick.place, line);
    }

    /// Records a line of a program that is remembered, with what is known of its message.
    #[inline(always)]
    fn headed(
        &mut self,
        known: Option<Known<'a>>,
        envelope: &Envelope<'a>,
        place: Place,
        line: &'a [u8],
    ) {
        match known {
            Some(known) => self.known(&known, envelope, line),
            None if envelope.program.is_server() => self.miss(envelope, line),
            None => {
                self.parsed.census.span.add(envelope.time);
                self.count(place, envelope.program, envelope.tag);
            }
        }
    }

    /// Parses a line with any other head, or none; false if it may belong to a record of several lines.
    fn any_line(&mut self, line: &'a [u8]) -> bool {
        if line.starts_with(b"{\"") {
            if let Some(flat) = Flat::read(line) {
                self.flat(&flat, line);
                return true;
            }
        }
        if let Some((envelope, place)) = self.peeler.usual(line) {
            let (program, message) = (envelope.program, envelope.message);
            let may_be = program.is_server() || may_know(program, message, message);
            let known = if may_be { understand(&envelope) } else { None };
            self.headed(known, &envelope, place, line);
            return true;
        }
        let quick = self.peeler.unusual(line);
        if let Some(envelope) = &quick {
            if envelope.head == Head::Full {
                self.envelope(envelope, line);
                return true;
            }
        }
        let seen = visible(line);
        if begins_record(&seen) {
            return false;
        }
        if may_be_json(&seen) {
            self.json(&seen, line);
            return true;
        }
        let text = unquoted(&seen);
        // The text is a copy if something was removed from its middle.
        match (&seen, &text) {
            (Cow::Borrowed(_), Cow::Borrowed(_)) => {
                let text = line_of(line, &text);
                // With a host the head is the outermost and only layer.
                let settled = |envelope: &Envelope<'_>| {
                    text.len() == line.len()
                        && envelope.head == Head::Guessed
                        && !envelope.host.is_empty()
                };
                let envelope = match quick.filter(settled) {
                    Some(envelope) => envelope,
                    None => self.peeler.text(text),
                };
                self.envelope(&envelope, line);
            }
            _ => {
                let envelope = self.peeler.text(&text);
                if understand(&envelope).is_some() {
                    self.raw(line);
                } else {
                    self.miss(&envelope, line);
                }
            }
        }
        true
    }

    /// Parses a line that may hold any JSON. The result is dropped together with the tree, so that
    /// a line which is understood must be read again when it is its turn.
    fn json(&mut self, seen: &[u8], line: &'a [u8]) {
        let (mut is_known, mut surest) = (false, Head::None);
        let mut misses = Census::default();
        let number = self.parsed.lines;
        self.peeler.alone(seen, &mut |envelope| {
            is_known |= understand(envelope).is_some();
            surest = surest.max(envelope.head);
            misses.miss(envelope, line, number);
        });
        if is_known {
            return self.raw(line);
        }
        if surest >= Head::Cut {
            self.raise(surest);
        }
        self.parsed.census.merge(&misses);
    }

    /// Parses a JSON record that can be read in place.
    fn flat(&mut self, flat: &Flat<'a>, line: &'a [u8]) {
        if let Some(Cow::Borrowed(text)) = flat.plain().map(visible) {
            let envelope = self.peeler.of_record(flat.head, text);
            return self.envelope(&envelope, line);
        }
        let Some(message) = flat.unescaped() else {
            return self.raw(line);
        };
        // The text is a copy, which is dropped before the turn of this line.
        let text = visible(&message);
        let envelope = self.peeler.of_record(flat.head, &text);
        if understand(&envelope).is_some() {
            self.raw(line);
        } else {
            self.miss(&envelope, line);
        }
    }

    /// Counts a line of which nothing else is recorded.
    #[inline(always)]
    fn count(&mut self, place: Place, program: Program, tag: &[u8]) {
        if self.peeler.count(place) {
            self.note(program, tag);
        }
    }

    /// Notes a program of which no line was counted in this block, or none since another one took its place.
    #[cold]
    fn note(&mut self, program: Program, tag: &[u8]) {
        self.raise(Head::Full);
        // The names are counted in the order in which they appear, and only so many of them.
        self.parsed.census.others(program, tag, 0);
    }

    /// Adds the recorded lines and times to the census.
    fn count_others(&mut self) {
        let census = &mut self.parsed.census;
        census.span.merge(self.peeler.take_span());
        self.peeler
            .take_counts(&mut |program, tag, lines| census.others(program, tag, lines));
    }

    #[inline(always)]
    fn envelope(&mut self, envelope: &Envelope<'a>, line: &'a [u8]) {
        match understand(envelope) {
            Some(known) => self.known(&known, envelope, line),
            None => self.miss(envelope, line),
        }
    }

    #[inline(always)]
    fn known(&mut self, known: &Known<'a>, envelope: &Envelope<'a>, line: &'a [u8]) {
        let within = |text| Range::within(self.block, text);
        let texts = known.texts(envelope);
        let number = u32::try_from(self.parsed.lines).ok();
        let ranges = (
            number,
            within(line),
            within(texts.host),
            within(texts.detail),
        );
        let (Some(number), Some(line), Some(host), Some(detail)) = ranges else {
            return self.raw(line);
        };
        let user = texts.user.and_then(within);
        if user.is_some() != texts.user.is_some() {
            return self.raw(line.of(self.block));
        }
        self.parsed.items.push(Item::Known(Stored {
            line,
            number,
            host,
            user,
            detail,
            told: known.told(envelope, self.repeated),
        }));
    }

    fn raw(&mut self, line: &[u8]) {
        let number = u32::try_from(self.parsed.lines).unwrap_or(u32::MAX);
        if let Some(line) = Range::within(self.block, line) {
            self.parsed.items.push(Item::Raw { line, number });
        }
    }

    /// Records a head that is more certain than those before.
    fn raise(&mut self, head: Head) {
        if head > self.surest {
            self.surest = head;
            self.parsed.items.push(Item::Head(head));
        }
    }

    fn miss(&mut self, envelope: &Envelope<'_>, line: &[u8]) {
        if envelope.head >= Head::Cut {
            self.raise(envelope.head);
        }
        self.parsed.census.miss(envelope, line, self.parsed.lines);
    }
}

/// The part of a line that a borrowed text is: the same bytes, with the lifetime of the line.
fn line_of<'a>(line: &'a [u8], text: &[u8]) -> &'a [u8] {
    let start = (text.as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
    line.get(start..start + text.len()).unwrap_or_default()
}

/// Whether a line may begin a record of several lines.
fn begins_record(line: &[u8]) -> bool {
    line.trim_ascii() == b"{" || (line.ends_with(b"]") && memmem::find(line, b"[s=").is_some())
}

/// Whether a line may contain JSON with a string in it.
fn may_be_json(line: &[u8]) -> bool {
    let begins = matches!(
        line.trim_ascii_start(),
        [b'{' | b'[' | 0x1e, ..] | [b'd', b'a', b't', b'a', b':', ..]
    );
    let mut quotes = memchr_iter(b'"', line);
    if begins {
        return quotes.next().is_some();
    }
    quotes.any(|at| at > 0 && line[at - 1] == b'{')
}
