//! The desired state of a machine as a file: sshd_config, hosts.allow, fail2ban and known_hosts in one.
//!
//! [`Policy::parse`] reads TOML or JSON into [`Wish`](sshmend_plan::Wish)es, the same that the
//! command line produces; errors are reported with their line and a caret. `sshmend-plan` turns
//! wishes into changes of a machine.
//!
//! This crate touches no machine and plans nothing. Begin with `policy.rs`, and with `put.rs`,
//! which turns each key into a wish.
//!
//! ```
//! use std::path::Path;
//! use sshmend_plan::Wish;
//! use sshmend_policy::Policy;
//!
//! let text = "[sshd-config]\nMaxStartups = \"30:30:200\"\n";
//! let policy = Policy::parse(Path::new("fleet.toml"), text.as_bytes())?;
//! assert_eq!(policy.items[0].wish, Wish::setting("MaxStartups", "30:30:200"));
//!
//! let json = br#"{"sshd-config": {"MaxStartups": "30:30:200"}}"#;
//! let same = Policy::parse(Path::new("-"), json)?;
//! assert_eq!(same.items[0].wish, policy.items[0].wish);
//!
//! let wrong = Policy::parse(Path::new("fleet.toml"), b"[sshd-config]\nMaxStartup = 30\n");
//! assert!(wrong.unwrap_err().to_string().starts_with("fleet.toml:2:1: "));
//! # Ok::<(), sshmend_policy::NotAPolicy>(())
//! ```

mod array;
mod entry;
mod fault;
mod item;
mod json;
mod policy;
mod put;
mod reader;
mod record;
mod schema;
mod spelling;
mod sshd;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_recording;
#[cfg(test)]
mod tests_of_spelling;
mod toml;
mod tree;

pub use fault::{Excerpt, NotAPolicy};
pub use item::Item;
pub use policy::{Group, Policy};
pub use put::{Put, Thing, Wants, keys_of, standing};
pub use record::{NotRecorded, record};
pub use schema::schema;
pub use spelling::{address_as_written, client_as_written};
