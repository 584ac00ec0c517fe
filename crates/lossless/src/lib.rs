//! Bytes to line records and back to the same bytes, and the plain data that the rest of sshmend
//! exchanges.
//!
//! This crate knows no format and touches no machine. A format crate finds byte ranges in a
//! document with [`lines()`], describes changes as an [`EditSet`], and names the line that decided
//! a value as an [`Origin`]. It looks up the state of the machine in a [`Snapshot`]; a lookup that
//! has no answer yet becomes a [`Request`] ([`Snapshot::look`]).
//!
//! Begin with `snapshot.rs`, and with `edit.rs`.
//!
//! ```
//! use sshmend_lossless::{Edit, EditSet, lines};
//!
//! let text = b"Port 22\r\nMaxSessions 3";
//! let second = lines(text).nth(1).expect("two lines");
//! let edits = EditSet::new([Edit::replace(second.content, "MaxSessions 10")])?;
//! assert_eq!(edits.apply(text), b"Port 22\r\nMaxSessions 10");
//! # Ok::<(), sshmend_lossless::Overlap>(())
//! ```

mod beside;
mod bytes;
mod change;
mod draft;
mod edit;
pub mod fixture;
mod glob;
mod known;
mod lines;
mod look;
mod missed;
mod nearest;
mod origin;
mod os_text;
mod owner;
mod page_buffer;
mod quoted;
mod request;
mod sieve;
mod snapshot;
mod step;
mod steps;

pub use beside::{Beside, beside};
pub use bytes::{Bytes, is_private_key};
pub use change::{Attributes, FileChange};
pub use draft::{Draft, Written};
pub use edit::{Edit, EditSet, Overlap};
pub use glob::{Globbed, matches as glob_matches};
pub use known::{Kind, Known, Unread};
pub use lines::{Line, LineEnding, Lines, dominant_ending, lines, lines_from};
pub use look::Meanwhile;
pub use nearest::nearest;
pub use origin::Origin;
pub use os_text::os_text;
pub use owner::{Managed, Manager, Packager, elsewhere, managed, packaged};
pub use page_buffer::PageBuffer;
pub use quoted::quoted;
pub use request::{CommandOutput, Dial, DialEnd, Dialled, NotRun, Request, journalctl};
pub use sieve::{Pick, Picked, Sieve, Sifted, each_line, in_parts, threads};
pub use snapshot::{Entry, FileImage, Listed, Metadata, Snapshot};
pub use step::{ScriptVerb, Step, UnitVerb, turned};
