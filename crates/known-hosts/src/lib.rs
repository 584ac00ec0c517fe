//! The meaning of known_hosts to `ssh`, and edits that keep everybody else's bytes.
//!
//! Parsing never fails: a line that `ssh` would skip is kept with the reason ([`Ignored`]), and
//! stays in place in every edit. [`KnownHosts::find`] answers as `ssh` does, [`judge`] returns how
//! `ssh` would judge a host key, and [`KnownHosts::remove`], [`KnownHosts::remove_line`] and
//! [`KnownHosts::pin`] return edits whose result has been parsed again and compared. The names and
//! files that count come from `ssh -G`: see [`Target`].
//!
//! This crate touches no machine and asks no server for its keys. Begin with `document.rs`, and with
//! `remove.rs` for the edits.
//!
//! ```
//! use sshmend_known_hosts::{KnownHosts, Name};
//!
//! let file = b"a.example,b.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP4aBMBimcXbfhLw8bXOMsIyVd8yE/EK8Z13YBo1vGvE\n";
//! let removed = KnownHosts::parse(file).remove(&[Name::host("A.example")], None)?;
//! assert!(removed.edits.apply(file).starts_with(b"b.example ssh-ed25519 "));
//! # Ok::<(), sshmend_known_hosts::EditError>(())
//! ```

mod client_config;
mod destination;
mod document;
mod each;
mod field;
mod files;
mod fingerprint;
mod found;
mod hashed;
mod hosts;
mod key;
mod lanes;
mod line;
mod line_edit;
mod name;
mod notice;
mod offered;
mod pin;
mod remove;
mod scan;
mod target;
mod verdict;

#[cfg(test)]
mod tests;

pub use client_config::{ClientConfig, ClientConfigError};
pub use destination::{Destination, DestinationError};
pub use document::{KnownHosts, Record};
pub use field::Field;
pub use files::{Files, KnownFile, LookedUp, NoContent, UnreadFile};
pub use fingerprint::{Fingerprint, FingerprintError};
pub use found::{Found, How, Lookup, Match, PassedOver, Reason};
pub use key::{HostKey, KeyFault, KeyType};
pub use line::{Content, Entry, Ignored, IgnoredLine, Marker};
pub use line_edit::EditError;
pub use name::{Name, Role};
pub use notice::{LineNotice, LineNoticeKind};
pub use offered::{OfferProblem, OfferedKey, OfferedKeys};
pub use pin::{Pin, PinError, Pinned, Placed, Placement};
pub use remove::{Removed, RemovedName, Why};
pub use target::Target;
pub use verdict::{KeyStatus, Place, judge};
