//! The meaning of hosts.allow and hosts.deny, and edits of them.
//!
//! Files are read as Debian's libwrap 7.6.q does (hosts_access(5) with hosts_options(5)), byte for
//! byte: what it joins, cuts off, ignores and denies. [`Tables::evaluate`] has three answers for a
//! client, because much of what a table may test - host names, netgroups, remote users - cannot be
//! known beforehand. [`Tables::permit`] makes the edit that allows clients, and proves that they
//! are allowed and that nobody else's answer changes; [`Tables::offers`] lists what is broken, and
//! [`Tables::mend`] repairs the lines that are named. [`access_changes`] returns whose access an
//! edit changes.
//!
//! This crate touches no machine, resolves no name and runs no command of a rule. Begin with
//! `evaluate.rs`, and with `permit.rs` for the edits.
//!
//! ```
//! use sshmend_hosts_access::{Access, Client, Permit, Tables, Wanted};
//! use sshmend_lossless::fixture::snapshot;
//!
//! let tables = Tables::read(&snapshot("//- /etc/hosts.allow\nALL: LOCAL\n//- /etc/hosts.deny\nALL: ALL\n"));
//! let edited = tables.permit(&Permit::new(vec![Wanted::parse("10.1.2.3/24")?]))?;
//! let client = Client::new("10.1.2.77".parse()?);
//! assert_eq!(edited.after.evaluate(&client).access, Access::Granted);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod ban_programs;
mod changes;
mod check;
mod client;
mod connection;
mod covers;
mod dead;
mod draft;
mod edited;
mod endpoint;
mod evaluate;
mod excerpt;
mod extent;
mod linkage;
mod list;
mod logical;
mod mend;
mod note;
mod option_repair;
mod options;
mod owner;
mod pattern;
mod permit;
mod place;
mod problem;
mod proof;
mod removal;
mod rule;
mod split;
mod spot;
mod steps;
mod table;
mod text;
mod wanted;

pub use answer::{Doubt, Need};
pub use ban_programs::Fail2ban;
pub use changes::{AccessChange, AccessChanges, EVERYBODY_ELSE, access_changes};
pub use client::{Client, Name};
pub use edited::{Edited, Refusal};
pub use evaluate::{Access, Verdict};
pub use excerpt::Excerpt;
pub use linkage::{Linkage, libwrap_linked, linkage};
pub use logical::{Fault, LINE_LIMIT, LogicalLine, logical_lines};
pub use mend::BrokenLine;
pub use note::{Note, NoteKind};
pub use options::OptionError;
pub use owner::{Owned, Owner};
pub use permit::{Permit, daemon_name};
pub use problem::{Problem, ProblemKind, Repair};
pub use table::{HOSTS_ALLOW, HOSTS_DENY, Tables};
pub use wanted::{BadPattern, Wanted};
