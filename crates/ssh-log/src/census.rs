//! How much of a log was understood, and what it is where nothing was.

use crate::envelope::{Envelope, Head};
use crate::kind::Kind;
use crate::nature::{Nature, Signs};
use crate::program::Program;
use crate::span::Span;
use crate::understand::Told;

/// Of so many lines that are SSH's and not known the text is kept.
const EXAMPLES: usize = 3;

/// Of an example no more than this is kept, in bytes.
const EXAMPLE_CAP: usize = 300;

/// How many other programs are remembered by name.
const PROGRAMS: usize = 32;

/// Counts of lines: what was read, and what came of it. `lines` is the sum of the other four.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    /// Bytes taken.
    pub bytes: u64,
    /// Lines (of journal export: records) read, blank ones not counted.
    pub lines: u64,
    /// Lines whose message is known, or that sshd wrote at a debug level.
    pub understood: u64,
    /// Lines that an SSH server wrote, and whose message is not known.
    pub unknown: u64,
    /// Lines that other programs wrote.
    pub others: u64,
    /// Lines that belong to nobody who is known.
    pub foreign: u64,
    /// Lines longer than 64 KiB, of which only the beginning was read.
    pub overlong: u64,
    /// The first and the last time that any line says.
    pub span: Span,
    /// The first lines of [`Census::unknown`].
    pub examples: Vec<Example>,
    /// The names under which other programs wrote, with the number of their lines.
    programs: Programs,
    signs: Signs,
}

/// A line that is SSH's and not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its place in the input, counted from 1.
    pub line_number: u64,
    /// Its beginning: text of a stranger, to be escaped before a terminal sees it.
    pub text: String,
}

impl Census {
    /// What the input is, as far as its lines tell.
    pub fn nature(&self) -> Nature {
        if self.understood > 0 && !self.signs.is_transcript() {
            return Nature::ServerLog;
        }
        let busiest = self.programs.busiest();
        self.signs
            .nature(self.lines, busiest.filter(|_| self.others > 0))
    }

    /// Whether nothing of the input is known to come from an SSH server or from what guards it: no conclusion, and none of
    /// what it does not say either.
    pub fn nothing_understood(&self) -> bool {
        self.nature() != Nature::ServerLog
    }

    /// Whether a message is in it that only an SSH server, or what guards it, has: not one that a client prints as well.
    pub fn is_of_server(&self) -> bool {
        self.signs.is_of_server()
    }

    /// Adds the counts of another part.
    pub fn merge(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.lines += other.lines;
        self.understood += other.understood;
        self.unknown += other.unknown;
        self.others += other.others;
        self.foreign += other.foreign;
        self.overlong += other.overlong;
        self.span.merge(other.span);
        let room = EXAMPLES.saturating_sub(self.examples.len());
        self.examples
            .extend(other.examples.iter().take(room).cloned());
        for (name, lines) in &other.programs.lines {
            self.programs.count(name, *lines);
        }
        self.signs.merge(&other.signs);
    }

    /// Adds the counts of the next piece of the same input, whose examples count their lines from its beginning.
    pub(crate) fn absorb(&mut self, next: &Self, lines_before: u64) {
        let own = std::mem::take(&mut self.examples);
        self.merge(next);
        let of_next = self.examples.drain(..).map(|example| Example {
            line_number: lines_before + example.line_number,
            ..example
        });
        let mut all: Vec<Example> = own.into_iter().chain(of_next).collect();
        all.sort_by_key(|example| example.line_number);
        all.truncate(EXAMPLES);
        self.examples = all;
    }

    /// Counts a message that is known.
    pub(crate) fn understand(&mut self, told: &Told) {
        self.lines += 1;
        self.span.add(told.time);
        self.understood += 1;
        self.signs.event(told.head, told.kind, told.is_vague);
        if told.head < Head::Cut
            && matches!(
                told.kind,
                Kind::Closed | Kind::Reset | Kind::NegotiationFailed
            )
        {
            self.signs.peer(told.port, told.source.is_some());
        }
    }

    /// Counts a message that is not known.
    pub(crate) fn miss(&mut self, envelope: &Envelope<'_>, line: &[u8], line_number: u64) {
        self.lines += 1;
        self.span.add(envelope.time);
        match envelope.program {
            program if program.is_ssh_server() && is_debug(envelope.message) => {
                self.understood += 1;
            }
            program if program.is_ssh_server() => {
                self.unknown += 1;
                self.signs.heads(envelope.head, 1);
                if self.examples.len() < EXAMPLES {
                    let text = &line[..line.len().min(EXAMPLE_CAP)];
                    self.examples.push(Example {
                        line_number,
                        text: String::from_utf8_lossy(text).into_owned(),
                    });
                }
            }
            Program::Bare => {
                self.foreign += 1;
                self.signs.line(line);
            }
            Program::Other if envelope.head < Head::Cut => {
                self.foreign += 1;
                self.signs.line(line);
            }
            program => {
                self.others += 1;
                self.signs.heads(envelope.head, 1);
                self.programs.count(named(program, envelope.tag), 1);
            }
        }
    }

    /// Counts lines of another program with a full head, of which no message is known: the same as [`miss`](Self::miss) with
    /// their envelopes, but for their times.
    pub(crate) fn others(&mut self, program: Program, tag: &[u8], lines: u64) {
        self.lines += lines;
        self.others += lines;
        self.signs.heads(Head::Full, lines);
        self.programs.count(named(program, tag), lines);
    }
}

/// The names under which other programs wrote, in the order in which they appeared, with the number of their lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Programs {
    lines: Vec<(Box<[u8]>, u64)>,
}

impl Programs {
    fn count(&mut self, name: &[u8], lines: u64) {
        if let Some((_, count)) = self.lines.iter_mut().find(|(known, _)| **known == *name) {
            *count += lines;
        } else if self.lines.len() < PROGRAMS {
            self.lines.push((name.into(), lines));
        }
    }

    /// The one with the most lines, as it stands in them.
    fn busiest(&self) -> Option<String> {
        let (name, _) = self.lines.iter().max_by_key(|(_, lines)| *lines)?;
        Some(String::from_utf8_lossy(name).into_owned())
    }
}

fn is_debug(message: &[u8]) -> bool {
    [b"debug1: ".as_slice(), b"debug2: ", b"debug3: "]
        .iter()
        .any(|level| message.starts_with(level))
}

/// The name under which another program wrote: its own, or as it stands in the line.
fn named(program: Program, tag: &[u8]) -> &[u8] {
    match program {
        Program::Other => &tag[..tag.len().min(32)],
        program => program.name().as_bytes(),
    }
}
