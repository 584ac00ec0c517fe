//! The meaning of fail2ban's jail configuration, and edits of it.
//!
//! [`Config::read`] finds the files in a [`Snapshot`](sshmend_lossless::Snapshot), merges them
//! as fail2ban does, and returns what every jail ignores, the line that decided it, and the
//! problems. [`Config::ignore`] and [`Config::unignore`] change it by the smallest edit after which
//! the merged configuration has the wanted effect: that is tested, not assumed. The rules are those
//! of `configparserinc.py`, `configreader.py`, `jailreader.py` and `ipdns.py` of fail2ban 1.0.2,
//! 1.1.0 and 1.1.1, and of Python's `configparser`.
//!
//! This crate touches no machine and knows no bans that are in force. Begin with `config.rs`, and
//! with `ignore.rs` for the edits.
//!
//! ```
//! use std::path::Path;
//! use sshmend_fail2ban::{Address, Config, Release, Wish};
//! use sshmend_lossless::fixture;
//!
//! let snapshot = fixture::snapshot("\
//! //- /etc/fail2ban/jail.local
//! [DEFAULT]
//! ignoreip = ::1 192.0.2.1 # office
//! ");
//! let config = Config::read(&snapshot, Path::new("/etc/fail2ban"), Release::parse("1.0.2"));
//! assert_eq!(config.problems()[0].message, "\"# office\" is not a comment: its words are entries of the list");
//!
//! let address = Address::parse("203.0.113.7")?.address;
//! let edited = config.ignore(&Wish { addresses: vec![address], jails: None, until: None })?;
//! let edits = &edited.edits[Path::new("/etc/fail2ban/jail.local")];
//! let after = edits.apply(b"[DEFAULT]\nignoreip = ::1 192.0.2.1 # office\n");
//! assert_eq!(after, b"[DEFAULT]\nignoreip = ::1 192.0.2.1 203.0.113.7 # office\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
mod change;
mod config;
mod document;
mod ends;
mod explain;
mod ignore;
mod interpolate;
mod item;
mod jail;
mod jail_reader;
mod layers;
mod list_edit;
mod mend;
mod merged;
mod options;
mod place;
mod placing;
mod problem;
mod proof;
mod python;
mod reading;
mod release;
mod repair;
mod session;
mod settle;
mod spec;
mod steps;
mod traced;
mod unignore;
mod until;
mod wish;
mod wreckage;

pub use address::{Address, AddressError, Parsed};
pub use change::{Edited, Note, Refusal, jails_instead};
pub use config::Config;
pub use ends::Expired;
pub use item::{Item, Network};
pub use jail::{Ignored, Jail, Setting, Word};
pub use problem::{Consequence, Mend, Problem};
pub use release::Release;
pub use wish::Wish;
