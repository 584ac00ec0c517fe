//! Log lines of sshd, libwrap, PAM, fail2ban and the rest of the machine, classified.
//!
//! [`Reader`] takes a log in pieces and returns an [`Event`] for each line about SSH; the event
//! names the cause that the line indicates, and its source even if only another line of the same
//! connection names it. [`Tally`] adds events up. [`transcript`] reads a client's output instead.
//! This crate opens no file and does not read the clock.
//!
//! A log is hostile text: clients choose user names and identification strings, and these may
//! imitate lines. [`Event`] describes the consequences for printing.
//!
//! Begin with `reader.rs`, and with a table of messages: `rules/listener.rs` for logs,
//! `transcript/words/openssh.rs` for the output of clients.

mod bits;
mod block;
mod blocks;
mod cache;
mod cause;
mod census;
mod connections;
mod envelope;
mod event;
mod kind;
mod mixer;
mod nature;
mod pipeline;
mod program;
mod reach;
mod read;
mod reader;
mod repeated;
mod rules;
mod sources;
mod span;
mod start;
mod tally;
mod template;
mod timeline;
pub mod transcript;
mod tree;
mod understand;

pub use cause::CauseName;
pub use census::{Census, Example};
pub use envelope::{Clock, Decoded, Packing};
pub use event::{Account, Event, Peer, Source, Stage};
pub use kind::Kind;
pub use nature::Nature;
pub use program::Program;
pub use reach::Reach;
pub use read::ReadLog;
pub use reader::Reader;
pub use sources::SourceTally;
pub use span::Span;
pub use tally::{CauseTally, Tally};
pub use timeline::Timeline;
