//! A message, and what its envelope says.

use jiff::Timestamp;

use crate::program::Program;

/// A message with the information of its envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Envelope<'a> {
    pub(crate) time: Option<Timestamp>,
    /// The machine; empty if the envelope names none.
    pub(crate) host: &'a [u8],
    pub(crate) program: Program,
    /// The name under which the program wrote; empty if there is none.
    pub(crate) tag: &'a [u8],
    pub(crate) pid: Option<u32>,
    /// The program's message, as far as the envelope separates it.
    pub(crate) message: &'a [u8],
    /// The message and what may be the name of a program or a part of the message before it: `ssh: connect to …`.
    pub(crate) text: &'a [u8],
    pub(crate) head: Head,
}

/// The evidence for the program that wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Head {
    /// None.
    None,
    /// A word with a colon, which may belong to the message.
    Guessed,
    /// The name and the process (`sshd[8]: `) without a time, as people cut lines off.
    Cut,
    /// The head of a log daemon.
    Full,
}

impl<'a> Envelope<'a> {
    /// A line whose envelope says nothing.
    pub(super) fn bare(text: &'a [u8]) -> Self {
        let program = Program::Bare;
        Self {
            time: None,
            host: b"",
            program,
            tag: b"",
            pid: None,
            message: text,
            text,
            head: Head::None,
        }
    }

    pub(super) fn full(
        time: Option<Timestamp>,
        host: &'a [u8],
        program: Program,
        pid: Option<u32>,
        message: &'a [u8],
    ) -> Self {
        Self {
            time,
            host,
            program,
            tag: b"",
            pid,
            message,
            text: message,
            head: Head::Full,
        }
    }
}
