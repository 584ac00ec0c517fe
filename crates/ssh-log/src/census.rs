//! How much of a log was understood, and the nature of one that was not.

use crate::envelope::{Envelope, Head};
use crate::kind::Kind;
use crate::nature::{Nature, Signs};
use crate::program::Program;
use crate::span::Span;
use crate::understand::Told;

/// The number of unknown lines about SSH whose text is kept.
const EXAMPLES: usize = 3;

/// The most bytes of an example to keep.
const EXAMPLE_CAP: usize = 300;

/// The number of other programs remembered by name.
const PROGRAMS: usize = 32;

/// Counts of lines by result. `lines` is the sum of the other four.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    /// Bytes taken.
    pub bytes: u64,
    /// Lines (for journal export: records) read, not counting blank ones.
    pub lines: u64,
    /// Lines with a known message, or written by sshd at a debug level.
    pub understood: u64,
    /// Lines of an SSH server with an unknown message.
    pub unknown: u64,
    /// Lines of other programs.
    pub others: u64,
    /// Lines without a known program.
    pub foreign: u64,
    /// Lines longer than 64 KiB, of which only the beginning was read.
    pub overlong: u64,
    /// The first and the last time of any line.
    pub span: Span,
    /// The first lines of [`Census::unknown`].
    pub examples: Vec<Example>,
    /// The names of other programs, with the number of their lines.
    programs: Programs,
    signs: Signs,
}

/// A line about SSH with an unknown message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its place in the input, counted from 1.
    pub line_number: u64,
    /// Its beginning: text of a stranger, to be escaped before it reaches a terminal.
    pub text: String,
}

impl Census {
    /// The nature of the input, judging by its lines.
    pub fn nature(&self) -> Nature {
        if self.understood > 0 && !self.signs.is_transcript() {
            return Nature::ServerLog;
        }
        let busiest = self.programs.busiest();
        self.signs
            .nature(self.lines, busiest.filter(|_| self.others > 0))
    }

    /// Whether no line of the input is known to come from an SSH server or from a program that
    /// guards it: then nothing can be concluded, nor from the absence of lines.
    pub fn nothing_understood(&self) -> bool {
        self.nature() != Nature::ServerLog
    }

    /// Whether it contains a message that only an SSH server, or a program that guards it, writes:
    /// not one that a client prints as well.
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

    /// Adds the counts of the next piece of the same input, whose examples count lines from its own
    /// beginning.
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

    /// Counts a known message.
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

    /// Counts an unknown message.
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

    /// Counts lines of another program with a complete head and an unknown message: like
    /// [`miss`](Self::miss) with their envelopes, but without their times.
    pub(crate) fn others(&mut self, program: Program, tag: &[u8], lines: u64) {
        self.lines += lines;
        self.others += lines;
        self.signs.heads(Head::Full, lines);
        self.programs.count(named(program, tag), lines);
    }
}

/// The names of other programs, in the order in which they appeared, with the number of their
/// lines.
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

    /// The one with the most lines, spelled as in them.
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

/// The name of another program: its own, or as spelled in the line.
fn named(program: Program, tag: &[u8]) -> &[u8] {
    match program {
        Program::Other => &tag[..tag.len().min(32)],
        program => program.name().as_bytes(),
    }
}
