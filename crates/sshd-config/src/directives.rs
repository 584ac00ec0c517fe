//! The directives of a tree. Only the place of each is kept; its content is parsed again on demand,
//! so that a file of millions of lines takes little more memory than its bytes.

use std::path::{Path, PathBuf};

use sshmend_lossless::{Bytes, Origin};

use crate::COMMAND_LINE;
use crate::keyword::{Keyword, Name};
use crate::line::Line;
use crate::logical::{self, LineStart, Logical};
use crate::overrides::Override;
use crate::release::Release;
use crate::table::TABLE;
use crate::value::{self, Fault, Kind, Reading};

/// A line that sets something, or would.
#[derive(Debug, Clone)]
pub(crate) struct Directive {
    /// The line.
    pub(crate) line: Line,
    /// The place of its keyword.
    pub(crate) origin: Origin,
    /// The keyword and the name it is written by, if this release knows it.
    pub(crate) keyword: Option<(&'static Keyword, &'static Name)>,
    /// The scope that contains it.
    pub(crate) scope: usize,
    /// Its arguments.
    pub(crate) reading: Result<Reading, Fault>,
}

impl Directive {
    /// Parses a line in a scope.
    pub(crate) fn read(line: Line, origin: Origin, scope: usize, release: Release) -> Self {
        let name = line.keyword.lossy();
        let keyword = Keyword::find(&name, release);
        let reading = match keyword {
            Some((keyword, _)) if keyword.kind == Kind::Structure => {
                Err(Fault::new(format!("{name} is not an option")))
            }
            Some((keyword, _)) => value::read(keyword.kind, &line, release),
            None => Ok(Reading::default()),
        };
        Self {
            line,
            origin,
            keyword,
            scope,
            reading,
        }
    }

    /// Whether it sets a value, or would.
    fn sets(&self) -> bool {
        self.reading
            .as_ref()
            .is_ok_and(|reading| !reading.parts.is_empty())
    }
}

/// All directives of a walk but Match and Include, in reading order; each has its place in that order as its index.
#[derive(Debug)]
pub(crate) struct Directives {
    release: Release,
    overrides: Vec<Override>,
    files: Vec<Text>,
    spots: Vec<Spot>,
}

/// A file that was read.
#[derive(Debug)]
struct Text {
    path: PathBuf,
    bytes: Bytes,
}

/// The place of a directive, and its most used properties. No walk reads more than 64 MiB, so that
/// 32 bits hold every place.
#[derive(Debug, Clone, Copy)]
struct Spot {
    /// The offset of the physical line that it begins in.
    start: u32,
    /// The number of that line; for an override its own number.
    line: u32,
    /// The scope.
    scope: u32,
    /// The number of the file; 0 for the command line.
    file: u16,
    /// The place of the keyword in the table, or [`UNKNOWN`].
    keyword: u8,
    /// Whether it sets a value, or would.
    sets: bool,
}

/// The keyword is not in the table.
const UNKNOWN: u8 = u8::MAX;
const _: () = assert!(TABLE.len() < UNKNOWN as usize);

// For a file of short lines this takes most of the memory.
const _: () = assert!(size_of::<Spot>() == 16);

impl Directives {
    pub(crate) fn new(release: Release, overrides: &[Override]) -> Self {
        Self {
            release,
            overrides: overrides.to_vec(),
            files: Vec::new(),
            spots: Vec::new(),
        }
    }

    /// Adds a file, and returns the number by which its directives refer to it.
    pub(crate) fn open(&mut self, path: &Path, bytes: &Bytes) -> usize {
        self.files.push(Text {
            path: path.to_owned(),
            bytes: Bytes::clone(bytes),
        });
        self.files.len()
    }

    /// Keeps the place of a directive, which was read there.
    pub(crate) fn push(&mut self, file: usize, at: LineStart, directive: &Directive) {
        let place = |(keyword, _): (&'static Keyword, _)| {
            TABLE.iter().position(|known| std::ptr::eq(known, keyword))
        };
        let keyword = directive.keyword.and_then(place);
        self.spots.push(Spot {
            start: narrow(at.start),
            line: narrow(at.line),
            scope: narrow(directive.scope),
            file: u16::try_from(file).unwrap_or(u16::MAX),
            keyword: keyword
                .and_then(|place| u8::try_from(place).ok())
                .unwrap_or(UNKNOWN),
            sets: directive.sets(),
        });
    }

    /// The number of directives.
    pub(crate) fn len(&self) -> usize {
        self.spots.len()
    }

    /// The scope of the directive with this index.
    pub(crate) fn scope(&self, index: usize) -> usize {
        self.spots[index].scope as usize
    }

    /// The place of the keyword of that directive in the table, if this release knows it.
    pub(crate) fn place(&self, index: usize) -> Option<usize> {
        Some(usize::from(self.spots[index].keyword)).filter(|&place| place < TABLE.len())
    }

    /// The keyword of that directive, if this release knows it.
    pub(crate) fn keyword(&self, index: usize) -> Option<&'static Keyword> {
        self.place(index).map(|place| &TABLE[place])
    }

    /// Whether that directive sets a value, or would.
    pub(crate) fn sets(&self, index: usize) -> bool {
        self.spots[index].sets
    }

    /// The directive with this index, read again.
    pub(crate) fn get(&self, index: usize) -> Option<Directive> {
        let spot = self.spots.get(index)?;
        let number = spot.line as usize;
        let (line, path) = match usize::from(spot.file).checked_sub(1) {
            None => {
                let given = self.overrides.get(number.checked_sub(1)?)?;
                let logical = Logical::detached(given.text.as_bytes());
                (logical, Path::new(COMMAND_LINE))
            }
            Some(file) => {
                let text = self.files.get(file)?;
                let start = spot.start as usize;
                let mut behind = logical::split_from(&text.bytes, start, number, self.release);
                (behind.next()?, text.path.as_path())
            }
        };
        let line = Line::parse(line, self.release)?;
        let line_number = match spot.file {
            0 => number,
            _ => line.logical.position(line.keyword.range.start).0,
        };
        let origin = Origin::new(path, line_number);
        Some(Directive::read(
            line,
            origin,
            spot.scope as usize,
            self.release,
        ))
    }

    /// All of them, each read when it is asked for.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Directive> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Those of a keyword, by its first name.
    pub(crate) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Directive> + 'a {
        self.places_of(name).filter_map(|index| self.get(index))
    }

    /// The indices of those, none of which is read.
    pub(crate) fn places_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = usize> + 'a {
        (0..self.len()).filter(move |&index| {
            self.keyword(index)
                .is_some_and(|keyword| keyword.names[0].text == name)
        })
    }
}

fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
